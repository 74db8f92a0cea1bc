/** The time that a training computes, without that of others between its steps. */

/** Runs from the start, and stands during `stand`. */
export class Stopwatch {
  /** Up to the last start. */
  #seconds: number;
  #started = performance.now();

  /** @param seconds that were counted before. */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Read while it runs. */
  get seconds(): number {
    return this.#seconds + (performance.now() - this.#started) / 1000;
  }

  /** Waits for what is not counted, also where it fails. */
  async stand(wait: () => Promise<void>): Promise<void> {
    this.#seconds = this.seconds;
    try {
      await wait();
    } finally {
      this.#started = performance.now();
    }
  }
}
