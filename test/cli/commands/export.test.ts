/** `rownet export`, and the way back: what it writes is a checkpoint for the commands that take one. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { mnistNormalization } from '../../../lib/data/normalize.js';
import { loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import { decodeNpz } from '../../../lib/formats/npz.js';
import { loadParams } from '../../../lib/formats/params.js';
import { decodeSafetensors, encodeSafetensors } from '../../../lib/formats/safetensors.js';
import type { Tensor } from '../../../lib/tensor.js';
import { recipeOf } from '../../../lib/training/run-recipe.js';
import { greyPng } from '../../lib/images/image-files.js';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { fields, messages, texts } from '../../support/protobuf.js';
import { findPython, runPython } from '../../support/python.js';

const folder = temporaryFolder();
const { run } = folder;
const read = (name: string) => readFileSync(folder.join(name));

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 320, 100);
  const result = await run('train --data bars --epochs 1 --quiet --out run');
  expect(result.code).toBe(0);
  for (const format of ['safetensors', 'npz']) {
    const exported = await run('export run --format', format, '--out', `lenet5.${format}`);
    expect(exported.code).toBe(0);
  }
}, 60_000);

/**
 * The state_dict of `conv1 = Conv2d(1, 6, 5)`, `conv2 = Conv2d(6, 16, 5)`, `conv3 = Conv2d(16, 120, 5)`,
 * `fc1 = Linear(120, 84)`, `fc2 = Linear(84, 10)` in PyTorch.
 */
const stateDict = {
  'conv1.weight': [6, 1, 5, 5],
  'conv1.bias': [6],
  'conv2.weight': [16, 6, 5, 5],
  'conv2.bias': [16],
  'conv3.weight': [120, 16, 5, 5],
  'conv3.bias': [120],
  'fc1.weight': [84, 120],
  'fc1.bias': [84],
  'fc2.weight': [10, 84],
  'fc2.bias': [10],
};

describe('rownet export', () => {
  it.each(['safetensors', 'npz'] as const)(
    '%s: the parameters alone, as PyTorch names them',
    async (format) => {
      const result = await run('export run --format', format);
      const file = `run/lenet5.${format}`;
      const size = read(file).length.toLocaleString('en-US');
      expect(result).toEqual({
        code: 0,
        signal: null,
        stdout: `${file}: 61,706 parameters, ${size} bytes\n`,
        stderr: '',
      });
      const tensors =
        format === 'npz' ? decodeNpz(read(file), file) : decodeSafetensors(read(file), file).tensors;
      expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(stateDict);
      expect(tensors).toEqual(loadCheckpoint(folder.join('run/checkpoint.safetensors')).params);
      expect(tensors).toEqual(loadParams(folder.join(file)));
    },
  );

  it('safetensors: Python reads it', (context) => {
    const python = findPython('safetensors, numpy');
    if (python === undefined) return context.skip('needs Python with safetensors, not installed');
    const code = `
import json, sys
from safetensors.numpy import load_file
print(json.dumps({name: array.shape for name, array in load_file(sys.argv[1]).items()}))
`;
    expect(JSON.parse(runPython(python, code, folder.join('lenet5.safetensors')))).toEqual(stateDict);
  });

  it.each([
    [[], 'normalized', 'Conv'],
    [['--pixels'], 'pixels', 'Mul'],
  ])('onnx %j: the net, and how images are normalized', async (options, input, first) => {
    const result = await run('export run --format onnx --out net.onnx --force --json', ...options);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const bytes = read('net.onnx');
    expect(jsonLines(result.stdout)).toEqual([
      { format: 'onnx', file: 'net.onnx', bytes: bytes.length, parameters: 61_706 },
    ]);
    const model = fields(bytes);
    const metadata = messages(model, 14).map((entry) => [...texts(entry, 1), ...texts(entry, 2)]);
    const { scale, shift } = recipeOf(
      loadCheckpoint(folder.join('run/checkpoint.safetensors')),
    ).normalization;
    expect(scale).not.toBe(mnistNormalization.scale);
    expect(metadata).toEqual([
      ['input', input],
      ['scale', String(scale)],
      ['shift', String(shift)],
    ]);
    expect(texts(messages(messages(model, 7)[0], 1)[0], 4)).toEqual([first]);
  });

  it('replaces a file only with --force', async () => {
    writeFileSync(folder.join('mine.npz'), 'mine');
    const args = ['export run --format npz --out mine.npz'];
    expect(await run(...args)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr:
        'export: --out: expected a new file but mine.npz exists. Hint: another --out, or --force to replace it\n',
    });
    expect(read('mine.npz').toString()).toBe('mine');
    expect((await run(...args, '--force')).code).toBe(0);
    expect(decodeNpz(read('mine.npz'), 'mine').size).toBe(10);
  });

  it.each([
    [['run'], 2, 'export: expected --format but received none. Hint: --format safetensors'],
    [
      ['run --format pickle'],
      2,
      'export: --format: expected safetensors or npz or onnx but received "pickle"',
    ],
    [['run --format npz --pixels'], 2, 'export: --pixels: expected --format onnx but received --format npz'],
    [
      ['run --format npz --recipe fast'],
      2,
      'export: --recipe: expected --format onnx but received --format npz',
    ],
    [['nowhere --format npz'], 3, 'checkpoint: expected a run folder or a checkpoint at nowhere'],
    [['run --format npz --out no/where.npz'], 1, 'write: no/where.npz: expected to write'],
    [
      ['run/config.json --format npz --out new.npz'],
      3,
      'checkpoint: run/config.json: expected a checkpoint but received another file of the run in run',
    ],
    [
      ['lenet5.npz --format onnx --out new.onnx'],
      2,
      'export: lenet5.npz holds parameters alone: expected --recipe',
    ],
  ])('%j is refused', async (args, code, message) => {
    const before = readdirSync(folder.join('run')).sort();
    const result = await run('export', ...args);
    expect(result.stderr).toContain(message);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(readdirSync(folder.join('run')).sort()).toEqual(before);
  });
});

