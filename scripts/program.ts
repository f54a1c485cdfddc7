/** What the program is made of, beside its npm packages: the entries of the project's folder that `pulumi up` reads. */
export const program = [
  "Pulumi.yaml",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "index.ts",
  "node-version.ts",
  "config",
  "plan",
  "components",
  "cluster",
  "swift",
  "migrator",
] as const;
