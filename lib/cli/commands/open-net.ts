/** The net that a command takes, from what was named on the command line. */
import { type OpenedRun, type OpenRunOptions, readRun, restoreRun } from '../../runs/open-run.js';
import { UsageError } from '../exit.js';
import { fallbackLine } from './train/plan.js';

/**
 * Opens a checkpoint, a run folder, or a file of parameters alone, which needs `options.recipe`.
 * @param command for messages: `eval`.
 * @throws {DataError} when it is missing, damaged, or of another net.
 * @throws {UsageError} for parameters alone without a recipe.
 */
export function openNet(command: string, path: string, options: OpenRunOptions = {}): OpenedRun {
  const stored = readRun(path);
  const fallback = fallbackLine(stored);
  if (fallback !== undefined) process.stderr.write(`${fallback}\n`);
  if (stored.config !== undefined || options.recipe !== undefined) return restoreRun(stored, options);
  throw new UsageError(
    `${command}: ${stored.file} holds parameters alone: expected --recipe, which says how images are prepared for them. ` +
      'Hint: --recipe fast or --recipe article',
  );
}
