// Reproducible random numbers: the case number `index` of a run with `seed` is always the same.

export class FuzzRandom {
  #state;

  /** @param {number} seed @param {number} [index] */
  constructor(seed, index = 0) {
    // Mixed by the finalizer of MurmurHash3, so that neighbouring cases have nothing in common.
    let hash = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    this.#state = (hash ^ (hash >>> 16)) >>> 0;
  }

  /** An integer from 0 to 2^32 - 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer from 0 to `limit` - 1. @param {number} limit */
  below(limit) {
    return this.next() % limit;
  }

  /** @param {number} share */
  chance(share) {
    return this.next() < share * 2 ** 32;
  }

  /** @template T @param {readonly T[]} choices @returns {T} */
  pick(choices) {
    return choices[this.below(choices.length)];
  }
}
