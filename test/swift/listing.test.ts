import * as fc from "fast-check";
import { fromText, percentDecode, percentEncode, toText } from "../../swift/bytes";
import { listPages, parsePage } from "../../swift/listing";
import { retryPolicy } from "../../swift/retry";
import type { ObjectStore } from "../../swift/store";
import { SwiftStandin } from "../migrator/swift-standin/server";
import type { Account } from "../lab/swift/account";
import { accountOf, standinCloud } from "../migrator/support/cloud";
import { byBytes } from "../migrator/trees/names";
import { path } from "../migrator/properties/names";

let standin: SwiftStandin;
let account: Account;
beforeAll(async () => {
  standin = await SwiftStandin.start();
  account = accountOf(standinCloud(standin));
});
afterAll(() => standin.stop());

const anyPaths = fc.uniqueArray(path, { maxLength: 30 });

test("percent-encoding survives the way to a server and back", () => {
  fc.assert(
    fc.property(path, (name) => {
      const bytes = fromText(name);
      expect(decodeURIComponent(percentEncode(bytes))).toBe(name);
      expect(percentDecode(percentEncode(bytes))).toBe(bytes);
      expect(percentEncode(bytes)).toMatch(/^[A-Za-z0-9._~/%-]*$/);
    }),
  );
});

test("a page is read as JSON.parse reads it, whichever way the server writes it", () => {
  const changed = "2026-11-24T01:50:56.313810";
  const row = fc.record({
    name: path,
    bytes: fc.nat(),
    hash: fc.stringMatching(/^[0-9a-f]{32}$/),
    marker: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(row, { selector: ({ name }) => name }),
      fc.integer({ min: 0, max: 3 }),
      (rows, style) => {
        const text = JSON.stringify(
          rows.map(({ name, bytes, hash, marker }) => {
            const type = marker ? "application/directory" : "application/octet-stream";
            return style < 2
              ? { bytes, hash, name: `p/${name}`, content_type: type, last_modified: changed }
              : { hash, last_modified: changed, bytes, name: `p/${name}`, content_type: type };
          }),
        );
        // Python's way: blanks after separators, everything beyond ASCII escaped.
        const python = text
          .replaceAll(/(?<=[\]}0-9e"]),(?=["{])/g, ", ")
          .replaceAll(/":(?=["\d])/g, '": ')
          .replaceAll(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
        const sent = style % 2 === 0 && JSON.stringify(JSON.parse(python)) === text ? python : text;
        expect(parsePage(Buffer.from(sent), "p/")).toEqual(
          rows.map(({ name, ...rest }) => ({ name: fromText(name), ...rest, modified: changed })),
        );
      },
    ),
  );
});

test("the listing is the container's names, whatever the page limit and the splits", async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      anyPaths,
      anyPaths,
      fc.array(path, { maxLength: 3 }),
      fc.integer({ min: 1, max: 7 }),
      async (names, others, splits, limit) => {
        const container = `listing-${(n += 1)}`;
        const store = standin.container(container);
        const object = {
          size: 1,
          etag: "0".repeat(32),
          contentType: "text/plain",
          modified: new Date(),
          meta: {},
        };
        for (const name of names) store.put(fromText(`p/${name}`), object);
        for (const name of others) store.put(fromText(`q/${name}`), object);
        const got: string[] = [];
        const pages = listPages({
          store: listingOf(container),
          policy: retryPolicy({ attempts: 1 }, () => undefined),
          prefix: "p/",
          splits: splits.map(fromText),
          limit,
        });
        for await (const page of pages) got.push(...page.map((one) => toBytesText(one.name)));
        expect(got).toEqual([...names].sort(byBytes));
      },
    ),
    { numRuns: 60 },
  );
});

const toBytesText = (name: string) => Buffer.from(name, "latin1").toString();

test.each([
  [1, 3],
  [3, 5],
])("parts ahead: %i; pages asked for while the first is read: %i", async (ahead, most) => {
  let asked = 0;
  const list: ObjectStore["list"] = async ({ marker = "p/", limit = 1 }) => {
    asked++;
    const first = marker === "p/" ? 0 : Number.parseInt(marker.slice(2), 36) + 1;
    const rows = Array.from({ length: limit }, (_, n) => ({
      name: `p/${(first + n).toString(36).padStart(4, "0")}`,
      bytes: 1,
      hash: "0".repeat(32),
      last_modified: "2026-11-24T01:50:56.313810",
    }));
    return Buffer.from(JSON.stringify(rows));
  };
  const pages = listPages({
    store: { list } as unknown as ObjectStore,
    policy: retryPolicy({ attempts: 1 }, () => undefined),
    prefix: "p/",
    splits: Array.from({ length: 9 }, (_, n) => `${n + 1}000`),
    limit: 10,
    ahead,
  });
  await pages.next();
  expect(asked).toBe(most);
});

/** Only what a listing needs of the store. */
function listingOf(container: string): ObjectStore {
  const list: ObjectStore["list"] = async ({ prefix, marker, endMarker, limit }) => {
    const query = [
      "format=json",
      ...(prefix === undefined ? [] : [`prefix=${percentEncode(prefix)}`]),
      ...(marker === undefined ? [] : [`marker=${percentEncode(marker)}`]),
      ...(endMarker === undefined ? [] : [`end_marker=${percentEncode(endMarker)}`]),
      ...(limit === undefined ? [] : [`limit=${limit}`]),
    ].join("&");
    return (await account.send("GET", `/${container}`, { query })).body;
  };
  return { list, container } as unknown as ObjectStore;
}

test("names for people show control characters as escapes and never break a line", () => {
  fc.assert(
    fc.property(path, (name) => {
      // oxlint-disable-next-line no-control-regex
      expect(toText(fromText(name))).not.toMatch(/[\n\r\u001b]/);
    }),
  );
});
