/** Tables at the widths of terminals: no line is wider, and what matters most stays. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BenchReport,
  type ContenderReport,
  describeBench,
} from '../../../lib/cli/commands/bench/report.js';
import { describeConfusion } from '../../../lib/cli/terminal/confusion-table.js';
import { formatList, formatTable, formatTables } from '../../../lib/cli/terminal/table.js';
import { textWidth } from '../../../lib/cli/terminal/width.js';
import { greyPng } from '../../lib/images/image-files.js';
import { rownet, temporaryFolder } from '../../support/cli.js';
import { shownLines, terminalOf } from '../../support/terminal.js';

const widths = [40, 60, 80, 120, 200];
const everywhere = Number.POSITIVE_INFINITY;
const folder = temporaryFolder();

function expectToFit(lines: readonly string[], columns: number): void {
  for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
}

describe('formatTable', () => {
  const cells = [
    ['file', 'is', 'probability', 'note'],
    ['a-long-name-of-a-file-in-some-folder.png', 'おきすつな', '99.12 %', 'dark on light'],
    ['b.png', '7', '1.00 %', ''],
  ];
  const style = (text: string) => text;
  const fit = { flexible: { 0: 12, 1: 6 }, optional: [3], left: [3] };

  it('leaves everything as it is where there is room', () => {
    expect(formatTable(cells, style, { columns: 80, ...fit })).toEqual([
      'file                                              is  probability  note',
      'a-long-name-of-a-file-in-some-folder.png  おきすつな      99.12 %  dark on light',
      'b.png                                              7       1.00 %',
    ]);
  });

  it('shortens the widest text first', () => {
    expect(formatTable(cells, style, { columns: 60, ...fit })).toEqual([
      'file                          is  probability  note',
      'a-long-nam…older.png  おきすつな      99.12 %  dark on light',
      'b.png                          7       1.00 %',
    ]);
  });

  it('then leaves columns out, and the rest takes their room', () => {
    const [head, first] = formatTable(cells, style, { columns: 40, ...fit });
    expect(head).toMatch(/^file +is +probability$/);
    expect(textWidth(first)).toBe(40);
    expect(first).toMatch(/^a-long\S*…\S*png +おきすつな +99\.12 %$/);
  });

  it('fits into any number of columns, whatever the cells', () => {
    const cell = fc.array(fc.constantFrom('a', 'B', ' ', 'は', 'e\u0301', '🙂', '/'), { maxLength: 25 });
    const table = fc.array(
      fc.array(
        cell.map((parts) => parts.join('')),
        { minLength: 1, maxLength: 6 },
      ),
    );
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 120 }), fc.nat(2), (rows, columns, gap) => {
        const lines = formatTable(rows, style, { columns, gap, flexible: { 0: 8, 2: 4 }, optional: [3, 1] });
        expect(lines).toHaveLength(rows.length);
        expectToFit(lines, columns);
      }),
    );
  });

  it('shares columns out over several tables', () => {
    const rows = [
      ['', 'one', 'two', 'three'],
      ['memory', '1', '2', '3'],
    ];
    expect(formatTables(rows, style, { columns: everywhere })).toEqual([formatTable(rows)]);
    expect(formatTables(rows, style, { columns: 17 })).toEqual([
      ['        one  two', 'memory    1    2'],
      ['        three', 'memory      3'],
    ]);
    // A column that fits nowhere has a table of its own, which fits all the same.
    for (const lines of formatTables(rows, style, { columns: 8 })) expectToFit(lines, 8);
  });
});

describe('formatList', () => {
  const items: [string, string][] = [
    ['addon', '/home/somebody/projects/net/node_modules/rownet/build/Release/rownet.node, built by gcc'],
    ['a longer term', 'short'],
  ];
  it('wraps at words and shortens those that are too long', () => {
    expect(formatList(items, everywhere)).toEqual([`addon          ${items[0][1]}`, 'a longer term  short']);
    expect(formatList(items, 60)).toEqual([
      'addon          /home/somebody/project…d/Release/rownet.node,',
      '               built by gcc',
      'a longer term  short',
    ]);
    expect(formatList(items, 30).slice(2)).toEqual(['    built by gcc', 'a longer term', '    short']);
    for (const columns of widths) expectToFit(formatList(items, columns), columns);
  });
});

/** Images of class i are taken for i + 1 now and then. */
function matrixOf(classes: number, each = 1000): number[][] {
  return Array.from({ length: classes }, (_, label) =>
    Array.from({ length: classes }, (_, other) =>
      other === label
        ? each - 12
        : other === (label + 1) % classes
          ? 9
          : other === (label + 2) % classes
            ? 3
            : 0,
    ),
  );
}

