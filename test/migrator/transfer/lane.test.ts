/** MD5 beside the sending, in a thread of the mover's own bundle. */
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chunkSize } from "../../../migrator/volume/file";
import { hashFor, hashRange, readHashed } from "../../../migrator/transfer/hashing";
import { md5Lane } from "../../../migrator/transfer/lane";
import { cleanUp, moverProgram, scratchFolder } from "../support/mover";

afterAll(() => cleanUp());

const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest("hex");

test.each([1, chunkSize, 3 * chunkSize, 7 * chunkSize + 11])("a range of %i bytes", async (length) => {
  const bytes = randomBytes(length + 5);
  const path = join(scratchFolder("lane-"), "blob");
  writeFileSync(path, bytes);
  const digest = `sha256:${sum("sha256", bytes)}`;
  const range = { path, from: 0, length, fileSize: bytes.length, digest, before: hashFor(digest) };
  const { md5, sha } = await hashRange({ ...range, lane: md5Lane(moverProgram()) });
  expect(md5).toBe(sum("md5", bytes.subarray(0, length)));
  expect(sha?.digest("hex")).toBe(sum("sha256", bytes.subarray(0, length)));
});

test("streams beside one another, one of them given up: each has its own sum", async () => {
  const bytes = randomBytes(4 * chunkSize + 3);
  const path = join(scratchFolder("lane-"), "blob");
  writeFileSync(path, bytes);
  const lane = md5Lane(moverProgram());
  const range = { path, from: 0, length: bytes.length, fileSize: bytes.length, lane };
  const givenUp = readHashed(range);
  await givenUp.chunks.next();
  const both = await Promise.all([hashRange(range), hashRange({ ...range, from: 1, length: chunkSize })]);
  await givenUp.chunks.return();
  expect(both.map(({ md5 }) => md5)).toEqual([
    sum("md5", bytes),
    sum("md5", bytes.subarray(1, 1 + chunkSize)),
  ]);
});

test("a thread that is gone ends the reading instead of holding it up", async () => {
  const path = join(scratchFolder("lane-"), "blob");
  writeFileSync(path, randomBytes(9 * chunkSize));
  const lane = md5Lane(join(scratchFolder("lane-"), "no-such-program.js"));
  await expect(
    hashRange({ path, from: 0, length: 9 * chunkSize, fileSize: 9 * chunkSize, lane }),
  ).rejects.toThrow(/hashes beside the sending is gone/);
});
