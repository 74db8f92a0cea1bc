/** The picture of the losses at the end of a training: its text, what is drawn, and where. */
import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LossSamples, lossPlot, trainingPlot } from '../../../lib/cli/terminal/loss-plot.js';
import { isUtf8 } from '../../../lib/cli/terminal/width.js';
import type { EpochMetrics } from '../../../lib/runs/metrics.js';
import { bin, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const falling = Array.from({ length: 9 }, (_, i) => [i + 1, 2 ** -i] as const);

describe('lossPlot', () => {
  it('draws a line and marks on a logarithmic axis, in ASCII', () => {
    const test = falling.map(([epoch, loss]) => [epoch, 2 * loss] as const);
    const plot = lossPlot({ unit: 'epoch', train: falling, test }, { columns: 45, unicode: false });
    expect(plot).toEqual([
      '     |o',
      '   1 +***  o',
      '     |   ****  o',
      '     |       *****  o',
      ' 0.1 +            *****  o',
      '     |                 ****  o',
      '     |                     *****  o',
      '     |                          ***** o',
      '0.01 +                               ****  o',
      '     |                                   ***',
      '     +--------------------------------------',
      '      1                              epoch 9',
      '      loss: * train 0.00391  o test 0.00781  (log scale)',
    ]);
  });

  it('draws in braille, on a linear axis where losses are close', () => {
    const train = [0.5, 0.4, 0.3, 0.35, 0.25].map((loss, i) => [10 * i, loss] as const);
    const plot = lossPlot(
      { unit: 'step', train, test: [[40, 0.3]] },
      { columns: 30, unicode: true, style: (text, series) => `${series === 'train' ? '<' : '['}${text}>` },
    );
    expect(plot).toEqual([
      '0.50 ┤<⠱⡀>',
      '     │ <⠈⢆>',
      '0.45 ┤   <⠣⡀>',
      '     │    <⠑⢄>',
      '0.40 ┤     <⠈⢢⡀>',
      '0.35 ┤       <⠘⢄>        <⡀>',
      '     │         <⠣⡀>   <⣀⠔⠊⠑⢄>',
      '0.30 ┤          <⠑⢄⠔⠊>    <⠈⢢>  [o>',
      '     │                    <⠱⡀>',
      '0.25 ┤                     <⠈⢆>',
      '     └───────────────────────',
      '      0               step 40',
      '      loss: <⠒ train 0.250>  [o test 0.300>',
    ]);
  });

  it('is as wide as the terminal allows, and at most 60', () => {
    const widths = [20, 24, 40, 66, 200].map((columns) => {
      const lines = lossPlot({ unit: 'epoch', train: falling, test: [] }, { columns, unicode: true });
      return Math.max(0, ...lines.slice(0, 12).map(({ length }) => length));
    });
    // One column stays free; below 16 for the plot itself there is none.
    expect(widths).toEqual([0, 23, 39, 65, 66]);
  });

  /** What stands beside the rows, from the top. */
  const labelsOf = (losses: readonly number[], unicode = false) => {
    const train = losses.map((loss, i) => [i, loss] as const);
    const plot = lossPlot({ unit: 'step', train, test: [] }, { columns: 80, unicode });
    expect(plot.join('')).not.toMatch(/NaN|Infinity|undefined/);
    return plot.slice(0, 10).map((line) => /^ *(\S*) [+┤]/.exec(line)?.[1] ?? '');
  };
  const told = (labels: readonly string[]) => labels.filter((label) => label !== '');

  it.each<[string, number[], string[]]>([
    ['a constant loss', [0.5, 0.5], ['1.0', '0.8', '0.6', '0.4', '0.2', '0']],
    ['that of guessing, but for rounding', [2.312585, 2.3125851], ['4', '3', '2', '1', '0']],
    ['a loss that hardly moves', [2.3126, 2.3124], ['2.31260', '2.31255', '2.31250', '2.31245', '2.31240']],
    ['a loss of zero', [0, 0], ['1.0', '0.8', '0.6', '0.4', '0.2', '0']],
    ['a loss that ends at zero', [1, 0.01, 0], ['1', '0.5', '0.2', '0.1', '0.05', '0.02', '0.01']],
    [
      'values that are not finite',
      [Number.NaN, 1, Number.POSITIVE_INFINITY, 0.5],
      ['1.0', '0.9', '0.8', '0.7', '0.6', '0.5'],
    ],
    ['losses as large as they come', [1e9, 3e9], ['3.0e+9', '2.5e+9', '2.0e+9', '1.5e+9', '1.0e+9']],
    ['many decades', [1e-12, 1e8], ['1e+6', '1000', '1', '0.001', '1e-6', '1e-9', '1e-12']],
  ])('has round and distinct labels for %s', (_, losses, expected) => {
    expect(told(labelsOf(losses))).toEqual(expected);
  });

  it('has round and distinct labels, each in the row of its value, for any losses', () => {
    const loss = fc.oneof(
      fc.double({ min: 0, max: 5, noNaN: true }),
      fc.double({ min: 2.311, max: 2.312, noNaN: true }),
      fc.double({ min: 0, max: 1e-9, noNaN: true }),
      fc.double({ min: 0, max: 1e15, noNaN: true }),
      fc.constantFrom(0, Number.MIN_VALUE, 1e-300, 1e300, Number.NaN, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(loss, { minLength: 2, maxLength: 20 }), fc.boolean(), (losses, unicode) => {
        const finite = losses.filter(Number.isFinite);
        fc.pre(finite.length > 1);
        const labels = labelsOf(losses, unicode);
        const texts = told(labels);
        expect(texts.length).toBeGreaterThanOrEqual(2);
        expect(new Set(texts).size).toBe(texts.length);
        const values = texts.map(Number);
        for (const value of values) expect(Number.isFinite(value)).toBe(true);
        expect(values).toEqual([...values].sort((a, b) => b - a));
        // Equal steps of 1, 2 or 5 times a power of ten, or such numbers themselves.
        const steps = values.slice(1).map((value, i) => values[i] - value);
        const isRound = (value: number) =>
          ['1', '2', '5'].includes(value.toExponential(6).replace(/\.0+e.*/, ''));
        const linear = steps.every((step) => Math.abs(step / steps[0] - 1) < 1e-6);
        if (!(linear && isRound(steps[0]))) for (const value of values) expect(isRound(value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', []],
    ['one point', [[1, 2]]],
    [
      'one finite point',
      [
        [1, 2],
        [2, Number.NaN],
      ],
    ],
  ] as [string, [number, number][]][])('draws nothing of %s', (_, train) => {
    expect(lossPlot({ unit: 'step', train, test: [[1, 1]] }, { columns: 80, unicode: true })).toEqual([]);
  });
});

describe('LossSamples', () => {
  it('keeps the mean loss since the last sample, of at most 120 a training', () => {
    // Losses of the steps: 1, 2, 3, ... in each epoch; the trainer gives their running mean.
    const samples = new LossSamples(3);
    for (let epoch = 1; epoch <= 3; epoch++) {
      for (let step = 1; step <= 100; step++) samples.add({ epoch, step, steps: 100, loss: (step + 1) / 2 });
    }
    expect(samples.steps).toBe(100);
    // 300 steps, three to a sample; the last step of an epoch is left over.
    expect(samples.points).toHaveLength(99);
    for (const [index, [step, loss]] of samples.points.entries()) {
      const inEpoch = 3 * (index % 33);
      expect([step, loss]).toEqual([100 * Math.floor(index / 33) + inEpoch + 3, expect.closeTo(inEpoch + 2)]);
    }
  });
});

describe('trainingPlot', () => {
  const epochs = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => ({
      epoch: from + i,
      loss: 1,
      testLoss: 2,
    })) as unknown as EpochMetrics[];
  const samples = new LossSamples(4);
  for (const epoch of [3, 4]) {
    for (const step of [1, 2]) samples.add({ epoch, step, steps: 2, loss: 1 });
  }

  it('draws steps where there are few epochs, from where this process began', () => {
    expect(trainingPlot(epochs(1, 4), samples)).toEqual({
      unit: 'step',
      train: [5, 6, 7, 8].map((step) => [step, 1]),
      test: [6, 8].map((step) => [step, 2]),
    });
  });

  it('draws epochs where there are eight or more, those before a --resume too', () => {
    const { unit, train, test } = trainingPlot(epochs(1, 8), samples);
    expect([unit, train.length, test.length]).toEqual(['epoch', 8, 8]);
  });
});

it.each([
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{}, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: '' }, true],
])('%j: UTF-8 %j', (env, expected) => {
  expect(isUtf8(env)).toBe(expected);
});

describe('rownet train', () => {
  const folder = temporaryFolder();
  beforeAll(() => writeIdxFolder(folder.join('bars'), 400, 100));
  const args = ['train', '--data', 'bars', '--lr', '0.01', '--epochs', '2', '--out'];
  const hasScript = spawnSync('script', ['--version']).status === 0;

  /** What a terminal of 80 columns shows. */
  function onTerminal(words: readonly string[], env: Record<string, string>): string {
    const command = ['stty cols 80;', process.execPath, bin, ...words].join(' ');
    return spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TERM: 'xterm', ROWNET_NUM_THREADS: '2', ...env },
    }).stdout;
  }

  it('draws its losses on a terminal, in what characters and colours it has', (context) => {
    if (!hasScript) context.skip('script (util-linux) is not installed');
    const braille = onTerminal([...args, 'braille'], { LC_ALL: 'C.UTF-8' });
    expect(braille).toContain('\u001b[34m⠒ train ');
    expect(stripVTControlCharacters(braille)).toMatch(
      /└─{60}\r\n +1 +step 50\r\n +loss: ⠒ train .* {2}o test /,
    );
    const ascii = onTerminal([...args, 'ascii'], { LC_ALL: 'C' });
    expect(stripVTControlCharacters(ascii)).toMatch(
      /\+-{60}\r\n +1 +step 50\r\n +loss: \* train .* {2}o test /,
    );
  });

  it.for<[string, string[], Record<string, string>]>([
    ['--quiet', ['--quiet'], {}],
    ['--json', ['--json'], {}],
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['TERM=dumb', [], { TERM: 'dumb' }],
  ])('draws nothing under %s', ([name, more, env], context) => {
    if (!hasScript) context.skip('script (util-linux) is not installed');
    const shown = onTerminal([...args, `not-${name}`, ...more], env);
    expect(shown).not.toContain('* train');
    if (name === '--quiet') expect(shown).toMatch(/^[\d.]+ % of the 100 test images are recognised\r\n/);
    if (name === 'NO_COLOR' || name === 'TERM=dumb') expect(shown).not.toContain('\u001b');
  });

  it('draws nothing into a pipe', async () => {
    const { stdout, stderr } = await rownet([...args, 'pipe'], {
      cwd: folder.path,
      env: { LC_ALL: 'C.UTF-8' },
    });
    expect(stdout).toContain('test images are recognised');
    expect(stdout + stderr).not.toMatch(/⠒|└/);
  });
});
