/** Long work in the main thread that still lets timers, sockets and signals have their turn. */
import { setImmediate } from 'node:timers/promises';

/** Work between two breaks, in milliseconds. */
const SLICE = 8;

/** `if (breaks.due()) await breaks.take();` between small pieces of work. */
export class EventLoopBreaks {
  #last = performance.now();

  /** Whether the work since the last break has taken long enough. */
  due(): boolean {
    return performance.now() - this.#last >= SLICE;
  }

  /** One turn of the event loop. */
  async take(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
  }
}
