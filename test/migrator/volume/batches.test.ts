/** Files get their names in batches: each is durable before its name is, and names before the next batch. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlacingBatches } from "../../../migrator/volume/batches";

let root: string;
beforeEach(() => {
  root = `${fs.mkdtempSync(join(tmpdir(), "batches-"))}/`;
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** What the disk was told, in order: how many of the files had their names at each sync. */
function recorded(fail?: NodeJS.ErrnoException) {
  const calls: string[] = [];
  const named = (): number => (fs.existsSync(`${root}tree`) ? fs.readdirSync(`${root}tree`).length : 0);
  const batches = new PlacingBatches({
    root,
    finish: () => undefined,
    makeFolder: (folder) => void calls.push(`made ${folder.slice(root.length)}`),
    failure: (path, error) => new Error(`${path}: ${(error as Error).message}`),
    disk: {
      async sync() {
        if (fail) throw fail;
        calls.push(`file with ${named()} named`);
      },
      async syncFolder(folder) {
        calls.push(`folder ${folder.slice(root.length)} with ${named()} named`);
      },
    },
  });
  const add = (n: number): Promise<void> => {
    const temporary = `${root}temporary-${n}`;
    return batches.add({ fd: fs.openSync(temporary, "w"), temporary, target: `${root}tree/${n}`, bytes: 0 });
  };
  return { calls, batches, add };
}

test("all of a batch is synced, then named, then its folders are synced, once each", async () => {
  const { calls, batches, add } = recorded();
  await Promise.all([add(1), add(2), add(3)]);
  expect(calls).toEqual([]);
  expect(batches.temporaryOf(`${root}tree/2`)).toBe(`${root}temporary-2`);
  await batches.flush();
  expect(calls.slice(0, 4)).toEqual([...Array<string>(3).fill("file with 0 named"), "made tree/"]);
  expect(calls.slice(4).sort()).toEqual(["folder  with 3 named", "folder tree/ with 3 named"]);
  expect(batches.temporaryOf(`${root}tree/2`)).toBeUndefined();
});

test("a file that is added later is durable after those before it", async () => {
  const { calls, batches, add } = recorded();
  await add(1);
  const first = batches.flush();
  await add(2);
  await Promise.all([first, batches.flush()]);
  expect(calls.filter((call) => call.startsWith("file"))).toEqual(["file with 0 named", "file with 1 named"]);
});

test("a disk that fails fails all that comes after, and gives nothing its name", async () => {
  const { batches, add } = recorded(new Error("EIO"));
  await add(1);
  await expect(batches.flush()).rejects.toThrow(/tree\/1: EIO/);
  await expect(add(2)).rejects.toThrow(/EIO/);
  expect(fs.existsSync(`${root}tree/1`)).toBe(false);
});
