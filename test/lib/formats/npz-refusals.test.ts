import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { decodeNpz, encodeNpz } from '../../../lib/formats/npz.js';
import { Tensor } from '../../../lib/tensor.js';
import { literal, npy, pack, parts, patched } from './npz-files.js';
import { floats } from './safetensors-files.js';

/** The message without `npz: where: ` and the hint. */
function refuse(bytes: Uint8Array): string {
  try {
    decodeNpz(bytes, 'x.npz');
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    const match = /^npz: x\.npz: ([\s\S]*)\. Hint: \w[\s\S]*$/.exec((error as Error).message);
    expect(match, (error as Error).message).not.toBeNull();
    return match![1];
  }
  throw new Error('expected a DataError, but nothing was thrown');
}

const good = pack({ 'a.npy': npy(literal(), floats(1, 2)) });
const { central, end } = parts(good);
const two = pack({ 'a.npy': npy(literal(), floats(1, 2)), 'b.npy': npy(literal(), floats(3, 4)) });

describe('an archive', () => {
  it.each([
    ['that is empty', new Uint8Array(0), 'expected the end of a zip directory at byte 0'],
    ['cut by a byte', good.subarray(0, -1), `expected the end of a zip directory at byte ${end - 1}`],
    [
      'with a byte appended',
      Buffer.concat([good, Buffer.of(0)]),
      `expected the end of a zip directory at byte ${end + 1}`,
    ],
    [
      'with a byte in front',
      Buffer.concat([Buffer.of(0), good]),
      `expected the directory to end at byte ${end + 1} but it ends at ${end}, as told at byte ${end + 13}`,
    ],
    ['with a comment length', patched(good, [end + 20, 1, 2]), `expected no comment at byte ${end + 20}`],
    ['of several disks', patched(good, [end + 4, 1, 2]), `expected an archive in one part at byte ${end}`],
    [
      'of 65535 members',
      patched(good, [end + 8, 0xffff, 2], [end + 10, 0xffff, 2]),
      `expected a zip archive below 4 GiB but received zip64 at byte ${end}`,
    ],
    [
      'that promises two members',
      patched(good, [end + 8, 2, 2], [end + 10, 2, 2]),
      `expected member 2 of 2 in the directory at byte ${end}`,
    ],
    [
      'that promises none',
      patched(good, [end + 8, 0, 2], [end + 10, 0, 2]),
      `expected 0 members in the directory but there are more at byte ${central}`,
    ],
    [
      'with a directory elsewhere',
      patched(good, [end + 16, central - 1, 4], [end + 12, end - central + 1, 4]),
      `expected member 1 of 1 in the directory at byte ${central - 1}`,
    ],
    [
      'with a name beyond the directory',
      patched(good, [central + 28, 60_000, 2]),
      `expected a directory up to byte ${end} but it goes on to ${central + 46 + 60_000} at byte ${central}`,
    ],
  ])('%s', (_, bytes, message) => {
    expect(refuse(bytes)).toBe(message);
  });

  it('that unfolds out of all proportion, before it is unpacked', () => {
    // Only the directory has to promise it: nothing is unpacked.
    const packed = pack({ 'a.npy': npy(literal('(256,)'), new Uint8Array(1024)) }, { level: 9 });
    const bomb = patched(packed, [22, 1e8, 4], [parts(packed).central + 24, 1e8, 4]);
    expect(refuse(bomb)).toMatch(
      /^the directory promises 100000000 bytes, file has \d+, which is more than packing/,
    );
  });

  it('that lists one member twice', () => {
    // Names of equal length, so that the second becomes the first.
    const at = Buffer.from(two).lastIndexOf('b.npy');
    const bytes = Buffer.from(two);
    bytes.write('a', at);
    expect(refuse(bytes)).toBe(`the name "a.npy" is there twice, again at byte ${at - 46}`);
  });

  it('whose members overlap or leave a gap', () => {
    const second = Buffer.from(two).lastIndexOf('b.npy') - 46;
    const first = parts(two).central;
    const begin = Buffer.from(two).readUInt32LE(second + 42);
    expect(refuse(patched(two, [second + 42, 0, 4]))).toContain('expected');
    expect(refuse(patched(two, [first + 42, begin, 4]))).toBe(
      `"a.npy": expected the member at byte 0 but the directory has it at byte ${begin}`,
    );
    expect(refuse(patched(good, [central + 42, 1, 4]))).toBe(
      '"a.npy": expected the member at byte 0 but the directory has it at byte 1',
    );
    const hole = Buffer.concat([good.subarray(0, central), Buffer.of(0), good.subarray(central)]);
    expect(refuse(patched(hole, [end + 1 + 16, central + 1, 4]))).toBe(
      `expected the members to end at byte ${central + 1} but they end at byte ${central}`,
    );
  });
});

