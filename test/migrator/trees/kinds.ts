/** The trees that tests and the benchmark share. Each is a pure function of its name. */
import { hostileSegments, pathOfLength } from "./names";
import { Random, seededBytes } from "./random";
import { repositoryPath, type Blob, type Image, type RegistryTree } from "./registry";

const seeded = (seed: string, size: number) => Buffer.concat([...seededBytes(seed, size)]);

/**
 * Images of a busy registry until there are at least `files` files: bases shared by many, one layer of their own;
 * about four files in five are links of 71 bytes.
 */
export function smallTree(tree: RegistryTree, files: number, seed = "small"): Image[] {
  const random = new Random(seed);
  const bases = Array.from({ length: 12 }, (_, base) =>
    Array.from({ length: 5 }, (_, n) =>
      tree.blob(seeded(`${seed}/base/${base}/${n}`, random.logBetween(200, 16_384))),
    ),
  );
  const images: Image[] = [];
  for (let n = 0; tree.files < files; n += 1) {
    const repository = `project-${Math.floor(n / 12) % 400}/${random.pick(["app", "api", "job", "web"])}-${Math.floor(n / 4)}`;
    const own = tree.blob(seeded(`${seed}/own/${n}`, random.logBetween(100, 8_192)));
    const tag = random.pick(["latest", "stable", `v1.${n}`, `build-${n}`]);
    images.push(tree.image(repository, tag, [...random.pick(bases), own], `${seed}-${n}`));
  }
  return images;
}

/** `blobs` blobs of `bytes` bytes altogether, one image for every four. */
export function largeTree(tree: RegistryTree, bytes: number, blobs: number, seed = "large"): Image[] {
  const layers = Array.from({ length: blobs }, (_, n) =>
    tree.streamedBlob(`${seed}/${n}`, Math.floor(bytes / blobs)),
  );
  const images: Image[] = [];
  for (let n = 0; n < layers.length; n += 4)
    images.push(tree.image(`large/image-${n / 4}`, "latest", layers.slice(n, n + 4)));
  return images;
}

/** `count` images with layers from 1 KiB to `largest` bytes: most are small, most bytes are in a few. */
export function mixedTree(tree: RegistryTree, count: number, largest = 8_388_608, seed = "mixed"): Image[] {
  const random = new Random(seed);
  const pool: Blob[] = [];
  const images: Image[] = [];
  for (let n = 0; n < count; n += 1) {
    const layers = new Set<Blob>();
    for (let k = random.between(1, 5); k > 0; k -= 1) {
      if (pool.length > 20 && random.next() < 0.7) layers.add(random.pick(pool));
      else {
        const blob = tree.blob(seeded(`${seed}/${n}/${k}`, random.logBetween(1024, largest)));
        pool.push(blob);
        layers.add(blob);
      }
    }
    const repository = `team-${random.between(0, 19)}/service-${random.between(0, 9)}`;
    images.push(tree.image(repository, `r${n}`, [...layers], `${seed}-${n}`));
  }
  return images;
}

/**
 * A registry whose repositories and tags bear names that no registry would give, because a volume may hold them all
 * the same: each segment of names.ts alone and below another, and a name of the greatest length.
 */
export function hostileTree(tree: RegistryTree): Image[] {
  const layer = tree.blob("hostile layer");
  const images = hostileSegments.flatMap((segment, n) => {
    const other = hostileSegments[(n * 7 + 3) % hostileSegments.length] ?? "x";
    return [
      tree.image(segment, "latest", [layer], `hostile-${n}`),
      tree.image(`${other.slice(0, 40)}/${segment}`, "t", [layer], `hostile-below-${n}`),
    ];
  });
  // "files/" comes before it in the container.
  const longest = pathOfLength(repositoryPath("longest"), 1024 - "files/".length - "/link".length);
  tree.write(`${longest}/link`, `sha256:${layer.hex}`);
  return images;
}
