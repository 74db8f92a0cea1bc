/** `--resume`: a continued run ends with the state of one that was never stopped, or is refused. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { stateSha256 } from '../../support/state.js';

const folder = temporaryFolder();
const { run } = folder;
const bytes = (name: string, file = 'checkpoint.safetensors') => readFileSync(folder.join(name, file));
const state = (name: string) => stateSha256(folder.join(name, 'checkpoint.safetensors'));
const epochsIn = (name: string) =>
  jsonLines(bytes(name, 'metrics.jsonl').toString()).map(({ epoch }) => epoch);

/** The article's recipe has a constant learning rate, so that a longer run starts as a shorter one. */
const article = ['train --data bars --recipe article --quiet'];

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 400, 100);
  expect((await run(...article, '--epochs 4 --out straight')).code).toBe(0);
  expect((await run(...article, '--epochs 2 --out half')).code).toBe(0);
}, 60_000);

it.each<[name: string, args: string[]]>([
  ['the run folder', ['--resume NAME']],
  ['the checkpoint', ['--resume NAME/checkpoint.safetensors']],
  ['--out', ['--out NAME --resume']],
  ['the same options again', ['--resume NAME --recipe article --seed 1 --data bars']],
])('continues by %s to the bits of a straight run', async (name, args) => {
  const copy = name.replace(/\W+/g, '-');
  cpSync(folder.join('half'), folder.join(copy), { recursive: true });
  const result = await run(
    ...['train --quiet --json --epochs 4'],
    ...args.map((arg) => arg.replace('NAME', copy)),
  );
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const events = jsonLines(result.stdout);
  expect(events.map(({ event, epoch }) => [event, epoch])).toEqual([
    ['start', undefined],
    ['durable', 2],
    ['durable', 3],
    ['epoch', 3],
    ['durable', 4],
    ['epoch', 4],
    ['done', undefined],
  ]);
  expect(events[0]).toMatchObject({ resumedFrom: 2, resumedStep: 6 });
  expect(state(copy)).toBe(state('straight'));
  expect(epochsIn(copy)).toEqual([1, 2, 3, 4]);
});

it('leaves the continued run alone when --out names another folder', async () => {
  const before = bytes('half');
  const result = await run('train --resume half --epochs 4 --out fork --quiet');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(bytes('half').equals(before)).toBe(true);
  expect(state('fork')).toBe(state('straight'));
  expect(epochsIn('fork')).toEqual([1, 2, 3, 4]);
});

it('cuts metrics that are past the checkpoint, as a kill may leave them', async () => {
  cpSync(folder.join('half'), folder.join('killed'), { recursive: true });
  appendFileSync(folder.join('killed', 'metrics.jsonl'), '{"epoch":3,"loss":1}\n{"epoch":4,"lo');
  expect((await run('train --resume killed --epochs 4 --quiet')).code).toBe(0);
  expect(epochsIn('killed')).toEqual([1, 2, 3, 4]);
  expect(state('killed')).toBe(state('straight'));
});

it('says which metrics are missing, and leaves out those that are damaged or there twice', async () => {
  const copy = (name: string, metrics: (path: string) => void) => {
    cpSync(folder.join('half'), folder.join(name), { recursive: true });
    metrics(folder.join(name, 'metrics.jsonl'));
    return run('train --resume', name, '--epochs 3');
  };
  const [first, second] = bytes('half', 'metrics.jsonl').toString().split('\n');
  const twice = await copy('twice', (path) => writeFileSync(path, `${second}\n${first}\n${second}\n`));
  expect(twice.stderr).not.toContain('metrics');
  expect(epochsIn('twice')).toEqual([1, 2, 3]);
  const edited = await copy('edited', (path) => writeFileSync(path, `${first}\n{"epoch":2,"loss":"1"}\n`));
  expect(edited.stderr).toContain(
    'The metrics of 1 of the 2 epochs before are missing or damaged: edited/metrics.jsonl and the curves go on without them\n',
  );
  expect(epochsIn('edited')).toEqual([1, 3]);
  expect((await copy('gone', (path) => rmSync(path))).stderr).toContain(
    'The metrics of 2 of the 2 epochs before',
  );
  expect(epochsIn('gone')).toEqual([3]);
  const replaced = await copy('replaced', (path) => {
    rmSync(path);
    mkdirSync(path);
  });
  expect(replaced).toMatchObject({
    code: 3,
    stderr:
      'metrics: replaced/metrics.jsonl: expected a file but received a directory. Hint: check the path\n',
  });
});

