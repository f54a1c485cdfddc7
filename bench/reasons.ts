const questions =
  "a final copy asks Swift by name for every blob, since a row of a listing is not an object, and rclone --size-only believes the listing; where rclone asks, too (--checksum), it takes longer. docs/migrator.md has the price of a proof";
const busy =
  "measured on a machine with much other work (a load of 20 and more on two CPUs), which the mover's threads bear worse than one thread does, probably since the twelve streams of their MD5 go in step. On an idle machine it was";

/** Why a row misses its goal, by its name: what is known, and where it would end. */
export const reasons: Readonly<Record<string, string>> = {
  "small, nothing changed: wall": questions,
  "small, nothing changed: client CPU": questions,
  "mixed, nothing changed: wall": questions,
  "large, nothing changed: wall": `of 0.9 s in an earlier run 0.45 s were the token, /info and the container; the last two are asked for at once. And ${questions}`,
  "small, first pass: client CPU":
    "0.5 ms a file beside a busy Swift, 0.35 ms alone (docs/migrator.md); bulk upload would take a sixth, and is not used for the reason given there",
  "large, first pass: client CPU with sha256 and MD5": `${busy} 0.728 (goal 0.75)`,
  "large, verify: full: client CPU": `${busy} 0.769: it hashes 8 GiB, the peer 4`,
  "mixed, first pass: client CPU with sha256 and MD5":
    "two thirds of it are its 9,900 files, at 0.5 ms each; sha256 and MD5 of the bytes, which rclone does not make, are the rest",
  "small in 4 shards: client CPU of all":
    "20,000 small files are few: four more processes start, for 0.25 s of CPU each, and list everything; with ten times the files a start is a tenth of that",
  "small, back to a volume: wall of 5000 files":
    "0.5 ms of one thread a file is 2,000 a second at most, and the machine had other work",
  "1,000,000 objects, nothing changed: client CPU an object":
    "a fiftieth over; measured by an older run, before the final copy asked for every blob (a live copy still asks for none)",
};
