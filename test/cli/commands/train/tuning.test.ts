/** The options of `train` that change how is trained, and `--weights`, which takes what they keep. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { newRecipe } from '../../../../lib/cli/commands/train/recipe.js';
import { openRun } from '../../../../lib/runs/open-run.js';
import { recipes } from '../../../../lib/training/recipes.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../../support/cli.js';

const folder = temporaryFolder();
const run = (args: string) => rownet([args], { cwd: folder.path });
const all =
  '--optimizer adamw --schedule step:2:0.5 --warmup 0.1 --dropout 0.25 --keep-best testLoss --patience 9 --averaging 0.9 ' +
  '--augment shift=1.5,rotate=10,elastic=2:3 --freeze conv1,fc1.bias';

describe('the recipe of options', () => {
  it('is that of its name where nothing is asked for', () => {
    expect(newRecipe({})).toEqual(recipes.fast);
    expect(newRecipe({ recipe: 'article' })).toEqual(recipes.article);
    expect(newRecipe({ optimizer: 'sgd' })).toEqual(recipes.fast);
  });

  it('takes another optimizer at its usual rate, or at that which is asked for', () => {
    expect(newRecipe({ optimizer: 'adam' }).optimizer).toEqual({ kind: 'adam', lr: 1e-3 });
    expect(newRecipe({ optimizer: 'adamw', lr: 0.01 }).optimizer).toEqual({ kind: 'adamw', lr: 0.01 });
    expect(newRecipe({ optimizer: 'rmsprop' }).optimizer).toEqual({ kind: 'rmsprop', lr: 1e-2 });
  });

  it.each([
    [{ schedule: { kind: 'cosine' } }, { kind: 'cosine' }, 0.3],
    [{ schedule: { kind: 'oneCycle' } }, 'oneCycle', 0.3],
    [{ schedule: { kind: 'constant' } }, 'constant', 0.3],
    [{ schedule: { kind: 'constant' }, warmup: 0.1 }, { kind: 'constant' }, 0.1],
    [{ recipe: 'article', warmup: 0.1 }, { kind: 'constant' }, 0.1],
    [{ warmup: 0 }, 'oneCycle', 0],
    [{ schedule: { kind: 'step' }, epochs: 7 }, { kind: 'step', every: 3 }, 0.3],
    [{ schedule: { kind: 'step', every: 2, factor: 0.5 } }, { kind: 'step', every: 2, factor: 0.5 }, 0.3],
  ] as const)('%j', (options, schedule, warmup) => {
    expect(newRecipe(options)).toMatchObject({ schedule, warmup });
  });
});

describe('a run with all of them', () => {
  beforeAll(async () => {
    writeIdxFolder(folder.join('bars'), 200, 60);
    const made = await run(`train --data bars --epochs 3 --out all --json ${all}`);
    expect(made.code).toBe(0);
    expect(jsonLines(made.stdout)[0].changes).toEqual([
      'adamw',
      'step:2:0.5',
      'warmup 0.1',
      'dropout 0.25',
      'best testLoss',
      'patience 9',
      'averaging 0.9',
      'augment shift=1.5,rotate=10,elastic=2:3',
      'freeze conv1,fc1.bias',
    ]);
  });

  it('is kept in config.json, shown by runs, and continued', async () => {
    const config: unknown = JSON.parse(readFileSync(folder.join('all/config.json'), 'utf8'));
    expect(config).toMatchObject({
      recipe: {
        optimizer: { kind: 'adamw' },
        schedule: { kind: 'step', every: 2, factor: 0.5 },
        warmup: 0.1,
      },
      settings: {
        keepBest: 'testLoss',
        patience: 9,
        averaging: { decay: 0.9 },
        freeze: ['conv1', 'fc1.bias'],
      },
      netOptions: { dropout: 0.25 },
    });
    const { stdout } = await run('runs .');
    expect(stdout).toContain('fast + adamw + step:2:0.5 + warmup 0.1 + dropout 0.25 + best testLoss');
    expect(await run(`train --resume all --out more --epochs 4 --quiet ${all}`)).toMatchObject({ code: 0 });
    const { net, state } = openRun(folder.join('more'));
    expect([net.architecture.includes('"p":0.25'), state?.epoch, state?.settings?.patience]).toEqual([
      true,
      4,
      9,
    ]);
  });

  it('refuses others on a resume, a line each', async () => {
    const other =
      '--optimizer adam --schedule cosine --warmup 0.2 --dropout 0.5 --keep-best --patience 1 --averaging 0.8 --augment shift=2 --freeze conv1';
    const { code, stderr } = await run(`train --resume all --epochs 5 ${other}`);
    expect(code).toBe(2);
    expect(stderr.split('\n').filter((line) => / in the run, .* here$/.test(line))).toEqual([
      '  --dropout: 0.25 in the run, 0.5 here',
      '  --optimizer: adamw in the run, adam here',
      '  --schedule: step:2:0.5 in the run, cosine here',
      '  --warmup: 0.1 in the run, 0.2 here',
      '  --keep-best: testLoss in the run, testAccuracy here',
      '  --patience: 9 in the run, 1 here',
      '  --averaging: 0.9 in the run, 0.8 here',
      '  --augment: shift=1.5,rotate=10,elastic=2:3 in the run, shift=2 here',
      '  --freeze: conv1,fc1.bias in the run, conv1 here',
    ]);
    // `step` alone is any.
    expect((await run('train --resume all --out same --epochs 4 --quiet --schedule step')).code).toBe(0);
  });

  it('gives its last, best and averaged parameters', async () => {
    const losses = await Promise.all(
      ['last', 'best', 'averaged'].map(async (weights) => {
        const { code, stdout } = await run(`eval all --json --weights ${weights}`);
        expect(code).toBe(0);
        return Number(jsonLines(stdout)[0].loss);
      }),
    );
    const { metrics, state } = openRun(folder.join('all'));
    const tested = metrics.map(({ testLoss }) => testLoss ?? Number.NaN);
    expect(losses[0]).toBeCloseTo(tested[2], 6);
    expect(losses[1]).toBeCloseTo(Math.min(...tested), 6);
    expect(losses[2]).not.toBe(losses[0]);
    const averaged = openRun(folder.join('all'), { weights: 'averaged' });
    expect(averaged.state).toBeUndefined();
    const [name, values] = [...(state?.averaged ?? [])][0];
    expect(averaged.net.getParams().get(name)?.data).toEqual(values.data);
  });

  it('has no best or averaged parameters without', async () => {
    expect((await run('train --data bars --epochs 1 --quiet --out plain')).code).toBe(0);
    for (const [weights, option] of [
      ['best', 'keep-best'],
      ['averaged', 'averaging'],
    ]) {
      const { code, stderr } = await run(`predict plain none.png --weights ${weights}`);
      expect(stderr).toContain(
        `expected ${weights} parameters but the run has kept none. Hint: rownet train --${option}`,
      );
      expect(code).toBe(3);
    }
  });
});

describe('--freeze', () => {
  const options = '--data bars --batch-size 20 --schedule constant --lr 0.01 --quiet';
  const paramsOf = (name: string) => openRun(folder.join(name)).net.getParams();

  it('goes on to the bits of the straight run, whose frozen layers keep theirs', async () => {
    const frozen = `${options} --freeze conv1,fc1.bias`;
    expect((await run(`train ${frozen} --epochs 3 --out straight`)).code).toBe(0);
    expect((await run(`train ${frozen} --epochs 1 --out parts`)).code).toBe(0);
    const before = paramsOf('parts');
    expect((await run('train --resume parts --epochs 3 --quiet --freeze conv1,fc1.bias')).code).toBe(0);
    const after = paramsOf('parts');
    expect(after).toEqual(paramsOf('straight'));
    const kept = [...after].filter(([name, { data }]) =>
      data.every((value, i) => value === before.get(name)?.data[i]),
    );
    expect(kept.map(([name]) => name)).toEqual(['conv1.weight', 'conv1.bias', 'fc1.bias']);
  });

  it('begins from the parameters of another run, where a module opens it', async () => {
    const first = paramsOf('straight');
    const module = "import { openRun } from 'rownet';\nexport default openRun('straight').net;\n";
    writeFileSync(folder.join('first.mjs'), module);
    const made = await run(`train ${options} --net ./first.mjs --freeze conv1,conv2 --epochs 1 --out tuned`);
    expect(made.code, made.stderr).toBe(0);
    for (const [name, { data }] of paramsOf('tuned')) {
      const equal = data.every((value, i) => value === first.get(name)?.data[i]);
      expect([name, equal]).toEqual([name, /^conv[12]/.test(name)]);
    }
    await run('report tuned');
    expect(readFileSync(folder.join('tuned/report.html'), 'utf8')).toMatch(
      /freeze<\/th><td[^>]*>\[.*conv1.*conv2/,
    );
  });

  it.each([
    [
      'conv9',
      /--freeze: expected a layer or parameter of conv1, .*, fc2 but received "conv9"\. Hint: did you mean conv1\?/,
    ],
    ['pool1', /but received "pool1"/],
    ['conv1,conv2,conv3,fc1,fc2', /--freeze: expected something left to train but every layer is frozen/],
  ])('refuses %s before there is a folder', async (names, message) => {
    const { code, stderr } = await run(`train --data bars --freeze ${names} --out never`);
    expect(stderr).toMatch(message);
    expect([code, existsSync(folder.join('never'))]).toEqual([2, false]);
  });
});

it.each([
  [
    '--schedule linear',
    'expected constant, cosine, oneCycle or step, such as step:10 or step:10:0.5, but received "linear"',
  ],
  ['--schedule step:0', 'but received "step:0"'],
  ['--schedule step:3:0', 'but received "step:3:0"'],
  ['--warmup 1.5', 'train: --warmup: expected a share from 0 to 1 but received "1.5"'],
  ['--optimizer lion', 'train: --optimizer: expected sgd or adam or adamw or rmsprop but received "lion"'],
  [
    '--keep-best accuracy',
    'train: --keep-best: expected testAccuracy or testLoss or loss but received "accuracy"',
  ],
  ['--patience 0', 'train: --patience: expected an integer from 1 to 100000 but received "0"'],
  [
    '--augment turn=2',
    'train: --augment: expected names of shift, rotate, scale, shear, flip, elastic with numbers',
  ],
  ['--augment shift=1,shift=2', 'such as shift=2,rotate=10, but received "shift=2"'],
  ['--augment elastic=3', 'but received "elastic=3"'],
  ['--augment flip=2', 'train: --augment: expected augment.flip from 0 to 1 but received 2'],
  [
    '--freeze conv1,,fc1',
    'train: --freeze: expected the names of layers with commas between, but received "conv1,,fc1"',
  ],
  ['--averaging 1', 'train: --averaging: expected a number above 0 and at most 0.999999 but received "1"'],
])('refuses %s', async (args, message) => {
  const { code, stderr } = await run(`train ${args}`);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
