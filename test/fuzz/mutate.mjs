// What is done to the bytes of a valid file.

/** Sizes, counts and signs that parsers get wrong. */
const INTERESTING = [
  0, 1, 2, 3, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1024, 4096, 32767, 32768, 65535, 65536,
  16777216, 2147483647, 2147483648, 4294967294, 4294967295,
];

/** A larger input finds no more, and takes longer. */
const MAX_BYTES = 65_536;

/**
 * @typedef {import('./random.mjs').FuzzRandom} FuzzRandom
 * @typedef {(bytes: Buffer, random: FuzzRandom, seeds: readonly Buffer[], words: readonly string[]) => Buffer} Mutation
 */

/** @type {Record<string, Mutation>} */
export const mutations = {
  flipBit(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },

  setByte(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },

  truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },

  insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const piece = Buffer.alloc(1 + random.below(16), random.below(256));
    if (random.chance(0.5)) for (let i = 0; i < piece.length; i += 1) piece[i] = random.below(256);
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },

  remove(bytes, random) {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
  },

  repeat(bytes, random) {
    const from = random.below(bytes.length + 1);
    const piece = bytes.subarray(from, from + 1 + random.below(64));
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },

  splice(bytes, random, seeds) {
    const other = random.pick(seeds);
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },

  setInteger(bytes, random) {
    const width = random.pick([1, 2, 4, 8]);
    if (bytes.length < width) return bytes;
    const at = random.below(bytes.length - width + 1);
    const value = BigInt.asUintN(
      8 * width,
      BigInt(random.pick(INTERESTING)) * (random.chance(0.1) ? -1n : 1n),
    );
    const digits = Buffer.from(value.toString(16).padStart(2 * width, '0'), 'hex');
    bytes.set(random.chance(0.5) ? digits : digits.reverse(), at);
    return bytes;
  },

  /** Of the texts that the format gives a meaning. */
  word(bytes, random, _seeds, words) {
    if (words.length === 0) return bytes;
    const at = random.below(bytes.length + 1);
    const word = Buffer.from(random.pick(words));
    const skipped = random.chance(0.5) ? word.length : random.below(4);
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + skipped)]);
  },
};

const list = Object.values(mutations);

/**
 * A copy of one of the seeds, mutated one to eight times, once most often.
 * @param {FuzzRandom} random @param {readonly Buffer[]} seeds @param {readonly string[]} [words]
 */
export function mutated(random, seeds, words = []) {
  let bytes = Buffer.from(random.pick(seeds));
  let count = 1;
  while (count < 8 && random.chance(0.5)) count += 1;
  for (let i = 0; i < count; i += 1) bytes = Buffer.from(random.pick(list)(bytes, random, seeds, words));
  return bytes.subarray(0, MAX_BYTES);
}
