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
const runCommand: RunCommand = async (name, options, args) => {
  // The doctor tells them among the rest.
  if (name !== 'doctor') {
    const level = process.env.ROWNET_MAX_ISA;
    if (level) (await import('./options/isa.js')).checkMaxIsa(level);
    const { checkThreads } = await import('./options/threads.js');
    checkThreads('threads' in options ? options.threads : undefined);
  }
  switch (name) {
    case 'train':
      return (await import('./commands/train.js')).train(options as OptionsOf<'train'>);
    case 'eval':
      return (await import('./commands/eval.js')).evaluateCheckpoint(
        args[0] as string | undefined,
        options as OptionsOf<'eval'>,
      );
    case 'predict':
      return (await import('./commands/predict.js')).predict(
        args.flat().filter((word) => word !== undefined),
        options as OptionsOf<'predict'>,
      );
    case 'explain':
      return (await import('./commands/explain.js')).explain(
        args[0] as string | undefined,
        options as OptionsOf<'explain'>,
      );
    case 'serve':
      return (await import('./commands/serve.js')).serve(
        args[0] as string | undefined,
        options as OptionsOf<'serve'>,
      );
    case 'runs':
      return (await import('./commands/runs.js')).runs(
        args[0] as string | undefined,
        options as OptionsOf<'runs'>,
      );
    case 'report':
      return (await import('./commands/report.js')).report(
        args[0] as string | undefined,
        options as OptionsOf<'report'>,
      );
    case 'export':
      return (await import('./commands/export.js')).exportCheckpoint(
        args[0] as string | undefined,
        options as OptionsOf<'export'>,
      );
    case 'data get':
      return (await import('./commands/data-get.js')).dataGet(
        args[0] as string,
        options as OptionsOf<'data get'>,
      );
    case 'data list':
      return (await import('./commands/data-list.js')).dataList(options as OptionsOf<'data list'>);
    case 'info':
      return (await import('./commands/info.js')).info(options as OptionsOf<'info'>);
    case 'doctor':
      return (await import('./commands/doctor.js')).doctor(options as OptionsOf<'doctor'>);
    case 'bench':
      return (await import('./commands/bench.js')).bench(options as OptionsOf<'bench'>);
    case 'completion':
      return (await import('./commands/completion.js')).completion(args[0] as 'bash' | 'zsh');
  }
};
