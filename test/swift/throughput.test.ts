import { ThroughputMeter } from "../../swift/throughput";

test("bytes fall into the second in which they came; nothing moved is nothing told", () => {
  const meter = new ThroughputMeter();
  expect(meter.result()).toBeUndefined();
  for (const [bytes, at] of [
    [1, 0],
    [2, 0.9],
    [4, 2.5],
  ] as const)
    meter.add(bytes, at);
  expect(meter.result()).toEqual({ everySeconds: 1, bytes: [3, 0, 4] });
});

test("a week keeps at most 60 periods, and every byte", () => {
  const meter = new ThroughputMeter();
  for (let at = 0; at < 7 * 86_400; at += 60) meter.add(1, at);
  const { everySeconds, bytes } = meter.result()!;
  expect(everySeconds).toBe(2 ** 14);
  expect(bytes.length).toBeLessThanOrEqual(60);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBe((7 * 86_400) / 60);
});

test("after a long silence the periods fit at once", () => {
  const meter = new ThroughputMeter();
  meter.add(5, 1);
  meter.add(7, 10_000);
  const { everySeconds, bytes } = meter.result()!;
  expect([bytes[0], bytes.at(-1)]).toEqual([5, 7]);
  expect(everySeconds * 60).toBeGreaterThan(10_000);
});
