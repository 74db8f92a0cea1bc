/** Files of parameters as other programs write them: other types, another order, integers beside the floats. */
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { decodeNpz } from '../../../lib/formats/npz.js';
import { loadParams } from '../../../lib/formats/params.js';
import { decodeSafetensors } from '../../../lib/formats/safetensors.js';
import { Tensor } from '../../../lib/tensor.js';
import { temporaryFolder } from '../../support/cli.js';
import { literal, npy, pack } from './npz-files.js';
import { entry, file, floats } from './safetensors-files.js';

const folder = temporaryFolder();

const warnings: [message: string, options: unknown][] = [];
vi.spyOn(process, 'emitWarning').mockImplementation((message, options) => {
  warnings.push([String(message), options]);
});
beforeEach(() => {
  warnings.length = 0;
});

/** Loads a file of these bytes: its parameters as plain arrays, and what is said of it. */
function load(bytes: Uint8Array) {
  const path = folder.join('params');
  writeFileSync(path, bytes);
  const params = loadParams(path);
  const said = warnings.map(([message, options]) => {
    expect(options).toEqual({ type: 'RownetWarning', code: 'WARN_ROWNET_PARAMS' });
    expect(message.startsWith(`params: ${path}: `)).toBe(true);
    return message.slice(`params: ${path}: `.length);
  });
  return { values: [...params].map(([name, { shape, data }]) => [name, shape, [...data]]), said };
}

/** -1.5, 0.25, 3 in each type. */
const threeValues: Readonly<Record<string, Uint8Array>> = {
  F64: Buffer.from(Float64Array.of(-1.5, 0.25, 3).buffer),
  F16: Buffer.from(Uint16Array.of(0xbe00, 0x3400, 0x4200).buffer),
  BF16: Buffer.from(Uint16Array.of(0xbfc0, 0x3e80, 0x4040).buffer),
};

