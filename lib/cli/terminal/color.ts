/** Whether a stream takes escape codes. Without imports, since bin/rownet.mjs asks before anything else is loaded. */

type Env = Readonly<Record<string, string | undefined>>;

/** Whether escape codes may be sent to `stream`: a capable terminal, and no NO_COLOR; FORCE_COLOR overrides. */
export function wantsColor(stream: { isTTY?: boolean }, env: Env = process.env): boolean {
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true;
  return isInteractive(stream, env);
}

/** Whether a line of `stream` may be rewritten (the progress bar). */
export function isInteractive(stream: { isTTY?: boolean }, env: Env = process.env): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
