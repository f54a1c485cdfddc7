import { Recording } from "./recording";

test("each line after the seconds since the beginning, and what is empty stays empty", () => {
  let now = 100;
  const recording = new Recording(() => now);
  recording.add("\n### 1. Copy");
  now = 112.34;
  recording.add("[live copy] 43 %\nOutputs:");
  expect(recording.text()).toBe("   0.0  ### 1. Copy\n  12.3  [live copy] 43 %\n  12.3  Outputs:\n");
});
