/** The addon at every ISA level: it trains, the levels agree, and a level that does not exist is refused. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isaLevels } from '../../lib/kernels/runtime.js';
import { root } from '../support/cli.js';
import { addon } from '../support/native.js';

const program = join(root, 'test', 'native', 'addon-program.mjs');

const run = (argument: string, maxIsa: string) =>
  spawnSync(process.execPath, [program, argument], {
    encoding: 'utf8',
    env: { ...process.env, ROWNET_MAX_ISA: maxIsa },
  });

interface Training {
  readonly isa: string;
  readonly levels: readonly string[];
  readonly losses: readonly number[];
  readonly correct: number;
}

function train(maxIsa: string): Training {
  const { status, signal, stdout, stderr } = run('train', maxIsa);
  if (status !== 0) throw new Error(`${addon}: ${signal ?? `exit code ${status}`}\n${stderr}`);
  return JSON.parse(stdout) as Training;
}

const order = isaLevels().map(({ name }) => name);

describe('ROWNET_MAX_ISA', () => {
  it.each(order)('%s: the addon trains at the highest level up to it', (cap) => {
    const { isa, levels, losses, correct } = train(cap);
    const allowed = levels.filter((level) => order.indexOf(level) <= order.indexOf(cap));
    expect(isa).toBe(allowed.at(-1));
    expect(losses[0]).toBeCloseTo(Math.log(4), 0);
    expect(losses.at(-1)).toBeLessThan(0.05);
    expect(correct).toBe(64);
  });

  it('unset: the highest level of this CPU', () => {
    const { isa, levels } = train('');
    expect(isa).toBe(levels.at(-1));
  });

  it('changes the losses by no more than rounding', () => {
    const portable = train('portable').losses;
    for (const cap of order) {
      train(cap).losses.forEach((loss, step) => {
        expect(Math.abs(loss - portable[step]!), `${cap}, step ${step}`).toBeLessThan(1e-4);
      });
    }
  });

  const names = JSON.parse(
    execFileSync(process.execPath, [program, 'names'], { encoding: 'utf8' }),
  ) as string[];

  // These copy pixels by loops of the baseline.
  const withoutLevel = ['gatherChannels', 'gatherFloats', 'augmentImages', 'augmentFloats'];

  it('is refused by every function that chooses a level when it names none', () => {
    expect(names).toEqual(expect.arrayContaining(withoutLevel));
    expect(names.length).toBe(23);
  });

  // Whichever function chooses the level: an error, no end of the process by a signal.
  it.each(names.filter((name) => !withoutLevel.includes(name)))('bogus: %s throws', (name) => {
    const { status, signal, stderr } = run(name, 'bogus');
    expect(stderr).toMatch(
      /Error: (\w+: )?ROWNET_MAX_ISA: expected portable, sse2, [\w, ]+ or \w+ but received "bogus"\. Unset it /,
    );
    expect({ status, signal }).toEqual({ status: 1, signal: null });
  });

  it.each(names)('portable: %s works', (name) => {
    expect(run(name, 'portable')).toMatchObject({ status: 0, stderr: '' });
  });
});
