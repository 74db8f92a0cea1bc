/** The command line: parse, run one command, turn errors into a message and an exit code. */
import { describeError, exitCodeOf } from './exit.js';
import type { OptionsOf } from './options.js';
import { handleLostOutput, stdoutLost } from './output.js';
import { createProgram, HelpShown, type RunCommand } from './program.js';
import { packageVersion } from './version.js';

/** Runs `rownet ...args` and sets `process.exitCode`; output that is still in a pipe is not cut off. */
export async function run(args: readonly string[]): Promise<void> {
  handleLostOutput();
  try {
    await createProgram(packageVersion(), runCommand).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof HelpShown || stdoutLost.aborted) return;
    const verbose = !['', '0'].includes(process.env.ROWNET_VERBOSE ?? '');
    process.stderr.write(`${describeError(error, verbose)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** Each command is imported when it is called, so that `--help` loads neither the addon nor the library. */
const runCommand: RunCommand = async (name, options, args) => {
  switch (name) {
    case 'train':
      return (await import('./commands/train.js')).train(options as OptionsOf<'train'>);
    case 'eval':
      return (await import('./commands/eval.js')).evaluateCheckpoint(
        args[0] as string,
        options as OptionsOf<'eval'>,
      );
    case 'serve':
      return (await import('./commands/serve.js')).serve(args[0] as string, options as OptionsOf<'serve'>);
    case 'export':
      return (await import('./commands/export.js')).exportCheckpoint(
        args[0] as string,
        options as OptionsOf<'export'>,
      );
    case 'info':
      return (await import('./commands/info.js')).info(options as OptionsOf<'info'>);
    case 'bench':
      return (await import('./commands/bench.js')).bench(options as OptionsOf<'bench'>);
  }
};
