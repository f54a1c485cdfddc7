/** A large folder is read once by the copy and the scan ahead of it together, whichever comes first. */
import { fromText } from "../../../swift/bytes";
import { type Entries, SharedFolders } from "../../../migrator/volume/folders";
import { walkRegistry } from "../../../migrator/volume/walk";
import { cleanUp, scratchFolder } from "../support/mover";
import { RegistryTree } from "../trees/registry";

afterAll(cleanUp);

const names = (count: number): Entries => ({
  keys: Array.from({ length: count }, (_, index) => fromText(`${index}/`)),
  others: new Map(),
});

function shared(count: number) {
  const folders = new SharedFolders();
  let read = 0;
  const entries = (path: string, isAhead: boolean) =>
    folders.entries(fromText(path), isAhead, () => {
      read++;
      return names(count);
    });
  return {
    copy: (path: string) => entries(path, false),
    scan: (path: string) => entries(path, true),
    read: () => read,
  };
}

test("the scan has it first: the copy takes the same names, and they are kept no longer", () => {
  const { copy, scan, read } = shared(20_000);
  const before = scan("a/");
  expect(copy("a/")).toBe(before);
  expect(read()).toBe(1);
});

test("the copy is in it: the scan takes the same names", () => {
  const { copy, scan, read } = shared(20_000);
  const before = copy("a/");
  expect(scan("a/")).toBe(before);
  expect(read()).toBe(1);
});

test("a small one is read again, which costs less than keeping it", () => {
  const { copy, scan, read } = shared(100);
  scan("a/");
  copy("a/");
  expect(read()).toBe(2);
});

test("a scan far ahead keeps no more than a million names, and what the copy took makes room", () => {
  const { copy, scan } = shared(400_000);
  const ahead = (folders: SharedFolders) => (folders as unknown as { kept: number }).kept;
  const folders = new SharedFolders();
  const at = (path: string, isAhead: boolean) =>
    folders.entries(fromText(path), isAhead, () => names(400_000));
  for (const path of ["a/", "b/", "c/"]) at(path, true);
  expect(ahead(folders)).toBe(800_000);
  at("a/", false);
  expect(ahead(folders)).toBe(400_000);
  expect(copy("x/").keys).toHaveLength(scan("x/").keys.length);
});

test("a scan counts what a walk finds, without asking for any link below a digest", () => {
  const root = scratchFolder("scan-");
  const tree = new RegistryTree(root);
  const layers = ["one", "two", "three"].map((content) => tree.blob(content));
  tree.image("a/b", "v1", layers);
  tree.image("c", "v2", layers);
  const of = (options: object) =>
    [...walkRegistry({ root, onProblem: () => undefined, ...options })].map(({ name, bytes }) => ({
      name,
      bytes,
    }));
  expect(of({ ahead: true, folders: new SharedFolders() })).toEqual(of({}));
});
