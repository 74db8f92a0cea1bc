/** The native tests, one `it` for each test and ISA level. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/cli.js';
import { listNativeTests, type NativeCase, nativeTests } from '../support/native.js';

let cases: NativeCase[] = [];
let failure: unknown;
try {
  cases = listNativeTests();
} catch (error) {
  failure = error;
}

/** Rejects with everything the program printed. */
function run({ name, level }: NativeCase): Promise<void> {
  const args = ['--run', name, ...(level === '-' ? [] : ['--isa', level])];
  return new Promise((resolve, reject) => {
    execFile(nativeTests, args, { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${error.signal ?? `exit code ${error.code}`}\n${stdout}${stderr}`));
    });
  });
}

describe('native tests', () => {
  it('are built', () => {
    if (failure !== undefined) throw failure;
  });

  // Finds a source that CMakeLists.txt lacks, and a program older than its sources.
  it('hold every TEST of the sources', () => {
    const folder = join(root, 'test', 'native');
    const inSources = readdirSync(folder)
      .filter((file) => file.endsWith('_test.cpp'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      // Those of guards are run where there are guards, by `npm run test:sanitize`.
      .map((text) => text.replace(/^#if defined\(ROWNET_GUARDS\)$[\s\S]*?^#endif/gm, ''))
      .flatMap((text) => [...text.matchAll(/^TEST(?:_ONCE)?\((\w+)\)/gm)])
      .map((match) => match[1]);
    expect(inSources.length).toBeGreaterThan(50);
    expect([...new Set(cases.map(({ name }) => name))].sort(), 'run "npm run build:native-tests"').toEqual(
      inSources.sort(),
    );
  });

  it('refuse an unknown test and an unknown level', async () => {
    await expect(run({ name: 'no_such_test', level: '-' })).rejects.toThrow('no test is named no_such_test');
    await expect(run({ name: 'relu_equals_reference', level: 'mmx' })).rejects.toThrow('no ISA level mmx');
  });

  for (const level of new Set(cases.map((entry) => entry.level))) {
    describe(level === '-' ? 'any level' : level, () => {
      for (const entry of cases.filter((one) => one.level === level)) it(entry.name, () => run(entry));
    });
  }
});
