/** The command line: parse, run one command, turn errors into a message and an exit code. */
import { describeError, exitCodeOf } from './exit.js';
import type { OptionsOf } from './options/commands.js';
import { handleLostOutput, isVerbose, stdoutLost } from './terminal/output.js';
import { createProgram, HelpShown, type RunCommand } from './options/program.js';
import { endWithTerminal } from './terminal/signals.js';
import { packageVersion } from '../version.js';
import { takeWarnings } from '../warnings.js';
import { printableMessage } from './terminal/printable.js';

/** Runs `rownet ...args` and sets `process.exitCode`; output that is still in a pipe is not cut off. */
export async function run(args: readonly string[]): Promise<void> {
  handleLostOutput();
  endWithTerminal();
  takeWarnings((message) => process.stderr.write(`note: ${printableMessage(message)}\n`));
  try {
    await createProgram(packageVersion(), runCommand).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof HelpShown || stdoutLost.aborted) return;
    process.stderr.write(`${describeError(error, isVerbose())}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** Each command is imported when it is called, so that `--help` loads neither the addon nor the library. */
const runners: {
  [Name in Parameters<RunCommand>[0]]: (words: readonly string[], options: OptionsOf<Name>) => Promise<void>;
} = {
  train: async (_, options) => (await import('./commands/train.js')).train(options),
  eval: async ([run], options) => (await import('./commands/eval.js')).evaluateCheckpoint(run, options),
  predict: async (words, options) => (await import('./commands/predict.js')).predict(words, options),
  serve: async ([run], options) => (await import('./commands/serve.js')).serve(run, options),
  explain: async ([image], options) => (await import('./commands/explain.js')).explain(image, options),
  runs: async ([folder], options) => (await import('./commands/runs.js')).runs(folder, options),
  report: async ([run], options) => (await import('./commands/report.js')).report(run, options),
  export: async ([run], options) => (await import('./commands/export.js')).exportCheckpoint(run, options),
  'data get': async ([set], options) => (await import('./commands/data-get.js')).dataGet(set, options),
  'data list': async (_, options) => (await import('./commands/data-list.js')).dataList(options),
  info: async (_, options) => (await import('./commands/info.js')).info(options),
  doctor: async (_, options) => (await import('./commands/doctor.js')).doctor(options),
  bench: async (_, options) => (await import('./commands/bench.js')).bench(options),
  completion: async ([shell]) =>
    (await import('./commands/completion.js')).completion(shell as 'bash' | 'zsh'),
};

const runCommand: RunCommand = async (name, options, args) => {
  // The doctor tells them among the rest.
  if (name !== 'doctor') {
    const level = process.env.ROWNET_MAX_ISA;
    if (level) (await import('./options/isa.js')).checkMaxIsa(level);
    // The addon would refuse the variable at the first kernel, also of a command that takes no --threads.
    (await import('./options/threads.js')).resolveThreads((options as OptionsOf<'train'>).threads);
  }
  const words = args.flat().filter((word) => word !== undefined);
  await runners[name](words, options as never);
};
