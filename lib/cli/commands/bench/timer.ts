/** Repeated times by name, of which the median counts. In seconds. */
import { median } from '../../../runs/statistics.js';

export class Timer {
  readonly #seconds = new Map<string, number[]>();

  time<Result>(name: string, run: () => Result): Result {
    const start = performance.now();
    const result = run();
    this.add(name, (performance.now() - start) / 1000);
    return result;
  }

  add(name: string, seconds: number): void {
    const all = this.#seconds.get(name);
    if (all === undefined) this.#seconds.set(name, [seconds]);
    else all.push(seconds);
  }

  median(name: string): number {
    return median(this.#seconds.get(name) ?? []) ?? 0;
  }
}
