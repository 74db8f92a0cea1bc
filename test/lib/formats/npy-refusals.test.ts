import { describe, expect, it } from 'vitest';
import { literal, npy, pack, refuse } from './npz-files.js';
import { floats } from './safetensors-files.js';

describe('an array', () => {
  const ofArray = (bytes: Uint8Array) => {
    const message = refuse(pack({ 'a.npy': bytes }));
    expect(message.startsWith('"a.npy": ')).toBe(true);
    return message.slice('"a.npy": '.length);
  };
  const data = floats(1, 2);
  const header = literal();
  const begin = 10 + header.length + 1;

  const versions = 'expected version 1.0, 2.0 or 3.0 but received';
  it.each([
    ['expected the start of an npy file at byte 0', Buffer.from('hello, world')],
    ['expected the start of an npy file at byte 0', new Uint8Array(0)],
    [`${versions} 0.1 at byte 6`, npy(header, data, [0, 1])],
    [`${versions} 1.1 at byte 6`, npy(header, data, [1, 1])],
    [`${versions} 4.0 at byte 6`, npy(header, data, [4, 0])],
    ['expected the length of the header at byte 8', npy(header, data).subarray(0, 8)],
    [`header promises ${begin} bytes, file has 40 at byte 8`, npy(header, data).subarray(0, 40)],
    [
      'expected a header of at most 10000 bytes but received 11001 at byte 8',
      npy(header.padEnd(11_000), data),
    ],
    [`expected 8 bytes for the shape (2) but received 4 at byte ${begin}`, npy(header, floats(1))],
    [`expected 8 bytes for the shape (2) but received 12 at byte ${begin}`, npy(header, floats(1, 2, 3))],
    [
      `expected finite float32 values but received NaN (index 1) at byte ${begin + 4}`,
      npy(header, floats(1, Number.NaN)),
    ],
    [
      'expected finite float32 values but received 1e+39 (index 0) at byte 66',
      npy(literal('()', "'<f8'"), Buffer.from(Float64Array.of(1e39).buffer)),
    ],
  ])('%s', (message, bytes) => {
    expect(ofArray(bytes)).toBe(message);
  });

  it.each(["'|O'", "'O'", "'<O8'"])('of objects, %s', (descr) => {
    expect(ofArray(npy(literal('(2,)', descr), data))).toBe(
      'expected float32 but received objects at byte 20',
    );
  });

  it.each(['<i4', '|u1', '|f2', '=f4', 'f4', '<c8', '<f16', '<f', '<__proto__', ''])(
    'of type "%s"',
    (descr) => {
      expect(ofArray(npy(literal('(2,)', `'${descr}'`), data))).toBe(
        `expected float32, float64 or float16 but received "${descr}" at byte 20`,
      );
    },
  );

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
