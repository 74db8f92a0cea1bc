import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, DataError, ShapeError } from '../../../lib/errors.js';
import { decodeSafetensors, encodeSafetensors, readSafetensors } from '../../../lib/formats/safetensors.js';
import { Tensor } from '../../../lib/tensor.js';
import { entry, file, floats } from './safetensors-files.js';
import { temporaryFolder } from '../../support/cli.js';

describe('encodeSafetensors', () => {
  it('writes the bytes of the reference implementation', () => {
    const tensors = new Map([
      ['conv.weight', Tensor.from([1, -2, 0.5, 3.25, -0, 65504], [1, 2, 3])],
      ['a', Tensor.from([], [0, 4])],
      ['bias', Tensor.from([1.5], [1])],
      ['scale', Tensor.from([7], [])],
    ]);
    const header =
      '{"__metadata__":{"format":"pt"},' +
      '"a":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},' +
      '"bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
      '"conv.weight":{"dtype":"F32","shape":[1,2,3],"data_offsets":[4,28]},' +
      '"scale":{"dtype":"F32","shape":[],"data_offsets":[28,32]}}';
    expect(header.length).toBe(269);
    const expected = Buffer.concat([
      Buffer.of(0x10, 0x01, 0, 0, 0, 0, 0, 0),
      Buffer.from(`${header}   `),
      Buffer.of(0x00, 0x00, 0xc0, 0x3f),
      Buffer.of(0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x3f),
      Buffer.of(0x00, 0x00, 0x50, 0x40, 0x00, 0x00, 0x00, 0x80, 0x00, 0xe0, 0x7f, 0x47),
      Buffer.of(0x00, 0x00, 0xe0, 0x40),
    ]);
    expect(Buffer.from(encodeSafetensors(tensors, { format: 'pt' }))).toEqual(expected);
  });

  // The three files whose bytes the tests of the reference implementation (tensor.rs) spell out.
  it.each([
    [
      [['attn.0', [1, 2, 3]]],
      undefined,
      64,
      '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}',
    ],
    [
      [['attn0', [1, 1, 2, 3]]],
      undefined,
      72,
      '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ',
    ],
    [[], { framework: 'pt' }, 40, '{"__metadata__":{"framework":"pt"}}     '],
  ] as const)(
    'writes the known files of the reference implementation, %j',
    (shapes, metadata, length, header) => {
      const tensors = new Map(
        shapes.map(([name, shape]) => [name, Tensor.from([0, 1, 2, 3, 4, 5], shape)] as const),
      );
      const data = shapes.length === 0 ? floats() : floats(0, 1, 2, 3, 4, 5);
      expect(header.length).toBe(length);
      expect(Buffer.from(encodeSafetensors(tensors, metadata))).toEqual(Buffer.from(file(header, data)));
    },
  );

  it('writes no metadata, and no tensors', () => {
    expect(Buffer.from(encodeSafetensors(new Map()))).toEqual(Buffer.from(file('{}      ')));
    expect(Buffer.from(encodeSafetensors(new Map(), {}))).toEqual(
      Buffer.from(file('{"__metadata__":{}}     ')),
    );
  });

  it('does not depend on the order of insertion, and sorts by UTF-8 bytes', () => {
    const tensor = Tensor.from([1], [1]);
    const names = ['\u{1f600}', '\uff5e', 'z', 'a', 'B', 'a.b', 'é'];
    const bytes = encodeSafetensors(new Map(names.map((name) => [name, tensor])), { b: '1', a: '2' });
    const reversed = encodeSafetensors(new Map(names.toReversed().map((name) => [name, tensor])), {
      a: '2',
      b: '1',
    });
    expect(reversed).toEqual(bytes);
    expect([...decodeSafetensors(bytes, 'x').tensors.keys()]).toEqual([
      'B',
      'a',
      'a.b',
      'z',
      'é',
      '\uff5e',
      '\u{1f600}',
    ]);
  });

  it('escapes names as JSON does', () => {
    const tensors = new Map([['"\\\n\u0001', Tensor.from([1], [1])]]);
    const bytes = encodeSafetensors(tensors, { '"': '\t' });
    expect(Buffer.from(bytes.subarray(8)).toString('latin1')).toContain(
      '{"__metadata__":{"\\"":"\\t"},"\\"\\\\\\n\\u0001":{',
    );
    expect(decodeSafetensors(bytes, 'x').tensors).toEqual(tensors);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses the value %s',
    (value) => {
      const tensors = new Map([['w', Tensor.from([0, 1, value], [3])]]);
      expect(() => encodeSafetensors(tensors)).toThrow(ArgumentRangeError);
      expect(() => encodeSafetensors(tensors)).toThrow(
        `safetensors: "w": expected finite values but received ${value} at index 2`,
      );
    },
  );

  it('refuses the name of the metadata, and lone surrogates', () => {
    const tensor = Tensor.from([1], [1]);
    expect(() => encodeSafetensors(new Map([['__metadata__', tensor]]))).toThrow(
      'safetensors: expected any tensor name but __metadata__, which has a meaning',
    );
    expect(() => encodeSafetensors(new Map([['a\ud800', tensor]]))).toThrow(
      'safetensors: expected a name without lone surrogates but received "a\\ud800"',
    );
    expect(() => encodeSafetensors(new Map(), { '\udc00': '' })).toThrow(ArgumentRangeError);
    expect(() => encodeSafetensors(new Map(), { a: '\udc00' })).toThrow(ArgumentRangeError);
  });

  it('refuses metadata that is no text', () => {
    const metadata = { epoch: 3 } as unknown as Record<string, string>;
    expect(() => encodeSafetensors(new Map(), metadata)).toThrow(ArgumentTypeError);
    expect(() => encodeSafetensors(new Map(), metadata)).toThrow(
      'safetensors: expected metadata "epoch" to be a text but received number',
    );
  });

  it('refuses a tensor whose memory is gone', () => {
    const tensor = Tensor.from([1, 2], [2]);
    structuredClone(tensor.data, { transfer: [tensor.data.buffer as ArrayBuffer] });
    expect(() => encodeSafetensors(new Map([['w', tensor]]))).toThrow(ShapeError);
    expect(() => encodeSafetensors(new Map([['w', tensor]]))).toThrow(
      'safetensors: "w": expected the values of a 2 tensor but received 0. Hint: its memory has been transferred',
    );
  });

  it('refuses more names than are read', () => {
    const names = Array.from({ length: 65_537 }, (_, i) => String(i));
    const tensors = new Map(names.map((name) => [name, new Tensor([0])]));
    const metadata = Object.fromEntries(names.map((name) => [name, '']));
    const expected = 'safetensors: expected at most 65536 names but received 65537';
    expect(() => encodeSafetensors(tensors)).toThrow(expected);
    expect(() => encodeSafetensors(new Map(), metadata)).toThrow(expected);
    tensors.delete('0');
    expect(() => encodeSafetensors(tensors, {})).toThrow(expected);
    expect(decodeSafetensors(encodeSafetensors(tensors), 'x').tensors.size).toBe(65_536);
  });

  it('refuses a header over 100 MB', () => {
    expect(() => encodeSafetensors(new Map(), { text: 'x'.repeat(100_000_000) })).toThrow(
      'safetensors: expected a header of at most 100000000 bytes but received 100000032',
    );
  });
});

describe('decodeSafetensors', () => {
  it('gives back what was written', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    const tensor = fc.array(fc.nat(4), { maxLength: 4 }).chain((shape) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return fc
        .array(value, { minLength: size, maxLength: size })
        .map((values) => Tensor.from(values, shape));
    });
    const text = fc.string({ unit: 'binary' });
    const name = text.filter((candidate) => candidate !== '__metadata__');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor)), fc.dictionary(text, text), (pairs, metadata) => {
        const tensors = new Map(pairs);
        const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata), 'x');
        expect(decoded.tensors).toEqual(tensors);
        expect(Object.entries(decoded.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  it('reads the example of the reference implementation, as F32', () => {
    const header = '{"test":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}';
    expect(header.length).toBe(60);
    const { tensors, metadata } = decodeSafetensors(file(header, new Uint8Array(16)), 'x');
    expect([...tensors]).toEqual([['test', Tensor.from([0, 0, 0, 0], [2, 2])]]);
    expect(Object.keys(metadata)).toEqual([]);
  });

  it('reads any order of names and keys, spaces, escapes, from any offset in memory', () => {
    const header =
      '{ "b" :\t{"data_offsets": [ 4 , 8 ], "shape":[1] ,"dtype":"F\\u00332"},\n"a":{"dtype":"F32","shape":[],' +
      '"data_offsets":[0,4]}, "__metadata__": { "k" : "v" } } \r\n';
    const bytes = Buffer.concat([Buffer.of(1, 2, 3), file(header, floats(1, 2))]).subarray(3);
    const { tensors, metadata } = decodeSafetensors(bytes, 'x');
    expect([...tensors]).toEqual([
      ['a', Tensor.from([1], [])],
      ['b', Tensor.from([2], [1])],
    ]);
    expect({ ...metadata }).toEqual({ k: 'v' });
  });

  it('takes __proto__ for a name like any other', () => {
    const bytes = file(
      `{"__metadata__":{"__proto__":"p","constructor":"c"},"__proto__":${entry('[1]', '[0,4]')},"toString":${entry('[1]', '[4,8]')}}`,
      floats(1, 2),
    );
    const { tensors, metadata } = decodeSafetensors(bytes, 'x');
    expect([...tensors.keys()]).toEqual(['__proto__', 'toString']);
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect('toString' in metadata).toBe(false);
    expect(encodeSafetensors(tensors, metadata).length).toBeGreaterThan(bytes.length);
  });

  it('copies the values', () => {
    const bytes = encodeSafetensors(new Map([['w', Tensor.from([1], [1])]]));
    const { tensors } = decodeSafetensors(bytes, 'x');
    bytes.fill(0);
    expect(tensors.get('w')?.data[0]).toBe(1);
  });
});