it('refuses an end before the epoch that the run has reached', async () => {
  const before = bytes('half');
  expect(await run('train --resume half --epochs 1')).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr:
      'train: --epochs: expected at least 2, the epoch in which half/checkpoint.safetensors stands, but received 1\n',
  });
  expect(bytes('half').equals(before)).toBe(true);
});

it('a run that is complete is evaluated again and ends with code 0', async () => {
  const result = await run('train --resume straight --json --quiet');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const [start, , done, ...others] = jsonLines(result.stdout);
  expect(others).toEqual([]);
  expect(start).toMatchObject({ event: 'start', resumedFrom: 4 });
  expect(done).toMatchObject({ event: 'done', epochs: 4, secondsPerEpoch: null });
});

it('says so when a schedule is stretched over more epochs', async () => {
  const fast = ['train --data bars --epochs 1 --lr 0.01 --quiet --out stretched'];
  expect((await run(...fast)).code).toBe(0);
  const result = await run('train --resume stretched --epochs 2');
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('now follows its schedule over 2 epochs instead of 1');
});

it('lists every option that differs from the run', async () => {
  const before = bytes('half');
  const result = await run(
    ...['train --resume half --recipe fast --batch-size 64 --lr 0.5 --seed 2'],
    ...['--limit 100'],
  );
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr.split('\n')).toEqual([
    'train: --resume: expected the configuration of half/checkpoint.safetensors but received other values:',
    '  --recipe: article in the run, fast here',
    '  --batch-size: 128 in the run, 64 here',
    '  --lr: 0.001 in the run, 0.5 here',
    '  --seed: 1 in the run, 2 here',
    '  --limit: all images in the run, 100 here',
    'Hint: leave these options out to continue the run, or start a new one without --resume',
    '',
  ]);
  expect(bytes('half').equals(before)).toBe(true);
});

it('takes the same data from another place, and refuses other data', async () => {
  cpSync(folder.join('bars'), folder.join('moved'), { recursive: true });
  const same = await run('train --resume half --data moved --epochs 4 --out with-moved --quiet');
  expect(same).toMatchObject({ code: 0, stderr: '' });
  writeIdxFolder(folder.join('brighter'), 400, 100, 9);
  const other = await run('train --resume half --data brighter --epochs 4 --out never');
  expect(other).toMatchObject({ code: 2, stdout: '' });
  expect(other.stderr).toMatch(
    /^ {2}SHA-256 of train-images-idx3-ubyte: [0-9a-f]{64} in the run, [0-9a-f]{64} here$/m,
  );
  expect(other.stderr).toMatch(/^ {2}SHA-256 of t10k-images-idx3-ubyte: /m);
  expect(other.stderr).not.toContain('labels');
});

it('a run folder that cannot be written in ends with code 1 and keeps the last checkpoint', async () => {
  cpSync(folder.join('half'), folder.join('blocked'), { recursive: true });
  rmSync(folder.join('blocked', 'curves.svg'));
  mkdirSync(folder.join('blocked', 'curves.svg'));
  const result = await run('train --resume blocked --epochs 4 --quiet');
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toMatch(/^write: blocked\/curves\.svg: expected a file but received a folder/);
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(loadCheckpoint(folder.join('blocked', 'checkpoint.safetensors')).epoch).toBe(3);
  const verbose = await rownet(['train --resume blocked --epochs 5 --quiet'], {
    cwd: folder.path,
    env: { ROWNET_VERBOSE: '1' },
  });
  expect(verbose.code).toBe(1);
  expect(verbose.stderr).toMatch(/\n {4}at .*runs\/folder\.js/);
});