describe('the confusion matrix', () => {
  const fashion = 'T-shirt/top,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot'.split(',');
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const characters = [...'0123456789', ...letters, ...letters.map((letter) => letter.toLowerCase())];
  const kana = [...'おきすつなはまやれを'];
  const cases: [string, number, readonly string[] | undefined][] = [
    ['digits', 10, undefined],
    ['fashion', 10, fashion],
    ['kana', 10, kana],
    ['letters', 26, letters],
    ['characters', 62, characters],
    ['long names', 3, ['a-class-with-a-very-long-name', 'another-class-with-a-long-name', 'x']],
  ];

  it.each(cases.flatMap((one) => widths.map((columns) => [...one, columns] as const)))(
    '%s, %d classes: %#',
    (_, classes, names, columns) => {
      const lines = describeConfusion(matrixOf(classes), names, columns);
      expectToFit(lines, columns);
      const head = lines.findIndex((line) => line.startsWith('label'));
      expect(lines).toHaveLength(head + 1 + classes);
      for (const line of lines.slice(head + 1)) expect(line).toMatch(/98\.80 %/);
      const meaning = lines.slice(0, head).join(' ');
      if (meaning.startsWith('Rows: ')) expect(meaning).toMatch(/taken for\.$/);
      else expect(meaning).toMatch(/^What .* The whole matrix takes \d+ columns; it is shown through a pipe/);
    },
  );

  it('is whole where nothing limits it', () => {
    const [, head, first] = describeConfusion(matrixOf(62), characters, everywhere);
    expect(head.split(/ +/)).toEqual(['label', ...characters, 'images', 'accuracy']);
    expect(first).toMatch(/^0 +988 +9 +3 /);
  });

  it('numbers its columns where names leave no room', () => {
    const [, head, first, second] = describeConfusion(matrixOf(10), fashion, 80);
    expect(head).toMatch(/^label +0 +1 +2 +3 +4 +5 +6 +7 +8 +9 +images +accuracy$/);
    expect([first, second]).toEqual([
      expect.stringMatching(/^0 T-sh…t\/top +988 /),
      expect.stringMatching(/^1 trouser +\. +988 /),
    ]);
  });

  it('names the most frequent mistakes where even that is too wide', () => {
    const lines = describeConfusion(matrixOf(26), letters, 80);
    expect(lines.slice(2, 4)).toEqual([
      'label  images  accuracy  taken for',
      'A        1000   98.80 %  B (9), C (3)',
    ]);
    expect(lines[1]).toMatch(/^The whole matrix takes \d+ columns/);
  });
});

describe('bench', () => {
  const contender = (engine: 'lanes' | 'rows', isa: string): ContenderReport => ({
    isa,
    engine,
    fmaPeak: 434,
    memoryBandwidth: 61,
    secondsPerEpoch: 0.385,
    seconds: [0.374, 0.442],
    gflops: 353,
    shareOfPeak: 0.81,
    inference: { imagesPerSecond: 482_240, latency: 14e-6 },
    peakMemory: 144e6,
    layers: [
      {
        name: 'conv1+relu1+pool1',
        layer: 'Conv2d(1 -> 6, kernel 5x5)',
        forward: 90e-6,
        backward: 75e-6,
        forwardFlop: 3e7,
        backwardFlop: 3e7,
        bytes: 2_250_000,
        gflops: 366,
        shareOfPeak: 0.84,
        bound: 'arithmetic',
      },
    ],
  });
  const report = {
    rownet: '1',
    commit: null,
    date: '',
    node: 'v20',
    platform: 'linux x64',
    cpu: 'a CPU',
    cores: 2,
    threads: 2,
    compiler: 'gcc',
    data: 'mnist',
    images: 60_000,
    batchSize: 128,
    flopPerEpoch: 1e11,
    articleSecondsPerEpoch: 166,
    contenders: (['avx512', 'avx2'] as const).flatMap((isa) => [
      contender('lanes', isa),
      contender('rows', isa),
    ]),
  } satisfies BenchReport;

  it.each(widths)('in %d columns has every figure of every contender', (columns) => {
    const lines = describeBench(report, columns);
    // The first two are sentences, and so are the titles of the lists of layers.
    expectToFit(
      lines.slice(2).filter((line) => !line.endsWith('medians')),
      columns,
    );
    const text = lines.join('\n');
    for (const { engine, isa } of report.contenders) expect(text).toContain(`${engine}, ${isa}`);
    expect(text.match(/0\.385/g)).toHaveLength(4);
    // Of the layer, and of the step.
    expect(text.match(/ 90 +75/g)).toHaveLength(8);
  });

  it('through a pipe is one table', () => {
    const heads = describeBench(report, everywhere).filter((line) => line.includes('lanes, avx512'));
    expect(heads).toEqual([expect.stringContaining('rows, avx2')]);
  });
});

