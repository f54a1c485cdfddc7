import { standinCloud } from "../support/cloud";
import { describeContract } from "./contract";
import { SwiftStandin } from "./server";

let standin: SwiftStandin;
beforeAll(async () => {
  standin = await SwiftStandin.start();
});
afterAll(() => standin.stop());

describeContract("the stand-in", () => standinCloud(standin));
