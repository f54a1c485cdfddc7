/** The puller as text for `node -e`: compiled here, so that the Pod needs no image of its own and no ConfigMap. */
import { buildSync } from "esbuild";
import { join } from "node:path";

let script: string | undefined;

/** Well below the 128 KiB that one argument may have. */
export function pullerScript(): string {
  script ??= build();
  return script;
}

function build(): string {
  const built = buildSync({
    stdin: {
      contents: 'import { main } from "./in-pod"; void main(process.argv[1]);',
      resolveDir: join(__dirname),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify: true,
    write: false,
  });
  const text = built.outputFiles[0]?.text;
  if (text === undefined) {
    throw new Error("the pull check's script could not be built");
  }
  return text;
}
