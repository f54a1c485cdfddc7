/**
 * Names as byte strings: one character per byte (latin1). File names are bytes, object names are UTF-8;
 * a byte string holds either without loss, and comparing two of them with `<` is comparing bytes, which is
 * the order Swift lists in. They become text only where a person reads them.
 */
export type ByteString = string;

const nonAscii = /[\u0080-\uffff]/;
const printable = /^[ -~]*$/;

/** The bytes of a text's UTF-8 as a byte string. */
export function fromText(text: string): ByteString {
  return !nonAscii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/**
 * The same string with memory of its own. What is cut from a longer string keeps all of that alive: a name of a listing
 * its block of 64 KiB, which makes 230 MB of 3,600 names kept from a million.
 */
export function flat(name: ByteString): ByteString {
  return Buffer.from(name, "latin1").toString("latin1");
}

/** The text for a person; bytes that are not UTF-8 are shown as `\xNN`. */
export function toText(name: ByteString): string {
  if (printable.test(name)) return name;
  return isUtf8(name)
    ? Buffer.from(name, "latin1")
        .toString("utf8")
        .replaceAll(/[\p{Cc}\u2028\u2029]/gu, hexEscape)
    : name.replaceAll(/[^ -~]/g, hexEscape);
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** What the file system calls take: the string itself when it is ASCII (much faster), else its bytes. */
export function toPath(name: ByteString): string | Buffer {
  return nonAscii.test(name) ? Buffer.from(name, "latin1") : name;
}

/** Whether the bytes are UTF-8; Swift takes no other names. */
export function isUtf8(name: ByteString): boolean {
  if (!nonAscii.test(name)) return true;
  const bytes = Buffer.from(name, "latin1");
  return Buffer.from(bytes.toString("utf8"), "utf8").equals(bytes);
}

const escapes = Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9._~/-]/.test(String.fromCharCode(byte))
    ? String.fromCharCode(byte)
    : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

/** Percent-encodes a name for a URL's path (slashes stay) or query value. */
export function percentEncode(name: ByteString): string {
  if (/^[A-Za-z0-9._~/-]*$/.test(name)) return name;
  let out = "";
  for (let i = 0; i < name.length; i++) out += escapes[name.charCodeAt(i) & 255];
  return out;
}

/** Undoes percent-encoding into bytes (Swift stores X-Object-Manifest either way and unquotes it). */
export function percentDecode(text: string): ByteString {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
