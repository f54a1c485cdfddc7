// Three projects: "unit" needs nothing but Node; "faults" neither, but runs the mover as a process hundreds of times;
// "lab" needs the lab's cluster or Swift (npm run lab -- up).
const common = {
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }],
    // Packages that come as ES modules only; jest loads CommonJS.
    "^.+\\.m?js$": ["@swc/jest", { jsc: { target: "es2022" }, module: { type: "commonjs" } }],
  },
  transformIgnorePatterns: [
    `/node_modules/(?!(${["@kubernetes/client-node", "agent-base", "d3-.*", "internmap", "jose", "oauth4webapi", "openid-client", "socks-proxy-agent"].join("|")})/)`,
  ],
  modulePathIgnorePatterns: ["<rootDir>/.lab", "<rootDir>/.cache"],
};
module.exports = {
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["\\.(lab|faults)\\.test\\.ts$"],
    },
    { ...common, displayName: "faults", testMatch: ["<rootDir>/test/**/*.faults.test.ts"] },
    { ...common, displayName: "lab", testMatch: ["<rootDir>/test/**/*.lab.test.ts"] },
  ],
};