describe('a member', () => {
  const at = `at byte ${central}`;
  const size = Buffer.from(good).readUInt32LE(central + 24);

  it.each<[string, [number, number, 2 | 4][], string]>([
    ['encrypted', [[central + 8, 1, 2]], `"a.npy": expected a member that is not encrypted ${at}`],
    [
      'whose sizes follow',
      [[central + 8, 8, 2]],
      `"a.npy": expected sizes before the contents but they follow ${at}`,
    ],
    ['with a strange flag', [[central + 8, 64, 2]], `"a.npy": expected no other flags but received 64 ${at}`],
    [
      'packed by bzip2',
      [[central + 10, 12, 2]],
      `"a.npy": expected a stored or deflated member but received method 12 ${at}`,
    ],
    [
      'of zip64',
      [[central + 24, 0xffffffff, 4]],
      `"a.npy": expected a member below 4 GiB but received zip64 ${at}`,
    ],
    [
      'stored in fewer bytes',
      [[central + 20, size - 1, 4]],
      `"a.npy": expected a stored member of ${size} bytes but received ${size - 1} ${at}`,
    ],
    [
      'with another CRC-32 in the directory',
      [[central + 16, 1, 4]],
      '"a.npy": expected flags, method and CRC-32 as in the directory but received others at byte 0',
    ],
    [
      'with another method before the contents',
      [[8, 8, 2]],
      '"a.npy": expected flags, method and CRC-32 as in the directory but received others at byte 0',
    ],
    [
      'with another size before the contents',
      [[22, 5, 4]],
      `"a.npy": expected ${size} bytes packed to ${size}, as in the directory, but received 5 packed to ${size} at byte 0`,
    ],
    [
      'with sizes as zip64 that are missing',
      [
        [18, 0xffffffff, 4],
        [22, 0xffffffff, 4],
      ],
      `"a.npy": expected ${size} bytes packed to ${size}, as in the directory, but received 4294967295 packed to 4294967295 at byte 0`,
    ],
    ['without its signature', [[0, 0, 4]], '"a.npy": expected a member at byte 0'],
    [
      'that goes on past the directory',
      [[28, 60_000, 2]],
      `"a.npy": expected contents up to byte ${central} but they go on at byte 0`,
    ],
    [
      'of another name',
      [[30, 0x2e62, 2]],
      '"a.npy": expected this name, as in the directory, but received "b.npy" at byte 0',
    ],
    [
      'with another CRC-32 in both places',
      [
        [14, 1, 4],
        [central + 16, 1, 4],
      ],
      /^"a\.npy": expected contents of CRC-32 1 but received \d+ at byte 35$/.source,
    ],
  ])('%s', (_, changes, message) => {
    const received = refuse(patched(good, ...changes));
    if (message.startsWith('^')) expect(received).toMatch(new RegExp(message));
    else expect(received).toBe(message);
  });

  it('that does not unpack to its size', () => {
    const packed = pack({ 'a.npy': npy(literal('(256,)'), new Uint8Array(1024)) }, { level: 9 });
    const { central: at } = parts(packed);
    const length = Buffer.from(packed).readUInt32LE(at + 24);
    const of = (value: number) => patched(packed, [22, value, 4], [at + 24, value, 4]);
    expect(refuse(of(length - 1))).toBe(
      `"a.npy": expected ${length - 1} unpacked bytes but there are more at byte 35`,
    );
    expect(refuse(of(length + 1))).toBe(
      `"a.npy": expected ${length + 1} unpacked bytes but received ${length} at byte 35`,
    );
    expect(refuse(patched(packed, [35, 0xffff, 2]))).toMatch(
      /^"a\.npy": expected deflated contents, but .* at byte 35$/,
    );
  });

  it.each([
    ['../a.npy', 'expected a relative name without ".." but received "../a.npy"'],
    ['/a.npy', 'expected a relative name without ".." but received "/a.npy"'],
    ['a/../b.npy', 'expected a relative name without ".." but received "a/../b.npy"'],
    ['a/', 'expected a relative name without ".." but received "a/"'],
    ['C:a.npy', 'expected a relative name without ".." but received "C:a.npy"'],
    ['a\\b.npy', 'expected a relative name without ".." but received "a\\\\b.npy"'],
    ['a\0.npy', 'expected a relative name without ".." but received "a\\u0000.npy"'],
  ])('named %j', (name, message) => {
    const bytes = pack({ [name]: npy(literal(), floats(1, 2)) });
    expect(refuse(bytes)).toBe(`${message} at byte ${parts(bytes).central + 46}`);
  });

  it('with a name in no known encoding', () => {
    const bytes = Buffer.from(good);
    bytes[central + 46] = 0xff;
    expect(refuse(bytes)).toBe(`expected a name in ASCII or marked as UTF-8 at byte ${central + 46}`);
    expect(refuse(patched(bytes, [central + 8, 0x800, 2]))).toBe(
      `expected a name in UTF-8 at byte ${central + 46}`,
    );
  });

  it.each(['a.txt', 'a', '.npy'])('that is no array: %s', (name) => {
    expect(refuse(pack({ [name]: npy(literal(), floats(1, 2)) }))).toBe(
      `expected arrays such as "conv1.weight.npy" but received "${name}"`,
    );
  });
});