describe('safetensors', () => {
  it('of float32 are said nothing about', () => {
    const { values, said } = load(file(`{"a":${entry('[2]', '[0,8]')}}`, floats(1, 2)));
    expect([values, said]).toEqual([[['a', [2], [1, 2]]], []]);
  });

  it.each([
    ['F64', 'rounded to float32'],
    ['F16', 'read as float32, which holds them exactly'],
    ['BF16', 'read as float32, which holds them exactly'],
  ])('of %s', (dtype, effect) => {
    const data = threeValues[dtype];
    const { values, said } = load(file(`{"a":${entry('[3]', `[0,${data.length}]`, `"${dtype}"`)}}`, data));
    expect(values).toEqual([['a', [3], [-1.5, 0.25, 3]]]);
    expect(said).toEqual([`1 tensor of ${dtype}: ${effect}`]);
  });

  it('of several types at once', () => {
    const header =
      `{"a":${entry('[1]', '[0,2]', '"F16"')},"b":${entry('[1]', '[2,6]')},` +
      `"c":${entry('[1]', '[6,8]', '"F16"')},"d":${entry('[0]', '[8,8]', '"F64"')}}`;
    const data = Buffer.concat([Buffer.of(0, 0x3c), floats(2), Buffer.of(0, 0xbc)]);
    const { values, said } = load(file(header, data));
    expect(values).toEqual([
      ['a', [1], [1]],
      ['b', [1], [2]],
      ['c', [1], [-1]],
      ['d', [0], []],
    ]);
    expect(said).toEqual([
      '2 tensors of F16: read as float32, which holds them exactly',
      '1 tensor of F64: rounded to float32',
    ]);
  });

  it.each([
    ['BOOL', 1],
    ['U8', 1],
    ['I8', 1],
    ['U16', 2],
    ['I16', 2],
    ['U32', 4],
    ['I32', 4],
    ['U64', 8],
    ['I64', 8],
  ])('with an extra tensor of %s, which is left out', (dtype, width) => {
    const header =
      `{"bn1.num_batches_tracked":${entry('[]', `[0,${width}]`, `"${dtype}"`)},` +
      `"conv1.bias":${entry('[2]', `[${width},${width + 8}]`)}}`;
    const bytes = file(header, Buffer.concat([Buffer.alloc(width, 255), floats(1, 2)]));
    const { values, said } = load(bytes);
    expect(values).toEqual([['conv1.bias', [2], [1, 2]]]);
    expect(said).toEqual([
      `left out "bn1.num_batches_tracked" (${dtype}): integers are no parameters of a net`,
    ]);
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(
      `expected F32, F64, F16 or BF16 but received ${dtype}`,
    );
    expect(loadCheckpoint(folder.join('params')).leftOut).toEqual(
      new Map([['bn1.num_batches_tracked', dtype]]),
    );
  });

  it('with an extra tensor of another length than its shape has', () => {
    const header = `{"a":${entry('[]', '[0,4]', '"I64"')},"b":${entry('[1]', '[4,8]')}}`;
    expect(() => load(file(header, floats(1, 2)))).toThrow(
      'expected 8 bytes for the shape [] but received 4',
    );
  });

  it('with many of them: five are named', () => {
    const counters = Array.from({ length: 7 }, (_, i) => `"${i}":${entry('[]', `[${i},${i + 1}]`, '"U8"')}`);
    const header = `{${counters.join(',')},"w":${entry('[1]', '[7,11]')}}`;
    expect(load(file(header, Buffer.concat([Buffer.alloc(7), floats(1)]))).said).toEqual([
      'left out "0" (U8), "1" (U8), "2" (U8), "3" (U8), "4" (U8) and 2 more: integers are no parameters of a net',
    ]);
  });

  it('of integers alone are refused', () => {
    expect(() => load(file(`{"w":${entry('[2]', '[0,2]', '"I8"')}}`, Buffer.alloc(2)))).toThrow(
      'expected tensors of floats but received integers alone, such as "w" (I8). Hint: convert',
    );
  });

  it.each(['F8_E4M3', 'F8_E5M2', 'F4', 'C64', 'f32'])('of %s are refused beside others too', (dtype) => {
    const header = `{"a":${entry('[1]', '[0,1]', `"${dtype}"`)},"b":${entry('[1]', '[1,5]')}}`;
    expect(() => load(file(header, Buffer.alloc(5)))).toThrow('expected F32, F64, F16 or BF16 but received');
  });
});

