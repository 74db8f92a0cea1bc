#!/usr/bin/env node
// Starts the command line in dist/. Everything it can do without is loaded later, by the command that needs it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  console.error(
    `rownet: ${fileURLToPath(main)} is missing: the TypeScript sources are not compiled. ` +
      'In a clone run "npm install && npm run build"; in a project that depends on rownet run "npm rebuild rownet".',
  );
  process.exitCode = 4;
}