describe('commands on a terminal', () => {
  const name = 'a-run-with-a-name-that-is-longer-than-those-that-train-gives-by-itself';
  const classes = ['おきすつなはまやれを', 'an uncommonly long name of a class', 'x'];
  const png = 'pictures/a folder with a long name/a picture with a long name too.png';

  beforeAll(async () => {
    for (const [split, count] of [['train', 20] as const, ['test', 5] as const]) {
      for (const [label, one] of classes.entries()) {
        mkdirSync(folder.join('data', split, one), { recursive: true });
        for (let i = 0; i < count; i += 1) {
          const pixels = new Uint8Array(784).fill(200 + i, 28 * 8 * label, 28 * (8 * label + 5));
          writeFileSync(folder.join('data', split, one, `${i}.png`), greyPng(28, 28, pixels));
        }
      }
    }
    mkdirSync(folder.join('pictures/a folder with a long name'), { recursive: true });
    writeFileSync(folder.join(png), greyPng(28, 28, new Uint8Array(784).fill(200, 0, 140)));
    const args = ['train', '--data', 'data', '--batch-size', '10', '--epochs', '1', '--lr', '0.01'];
    const trained = await rownet([...args, '--out', `runs/${name}`], { cwd: folder.path });
    expect(trained.code, trained.stderr).toBe(0);
    cpSync(folder.join('runs', name), folder.join('runs', 'fast-20261124-180544'), { recursive: true });
  }, 60_000);

  const commands: [string, string[]][] = [
    ['runs', ['runs']],
    ['eval', ['eval', `runs/${name}`]],
    ['predict', ['predict', `runs/${name}`, png]],
    ['info', ['info']],
    ['data list', ['data', 'list']],
  ];
  it.each(widths.flatMap((columns) => commands.map(([what, args]) => [columns, what, args] as const)))(
    'in %d columns: %s',
    async (columns, what, args) => {
      const env = { ...terminalOf(columns), ROWNET_DATA_DIR: folder.join('no', 'data', 'set', 'is', 'here') };
      const { code, stdout, stderr } = await rownet(args, { cwd: folder.path, env, whole: true });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      // The first line of eval is a sentence.
      const lines = shownLines(stdout).slice(what === 'eval' ? 2 : 0);
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(line.columns, line.line).toBeLessThan(columns);
      if (what === 'runs') {
        const [, , state] = /^(\S+) .* (\w+)$/.exec(lines[1].line) ?? [];
        expect(state).toBe('finished');
        expect(lines.some(({ line }) => line.startsWith('fast-20261124-180544 '))).toBe(true);
      }
    },
  );

  it('doctor wraps what it says', async () => {
    const { stdout } = await rownet(['doctor'], { cwd: folder.path, env: terminalOf(60) });
    const lines = shownLines(stdout).filter(({ line }) => !line.includes('To mend it'));
    expect(lines.length).toBeGreaterThan(10);
    for (const { line } of lines.filter(({ columns }) => columns > 59)) expect(line).toMatch(/^\s+\S+$/);
  });

  it('through a pipe nothing is shortened', async () => {
    const { stdout } = await rownet(['runs'], { cwd: folder.path });
    expect(stdout).toContain(`${name}  `);
    const predicted = await rownet(['predict', `runs/${name}`, png], { cwd: folder.path, whole: true });
    expect(predicted.stdout).toContain(`${png}  `);
  });
});
