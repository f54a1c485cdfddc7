// Loaded with --require into a Node.js and its threads: MD5 then fails as it does on nodes in FIPS mode.
const crypto = require("node:crypto");

function withoutMd5(make) {
  return (algorithm, ...rest) => {
    if (!/md5/i.test(algorithm)) return make(algorithm, ...rest);
    const error = new Error("error:0308010C:digital envelope routines::unsupported");
    throw Object.assign(error, { code: "ERR_OSSL_EVP_UNSUPPORTED" });
  };
}

crypto.createHash = withoutMd5(crypto.createHash);
crypto.hash = withoutMd5(crypto.hash);
