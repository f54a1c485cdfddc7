// Two projects: "unit" needs nothing but Node; "lab" needs the lab's cluster or Swift (npm run lab -- up).
const common = {
  testEnvironment: "node",
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  modulePathIgnorePatterns: ["<rootDir>/.lab", "<rootDir>/.cache"],
};
module.exports = {
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["\\.lab\\.test\\.ts$", "<rootDir>/test/e2e/"],
    },
    { ...common, displayName: "lab", testMatch: ["<rootDir>/test/**/*.lab.test.ts"] },
  ],
};