it('goes on with other threads to the same bits, and with another engine or level with a note', async () => {
  const resumed = async (out: string, args: string[], env = {}) => {
    const all = ['train --resume half --epochs 4 --out', out, ...args];
    const result = await rownet(all, { cwd: folder.path, env });
    expect(result.code).toBe(0);
    return result.stderr;
  };
  const note = /differs from that of a straight run/;
  expect(await resumed('threads', ['--threads 3'])).not.toMatch(note);
  expect(state('threads')).toBe(state('straight'));
  expect(await resumed('same-engine', ['--engine lanes'])).not.toMatch(note);
  expect(state('same-engine')).toBe(state('straight'));
  expect(await resumed('rows', ['--engine rows'])).toContain(
    'The engine is now rows instead of lanes: the result differs from that of a straight run by rounding\n',
  );
  expect(loadCheckpoint(folder.join('rows', 'checkpoint.safetensors')).config).toMatchObject({
    engine: 'rows',
  });
  const { isa } = loadCheckpoint(folder.join('half', 'checkpoint.safetensors')).config as { isa: string };
  expect(await resumed('portable', [], { ROWNET_MAX_ISA: 'portable' })).toContain(
    `The run was started at ${isa}, this is portable: `,
  );
});

describe('with a newest checkpoint that is no good', () => {
  const damaged = (name: string, damage: (path: string) => void) => {
    cpSync(folder.join('half'), folder.join(name), { recursive: true });
    damage(folder.join(name, 'checkpoint.safetensors'));
    return name;
  };

  it.each<[string, (path: string) => void, RegExp]>([
    ['missing', (path) => rmSync(path), /received ENOENT/],
    ['cut', (path) => truncateSync(path, 1000), /header promises|expected \d+ bytes of data/],
    ['empty', (path) => truncateSync(path, 0), /expected 8 bytes of header length/],
  ])('(%s) the generation before is used, and said so', async (what, damage, reason) => {
    const name = damaged(`newest-${what}`, damage);
    const evaluated = await run('eval', name, '--json');
    expect(evaluated).toMatchObject({ code: 0, stderr: expect.stringMatching(reason) });
    const result = await run('train --resume', name, '--epochs 4 --quiet --json');
    expect(result.code).toBe(0);
    const [why, used, ...others] = result.stderr.split('\n');
    expect(why).toMatch(reason);
    expect(used).toBe(`The generation before is used: 2, in ${name}/checkpoint.previous.safetensors`);
    expect(others).toEqual(['']);
    expect(jsonLines(result.stdout)[0]).toMatchObject({ resumedFrom: 1 });
    expect(state(name)).toBe(state('straight'));
    expect(epochsIn(name)).toEqual([1, 2, 3, 4]);
  });

  it('the good one is not replaced by the damaged one', async () => {
    const name = damaged('not-kept', (path) => truncateSync(path, 1000));
    expect((await run('train --resume', name, '--epochs 1 --quiet')).code).toBe(0);
    expect(loadCheckpoint(folder.join(name, 'checkpoint.safetensors'))).toMatchObject({
      generation: 3,
      epoch: 1,
    });
    expect(loadCheckpoint(folder.join(name, 'checkpoint.previous.safetensors')).generation).toBe(2);
  });

  it('and one before that is none either, the error is about the newest', async () => {
    const name = damaged('both', (path) => {
      truncateSync(path, 1000);
      rmSync(path.replace('checkpoint.', 'checkpoint.previous.'));
    });
    const result = await run('train --resume', name);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toMatch(/^safetensors: both\/checkpoint\.safetensors: /);
  });
});

it('takes what a kill before the first checkpoint left for a new folder', async () => {
  mkdirSync(folder.join('early'));
  writeFileSync(folder.join('early', `.rownet-${'0'.repeat(24)}.tmp`), 'cut');
  writeFileSync(folder.join('early', 'metrics.jsonl'), '');
  expect((await run(...article, '--epochs 4 --out early')).code).toBe(0);
  expect(state('early')).toBe(state('straight'));
  expect(readdirSync(folder.join('early')).filter((name) => name.startsWith('.'))).toEqual([]);
});
