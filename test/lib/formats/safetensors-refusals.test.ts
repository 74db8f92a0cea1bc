import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../../lib/formats/safetensors.js';
import { Tensor } from '../../../lib/tensor.js';
import { entry, file, floats } from './safetensors-files.js';
import { refusal } from '../../support/misuse.js';

const refuse = (bytes: Uint8Array) =>
  refusal(() => decodeSafetensors(bytes, 'x.safetensors'), 'safetensors: x.safetensors: ');

const DAMAGED = 'Hint: the header is damaged; get the file again';

describe('a header length', () => {
  it.each([0, 1, 7])('that is cut after %d bytes', (length) => {
    expect(refuse(new Uint8Array(length))).toBe(
      `expected 8 bytes of header length at byte 0, file has ${length}. Hint: this is no safetensors file, or it is cut`,
    );
  });

  it.each([100_000_001n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n])('of %d', (length) => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(length);
    expect(refuse(bytes)).toBe(
      `expected a header of at most 100000000 bytes but received ${length} at byte 0. ` +
        'Hint: this is no safetensors file, or it is cut',
    );
  });

  it('beyond the end of the file', () => {
    const bytes = Buffer.from(file('{}'));
    bytes.writeBigUInt64LE(3n);
    expect(refuse(bytes)).toBe(
      'header promises 11 bytes at byte 0, file has 10. Hint: this is no safetensors file, or it is cut',
    );
    bytes.writeBigUInt64LE(100_000_000n);
    expect(refuse(bytes)).toContain('header promises 100000008 bytes at byte 0, file has 10');
  });
});

