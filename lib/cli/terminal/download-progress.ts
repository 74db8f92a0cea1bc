/** Shows how a download runs, on stderr: a line that is rewritten on a terminal, a line a file elsewhere. */
import type { DownloadProgress } from '../../data/download.js';
import { isInteractive } from './color.js';

export interface DownloadReporter {
  update(file: string, progress: DownloadProgress): void;
  /** A line that stays. */
  log(line: string): void;
  /** Removes what is not meant to stay. */
  clear(): void;
}

const interval = 100;
const clearLine = '\r\u001b[K';

export function createDownloadReporter(
  quiet: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): DownloadReporter {
  if (quiet) return { update() {}, log() {}, clear() {} };
  const interactive = isInteractive(stream);
  let shown = false;
  let next = 0;
  const clear = () => {
    if (shown) stream.write(clearLine);
    shown = false;
  };
  return {
    update(file, progress) {
      const now = performance.now();
      if (!interactive || now < next) return;
      next = now + interval;
      // One column stays free: a line as wide as the terminal wraps on some, and could not be rewritten.
      stream.write(`${clearLine}${progressText(file, progress).slice(0, (stream.columns || 80) - 1)}`);
      shown = true;
    },
    log(line) {
      clear();
      stream.write(`${line}\n`);
    },
    clear,
  };
}

/** `train-images-idx3-ubyte.gz  3.2 of 9.9 MB`. */
export function progressText(file: string, { received, total }: DownloadProgress): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `${file}  ${megabytes(received)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB`;
}
