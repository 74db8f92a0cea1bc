/** What ROWNET_VERBOSE tells of a training. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isVerbose } from '../../../../lib/cli/terminal/output.js';
import { describePlan } from '../../../../lib/cli/commands/train/plan-report.js';
import { LeNet5 } from '../../../../lib/nets/lenet5.js';
import { root, rownet, temporaryFolder, writeIdxFolder } from '../../../support/cli.js';

const runtime = { isa: 'avx512', vectorWidth: 16, threads: 2 } as const;

it('lists the fused steps as docs/environment.md shows them', () => {
  const lines = describePlan(new LeNet5(), 'lanes', runtime);
  expect(lines).toHaveLength(6);
  const page = readFileSync(join(root, 'docs', 'environment.md'), 'utf8');
  expect(page).toContain(`$ ROWNET_VERBOSE=1 npx rownet train\n${lines.join('\n')}\n`);
});

it('lists the layers of rows', () => {
  const lines = describePlan(new LeNet5({ classes: 3 }), 'rows', { ...runtime, isa: 'sse2', vectorWidth: 4 });
  expect(lines).toHaveLength(13);
  expect(lines.slice(0, 2)).toEqual([
    'plan: engine rows, sse2 (4 floats a vector), threads 2',
    'plan: conv1    1x32x32 -> 6x28x28    conv2d     Conv2d(1 -> 6, kernel 5x5)',
  ]);
  expect(lines.at(-1)).toBe('plan: fc2      84 -> 3               linear     Linear(84 -> 3)');
});

it.each([
  [{}, false],
  [{ ROWNET_VERBOSE: '' }, false],
  [{ ROWNET_VERBOSE: '0' }, false],
  [{ ROWNET_VERBOSE: '1' }, true],
])('%j: %j', (env, expected) => {
  expect(isVerbose(env)).toBe(expected);
});

describe('rownet train', () => {
  const folder = temporaryFolder();
  beforeAll(() => writeIdxFolder(folder.join('bars'), 200, 50));

  it.each<[verbose: string, more: string[], lines: number]>([
    ['1', [], 6],
    ['1', ['--engine rows'], 13],
    ['0', [], 0],
    ['1', ['--quiet'], 0],
  ])('ROWNET_VERBOSE=%s %j: %d lines', async (verbose, more, lines) => {
    const out = `run-${verbose}${more.join('').replace(' ', '-')}`;
    const args = ['train --data bars --epochs 1 --lr 0.01 --out', out, ...more];
    const { code, stderr, stdout } = await rownet(args, {
      cwd: folder.path,
      env: { ROWNET_VERBOSE: verbose },
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain('plan:');
    expect(stderr.match(/^plan: /gm) ?? []).toHaveLength(lines);
  });
});
