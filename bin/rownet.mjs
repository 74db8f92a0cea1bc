#!/usr/bin/env node
// Starts the command line in dist/. Everything it can do without is loaded later, by the command that needs it.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const args = process.argv.slice(2);
const main = new URL('../dist/cli/main.js', import.meta.url);
const help = new URL('../dist/cli/help.txt', import.meta.url);
// Loading the parser takes half as long as Node takes to start; the general help was printed when dist/ was made.
// A terminal that is narrower than its lines gets them wrapped, by the parser.
const wideEnough = (process.stdout.columns ?? 81) > 80;
// A Node that is too old could not even link the rest.
const why = existsSync(main)
  ? (await import('../dist/node-version.js')).whyNotSupported(process.version)
  : undefined;
if (why !== undefined) {
  console.error(why);
  process.exitCode = 4;
} else if (
  args.length === 1 &&
  ['help', '--help', '-h'].includes(args[0]) &&
  wideEnough &&
  existsSync(help)
) {
  const { wantsColor } = await import('../dist/cli/terminal/color.js');
  const text = readFileSync(help, 'utf8');
  // Its headings are bold.
  process.stdout.write(wantsColor(process.stdout) ? text : stripVTControlCharacters(text));
} else if (existsSync(main)) {
  const { run } = await import(main.href);
  await run(args);
} else {
  console.error(
    `rownet: ${fileURLToPath(main)} is missing: the TypeScript sources are not compiled. ` +
      'In a clone run "npm install && npm run build"; in a project that depends on rownet run "npm rebuild rownet".',
  );
  process.exitCode = 4;
}
