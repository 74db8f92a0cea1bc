/** `rownet doctor`: what is wrong here, and how to mend it. */
import { platform } from 'node:os';
import { takeWarnings } from '../../warnings.js';
import type { Check } from './doctor/check.js';
import { diagnose } from './doctor/checks.js';
import { thisMachine } from './doctor/machine.js';
import { exitCodes } from '../exit.js';
import type { OptionsOf } from '../options/commands.js';
import { paint, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { itemLines } from '../terminal/table.js';
import { packageVersion } from '../../version.js';
import { lineWidth } from '../terminal/width.js';

const colors = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** Sets the exit code: 4 when the addon does not load, else 1 when there is a problem. */
export async function doctor(options: OptionsOf<'doctor'>): Promise<void> {
  // A check says of threads what setting them would say too.
  takeWarnings(() => {});
  const { checks, addonLoads } = diagnose(thisMachine());
  if (options.json) {
    printJson({ rownet: packageVersion(), platform: `${platform()} ${process.arch}`, checks });
  } else {
    for (const line of describeChecks(checks, lineWidth(process.stdout))) print(line);
  }
  if (!addonLoads) process.exitCode = exitCodes.addon;
  else if (checks.some(({ status }) => status === 'problem')) process.exitCode = exitCodes.failure;
}

/** A line a check, wrapped where the terminal is narrow, and what to do below. */
function describeChecks(checks: readonly Check[], columns: number): string[] {
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, status, message, hint }) => {
    const label = status.padEnd('warning'.length);
    const term = `${label}  ${name.padEnd(nameWidth)}`;
    const [first, ...more] = itemLines([term, printable(message)], term.length, columns);
    // Commands in it are to be copied.
    const mend =
      hint === undefined
        ? []
        : itemLines(['', `To mend it: ${printable(hint)}`], term.length, columns, { whole: true });
    return [first.replace(label, () => paint(colors[status], label, process.stdout)), ...more, ...mend];
  });
}
