import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Gather, pauseFor } from "../../swift/gather";
import { httpClient } from "../../swift/http";

/** The pauses made after so many answers, all within one turn of the loop. */
async function pauses(answers: number, milliseconds: number, underWay: number): Promise<number[]> {
  const made: number[] = [];
  const gather = new Gather((pause) => made.push(pause));
  for (let n = 0; n < answers; n++) gather.answered(milliseconds, underWay);
  expect(made).toEqual([]);
  await turn();
  return made;
}

test("many slow answers make one pause, after all that was there", async () => {
  const made = await pauses(200, 120, 31);
  expect(made).toHaveLength(1);
  expect(made[0]).toBeGreaterThan(0);
});

test("with few requests under way each answer is taken as it comes", async () => {
  expect(await pauses(200, 120, 7)).toEqual([]);
});

test("a server that answers at once is never waited for", async () => {
  expect(await pauses(200, 5, 31)).toEqual([]);
});

test("each turn of the loop has a pause of its own", async () => {
  let made = 0;
  const gather = new Gather(() => made++);
  for (let n = 0; n < 3; n++) {
    for (let answers = 0; answers < 200; answers++) gather.answered(300, 31);
    await turn();
  }
  expect(made).toBe(3);
});

test("the pause is a part of what an answer takes, and never so long that a signal would come late", () => {
  expect(pauseFor(120)).toBeLessThan(120 / 4);
  expect(pauseFor(60_000)).toBeLessThanOrEqual(50);
});

test("a thread with work of its own does not stay away", async () => {
  let made = 0;
  const gather = new Gather(() => made++);
  gather.busy = true;
  for (let n = 0; n < 200; n++) gather.answered(120, 31);
  await turn();
  gather.busy = false;
  gather.answered(120, 31);
  await turn();
  expect(made).toBe(1);
});

test("while a body comes piece by piece, no answer is gathered", async () => {
  let slow: ServerResponse | undefined;
  const server = createServer((request, response) => {
    if (request.url === "/small") response.end();
    else (slow = response).write("a piece");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const gather = new Gather();
  const told = jest.spyOn(gather, "answered");
  const client = httpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    connections: 2,
    timeout: 30,
    ca: [],
    insecure: false,
    gather,
  });
  try {
    const small = () => client.request({ method: "GET", path: "/small", headers: {} });
    let come: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (come = resolve));
    const stream = client.request({ method: "GET", path: "/slow", headers: {}, sink: () => come() });
    await first;
    await small();
    expect(told).not.toHaveBeenCalled();
    slow!.end();
    await stream;
    await small();
    expect(told).toHaveBeenCalledTimes(1);
  } finally {
    await client.close();
    server.close();
  }
});
