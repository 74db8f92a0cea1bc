/** What `--live` adds to a training: the page, and when the program waits for it. */
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { LivePage } from '../../../web/live-page.js';
import type { ComparedRun } from '../../../training/epoch-record.js';
import { printJson } from '../../terminal/output.js';
import type { Reporter } from '../../terminal/progress.js';
import { aborted } from '../../terminal/signals.js';
import { listRuns } from '../../../runs/list.js';

export interface LiveSettings {
  /** 0 for any free one. */
  readonly port: number;
  /** Whether the address is printed to stdout as an event too. */
  readonly json: boolean;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Of the run; finished runs beside it can be compared. */
  readonly folder: string;
}

/** Those under `folder` that have ended, but for one. */
export async function finishedRuns(folder: string, except?: string): Promise<ComparedRun[]> {
  const { runs } = await listRuns(folder);
  return runs
    .filter(({ state, path, metrics }) => state === 'finished' && metrics.length > 0 && path !== except)
    .map(({ name, metrics }) => ({ name, epochs: metrics }));
}

/** A page that is loaded anew comes back within this. */
const reloadMs = 1500;

/** A training's page, and how long the program waits for it. */
export class LiveView {
  readonly page: LivePage;
  readonly #settings: LiveSettings;
  /** One for all waits: each listener of a signal stays with it. */
  readonly #aborted: Promise<void>;
  #url = '';

  constructor(settings: LiveSettings) {
    const { port, folder } = settings;
    this.#settings = settings;
    this.#aborted = aborted(settings.signal);
    this.page = new LivePage({
      port,
      runs: () => finishedRuns(dirname(resolve(folder)), resolve(folder)),
      onListen() {},
    });
  }

  /** Starts to serve. @throws {StateError} if the port is taken */
  async listen(): Promise<void> {
    this.#url = await this.page.listen();
  }

  /** Says where. On a terminal waits until the page is open, or Enter is pressed: a training takes seconds. */
  async open(): Promise<void> {
    const { reporter, json } = this.#settings;
    reporter.log(`Live page: ${this.#url}`);
    if (json) printJson({ event: 'live', url: this.#url });
    if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return;
    reporter.log('Open it to start the training, or press Enter to start without.');
    const lines = createInterface({ input: process.stdin });
    const enter = new Promise<void>((resolve) =>
      lines.once('line', () => resolve()).once('close', () => resolve()),
    );
    await Promise.race([this.page.viewersChange(), enter, this.#aborted]);
    lines.close();
    process.stdin.pause();
  }

  /** Serves on until the last page is closed, or a signal comes. */
  async stay(): Promise<void> {
    const { reporter, signal } = this.#settings;
    if (this.page.viewers > 0 && !signal.aborted) {
      reporter.log('The live page stays until it is closed; Ctrl-C ends it.');
      // The sockets of the page do not keep the process alive.
      const alive = setInterval(() => {}, 60_000);
      while (this.page.viewers > 0 && !signal.aborted) {
        await Promise.race([this.page.viewersChange(), this.#aborted]);
        // A page that is loaded anew is gone for a moment.
        if (this.page.viewers === 0) await Promise.race([setTimeout(reloadMs), this.#aborted]);
      }
      clearInterval(alive);
    }
    await this.page.close();
  }
}
