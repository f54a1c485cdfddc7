import { CloudError } from "../../swift/errors";
import { TransientError, parseRetryAfter, waitBefore, withRetry, type Retry } from "../../swift/retry";

const waits: number[] = [];
const told: Retry[] = [];
const policy = {
  attempts: 4,
  baseSeconds: 1,
  maxSeconds: 3,
  onRetry: (retry: Retry) => void told.push(retry),
  random: () => 1,
  sleep: async (seconds: number) => void waits.push(seconds),
};
beforeEach(() => {
  waits.length = 0;
  told.length = 0;
});

describe("withRetry", () => {
  test("repeats what passes, waiting longer each time, and tells of each repetition", async () => {
    let calls = 0;
    const result = await withRetry(policy, "x", async () => {
      if (++calls < 4) throw new TransientError(`fault ${calls}`);
      return "done";
    });
    expect({ result, waits, whys: told.map((retry) => retry.why) }).toEqual({
      result: "done",
      waits: [1, 2, 3],
      whys: ["fault 1", "fault 2", "fault 3"],
    });
  });

  test("gives up as unreachable, with the last cause and what to do", async () => {
    const failing = withRetry(policy, "x", () => Promise.reject(new TransientError("Swift answered 503")));
    await expect(failing).rejects.toMatchObject({
      failure: "unreachable",
      message: expect.stringMatching(/x: gave up after 4 attempts.*503.*run it again/) as string,
    });
  });

  test("does not repeat what stays", async () => {
    let calls = 0;
    const failing = withRetry(policy, "x", () => {
      calls++;
      return Promise.reject(new CloudError("quota", "full"));
    });
    await expect(failing).rejects.toMatchObject({ failure: "quota" });
    expect(calls).toBe(1);
  });

  test("waits at least as long as Retry-After asks, within reason", () => {
    expect(waitBefore(policy, 1, 2.5)).toBe(2.5);
    expect(waitBefore(policy, 1, 86_400)).toBe(15);
    expect(waitBefore(policy, 30, undefined)).toBe(3);
  });

  test("reads Retry-After as seconds and as a date", () => {
    expect(parseRetryAfter("7")).toBe(7);
    expect(parseRetryAfter("Thu, 01 Jan 1970 00:00:10 GMT", 4000)).toBe(6);
    expect(parseRetryAfter("soon")).toBeUndefined();
    expect(parseRetryAfter(undefined)).toBeUndefined();
  });
});
