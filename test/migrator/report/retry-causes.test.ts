import { RetryCauses } from "../../../migrator/retry-causes";

test("what differs from request to request is no part of a cause", () => {
  const causes = new RetryCauses();
  for (const why of [
    "connect ECONNREFUSED 127.0.0.1:8080",
    "connect ECONNREFUSED 127.0.0.1:8081",
    "Swift answered 503",
    "Swift answered 503",
    "Swift answered 503",
    "stored with ETag (none) instead of 0123",
    "17",
  ])
    causes.add(why);
  expect(Object.entries(causes.result()!)).toEqual([
    ["Swift answered 503", 3],
    ["ECONNREFUSED", 2],
    ["stored with ETag", 1],
    ["other", 1],
  ]);
});

test("there are at most eight, and every request counts", () => {
  const causes = new RetryCauses();
  expect(causes.result()).toBeUndefined();
  for (let n = 0; n < 26; n++) causes.add(`cause ${String.fromCodePoint(97 + n)}`);
  const all = Object.values(causes.result()!);
  expect([all.length, all.reduce((sum, each) => sum + each, 0)]).toEqual([8, 26]);
});