describe('a header that is not as it should be', () => {
  it.each([
    ['', 'expected { but received the end of the header at byte 8'],
    ['\ufeff{}', 'expected { but received byte 0xef at byte 8'],
    [' {}', 'expected { but received byte 0x20 at byte 8'],
    ['[]', 'expected { but received [ at byte 8'],
    ['null', 'expected { but received n at byte 8'],
    ['{', 'expected " but received the end of the header at byte 9'],
    ['{}x', 'expected spaces up to the end of the header but received x at byte 10'],
    ['{}\0', 'expected spaces up to the end of the header but received byte 0x00 at byte 10'],
    ['{}{}', 'expected spaces up to the end of the header but received { at byte 10'],
    ['{"a"}', 'expected : but received } at byte 12'],
    ['{"a":}', 'expected { but received } at byte 13'],
    ['{"a":1}', 'expected { but received 1 at byte 13'],
    ['{a:1}', 'expected " but received a at byte 9'],
    ['{"a', 'expected " after the text that starts at byte 9'],
    ['{"a\\"', 'expected " after the text that starts at byte 9'],
    ['{"\\x":1}', 'expected a JSON text in UTF-8 at byte 9'],
    ['{"a\n":1}', 'expected a JSON text in UTF-8 at byte 9'],
    ['{"\\ud800":1}', 'expected a text without lone surrogates at byte 9'],
    ['{"a":{}}', 'tensor "a" without "dtype" at byte 9'],
    ['{"a":{"dtype":"F32"}}', 'tensor "a" without "shape" at byte 9'],
    ['{"a":{"dtype":"F32","shape":[]}}', 'tensor "a" without two "data_offsets" at byte 9'],
    [`{"a":${entry('[]', '[]')}}`, 'tensor "a" without two "data_offsets" at byte 9'],
    [`{"a":${entry('[]', '[0]')}}`, 'tensor "a" without two "data_offsets" at byte 9'],
    [`{"a":${entry('[]', '[0,0,0]')}}`, 'expected at most 2 integers at byte 59'],
    [
      `{"a":${entry('[]', '[0,0],"x":1')}}`,
      'tensor "a": expected dtype, shape, data_offsets but received "x" at byte 60',
    ],
    [`{"a":${entry('[]', '[0,0],"shape":[]')}}`, 'the name "shape" is there twice, again at byte 60'],
    [`{"a":${entry('[]', '[0,0]')},}`, 'expected " but received } at byte 61'],
    [
      `{"a":${entry('[]', '[0,0]')},"a":${entry('[]', '[0,0]')}}`,
      'the name "a" is there twice, again at byte 61',
    ],
    [`{"\\u0061":${entry('[]', '[0,0]')},"a":1}`, 'the name "a" is there twice, again at byte 66'],
    ['{"__metadata__":{},"__metadata__":{}}', 'the name "__metadata__" is there twice, again at byte 27'],
    ['{"__metadata__":{"a":"","a":""}}', 'the name "a" is there twice, again at byte 32'],
    ['{"__metadata__":null}', 'expected { but received n at byte 24'],
    ['{"__metadata__":{"epoch":3}}', 'expected " but received 3 at byte 33'],
    ['{"__metadata__":{"a":{"b":"c"}}}', 'expected " but received { at byte 29'],
    [`{"a":${entry('[]', '[0,0]', '32')}}`, 'expected " but received 3 at byte 22'],
    [`{"a":${entry('[-1]', '[0,0]')}}`, 'expected an integer from 0 but received - at byte 37'],
    [`{"a":${entry('[1.5]', '[0,0]')}}`, 'expected ] but received . at byte 38'],
    [`{"a":${entry('[1e3]', '[0,0]')}}`, 'expected ] but received e at byte 38'],
    [`{"a":${entry('[01]', '[0,0]')}}`, 'expected an integer without leading zeros at byte 37'],
    [`{"a":${entry('["1"]', '[0,0]')}}`, 'expected an integer from 0 but received " at byte 37'],
    [`{"a":${entry('[null]', '[0,0]')}}`, 'expected an integer from 0 but received n at byte 37'],
    [`{"a":${entry('[[1]]', '[0,0]')}}`, 'expected an integer from 0 but received [ at byte 37'],
    [`{"a":${entry('[1', '[0,0]')}}`, 'expected an integer from 0 but received " at byte 39'],
    [`{"a":${entry('[9007199254740992]', '[0,0]')}}`, 'expected an integer below 2^53 at byte 37'],
    [`{"a":${entry('[]', '[0,18446744073709551616]')}}`, 'expected an integer below 2^53 at byte 57'],
    [`{"a":${entry('[]', '[0.5,1]')}}`, 'expected ] but received . at byte 56'],
    [`{"a":${entry('[]', '["0","4"]')}}`, 'expected an integer from 0 but received " at byte 55'],
    [`{"a":${entry('[]', '[-4,0]')}}`, 'expected an integer from 0 but received - at byte 55'],
    [`{"a":${entry(`[${'1,'.repeat(64)}1]`, '[0,4]')}}`, 'expected at most 64 integers at byte 165'],
  ])('%s', (header, message) => {
    expect(refuse(file(header))).toBe(`${message}. ${DAMAGED}`);
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
  ])('with %s in a name', (_, bytes) => {
    const header = Buffer.concat([
      Buffer.from('{"a'),
      Uint8Array.from(bytes),
      Buffer.from(`":${entry('[]', '[0,0]')}}`),
    ]);
    expect(refuse(file(header))).toBe(`expected a JSON text in UTF-8 at byte 9. ${DAMAGED}`);
  });

  it.each(['[', '{"a":'])('nested a million deep in %s', (bracket) => {
    expect(refuse(file(`{"a":${bracket.repeat(1_000_000)}`))).toMatch(
      /^expected \{ but received \[|^tensor "a": expected/,
    );
    expect(refuse(file(bracket.repeat(1_000_000)))).toContain('at byte');
  });

  it('with more names than any net has', () => {
    const names = (count: number, member: (name: string) => string) =>
      Array.from({ length: count }, (_, i) => member(`"${i}"`)).join(',');
    const tensors = (count: number) =>
      file(`{${names(count, (name) => `${name}:${entry('[0]', '[0,0]')}`)}}`);
    const metadata = (count: number) => file(`{"__metadata__":{${names(count, (name) => `${name}:""`)}}}`);
    expect(decodeSafetensors(tensors(65_536), 'x').tensors.size).toBe(65_536);
    for (const bytes of [tensors(65_537), metadata(65_537)]) {
      expect(refuse(bytes)).toMatch(/^expected at most 65536 names at byte \d+\. /);
    }
  });

  it('with a name of a megabyte, which the message cuts', () => {
    const message = refuse(file(`{"${'n'.repeat(1_000_000)}":{}}`));
    expect(message).toBe(`tensor "${'n'.repeat(80)}..." without "dtype" at byte 9. ${DAMAGED}`);
  });
});

describe('tensors that do not fit the data', () => {
  const a = (entry: string) => `{"a":${entry}}`;
  const two = (first: string, second: string) => `{"a":${first},"b":${second}}`;

  it.each(
    Object.entries({
      // A hole at the start, and one in between.
      'expected data_offsets from 0 but received 4, a hole,': a(entry('[1]', '[4,8]')),
      'expected data_offsets from 4 but received 8, a hole,': two(
        entry('[1]', '[0,4]'),
        entry('[1]', '[8,12]'),
      ),
      'expected data_offsets from 8 but received 4, an overlap,': two(
        entry('[2]', '[0,8]'),
        entry('[1]', '[4,8]'),
      ),
      // The same bytes twice.
      'expected data_offsets from 4 but received 0, an overlap,': two(
        entry('[1]', '[0,4]'),
        entry('[1]', '[0,4]'),
      ),
      'expected data_offsets in order but received [4, 0]': two(entry('[1]', '[0,4]'), entry('[1]', '[4,0]')),
      'expected 12 bytes for the shape [3] but received 8': a(entry('[3]', '[0,8]')),
      'expected 4 bytes for the shape [1] but received 8': a(entry('[1]', '[0,8]')),
      // Shapes that wrap to 4 and to 0 in 64 bits.
      'expected at most 2^31 values but received the shape [4194305, 4194305, 211106198978564]': a(
        entry('[4194305,4194305,211106198978564]', '[0,16]'),
      ),
      'expected at most 2^31 values but received the shape [2147483648, 2147483648, 4]': a(
        entry('[2147483648,2147483648,4]', '[0,0]'),
      ),
      'expected dimensions up to 2^31 but received 4294967296': a(entry('[0,4294967296]', '[0,0]')),
    }),
  )('%s', (message, header) => {
    const place = header.includes('"b"') ? ['b', 62] : ['a', 9];
    expect(refuse(file(header, floats(1, 2)))).toBe(
      `tensor "${place[0]}": ${message} at byte ${place[1]}. ${DAMAGED}`,
    );
  });

  it.each([0, 1, 4, 7, 9, 16])('%d bytes of data instead of 8', (length) => {
    const header = `{"a":${entry('[2]', '[0,8]')}}`;
    expect(refuse(file(header, new Uint8Array(length)))).toBe(
      `expected 8 bytes of data from byte ${8 + header.length} but received ${length}. ` +
        'Hint: the file is cut or has something appended; get it again',
    );
  });

  it('data without a tensor', () => {
    expect(refuse(file('{}', floats(1)))).toContain('expected 0 bytes of data from byte 10 but received 4');
  });

  it.each(['I64', 'U8', 'BOOL', 'F8_E4M3', 'F4', 'C64'])('of type %s', (dtype) => {
    expect(refuse(file(`{"a":${entry('[1]', '[0,2]', `"${dtype}"`)}}`, new Uint8Array(2)))).toBe(
      `tensor "a": expected F32, F64, F16 or BF16 but received ${dtype} at byte 9. ` +
        'Hint: convert the tensors to float32',
    );
  });

  it.each(['f32', 'F33', '', '__proto__'])('of the unknown type "%s"', (dtype) => {
    expect(refuse(file(`{"a":${entry('[1]', '[0,4]', `"${dtype}"`)}}`, floats(1)))).toContain(
      `expected F32, F64, F16 or BF16 but received an unknown type "${dtype}" at byte 9`,
    );
  });

  it.each([
    ['F64', 8],
    ['F16', 2],
    ['BF16', 2],
  ])('of %s and another length than %d bytes a value', (dtype, width) => {
    const bytes = 3 * width - 1;
    const header = `{"a":${entry('[3]', `[0,${bytes}]`, `"${dtype}"`)}}`;
    expect(refuse(file(header, new Uint8Array(bytes)))).toContain(
      `expected ${3 * width} bytes for the shape [3] but received ${bytes}`,
    );
  });

  it('of F64 beyond float32', () => {
    const header = `{"a":${entry('[2]', '[0,16]', '"F64"')}}`;
    expect(refuse(file(header, Buffer.from(Float64Array.of(1, -1e39).buffer)))).toContain(
      `expected values within the range of float32 but received -1e+39 at index 1 (byte ${8 + header.length + 8})`,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('with the value %s', (value) => {
    const header = `{"a":${entry('[1]', '[0,4]')},"b":${entry('[2]', '[4,12]')}}`;
    expect(refuse(file(header, floats(1, 2, value)))).toBe(
      `tensor "b": expected finite values but received ${value} at index 1 (byte ${8 + header.length + 8}). ` +
        'Hint: the training that wrote it had diverged, or the file is damaged',
    );
  });
});

describe('any damage', () => {
  it('gives a DataError or another valid content, never anything else', () => {
    const good = encodeSafetensors(
      new Map([
        ['conv1.weight', Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])],
        ['conv1.bias', Tensor.from([7, 8], [2])],
      ]),
      { format: 'test' },
    );
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, change, cut) => {
          const bytes = cut ? good.subarray(0, at) : Uint8Array.from(good);
          if (!cut) bytes[at] ^= change;
          try {
            decodeSafetensors(bytes, 'x');
            expect(cut).toBe(false);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
            expect((error as Error).message).toMatch(/^safetensors: x: .*byte/);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
