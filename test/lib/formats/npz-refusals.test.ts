import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { decodeNpz, encodeNpz } from '../../../lib/formats/npz.js';
import { Tensor } from '../../../lib/tensor.js';
import { literal, npy, pack, parts, patched, refuse } from './npz-files.js';
import { floats } from './safetensors-files.js';
import { pattern } from '../../support/misuse.js';

const good = pack({ 'a.npy': npy(literal(), floats(1, 2)) });
const { central, end } = parts(good);
const two = pack({ 'a.npy': npy(literal(), floats(1, 2)), 'b.npy': npy(literal(), floats(3, 4)) });

describe('an archive', () => {
  it.each(
    Object.entries({
      'expected the end of a zip directory at byte 0': new Uint8Array(0),
      [`expected the end of a zip directory at byte ${end - 1}`]: good.subarray(0, -1),
      [`expected the end of a zip directory at byte ${end + 1}`]: Buffer.concat([good, Buffer.of(0)]),
      [`expected the directory to end at byte ${end + 1} but it ends at ${end}, as told at byte ${end + 13}`]:
        Buffer.concat([Buffer.of(0), good]),
      [`expected no comment at byte ${end + 20}`]: patched(good, [end + 20, 1, 2]),
      [`expected an archive in one part at byte ${end}`]: patched(good, [end + 4, 1, 2]),
      [`expected a zip archive below 4 GiB but received zip64 at byte ${end}`]: patched(
        good,
        [end + 8, 0xffff, 2],
        [end + 10, 0xffff, 2],
      ),
      [`expected member 2 of 2 in the directory at byte ${end}`]: patched(
        good,
        [end + 8, 2, 2],
        [end + 10, 2, 2],
      ),
      [`expected 0 members in the directory but there are more at byte ${central}`]: patched(
        good,
        [end + 8, 0, 2],
        [end + 10, 0, 2],
      ),
      [`expected member 1 of 1 in the directory at byte ${central - 1}`]: patched(
        good,
        [end + 16, central - 1, 4],
        [end + 12, end - central + 1, 4],
      ),
      [`expected a directory up to byte ${end} but it goes on to ${central + 46 + 60_000} at byte ${central}`]:
        patched(good, [central + 28, 60_000, 2]),
    }),
  )('%s', (message, bytes) => {
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

  const asInDirectory = `${size} bytes packed to ${size}, as in the directory, but received`;
  it.each<[message: string, ...changes: [number, number, 2 | 4][]]>([
    [`expected a member that is not encrypted ${at}`, [central + 8, 1, 2]],
    [`expected sizes before the contents but they follow ${at}`, [central + 8, 8, 2]],
    [`expected no other flags but received 64 ${at}`, [central + 8, 64, 2]],
    [`expected a stored or deflated member but received method 12 ${at}`, [central + 10, 12, 2]],
    [`expected a member below 4 GiB but received zip64 ${at}`, [central + 24, 0xffffffff, 4]],
    [`expected a stored member of ${size} bytes but received ${size - 1} ${at}`, [central + 20, size - 1, 4]],
    [
      'expected flags, method and CRC-32 as in the directory but received others at byte 0',
      [central + 16, 1, 4],
    ],
    ['expected flags, method and CRC-32 as in the directory but received others at byte 0', [8, 8, 2]],
    [`expected ${asInDirectory} 5 packed to ${size} at byte 0`, [22, 5, 4]],
    // Sizes as zip64 that are missing.
    [
      `expected ${asInDirectory} 4294967295 packed to 4294967295 at byte 0`,
      [18, 0xffffffff, 4],
      [22, 0xffffffff, 4],
    ],
    ['expected a member at byte 0', [0, 0, 4]],
    [`expected contents up to byte ${central} but they go on at byte 0`, [28, 60_000, 2]],
    ['expected this name, as in the directory, but received "b.npy" at byte 0', [30, 0x2e62, 2]],
    // Another CRC-32 in both places.
    ['expected contents of CRC-32 1 but received ... at byte 35', [14, 1, 4], [central + 16, 1, 4]],
  ])('%s', (message, ...changes) => {
    expect(refuse(patched(good, ...changes))).toMatch(pattern(`"a.npy": ${message}`));
  });

  it('with a byte behind its packed contents', () => {
    const packed = pack({ 'a.npy': npy(literal('(256,)'), new Uint8Array(1024)) }, { level: 9 });
    const { central: at, end: last } = parts(packed);
    const length = Buffer.from(packed).readUInt32LE(18);
    const longer = Buffer.concat([packed.subarray(0, at), Buffer.of(0), packed.subarray(at)]);
    const changed = patched(longer, [18, length + 1, 4], [at + 21, length + 1, 4], [last + 17, at + 1, 4]);
    expect(refuse(changed)).toBe(
      `"a.npy": expected ${length + 1} packed bytes but they end after ${length} at byte 35`,
    );
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