describe('readSafetensors', () => {
  const folder = temporaryFolder().path;

  it('reads a file', () => {
    const path = join(folder, 'a.safetensors');
    const tensors = new Map([['w', Tensor.from([1, 2], [2])]]);
    writeFileSync(path, encodeSafetensors(tensors, { a: 'b' }));
    expect(readSafetensors(path).tensors).toEqual(tensors);
  });

  it('names a file that is missing, a folder, or damaged', () => {
    const missing = join(folder, 'missing');
    expect(() => readSafetensors(missing)).toThrow(DataError);
    expect(() => readSafetensors(missing)).toThrow(
      `safetensors: ${missing}: expected a readable file but received ENOENT`,
    );
    expect(() => readSafetensors(folder)).toThrow(
      `safetensors: ${folder}: expected a file but received a directory`,
    );
    const damaged = join(folder, 'damaged');
    writeFileSync(damaged, 'PK');
    expect(() => readSafetensors(damaged)).toThrow(
      `safetensors: ${damaged}: expected 8 bytes of header length`,
    );
  });

  it('refuses a file that is too large before reading it', () => {
    const path = join(folder, 'sparse');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 31 + 1);
    expect(() => readSafetensors(path)).toThrow(
      `safetensors: ${path}: expected at most 2147483648 bytes but the file has 2147483649. Hint: split it`,
    );
  });
});
