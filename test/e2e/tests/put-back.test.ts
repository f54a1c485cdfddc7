import { thenPutBack } from "../support/put-back";

const fails = (why: string) => async () => Promise.reject(new Error(why));

test("it is put back after a story, and after one that failed", async () => {
  const putBack = jest.fn(async () => undefined);
  await thenPutBack(async () => undefined, putBack);
  await expect(thenPutBack(fails("the story"), putBack)).rejects.toThrow("the story");
  expect(putBack).toHaveBeenCalledTimes(2);
});

test("what cannot be put back does not hide why the story failed", async () => {
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    await expect(thenPutBack(fails("the story"), fails("the lab"))).rejects.toThrow("the story");
    expect(log).toHaveBeenCalledWith(expect.stringContaining("not put back: the lab"));
    await expect(thenPutBack(async () => undefined, fails("the lab"))).rejects.toThrow("the lab");
  } finally {
    log.mockRestore();
  }
});
