/** What is drawn where: colours, the progress bar, tables. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isInteractive, wantsColor } from '../../../lib/cli/terminal/color.js';
import {
  createReporter,
  duration,
  type Progress,
  progressLine,
  progressText,
} from '../../../lib/cli/terminal/progress.js';
import { defaultRunPath } from '../../../lib/cli/commands/train/out-folder.js';
import { median } from '../../../lib/runs/statistics.js';
import { formatTable } from '../../../lib/cli/terminal/table.js';
import { findThreads } from '../../../lib/cli/options/threads.js';
import { describeEpoch } from '../../../lib/cli/commands/train/report.js';

const terminal = { isTTY: true };
const pipe = { isTTY: false };

it.each([
  [terminal, {}, true, true],
  [terminal, { NO_COLOR: '1' }, false, false],
  [terminal, { NO_COLOR: '' }, true, true],
  [terminal, { TERM: 'dumb' }, false, false],
  [pipe, {}, false, false],
  [{}, {}, false, false],
  [pipe, { FORCE_COLOR: '1' }, true, false],
  [pipe, { FORCE_COLOR: '0' }, false, false],
])('%j with %j: colours %j, a bar %j', (stream, env, color, bar) => {
  expect([wantsColor(stream, env), isInteractive(stream, env)]).toEqual([color, bar]);
});

const progress: Progress = {
  epoch: 2,
  epochs: 5,
  step: 7,
  steps: 28,
  loss: 0.25,
  accuracy: 0.9712,
  imagesPerSecond: 61_234.5,
  secondsLeft: 7.6,
};
const text = 'epoch 2/5  step  7/28  loss 0.2500  train 97.12 %  61,235 images/s  8 s left';
const withoutSpeed = 'epoch 2/5  step  7/28  loss 0.2500  train 97.12 %  8 s left';
const withoutStep = 'epoch 2/5  loss 0.2500  train 97.12 %  8 s left';
const short = 'epoch 2/5  loss 0.2500  train 97.12 %';

describe('progress', () => {
  it('says where the training stands', () => {
    expect(progressText(progress)).toBe(text);
  });

  it.each([
    [200, `[${'='.repeat(8)}${' '.repeat(22)}]  ${text}`],
    [text.length + 12, `[==      ]  ${text}`],
    [79, `[====            ]  ${withoutSpeed}`],
    [withoutSpeed.length + 12, `[==      ]  ${withoutSpeed}`],
    [withoutSpeed.length + 11, `[=====              ]  ${withoutStep}`],
    [59, `[==      ]  ${withoutStep}`],
    [58, `[====             ]  ${short}`],
    [49, `[==      ]  ${short}`],
    [48, withoutStep],
    [46, short],
    [36, 'epoch 2/5  loss 0.2500'],
    [21, 'epoch 2/5'],
    [5, 'epoch'],
  ])('in %d columns is %j', (columns, line) => {
    expect(progressLine(progress, columns)).toBe(line);
  });

  it('fits into any number of columns', () => {
    for (let columns = 0; columns <= 130; columns += 1) {
      expect(progressLine(progress, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [3599, '59 min 59 s'],
    [3725, '1 h 02 min'],
    [-1, '0 s'],
    [Number.POSITIVE_INFINITY, '?'],
    [Number.NaN, '?'],
  ])('%d seconds are %j', (seconds, expected) => {
    expect(duration(seconds)).toBe(expected);
  });
});

describe('the reporter', () => {
  let written: string[];
  const stream = (isTTY: boolean) =>
    ({ isTTY, columns: 90, write: (part: string) => written.push(part) }) as unknown as NodeJS.WriteStream;
  beforeEach(() => {
    written = [];
    for (const name of ['NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, undefined);
    vi.stubEnv('TERM', 'xterm');
    vi.useFakeTimers({ toFake: ['performance'] });
    // A bar or line is due at once only where the clock has run for longer than its interval.
    vi.advanceTimersByTime(60_000);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('on a terminal redraws a bar ten times a second, below the lines that stay', () => {
    const reporter = createReporter(false, stream(true));
    reporter.update(progress);
    reporter.update(progress);
    expect(written).toEqual([`\r\u001b[K${progressLine(progress, 89)}`]);
    vi.advanceTimersByTime(100);
    reporter.update({ ...progress, step: 28 });
    expect(written).toHaveLength(2);
    reporter.log('done');
    reporter.clear();
    expect(written.slice(2)).toEqual(['\r\u001b[K', 'done\n']);
  });

  it.each([
    ['a pipe', false, {}],
    ['NO_COLOR', true, { NO_COLOR: '1' }],
    ['TERM=dumb', true, { TERM: 'dumb' }],
  ])('under %s writes a plain line every ten seconds at most', (_, isTTY, env: Record<string, string>) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const reporter = createReporter(false, stream(isTTY));
    reporter.update(progress);
    vi.advanceTimersByTime(10_000);
    reporter.update(progress);
    reporter.update(progress);
    vi.advanceTimersByTime(9_000);
    reporter.log('epoch');
    vi.advanceTimersByTime(9_000);
    reporter.update(progress);
    reporter.clear();
    expect(written).toEqual([`${text}\n`, 'epoch\n']);
  });

  it('under --quiet writes nothing', () => {
    const reporter = createReporter(true, stream(true));
    reporter.update(progress);
    reporter.log('epoch');
    reporter.clear();
    expect(written).toEqual([]);
  });
});

it.each([
  [Number.POSITIVE_INFINITY, '  0.47 s, 353 times as fast as the article'],
  [91, '  0.47 s'],
  [59, '  0.47 s'],
  [58, ''],
])('the line of an epoch in %d columns ends with %j', (columns, ending) => {
  const metrics = { epoch: 1, seconds: 0.47, loss: 0.2393, trainAccuracy: 0.9274, testAccuracy: 0.9615 };
  const line = describeEpoch({ ...metrics, lr: 0.1, imagesPerSecond: 1 }, 3, 60_000, columns);
  expect(line).toBe(`epoch 1/3  loss 0.2393  train 92.74 %  test 96.15 %${ending}`);
});

it('tables line up, whatever the style of a cell', () => {
  const rows = [
    ['name', 'n'],
    ['a', '1000'],
    ['long name', '', 'x'],
  ];
  expect(formatTable(rows)).toEqual(['name          n', 'a          1000', 'long name        x']);
  const marked = formatTable(rows, (cell, row, column) => `<${row}${column}${cell}>`);
  expect(marked[1]).toBe('<10a        >  <111000>');
});

it.each([
  [[], null],
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('the median of %j is %j', (values, expected) => {
  expect(median(values)).toBe(expected);
});

it.each([
  [3, { ROWNET_NUM_THREADS: '5', OMP_NUM_THREADS: '7' }, 3],
  [undefined, { ROWNET_NUM_THREADS: '5', OMP_NUM_THREADS: '7' }, 5],
  [undefined, { OMP_NUM_THREADS: '7' }, 7],
  [undefined, { ROWNET_NUM_THREADS: '', OMP_NUM_THREADS: '4,2' }, 4],
])('threads: option %j and %j give %j', (option, env, expected) => {
  expect(findThreads(option, env).count).toBe(expected);
});

it('threads: an OMP_NUM_THREADS that makes no sense counts for nothing', () => {
  const cores = findThreads(undefined, {}).count;
  expect(cores).toBeGreaterThanOrEqual(1);
  for (const value of ['0', '-2', 'x', '1e9', '2.5']) {
    expect(findThreads(undefined, { OMP_NUM_THREADS: value }).count, value).toBe(cores);
  }
});

it('the default run folder is named after recipe and time', () => {
  expect(defaultRunPath('fast', new Date(2025, 0, 2, 3, 4, 5))).toBe('runs/fast-20250102-030405');
});
