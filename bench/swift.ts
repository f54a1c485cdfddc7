/** Keystone and Swift for the benchmark alone, with their objects on a tmpfs. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { swiftDefaults, swiftPorts, type SwiftSettings } from "../test/lab/swift/settings";
import { swiftParts, wipeSwift } from "../test/lab/swift/swift";
import { swiftPaths } from "../test/lab/swift/config";

export interface OwnSwift {
  readonly cloudsYaml: string;
  stop(): Promise<void>;
}

/** First of eight ports in a row that are free on most machines. */
const firstPort = 27_300;

export async function startSwift(): Promise<OwnSwift> {
  const settings: SwiftSettings = {
    ...swiftDefaults,
    dir: join(tmpdir(), "image-registry-swift-bench"),
    ports: swiftPorts(firstPort),
    store: "tmpfs",
  };
  const parts = swiftParts(settings);
  const stop = async () => {
    for (const part of [...parts].reverse()) await part.stop();
    await wipeSwift(settings);
  };
  try {
    for (const part of parts) await part.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { cloudsYaml: swiftPaths(settings).cloudsYaml, stop };
}
