/** `rownet doctor`: what is wrong here, and how to mend it. */
import { platform } from 'node:os';
import { takeWarnings } from '../../warnings.js';
import { diagnose } from '../doctor/checks.js';
import { thisMachine } from '../doctor/machine.js';
import { exitCodes } from '../exit.js';
import type { OptionsOf } from '../options.js';
import { paint, print, printJson } from '../output.js';
import { printable } from '../printable.js';
import { packageVersion } from '../version.js';

const colors = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** Sets the exit code: 4 when the addon does not load, else 1 when there is a problem. */
export async function doctor(options: OptionsOf<'doctor'>): Promise<void> {
  // A check says of threads what setting them would say too.
  takeWarnings(() => {});
  const { checks, addonLoads } = diagnose(thisMachine());
  if (options.json) {
    printJson({ rownet: packageVersion(), platform: `${platform()} ${process.arch}`, checks });
  } else {
    const nameWidth = Math.max(...checks.map(({ name }) => name.length));
    for (const { name, status, message, hint } of checks) {
      const label = paint(colors[status], status.padEnd('warning'.length), process.stdout);
      print(`${label}  ${name.padEnd(nameWidth)}  ${printable(message)}`);
      if (hint !== undefined) print(`${' '.repeat(nameWidth + 11)}To mend it: ${printable(hint)}`);
    }
  }
  if (!addonLoads) process.exitCode = exitCodes.addon;
  else if (checks.some(({ status }) => status === 'problem')) process.exitCode = exitCodes.failure;
}
