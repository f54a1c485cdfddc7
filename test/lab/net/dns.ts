/** What a name means: addresses, a name that exists without any, or nothing. */
export type Lookup = (name: string) => readonly string[] | undefined;

const typeA = 1;
const classIn = 1;

/**
 * Answers one DNS query (RFC 1035) about the cluster's own names; everything else does not exist, because no Pod of
 * the lab has anything to look for outside.
 * @returns undefined for what is no query
 */
export function answer(query: Buffer, lookup: Lookup): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const { name, type, end } = question;
  const found = lookup(name.toLowerCase());
  const addresses = type === typeA ? (found ?? []) : [];
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // Answer, authoritative, the client's own "recursion desired", recursion available; 3 = no such name.
  header.writeUInt16BE(0x8400 | (query.readUInt16BE(2) & 0x0100) | 0x0080 | (found === undefined ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc00c, 0); // the name of the question
    record.writeUInt16BE(typeA, 2);
    record.writeUInt16BE(classIn, 4);
    record.writeUInt32BE(5, 6); // seconds to keep it
    record.writeUInt16BE(4, 10);
    address.split(".").forEach((part, index) => record.writeUInt8(Number(part), 12 + index));
    return record;
  });
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } | undefined {
  if (query.length < 17 || (query.readUInt16BE(2) & 0xf800) !== 0 || query.readUInt16BE(4) !== 1)
    return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(query.toString("latin1", at, at + length));
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  return { name: labels.join("."), type: query.readUInt16BE(at), end: at + 4 };
}