/** A safetensors file of F64, and an I64 in the place of a tensor, or beside them. */
function withCounter(params: readonly (readonly [string, Tensor])[], counter = 'bn1.num_batches_tracked') {
  let end = 8;
  const entries: [string, object][] = [[counter, { dtype: 'I64', shape: [], data_offsets: [0, end] }]];
  const data = [Buffer.alloc(8, 1)];
  for (const [name, tensor] of params.filter(([name]) => name !== counter)) {
    data.push(Buffer.from(Float64Array.from(tensor.data).buffer));
    entries.push([name, { dtype: 'F64', shape: tensor.shape, data_offsets: [end, end + 8 * tensor.size] }]);
    end += 8 * tensor.size;
  }
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...data]);
}

describe('the way back', () => {
  // Its recipe has all its numbers: nothing of it is lost where parameters stand alone.
  beforeAll(async () => {
    const args = ['--recipe article --data bars --epochs 1 --quiet --out article'];
    expect((await run('train', ...args)).code).toBe(0);
    for (const format of ['safetensors', 'npz']) {
      expect((await run('export article --format', format)).code).toBe(0);
    }
  }, 60_000);

  it.each(['lenet5.safetensors', 'lenet5.npz'])('eval takes %s, with a recipe', async (name) => {
    const whole = await run('eval article --json');
    const args = ['eval', `article/${name}`, '--data bars --json'];
    expect(await run(...args, '--recipe article')).toEqual(whole);
    expect(await run(...args)).toMatchObject({ code: 2 });
  });

  it('the recipe fast takes the numbers of MNIST where parameters stand alone', async () => {
    const args = ['--format onnx --recipe fast --out alone.onnx'];
    expect((await run('export lenet5.npz', ...args)).code).toBe(0);
    const metadata = messages(fields(read('alone.onnx')), 14).flatMap((entry) => texts(entry, 2));
    const { scale, shift } = mnistNormalization;
    expect(metadata).toEqual(['normalized', String(scale), String(shift)]);
  });

  it('a recipe that is that of the run takes the numbers of the run', async () => {
    const whole = await run('eval run --json');
    expect(await run('eval run --recipe fast --json')).toEqual(whole);
  });

  it('an npz file becomes an ONNX model, the same as the checkpoint does', async () => {
    const from = async (path: string, name: string, ...more: string[]) => {
      expect((await run('export', path, '--format onnx --out', name, ...more)).code).toBe(0);
      return read(name);
    };
    const model = await from('article/lenet5.npz', 'a.onnx', '--recipe', 'article');
    expect(model.equals(await from('article', 'b.onnx'))).toBe(true);
  });

  it('other types than float32 are told on stderr, by every command that takes parameters', async () => {
    const params = [...loadParams(folder.join('lenet5.npz'))];
    writeFileSync(folder.join('f64.safetensors'), withCounter(params));
    writeFileSync(folder.join('bar.png'), greyPng(28, 28, new Uint8Array(784).fill(200, 280, 308)));
    const prepared = ['--recipe fast'];
    const commands = [
      ['eval f64.safetensors --data bars', ...prepared],
      ['predict', 'f64.safetensors', 'bar.png', ...prepared],
      ['explain --checkpoint f64.safetensors', ...prepared],
      ['export f64.safetensors --format onnx --out f64.onnx', ...prepared],
    ];
    for (const args of commands) {
      const { code, stderr } = await run(...args);
      expect([args[0], code, stderr]).toEqual([
        args[0],
        0,
        'note: params: f64.safetensors: 10 tensors of F64: rounded to float32\n' +
          'note: params: f64.safetensors: left out "bn1.num_batches_tracked" (I64): integers are no parameters of a net\n',
      ]);
    }
    const evaluated = ['--data bars --recipe fast --json'];
    const { stdout } = await run('eval f64.safetensors', ...evaluated);
    expect(stdout).toBe((await run('eval lenet5.npz', ...evaluated)).stdout);
  });

  it('a parameter that is stored as integers is named', async () => {
    const bytes = withCounter([...loadParams(folder.join('lenet5.npz'))], 'fc1.bias');
    writeFileSync(folder.join('quantized.safetensors'), bytes);
    const { code, stderr } = await run('eval quantized.safetensors --recipe fast --data bars');
    expect(code).toBe(3);
    expect(stderr).toContain(
      'but fc1.bias is missing; fc1.bias is there as I64, which is no type of floats\n',
    );
  });

  it('names with a prefix are refused with a hint', async () => {
    const params = [...loadParams(folder.join('lenet5.npz'))];
    const prefixed = new Map(params.map(([name, tensor]) => [`module.${name}`, tensor] as const));
    writeFileSync(folder.join('prefixed.safetensors'), encodeSafetensors(prefixed));
    const { code, stderr } = await run('eval prefixed.safetensors --recipe fast --data bars');
    expect(code).toBe(3);
    expect(stderr).toContain('conv1.weight is missing');
    expect(stderr).toContain('. Hint: take "module." off the names\n');
  });
});