describe('npz', () => {
  it.each([
    ['<f2', [0x00, 0x3c, 0x01, 0x00], [1, 2 ** -24], 'F16: read as float32, which holds them exactly'],
    ['>f2', [0x3c, 0x00, 0x80, 0x01], [1, -(2 ** -24)], 'F16: read as float32, which holds them exactly'],
    [
      '<f8',
      [...Buffer.from(Float64Array.of(0.1, 2).buffer)],
      [Math.fround(0.1), 2],
      'F64: rounded to float32',
    ],
  ])('of %s', (descr, bytes, expected, said) => {
    const loaded = load(pack({ 'a.npy': npy(literal('(2,)', `'${descr}'`), Uint8Array.from(bytes)) }));
    expect(loaded).toEqual({ values: [['a', [2], expected]], said: [`1 tensor of ${said}`] });
  });

  it.each([
    ['(2, 3)', [0, 2, 4, 1, 3, 5]],
    ['(6, 1)', [0, 1, 2, 3, 4, 5]],
    ['(1, 2, 3, 1)', [0, 2, 4, 1, 3, 5]],
    ['(3, 2, 1)', [0, 3, 1, 4, 2, 5]],
  ])('of column-major order and shape %s', (shape, expected) => {
    const loaded = load(pack({ 'a.npy': npy(literal(shape, "'<f4'", 'True'), floats(0, 1, 2, 3, 4, 5)) }));
    expect(loaded.values).toEqual([['a', JSON.parse(`[${shape.slice(1, -1)}]`), expected]]);
    expect(loaded.said).toEqual(['1 tensor in column-major order: read as row-major']);
  });

  it('of column-major order, of four axes: the first runs fastest', () => {
    const [a, b, c, d] = [2, 3, 4, 5];
    const at = (i: number, j: number, k: number, l: number) => i + a * (j + b * (k + c * l));
    const stored = floats(...Array.from({ length: a * b * c * d }, (_, i) => i));
    const tensor = decodeNpz(
      pack({ 'a.npy': npy(literal('(2, 3, 4, 5)', "'<f4'", 'True'), stored) }),
      'x',
    ).get('a') as Tensor;
    let row = 0;
    for (let i = 0; i < a; i += 1)
      for (let j = 0; j < b; j += 1)
        for (let k = 0; k < c; k += 1)
          for (let l = 0; l < d; l += 1) expect(tensor.data[row++]).toBe(at(i, j, k, l));
    expect(row).toBe(120);
  });

  it.each(['(0, 3)', '(3, 0)', '()', '(2,)'])('of column-major order and shape %s', (shape) => {
    const data = { '()': floats(7), '(2,)': floats(1, 2) }[shape] ?? new Uint8Array(0);
    const { values, said } = load(pack({ 'a.npy': npy(literal(shape, "'<f4'", 'True'), data) }));
    expect(values[0][2]).toHaveLength(data.length / 4);
    // One axis or none has no order.
    expect(said).toHaveLength(shape.includes(', ') ? 1 : 0);
  });

  it.each(['<i8', '>i4', '|u1', '|b1', '|i1', '<u2'])(
    'with an extra array of %s, which is left out',
    (descr) => {
      const bytes = pack({
        'bn.num_batches_tracked.npy': npy(literal('()', `'${descr}'`), Buffer.alloc(Number(descr[2]))),
        'w.npy': npy(literal('(1,)'), floats(1)),
      });
      expect(load(bytes)).toEqual({
        values: [['w', [1], [1]]],
        said: [`left out "bn.num_batches_tracked" (${descr}): integers are no parameters of a net`],
      });
      expect(() => decodeNpz(bytes, 'x')).toThrow(
        `expected float32, float64 or float16 but received "${descr}"`,
      );
    },
  );

  it.each(['<i3', '|i8', '<b1', '<U5', '|S4', '<c8', '<M8', '<f16', '=i8'])('of %s is refused', (descr) => {
    const extra = npy(literal('()', `'${descr}'`), Buffer.alloc(8));
    expect(() => load(pack({ 'a.npy': extra, 'w.npy': npy(literal('(1,)'), floats(1)) }))).toThrow(
      `expected float32, float64 or float16 but received "${descr}"`,
    );
  });

  it('with an extra array that is cut', () => {
    const extra = npy(literal('(2,)', "'<i8'"), Buffer.alloc(15));
    expect(() => load(pack({ 'a.npy': extra }))).toThrow(
      'expected 16 bytes for the shape (2) but received 15',
    );
  });

  it('that PyTorch wrote: the message says how to save it', () => {
    expect(() => load(pack({ 'archive/data.pkl': Buffer.from('x') }))).toThrow(
      'Hint: PyTorch wrote it; save it with safetensors.torch.save_file(model.state_dict(), path)',
    );
  });
});

it('a checkpoint of ours has F32 alone', () => {
  const path = folder.join('checkpoint');
  const params = new Map([['a', Tensor.from([1], [1])]]);
  saveCheckpoint(path, {
    params,
    optimizerState: new Map(),
    architecture: '{}',
    config: {},
    epoch: 0,
    step: 0,
  });
  expect(loadCheckpoint(path)).not.toHaveProperty('leftOut');
  const header = `{"__metadata__":{"format":"rownet-checkpoint","version":"2"},"a":${entry('[1]', '[0,2]', '"F16"')}}`;
  writeFileSync(path, file(header, Buffer.alloc(2)));
  expect(() => loadCheckpoint(path)).toThrow(
    `checkpoint: ${path}: expected F32 alone but received 1 tensor of F16`,
  );
});
