// The cases of a run: a pure function of seed and number, so that the parent can tell which one ended its child.
import { mutated } from './mutate.mjs';
import { isExpected } from './oracle.mjs';
import { FuzzRandom } from './random.mjs';

/** The most that a case may take. A slower one is a hang. */
export const SECONDS_A_CASE = 20;

/**
 * @param {import('./targets.mjs').Target} target @param {string} folder a temporary one
 * @returns {(seed: number, index: number) => Buffer}
 */
export function inputs({ seeds, words, repair, generated }, folder) {
  const valid = seeds(folder);
  return (seed, index) => {
    const random = new FuzzRandom(seed, index);
    if (generated) return Buffer.from(Uint32Array.of(random.next(), random.next()).buffer);
    // The seeds themselves first.
    if (index < valid.length) return Buffer.from(valid[index]);
    const bytes = mutated(random, valid, words);
    return repair !== undefined && random.chance(0.5) ? repair(bytes) : bytes;
  };
}

/**
 * Runs one input: whether it was accepted, or what is wrong.
 * @param {import('./targets.mjs').Target} target @param {Buffer} bytes @param {string} folder
 * @returns {Promise<boolean | string>}
 */
export async function runCase(target, bytes, folder) {
  const before = process.memoryUsage.rss() / 2 ** 20;
  const peak = process.resourceUsage().maxRSS;
  const result = await outcome(target, bytes, folder);
  const after = process.resourceUsage().maxRSS;
  const taken = after > peak ? after / 1024 - before : 0;
  const limit = target.megabytes ?? 256;
  return taken <= limit ? result : `took ${Math.round(taken)} MB, at most ${limit} are allowed`;
}

/** @param {import('./targets.mjs').Target} target @param {Buffer} bytes @param {string} folder */
async function outcome(target, bytes, folder) {
  try {
    return await target.run(Buffer.from(bytes), folder);
  } catch (error) {
    if (isExpected(error, target.codes)) return false;
    return error instanceof Error ? `${error.stack}` : String(error);
  }
}
