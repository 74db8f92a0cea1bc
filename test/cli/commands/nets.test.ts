/** `--net`: nets by name, and those that a module makes, from training to everything that opens the run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../../../lib/runs/open-run.js';
import { blocks, page } from '../../docs/pages.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();

const run = (...args: string[]) => rownet(args, { cwd: folder.path });
const trained = (net: string, out: string, ...args: string[]) =>
  run('train', '--data', 'bars', '--net', net, '--epochs', '2', '--quiet', '--out', out, ...args);

const modules = {
  // A function of its options.
  'conv.mjs': `import { Conv2d, Dropout, Flatten, Linear, Net, ReLU, Sequential } from 'rownet';
    export default async ({ classes, inputShape: [channels, height, width], dropout = 0.25 }) =>
      new Net(
        new Sequential({
          conv1: new Conv2d({ inChannels: channels, outChannels: 4, kernel: 3, stride: 2 }),
          relu1: new ReLU(),
          flatten: new Flatten(),
          drop: new Dropout({ p: dropout }),
          fc1: new Linear({
            inFeatures: 4 * Math.floor((height - 1) / 2) * Math.floor((width - 1) / 2),
            outFeatures: classes,
          }),
        }),
        { inputShape: [channels, height, width] },
      );`,
  // That of docs/cli.md.
  'sample.mjs':
    blocks(page('docs/cli.md').text).find(({ code }) => code.startsWith('// net.mjs'))?.code ?? '',
  // A net that is made, beside a function.
  'made.mjs': `import { FCNet } from 'rownet';
    export const help = () => 1;
    export const net = new FCNet({ inputs: [1, 12, 10], hidden: [8], seed: 9 });`,
  // A class, of a size of its own.
  'class.mjs': `import { FCNet } from 'rownet';
    export class Mine extends FCNet {
      constructor({ classes, seed }) {
        super({ inputs: [1, 20, 20], hidden: [8], classes, seed });
      }
    }`,
  // Parameters that are set.
  'set.mjs': `import { FCNet } from 'rownet';
    const net = new FCNet({ inputs: [1, 28, 28], hidden: [8] });
    net.arena.fill(0.01);
    export default net;`,
  // A layer of its own.
  'own.mjs': `import { Flatten, Linear, Net, Sequential, Tensor } from 'rownet';
    class Twice {
      kind = 'twice';
      outputShape(shape) { return shape; }
      forward(x) { return new Tensor(x.shape, x.data.map((value) => 2 * value)); }
      backward(grad) { return this.forward(grad); }
      backwardParameters() {}
      parameters() { return []; }
      describe() { return { kind: this.kind }; }
      toString() { return 'Twice()'; }
    }
    export default ({ classes, inputShape, seed, init }) =>
      new Net(
        new Sequential({
          twice: new Twice(),
          flatten: new Flatten(),
          fc1: new Linear({ inFeatures: inputShape[1] * inputShape[2], outFeatures: classes }),
        }),
        { inputShape, seed, init },
      );`,
  'syntax.mjs': 'const a = 1;\nlet = 4;\n',
  'throws.mjs': 'export default () => {\n  throw new Error("mine");\n};\n',
  'throws-at-once.mjs': 'const f = () => null.x;\nexport default f();\n',
  'five.mjs': 'export default 5;',
  'other-class.mjs': 'export default class Other {}',
  'nothing.mjs': '',
  'several.mjs': 'export const a = () => 1;\nexport const b = () => 2;',
  'three.mjs': 'export default () => 3;',
  'no-such-name.mjs': "import { Nett } from 'rownet';\nexport default Nett;",
  'colour.mjs': "import { FCNet } from 'rownet';\nexport default () => new FCNet({ inputs: [3, 28, 28] });",
  'flat.mjs': "import { FCNet } from 'rownet';\nexport default () => new FCNet({ inputs: 784 });",
  'few.mjs':
    "import { FCNet } from 'rownet';\nexport default () => new FCNet({ inputs: [1, 28, 28], classes: 4 });",
  'net.ts': 'export default 1 as number;',
  'net.txt': 'x',
};

const config = (name: string) =>
  JSON.parse(readFileSync(folder.join(name, 'config.json'), 'utf8')) as Record<string, unknown>;

beforeAll(() => {
  writeIdxFolder(folder.join('bars'), 300, 60);
  for (const [name, text] of Object.entries(modules)) writeFileSync(folder.join(name), text);
  mkdirSync(folder.join('folder.mjs'));
});

describe('a net by name', () => {
  it('trains, in the size that it takes, and everything opens the run', async () => {
    expect(await trained('fc', 'fc', '--dropout', '0.25')).toMatchObject({ code: 0, stderr: '' });
    expect(config('fc')).toMatchObject({ net: 'fc', netOptions: { dropout: 0.25 } });
    const { net, config: opened } = openRun(folder.join('fc'));
    expect(net.inputShape).toEqual([1, 28, 28]);
    expect(net.architecture).toContain('{"name":"dropout1","kind":"dropout","p":0.25}');
    expect(opened?.net).toBe('fc');
    const [evaluated, exported, resumed, listed] = await Promise.all([
      run('eval', 'fc', '--json'),
      run('export', 'fc', '--format', 'npz'),
      run('train', '--resume', 'fc', '--out', 'fc-more', '--epochs', '3', '--json', '--dropout', '0.25'),
      run('runs', '.', '--json'),
    ]);
    expect(evaluated.code).toBe(0);
    expect(exported.stdout).toMatch(/^fc\/fc\.npz: /);
    expect(jsonLines(resumed.stdout)[0]).toMatchObject({ net: 'Fully connected net', resumedFrom: 2 });
    expect(jsonLines(listed.stdout).find(({ name }) => name === 'fc')).toMatchObject({ net: 'fc' });
    // Parameters alone: the net has to be named.
    const alone = ['eval', 'fc/fc.npz', '--data', 'bars', '--recipe', 'fast'];
    expect((await run(...alone)).stderr).toContain('says what net they are of');
    expect((await run(...alone, '--net', 'fc')).code).toBe(0);
  });

  it.each<[string[], RegExp]>([
    [
      ['--net', 'alexnt'],
      /^train: --net: expected lenet5, two-layer, .* or a module, such as \.\/net\.mjs, but received "alexnt"\n$/,
    ],
    [
      ['--size', '16'],
      /^train: --size: expected pictures of at least 32x32, .* but received 16x16\. Hint: another --net/,
    ],
    [['--resume', 'fc', '--net', 'two-layer'], / {2}--net: fc in the run, two-layer here\n/],
    [['--resume', 'fc', '--dropout', '0.5'], / {2}--dropout: 0\.25 in the run, 0\.5 here\n/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run('train', '--data', 'bars', '--quiet', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('a net of a module', () => {
  it.each<[string, number[], string[]]>([
    ['conv.mjs', [1, 32, 32], []],
    ['conv.mjs', [1, 20, 24], ['--size', '20x24', '--dropout', '0.5']],
    ['sample.mjs', [1, 28, 28], []],
    ['made.mjs', [1, 12, 10], []],
    ['class.mjs', [1, 20, 20], []],
  ])('%s trains on pictures of its size %j', async (file, inputShape, args) => {
    const out = `${file}-${inputShape.join('x')}`;
    expect(await trained(file, out, ...args)).toMatchObject({ code: 0, stderr: '' });
    expect(config(out)).toMatchObject({ net: 'custom', netFile: folder.join(file) });
    const { net, preparation } = openRun(folder.join(out));
    expect(net.inputShape).toEqual(inputShape);
    expect(preparation.size).toEqual(inputShape.slice(1));
    expect((await run('eval', out, '--json')).code).toBe(0);
  });

  it('begins with the parameters of the recipe and the seed, unless it has set its own', async () => {
    const fromSeed = (out: string, file: string, seed: string) =>
      run(
        'train',
        '--data',
        'bars',
        '--net',
        file,
        '--epochs',
        '1',
        '--lr',
        '1e-9',
        '--seed',
        seed,
        '--out',
        out,
      );
    const values = (out: string) =>
      [...openRun(folder.join(out)).net.arena.subarray(0, 50)].map((v) => v.toFixed(4));
    await Promise.all([fromSeed('one', 'made.mjs', '1'), fromSeed('two', 'made.mjs', '2')]);
    expect(values('one')).not.toEqual(values('two'));
    const { stderr } = await fromSeed('set', 'set.mjs', '1');
    expect(stderr).toContain('note: set.mjs sets parameters of its net: the training begins with them\n');
    expect(values('set')).toEqual(Array(50).fill('0.0100'));
  });

  it('with layers of its own is opened with the module', async () => {
    expect(await trained('own.mjs', 'own')).toMatchObject({ code: 0, stderr: '' });
    const hint = `Hint: a net with layers of its own is made by its module (--net ${folder.join('own.mjs')}) or its`;
    const alone = await run('eval', 'own', '--json');
    expect([alone.code, alone.stderr.includes(hint)]).toEqual([3, true]);
    const evaluated = await run('eval', 'own', '--json', '--net', 'own.mjs');
    expect(jsonLines(evaluated.stdout)[0]).toMatchObject({ images: 60 });
    const other = await run('eval', 'own', '--net', 'conv.mjs');
    expect([
      other.code,
      /expected the parameters of Net\(.* but received those of another net/.test(other.stderr),
    ]).toEqual([3, true]);
    const resumed = await run('train', '--resume', 'own', '--epochs', '3', '--net', 'own.mjs', '--quiet');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    for (const args of [
      ['report', 'own'],
      ['export', 'own', '--format', 'npz'],
      ['explain', '--checkpoint', 'own'],
    ]) {
      expect((await run(...args)).code, args[0]).toBe(3);
      expect((await run(...args, '--net', 'own.mjs')).code, args[0]).toBe(0);
    }
  });

  it.each<[string, string]>([
    ['nowhere.mjs', 'expected a module that exports a net but there is no such file'],
    ['folder.mjs', 'expected a module that exports a net but there is no such file'],
    ['net.txt', 'expected a module, .mjs, .js or .ts, but received a file .txt'],
    [
      'syntax.mjs',
      'expected a module that exports a net but received SyntaxError: Unexpected strict mode reserved word at syntax.mjs:2',
    ],
    [
      'throws-at-once.mjs',
      "received TypeError: Cannot read properties of null (reading 'x') at throws-at-once.mjs:1:22",
    ],
    ['throws.mjs', 'expected a net but its default export threw Error: mine at throws.mjs:2:9'],
    ['no-such-name.mjs', "'rownet' does not provide an export named 'Nett' at no-such-name.mjs:1"],
    ['five.mjs', 'expected its default export to be a net but received number. Hint: export default a Net,'],
    ['other-class.mjs', 'expected its default export to be a net but received the class Other. Hint: '],
    ['nothing.mjs', 'expected a module that exports a net but it exports nothing. Hint: '],
    ['several.mjs', 'expected one net but it exports a, b. Hint: export one of them as default'],
    ['three.mjs', 'expected its default export to return a Net but received number'],
    [
      'colour.mjs',
      'takes 1x28x28, as the data is, but it takes 3x28x28. Hint: its first layer has to take 1 channel',
    ],
    ['flat.mjs', 'as the data is, but it takes 784. Hint: begin the net with a Flatten'],
    ['few.mjs', 'expected a net with scores for 10 classes but it gives 4. Hint: '],
  ])('%s is refused', async (file, message) => {
    const size = ['--size', '28'];
    const { code, stderr } = await trained(file, `no-${file}`, ...size);
    expect(stderr).toContain(`train: --net: ${file}: `);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('that drops nothing refuses --dropout', async () => {
    const { code, stderr } = await trained('made.mjs', 'no-dropout', '--dropout', '0.5');
    expect(stderr).toContain(
      'train: --dropout: expected a net that drops 0.5 of its values but made.mjs does not',
    );
    expect(code).toBe(2);
  });

  it.runIf(!('typescript' in process.features && process.features.typescript))(
    'in TypeScript needs a Node that runs it',
    async () => {
      const { stderr } = await trained('net.ts', 'no-ts');
      expect(stderr).toContain(
        `expected a Node that runs TypeScript, 22.18, 23.6 or newer, but this is ${process.version}`,
      );
    },
  );
});
