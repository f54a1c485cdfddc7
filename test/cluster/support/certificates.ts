/**
 * A certificate for image-registry.example, swift.example and localhost, signed by an intermediate CA that a root CA
 * signed; good for a hundred years. Made with openssl (prime256v1), for tests alone: the leaf's key is here, those of
 * the CAs were thrown away.
 */
export const intermediate = `-----BEGIN CERTIFICATE-----
MIIBlzCCAT2gAwIBAgIUVk99auZepQ2lRl0yGVi1FJbk2vswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCByb290MCAXDTI2MTEyNzA2NDYwMFoYDzIxMjYxMTAz
MDY0NjAwWjAcMRowGAYDVQQDDBF0ZXN0IGludGVybWVkaWF0ZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABPoUCgZvlnmDkGEfzA2GCfBpzqoJKTcwHbtgnmoH8y38
eKmDfy3/LkOBWD++MCguo4suonh38jfDXJKpFe4ErgWjYzBhMA8GA1UdEwEB/wQF
MAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBTOjRB5rDfOuse/29xGDzc3
gnbwPTAfBgNVHSMEGDAWgBR2lmEqGX/4o/ODZIenVsmYu3EfrjAKBggqhkjOPQQD
AgNIADBFAiEAqr5LBAXya5gAoSnhoDzyPPp0v/udhlS9YcgMG1Y4nVoCIFJH7Mlt
GYOTQg7grdb5pt++yxjJUZqCVHX0gkrYVYMR
-----END CERTIFICATE-----
`;

export const leaf = `-----BEGIN CERTIFICATE-----
MIIBrTCCAVSgAwIBAgIUeR/cPPhl9FAvGfodT37NDncqYyAwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRdGVzdCBpbnRlcm1lZGlhdGUwIBcNMjYxMTI3MDY0NjAwWhgP
MjEyNjExMDMwNjQ2MDBaMA8xDTALBgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAAToQagwwaljXb80+HFMcieJ109lDAlKqJjnx3OoGdD8JKwiCh6M
LM2B4g+OnE4OMV/kNPhZV2zp6NdnXterXT77o38wfTA7BgNVHREENDAyghZpbWFn
ZS1yZWdpc3RyeS5leGFtcGxlgg1zd2lmdC5leGFtcGxlgglsb2NhbGhvc3QwHQYD
VR0OBBYEFHn+WmnvKIeLezRq0PnzlseuXvOsMB8GA1UdIwQYMBaAFM6NEHmsN866
x7/b3EYPNzeCdvA9MAoGCCqGSM49BAMCA0cAMEQCIGhLRPeijQjzlMdXmXfOtcCQ
e3+zHJou/FWWXiKf0Nn6AiA/x0PJ6bC47WihYrvpNSeGNOpBT0NxVRpyr3cS7Gap
7w==
-----END CERTIFICATE-----
`;

export const leafKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAS1HEOOGLRDd9Xy9
8OYmwNAZ8kM7OIQFt6fOjre1SyKhRANCAAToQagwwaljXb80+HFMcieJ109lDAlK
qJjnx3OoGdD8JKwiCh6MLM2B4g+OnE4OMV/kNPhZV2zp6NdnXterXT77
-----END PRIVATE KEY-----
`;
