/** The net that a command takes, from what was named on the command line. */
import { type OpenedRun, type OpenRunOptions, readRun, restoreRun } from '../../runs/open-run.js';
import { chosenNet, makeStoredNet } from './chosen-net.js';
import { UsageError } from '../exit.js';
import { fallbackLine } from './train/plan.js';

/** The net by its name on the command line. */
export interface OpenNetOptions extends Omit<OpenRunOptions, 'net'> {
  readonly net?: string | undefined;
}

/**
 * Opens a checkpoint, a run folder, or a file of parameters alone, which needs `options.recipe`.
 * @param command for messages: `eval`.
 * @throws {DataError} when it is missing, damaged, or of another net.
 * @throws {UsageError} for parameters alone without a recipe, and for a `net` that there is not.
 */
export async function openNet(
  command: string,
  path: string,
  options: OpenNetOptions = {},
): Promise<OpenedRun> {
  const stored = readRun(path);
  const fallback = fallbackLine(stored);
  if (fallback !== undefined) process.stderr.write(`${fallback}\n`);
  if (stored.config !== undefined || options.recipe !== undefined) {
    const { net: name, recipe, size, weights } = options;
    const chosen = name === undefined ? undefined : await chosenNet(command, name);
    const net = chosen === undefined ? undefined : await makeStoredNet(command, chosen, stored, size);
    return restoreRun(stored, { recipe, size, net, weights });
  }
  throw new UsageError(
    `${command}: ${stored.file} holds parameters alone: expected --recipe, which says how images are prepared for them. ` +
      'Hint: --recipe fast or --recipe article',
  );
}
