import { Logins, tokenOf } from "./login";
import { imageOf, type ImageStream, type Item, withImage } from "./streams";

const item = (image: string): Item => ({ created: "now", dockerImageReference: `r/p/n@${image}`, image });
const empty: ImageStream = {
  apiVersion: "image.openshift.io/v1",
  kind: "ImageStream",
  metadata: { namespace: "p", name: "n" },
};

test("a tag that moves keeps its history, by digest each image of it is named; without a tag it is no tag's", () => {
  const first = withImage(empty, "latest", item("sha256:1"));
  const second = withImage(first, "latest", item("sha256:2"));
  expect(withImage(second, "latest", item("sha256:2"))).toBe(second);
  expect(imageOf(second, "latest")?.image).toBe("sha256:2");
  expect(imageOf(second, "sha256:1")?.image).toBe("sha256:1");
  expect(imageOf(second, "sha256:3")).toBeUndefined();
  const third = withImage(second, undefined, item("sha256:3"));
  expect(imageOf(third, "sha256:3")?.image).toBe("sha256:3");
  expect(third.status).toEqual(second.status);
});

describe("logins", () => {
  test("a token as bearer or as the password of any name", () => {
    const basic = `Basic ${Buffer.from("anybody:a:b").toString("base64")}`;
    expect(tokenOf({ authorization: basic })).toBe("a:b");
    expect(tokenOf({ authorization: "Bearer t" })).toBe("t");
    expect(tokenOf({})).toBeUndefined();
  });

  test("requests at the same moment are one question; an answer that failed is asked for again", async () => {
    let asked = 0;
    let away = true;
    const logins = new Logins(async () => {
      asked++;
      await Promise.resolve();
      return { status: away ? 500 : 201, body: { status: { allowed: true } } };
    });
    const together = () =>
      Promise.allSettled([1, 2, 3].map(() => logins.judge({ authorization: "Bearer t" }, [])));
    expect((await together()).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(asked).toBe(1);
    away = false;
    expect(await together()).toEqual([1, 2, 3].map(() => ({ status: "fulfilled", value: "ok" })));
    expect(asked).toBe(2);
  });

  test("who, then may they, with the caller's own token; what was allowed is remembered for a moment", async () => {
    const asked: string[] = [];
    let clock = 0;
    let allowed = false;
    const logins = new Logins(
      async (_method, path, _body, token) => {
        asked.push(`${path.split("/").at(-1)} ${token}`);
        return { status: 201, body: { status: { allowed } } };
      },
      () => clock,
    );
    const layers = { verb: "get", resource: "imagestreams/layers", namespace: "p", name: "n" } as const;
    const headers = { authorization: "Bearer t" };
    expect(await logins.judge({}, [layers])).toBe("no-token");
    expect(await logins.judge(headers, [layers])).toBe("denied");
    expect(asked).toEqual(["selfsubjectreviews t", "selfsubjectaccessreviews t"]);
    allowed = true;
    expect(await logins.judge(headers, [layers])).toBe("ok");
    expect(await logins.judge(headers, [layers])).toBe("ok");
    expect(asked).toHaveLength(4);
    clock = 60_000;
    await logins.judge(headers, [layers]);
    expect(asked).toHaveLength(6);
  });
});
