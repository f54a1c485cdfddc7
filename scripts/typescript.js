/**
 * Lets Node.js run this project's TypeScript, from any folder: `node -r ./scripts/typescript.js <file>.ts`. Types are
 * not checked (`npm run check:types` does). It is a preload and no command that starts the file itself, because worker
 * threads inherit preloads, and so that `node --inspect-brk -r ./scripts/typescript.js <file>.ts` debugs the file.
 */
const path = require("node:path");

require("ts-node").register({ cwd: path.join(__dirname, ".."), transpileOnly: true });
