import { realCloud } from "../support/cloud";
import { skipped } from "../support/skip";
import { describeContract } from "./contract";

const cloud = realCloud();
if (typeof cloud === "string") skipped("the real Swift keeps the contract", cloud);
else describeContract("the real Swift", () => cloud);
