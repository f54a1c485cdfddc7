const questions =
  "a final copy asks Swift by name for every blob, since a row of a listing is not an object, and rclone --size-only believes the listing; where rclone asks, too (--checksum), it takes longer. docs/migrator.md has the price of a proof";
const sockets =
  "sending a GiB through a socket costs each client about 2 s here, with what the system's own side of the connection takes; hashing is a third of ours";

/** Why a row misses its goal, by its name: what is known, and where it would end. */
export const reasons: Readonly<Record<string, string>> = {
  "small, nothing changed: wall": questions,
  "small, nothing changed: client CPU": questions,
  "mixed, nothing changed: wall": questions,
  "large, nothing changed: wall": `0.1 s is the bundle's start, the rest one request after another: token, limits and container, listing, a question for each of 60 blobs. And ${questions}`,
  "small, first pass: client CPU":
    "0.37 ms a file beside a busy Swift, 0.22 ms beside the stand-in; bulk upload would take a sixth, and is not used for the reason given in docs/migrator.md",
  "large, first pass: client CPU with sha256 and MD5": `${sockets}. On another machine (AMD EPYC) it was 0.728`,
  "large, verify: full: client CPU":
    "it hashes 8 GiB, those of the volume and those of Swift, and the peer 4; on another machine (AMD EPYC) it was 0.769",
  "mixed, first pass: client CPU with sha256 and MD5":
    "rclone makes no sha256; half of ours are the 9,900 small files, the rest the bytes",
  "mixed, first pass: wall": "as long as rclone, which hashes less, on two CPUs that the server shares",
  "small, back to a volume: wall of 5000 files":
    "2,500 a second: a request, a file, a folder and two syncs are 0.4 ms of CPU, and the stand-in shares the two CPUs",
  "1,000,000 objects, nothing changed: client CPU an object":
    "find reads no listing: 23 us are the walk and the listing beside it. On another machine (AMD EPYC), where find took 37 us, it was 0.81",
  "one 20 GiB blob: wall":
    "the segments of one blob go one after another (docs/migrator.md), 258 MiB a second; 80 blobs keep both CPUs busy",
};
