import { byRepository, patiently } from "./seed";

test("no two images of one repository are pushed at the same time, and each keeps its place", () => {
  const images = ["a/1", "b/1", "a/2", "c/1", "a/3"].map((name) => {
    const [repository = "", tag = ""] = name.split("/");
    return { repository, tag };
  });
  expect(byRepository(images).map((row) => row.map(({ repository, tag }) => `${repository}/${tag}`))).toEqual(
    [["a/1", "a/2", "a/3"], ["b/1"], ["c/1"]],
  );
});

describe("a push that is answered", () => {
  const failing = (times: number, message: string) => {
    let calls = 0;
    const push = (): Promise<void> =>
      ++calls <= times ? Promise.reject(new Error(message)) : Promise.resolve();
    return { push, calls: () => calls };
  };
  const busy = "skopeo copy: exit code 1\nfailed to read: 500 (Internal Server Error)";

  test("500 is repeated, and says so", async () => {
    const { push, calls } = failing(2, busy);
    const lines: string[] = [];
    await patiently(push, (line) => lines.push(line));
    expect(calls()).toBe(3);
    expect(lines).toEqual(Array(2).fill(`the registry answered 500, the push is repeated: ${busy}`));
  });

  test("500 is known in skopeo's other words, too", async () => {
    const { push, calls } = failing(1, "received unexpected HTTP status: 500 Internal Server Error");
    await patiently(push, () => undefined);
    expect(calls()).toBe(2);
  });

  test("500 again and again fails", async () => {
    const { push, calls } = failing(9, busy);
    await expect(patiently(push, () => undefined)).rejects.toThrow("500");
    expect(calls()).toBe(3);
  });

  test("anything else fails at once", async () => {
    const { push, calls } = failing(1, "405 Method Not Allowed");
    await expect(patiently(push, () => undefined)).rejects.toThrow("405");
    expect(calls()).toBe(1);
  });
});
