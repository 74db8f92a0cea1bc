/** npz files against NumPy in both directions, against known bytes, and against another packer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, DataError, ShapeError } from '../../../lib/errors.js';
import { loadParams } from '../../../lib/formats/params.js';
import { decodeNpz, encodeNpz } from '../../../lib/formats/npz.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tensor } from '../../../lib/tensor.js';
import { temporaryFolder } from '../../support/cli.js';
import { findPython, runPython } from '../../support/python.js';
import { literal, npy, pack } from './npz-files.js';
import { floats } from './safetensors-files.js';

const folder = temporaryFolder();

const tensors = new Map([
  ['conv1.weight', Tensor.from([1, -2, 0.5, 3.25, -0, 65504], [1, 2, 3])],
  ['conv1.bias', Tensor.from([1e-45, 3.4e38], [2])],
  ['empty', new Tensor([0, 4])],
  ['scale', Tensor.from([7], [])],
  ['größe/a', Tensor.from([8], [1])],
]);

/** Bit for bit, so that -0 is not 0. */
function expectSame(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    expect(actual.get(name)?.shape).toEqual(shape);
    expect(new Uint32Array(actual.get(name)!.data.buffer)).toEqual(new Uint32Array(data.buffer));
  }
}

describe('encodeNpz', () => {
  it('writes known bytes', () => {
    const bytes = Buffer.from(encodeNpz(new Map([['a', Tensor.from([1, -2], [2])]])));
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }`.padEnd(117);
    const array = Buffer.concat([
      Buffer.from('934e554d505901007600', 'hex'),
      Buffer.from(`${header}\n`),
      Buffer.from('0000803f000000c0', 'hex'),
    ]);
    // The CRC-32 is that of Python's zlib.crc32; 136 bytes, stored, 1980-01-01.
    const common = `14000000000000002100ba49130a88000000880000000500`;
    const expected = Buffer.concat([
      Buffer.from(`504b0304${common}0000`, 'hex'),
      Buffer.from('a.npy'),
      array,
      Buffer.from(`504b01021400${common}0000${'00'.repeat(14)}`, 'hex'),
      Buffer.from('a.npy'),
      Buffer.from('504b0506000000000100010033000000ab0000000000', 'hex'),
    ]);
    expect(bytes.toString('hex')).toBe(expected.toString('hex'));
  });

  it('writes what another unpacker reads', () => {
    expect(Object.keys(unzipSync(encodeNpz(tensors)))).toEqual(
      [...tensors.keys()].map((name) => `${name}.npy`),
    );
  });

  it('refuses what it could not read again', () => {
    const one = Tensor.from([1], [1]);
    for (const name of ['', '..', '../a', '/a', 'a//b', 'a\\b', 'C:a', 'a\n', '\ud800', 'x'.repeat(65_532)]) {
      expect(() => encodeNpz(new Map([[name, one]])), name).toThrow(ArgumentRangeError);
    }
    expect(() => encodeNpz(new Map([[1 as unknown as string, one]]))).toThrow(ArgumentTypeError);
    const nan = new Map([['a', Tensor.from([0, Number.NaN], [2])]]);
    expect(() => encodeNpz(nan)).toThrow('npz: "a": expected finite values but received NaN at index 1');
    const gone = Tensor.from([1, 2], [2]);
    structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
    expect(() => encodeNpz(new Map([['a', gone]]))).toThrow(ShapeError);
    const many = new Map(Array.from({ length: 65_535 }, (_, i) => [String(i), one] as const));
    expect(() => encodeNpz(many)).toThrow('npz: expected at most 65534 tensors but received 65535');
  });
});

describe('decodeNpz', () => {
  it('reads what encodeNpz writes, bit for bit', () => {
    expectSame(decodeNpz(encodeNpz(tensors), 'x'), tensors);
    expect(decodeNpz(encodeNpz(new Map()), 'x').size).toBe(0);
  });

  it.each([0, 6] as const)('reads what another packer writes at level %d', (level) => {
    const members = {
      'a.npy': npy(literal('(3, 1)'), floats(1, 2, 3)),
      'b.npy': npy(literal('()'), floats(4)),
    };
    const read = decodeNpz(pack(members, { level }), 'x');
    expectSame(
      read,
      new Map([
        ['a', Tensor.from([1, 2, 3], [3, 1])],
        ['b', Tensor.from([4], [])],
      ]),
    );
  });

  it('reads from the middle of a buffer, and copies', () => {
    const bytes = encodeNpz(tensors);
    const buffer = Buffer.concat([Buffer.alloc(5, 1), bytes, Buffer.alloc(7, 1)]);
    const read = decodeNpz(buffer.subarray(5, 5 + bytes.length), 'x');
    buffer.fill(0);
    expectSame(read, tensors);
  });

  it.each([
    [1, 0],
    [2, 0],
    [3, 0],
  ])('reads version %d.%d', (...version) => {
    const read = decodeNpz(pack({ 'a.npy': npy(literal(), floats(1, 2), version) }), 'x');
    expect(read.get('a')?.data).toEqual(Float32Array.of(1, 2));
  });

  it('reads float64 and big-endian numbers, rounded to float32', () => {
    const bytes = Buffer.alloc(32);
    bytes.writeDoubleLE(0.1, 0);
    bytes.writeDoubleBE(-1e300 / 1e299, 8);
    bytes.writeFloatBE(2.5, 16);
    const members = {
      'little.npy': npy(literal('()', "'<f8'"), bytes.subarray(0, 8)),
      'big.npy': npy(literal('()', '">f8"'), bytes.subarray(8, 16)),
      'single.npy': npy(literal('()', "'>f4'"), bytes.subarray(16, 20)),
    };
    const values = [...decodeNpz(pack(members), 'x').values()].map(({ data }) => data[0]);
    expect(values).toEqual([Math.fround(0.1), -10, 2.5]);
  });
});

describe('NumPy', () => {
  const python = findPython('numpy');

  it('reads what encodeNpz writes, and lays arrays out in the same way', (context) => {
    if (python === undefined) return context.skip('needs Python with NumPy, not installed');
    const path = folder.join('ours.npz');
    const stored = new Map([...new LeNet5({ seed: 1 }).getParams(), ...tensors]);
    writeFileSync(path, encodeNpz(stored));
    const code = `
import io, json, sys, zipfile, numpy
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
loaded = numpy.load(sys.argv[1], allow_pickle=False)
for name in loaded.files:
    own = io.BytesIO()
    numpy.save(own, loaded[name])
    assert own.getvalue() == archive.read(name + '.npy'), name
print(json.dumps([[name, str(loaded[name].dtype), loaded[name].shape, loaded[name].astype('f8').sum()] for name in loaded.files]))
`;
    const sum = ({ data }: Tensor) => data.reduce((total, value) => total + value, 0);
    const rows = JSON.parse(runPython(python, code, path)) as [string, string, number[], number][];
    expect(rows).toHaveLength(stored.size);
    for (const [name, dtype, shape, total] of rows) {
      const tensor = stored.get(name)!;
      expect({ dtype, shape }).toEqual({ dtype: 'float32', shape: tensor.shape });
      expect(total).toBeCloseTo(sum(tensor), 4);
    }
  });

  it.for(['savez', 'savez_compressed'])(
    'writes by %s what decodeNpz and loadParams read',
    (save, context) => {
      if (python === undefined) return context.skip('needs Python with NumPy, not installed');
      // The name says nothing; the contents do.
      const path = folder.join(`${save}.safetensors`);
      const code = `
import sys, numpy
arrays = {'conv1.weight': numpy.arange(6, dtype='<f4').reshape(1, 2, 3), 'double': numpy.array([0.1, 1e-300]),
          'big': numpy.array([[2.5]], dtype='>f4'), 'größe': numpy.float32(7), 'empty': numpy.zeros((0, 4), 'f4')}
with open(sys.argv[1], 'wb') as file:
    numpy.${save}(file, **arrays)
`;
      runPython(python, code, path);
      const expected = new Map([
        ['conv1.weight', Tensor.from([0, 1, 2, 3, 4, 5], [1, 2, 3])],
        ['double', Tensor.from([0.1, 0], [2])],
        ['big', Tensor.from([2.5], [1, 1])],
        ['größe', Tensor.from([7], [])],
        ['empty', new Tensor([0, 4])],
      ]);
      expectSame(decodeNpz(readFileSync(path), path), expected);
      expectSame(loadParams(path), expected);
    },
  );

  it('writes objects, which are refused', (context) => {
    if (python === undefined) return context.skip('needs Python with NumPy, not installed');
    const path = folder.join('objects.npz');
    runPython(python, 'import sys, numpy; numpy.savez(sys.argv[1], a=numpy.array([{}], dtype=object))', path);
    expect(() => loadParams(path)).toThrow('expected float32 but received objects at byte');
    expect(() => loadParams(path)).toThrow(DataError);
  });

  it('writes every float16, and columns, which are read as it reads them', (context) => {
    if (python === undefined) return context.skip('needs Python with NumPy, not installed');
    const code = `
import sys, numpy
halves = numpy.arange(65536, dtype='<u2').view('<f2')
halves = halves[numpy.isfinite(halves)]
columns = numpy.asfortranarray(numpy.arange(120, dtype='f4').reshape(2, 3, 4, 5))
numpy.savez(sys.argv[1], halves=halves, swapped=halves.astype('>f2'), columns=columns, sliced=columns[0].T[::-1])
numpy.savez(sys.argv[2], halves=halves.astype('f4'), swapped=halves.astype('f4'),
            columns=numpy.ascontiguousarray(columns), sliced=numpy.ascontiguousarray(columns[0].T[::-1]))
`;
    const [stored, converted] = [folder.join('stored.npz'), folder.join('converted.npz')];
    runPython(python, code, stored, converted);
    const tensors = decodeNpz(readFileSync(stored), stored);
    expect(tensors.get('halves')?.size).toBe(2 * 0x7c00);
    expectSame(tensors, decodeNpz(readFileSync(converted), converted));
  });
});
