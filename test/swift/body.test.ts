/** Bodies of answers, whatever their headers say of them. */
import * as fc from "fast-check";
import { Body, release } from "../../swift/body";

const pieces = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 8 },
);

test("a body is its pieces, one after another, also where its length was told wrong or not at all", () => {
  const told = fc.oneof(fc.constant(undefined), fc.constant(Number.NaN), fc.integer({ min: -1, max: 400 }));
  fc.assert(
    fc.property(pieces, told, fc.boolean(), (chunks, length, isRight) => {
      const whole = Buffer.concat(chunks);
      const body = new Body();
      if (isRight) body.expect(whole.length);
      else if (length !== undefined) body.expect(length);
      for (const chunk of chunks) body.add(chunk);
      expect(body.whole()).toEqual(whole);
    }),
  );
});

test("an answer that says it has a terabyte gets no terabyte", () => {
  const body = new Body();
  body.expect(2 ** 40);
  body.add(Buffer.from("short"));
  expect(body.whole().buffer.byteLength).toBeLessThan(100_000);
});

test("what was collected with its length can be given back at once; what shares its memory stays", () => {
  const body = new Body();
  body.expect(1000);
  body.add(Buffer.alloc(1000, "x"));
  const whole = body.whole();
  release(whole);
  expect(whole).toHaveLength(0);
  const shared = Buffer.from("a small one lies in a pool with others");
  release(shared);
  expect(shared.toString()).toBe("a small one lies in a pool with others");
});