describe('an array', () => {
  const ofArray = (bytes: Uint8Array) => {
    const message = refuse(pack({ 'a.npy': bytes }));
    expect(message.startsWith('"a.npy": ')).toBe(true);
    return message.slice('"a.npy": '.length);
  };
  const data = floats(1, 2);
  const header = literal();
  const begin = 10 + header.length + 1;

  it.each([
    ['without its magic', Buffer.from('hello, world'), 'expected the start of an npy file at byte 0'],
    ['that is empty', new Uint8Array(0), 'expected the start of an npy file at byte 0'],
    [
      'of version 0.1',
      npy(header, data, [0, 1]),
      'expected version 1.0, 2.0 or 3.0 but received 0.1 at byte 6',
    ],
    [
      'of version 1.1',
      npy(header, data, [1, 1]),
      'expected version 1.0, 2.0 or 3.0 but received 1.1 at byte 6',
    ],
    [
      'of version 4.0',
      npy(header, data, [4, 0]),
      'expected version 1.0, 2.0 or 3.0 but received 4.0 at byte 6',
    ],
    [
      'cut after its version',
      npy(header, data).subarray(0, 8),
      'expected the length of the header at byte 8',
    ],
    [
      'cut in its header',
      npy(header, data).subarray(0, 40),
      `header promises ${begin} bytes, file has 40 at byte 8`,
    ],
    [
      'with a header of 11 KB',
      npy(header.padEnd(11_000), data),
      'expected a header of at most 10000 bytes but received 11001 at byte 8',
    ],
    [
      'with fewer values',
      npy(header, floats(1)),
      `expected 8 bytes for the shape (2) but received 4 at byte ${begin}`,
    ],
    [
      'with more values',
      npy(header, floats(1, 2, 3)),
      `expected 8 bytes for the shape (2) but received 12 at byte ${begin}`,
    ],
    [
      'with no number',
      npy(header, floats(1, Number.NaN)),
      `expected finite float32 values but received NaN (index 1) at byte ${begin + 4}`,
    ],
    [
      'that is too large for float32',
      npy(literal('()', "'<f8'"), Buffer.from(Float64Array.of(1e39).buffer)),
      'expected finite float32 values but received 1e+39 (index 0) at byte 66',
    ],
  ])('%s', (_, bytes, message) => {
    expect(ofArray(bytes)).toBe(message);
  });

  it.each(["'|O'", "'O'", "'<O8'"])('of objects, %s', (descr) => {
    expect(ofArray(npy(literal('(2,)', descr), data))).toBe(
      'expected float32 but received objects at byte 20',
    );
  });

  it.each(['<i4', '<f2', '|u1', '=f4', 'f4', '<c8', '<f16', ''])('of type "%s"', (descr) => {
    expect(ofArray(npy(literal('(2,)', `'${descr}'`), data))).toBe(
      `expected float32 or float64 but received "${descr}" at byte 20`,
    );
  });

  it('column by column', () => {
    expect(ofArray(npy(literal('(2,)', "'<f4'", 'True'), data))).toBe(
      'expected row-major order but received column-major at byte 44',
    );
  });

  it.each(['(2147483649,)', '(65536, 65536)', '(4294967296, 0)', '(999999999999999,)'])(
    'of shape %s',
    (shape) => {
      expect(ofArray(npy(literal(shape), data))).toBe(
        `expected at most 2^31 values but received the shape ${shape.replace(',)', ')')} at byte 60`,
      );
    },
  );

  it.each([
    ['', 'expected { but received "\\n" at byte 10'],
    ['[]', 'expected { but received "[" at byte 10'],
    ['__import__("os").system("true")', 'expected { but received "_" at byte 10'],
    ['{}', 'expected descr, fortran_order and shape in the header at byte 10'],
    ["{'descr': '<f4', 'shape': (2,), }", 'expected descr, fortran_order and shape in the header at byte 10'],
    [literal('__import__("os")'), 'expected ( but received "_" at byte 60'],
    [literal('(2)'), 'expected , but received ")" at byte 62'],
    [literal('[2]'), 'expected ( but received "[" at byte 60'],
    [literal('(2 3)'), 'expected , but received "3" at byte 63'],
    [literal('(1, 2 3)'), 'expected ) but received "3" at byte 66'],
    [literal('(-2,)'), 'expected an integer from 0 but received "-" at byte 61'],
    [literal('(2L,)'), 'expected an integer from 0 but received "2" at byte 61'],
    [literal('(2.0,)'), 'expected , but received "." at byte 62'],
    [literal('(0x2,)'), 'expected an integer from 0 but received "0" at byte 61'],
    [literal('(02,)'), 'expected an integer from 0 but received "0" at byte 61'],
    [literal('(1_0,)'), 'expected an integer from 0 but received "1" at byte 61'],
    [literal('(1000000000000000,)'), 'expected an integer from 0 but received "1" at byte 61'],
    [literal('(,)'), 'expected an integer from 0 but received "," at byte 61'],
    [literal(`(${'1,'.repeat(64)}1)`), 'expected at most 64 axes at byte 189'],
    [literal('((2,),)'), 'expected an integer from 0 but received "(" at byte 61'],
    [literal('(2,)', "[('a', '<f4')]"), 'expected a text in quotes but received "[" at byte 20'],
    [literal('(2,)', "'<f4"), 'expected } but received "f" at byte 27'],
    [literal('(2,)', "'\\x3cf4'"), 'expected a text in quotes but received "\'" at byte 20'],
    [literal('(2,)', "'<f4'", 'false'), 'expected True or False but received "f" at byte 44'],
    [literal('(2,)', "'<f4'", '0'), 'expected True or False but received "0" at byte 44'],
    [
      "{'descr': '<f4', 'descr': '<f4'}",
      'expected descr, fortran_order and shape, each once, but received "descr" at byte 27',
    ],
    [
      "{'__proto__': ()}",
      'expected descr, fortran_order and shape, each once, but received "__proto__" at byte 11',
    ],
    [`${header}x`, 'expected spaces and a newline at the end of the header but received "x" at byte 67'],
    [`${header}\n`, 'expected spaces and a newline at the end of the header but received "\\n" at byte 67'],
    [header.slice(0, -1), 'expected a text in quotes but received "\\n" at byte 66'],
    [header.slice(0, -3), 'expected } but received "\\n" at byte 64'],
  ])('with the header %s', (text, message) => {
    const actual = refuse(pack({ 'a.npy': npy(text, data) }));
    expect(actual).toBe(`"a.npy": ${message}`);
  });

  it('with brackets nested a thousand deep', () => {
    expect(ofArray(npy('('.repeat(9000), data))).toBe('expected { but received "(" at byte 10');
    expect(ofArray(npy(literal('('.repeat(9000)), data))).toContain('expected an integer from 0');
  });
});

describe('any damage', () => {
  const tensors = new Map([
    ['conv1.weight', Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])],
    ['conv1.bias', Tensor.from([7, 8], [2])],
  ]);
  const packed = pack(
    { 'a.npy': npy(literal('(3, 2)'), floats(1, 1, 1, 2, 2, 2)), 'b.npy': npy(literal(), floats(3, 4)) },
    { level: 9 },
  );

  it.each([
    ['stored', encodeNpz(tensors)],
    ['deflated', packed],
  ])('of a %s file gives a DataError or another valid content, never anything else', (_, bytes) => {
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean());
    fc.assert(
      fc.property(damage, ([at, change, cut]) => {
        const damaged = cut ? bytes.subarray(0, at) : Uint8Array.from(bytes);
        if (!cut) damaged[at] ^= change;
        try {
          decodeNpz(damaged, 'x');
          expect(cut).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toMatch(/^npz: x: .*(byte|arrays such as)/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
