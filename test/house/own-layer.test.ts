/**
 * Layers from outside, by the steps of CONTRIBUTING.md alone: in a copy of the sources, each is a TypeScript file, a C++
 * file, and a line in a table on each side. The copy is built for one instruction set level.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../support/cli.js';

const fixtures = join(root, 'test', 'fixtures', 'own-layer');
const folder = mkdtempSync(join(tmpdir(), 'rownet-own-layer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts `lines` in front of the first line of a file that begins with `before`. */
function insert(file: string, before: string, ...lines: string[]): void {
  const path = join(folder, file);
  const old = readFileSync(path, 'utf8').split('\n');
  const at = old.findIndex((line) => line.trim().startsWith(before));
  expect(at, `${file}: ${before}`).toBeGreaterThan(0);
  writeFileSync(path, old.toSpliced(at, 0, ...lines).join('\n'));
}

interface Training {
  readonly losses: readonly number[];
  readonly parameters: readonly number[];
  readonly evaluated: number;
}
let result: { summary: string; restored: boolean; rows: Training; lanes: Training[] };

beforeAll(() => {
  for (const name of [
    'native',
    'lib',
    'CMakeLists.txt',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['softsign', 'channel_scale']) {
    cpSync(join(fixtures, `${name}.h`), join(folder, `native/core/layers/${name}.h`));
    const file = `${name.replace('_', '-')}.ts`;
    cpSync(join(fixtures, file), join(folder, 'lib/layers', file));
  }
  insert(
    'native/core/layers/activations.inc',
    '#include',
    '#include "layers/softsign.h"',
    'ROWNET_ACTIVATION(Softsign)',
  );
  insert(
    'native/core/layers/layers.inc',
    '#include',
    '#include "layers/channel_scale.h"',
    'ROWNET_LAYER(channel_scale_op)',
  );
  insert(
    'lib/layers/kinds.ts',
    'import { conv2dKind }',
    "import { channelScaleKind } from './channel-scale.js';",
    "import { softsignKind } from './softsign.js';",
  );
  insert(
    'lib/layers/kinds.ts',
    'conv2d: conv2dKind',
    '  channelScale: channelScaleKind,',
    '  softsign: softsignKind,',
  );
  const tool = (name: string, ...args: string[]) =>
    execFileSync(join(root, 'node_modules/.bin', name), args, { cwd: folder, stdio: 'pipe' });
  tool(
    'cmake-js',
    'compile',
    '--CDCMAKE_BUILD_TYPE=Release',
    '--CDROWNET_LEVELS=portable',
    '--log-level',
    'warn',
  );
  tool('tsc', '-p', 'tsconfig.build.json');
  result = JSON.parse(
    execFileSync(process.execPath, [join(fixtures, 'train.mjs'), folder], { encoding: 'utf8' }),
  );
}, 600_000);

it('is fused behind a convolution, in front of its pool, and a step of its own', () => {
  expect(result.summary).toBe('engine lanes: conv1+act1+pool1, scale, conv2+act2, fc');
});

it('comes back from a description', () => {
  expect(result.restored).toBe(true);
});

it('trains alike on both engines', () => {
  const [lanes] = result.lanes;
  expect(lanes.losses[5]).toBeLessThan(lanes.losses[0]);
  const largest = Math.max(...result.rows.parameters.map(Math.abs));
  for (const [index, value] of result.rows.parameters.entries()) {
    expect(Math.abs(lanes.parameters[index] - value)).toBeLessThan(1e-5 * largest);
  }
  for (const [step, loss] of result.rows.losses.entries()) expect(lanes.losses[step]).toBeCloseTo(loss, 3);
  expect(lanes.evaluated).toBeCloseTo(result.rows.evaluated, 3);
});

it('gives the same bits on any number of threads', () => {
  const [one, ...others] = result.lanes;
  for (const other of others) expect(other).toEqual(one);
});
