/** Commands that serve a page until somebody ends them. */
import { aborted, listenForStop, stopExitCode } from './signals.js';

/** Starts, waits for a signal, closes. Ctrl-C is the ordinary end: exit code 0. */
export async function serveUntilStopped(start: () => Promise<{ close(): Promise<void> }>): Promise<void> {
  const stop = listenForStop();
  try {
    const page = await start();
    // Servers and sockets do not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    await aborted(stop.signal);
    clearInterval(alive);
    await page.close();
  } finally {
    stop.dispose();
  }
  const cause = stop.cause();
  if (cause === undefined || cause === 'SIGINT') return;
  const code = stopExitCode(cause);
  if (code !== undefined) process.exitCode = code;
}
