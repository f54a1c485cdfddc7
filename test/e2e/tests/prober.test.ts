import { secondsAway } from "../support/prober";

const ok = (ended: number) => ({ ended });
const failed = (ended: number) => ({ ended, reason: "connect EHOSTUNREACH" });

test.each([
  ["answers all the time", [ok(0), ok(100), ok(900)], 0],
  ["a failure between two answers", [ok(0), failed(50), ok(400)], 0.4],
  ["requests that hang during the outage and are answered at its end", [ok(0), ok(4000), ok(4001)], 4],
  ["failures that are told after its end", [ok(0), ok(5000), failed(5050), ok(5100)], 5.1],
  ["no answer before it", [failed(0), ok(3000)], 0],
])("seconds without a registry: %s", (_what, samples, seconds) => {
  expect(secondsAway(samples)).toBe(seconds);
});
