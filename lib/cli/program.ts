/** Turns the table of options.ts into a commander program, and commander's complaints into UsageErrors. */
import { Command, type CommanderError, Option } from 'commander';
import { UsageError } from './exit.js';
import { type CommandName, commands, environment, groups } from './options.js';
import type { CommandSpec } from './spec.js';

/** Runs one command: `options` holds what was given, `args` the positional arguments; a `files...` is an array. */
export type RunCommand = (
  name: CommandName,
  options: object,
  args: readonly (string | readonly string[] | undefined)[],
) => Promise<void>;

/** Thrown after `--help` and `--version` have printed: nothing is left to do. */
export class HelpShown extends Error {}

/** The program; `parseAsync(args, { from: 'user' })` runs it. */
export function createProgram(version: string, runCommand: RunCommand): Command {
  const program = prepare(new Command('rownet'), 'rownet')
    .description('Train LeNet-5 and other small networks on the CPU.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false)
    .addHelpText('before', examplesText(Object.values(commands).map((command) => command.examples[0])))
    .addHelpText('after', environmentText());
  for (const name of Object.keys(commands) as CommandName[]) {
    const [first, second] = name.split(' ');
    const parent = second === undefined ? program : groupOf(program, first);
    parent.addCommand(createCommand(name, commands[name], runCommand));
  }
  return program;
}

/** The parent of `data get`, `data list`, ...: it only lists them. */
function groupOf(program: Command, name: string): Command {
  const existing = program.commands.find((command) => command.name() === name);
  if (existing !== undefined) return existing;
  const group = prepare(new Command(name), name).description(groups[name]).helpCommand(false);
  program.addCommand(group);
  return group;
}

function createCommand(name: CommandName, spec: CommandSpec, runCommand: RunCommand): Command {
  const command = prepare(new Command(name.split(' ').at(-1)), name)
    .description(spec.summary)
    .addHelpText('before', examplesText(spec.examples));
  for (const { name: argument, description, read } of spec.arguments ?? []) {
    const shown = argument.startsWith('[') ? argument : `<${argument}>`;
    if (read === undefined) command.argument(shown, description);
    else command.argument(shown, description, (value: string) => read(value, `${name}: ${argument}`));
  }
  for (const [key, { flags, description, fallback, read }] of Object.entries(spec.options)) {
    const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
    const option = new Option(flags, text);
    if (option.attributeName() !== key) throw new Error(`options: ${flags} stands under the name ${key}`);
    if (read !== undefined) option.argParser((value: string) => read(value, `${name}: ${option.long}`));
    command.addOption(option);
  }
  return command.action(async () => runCommand(name, command.opts(), command.processedArgs));
}

/** Settings that every command shares: errors are thrown, not printed, and carry exit code 2. */
function prepare(command: Command, name: string): Command {
  return command
    .exitOverride((error) => {
      if (error.exitCode === 0) throw new HelpShown();
      throw new UsageError(`${name}: ${usageMessage(error, name)}`);
    })
    .configureOutput({ outputError: () => {} })
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ showGlobalOptions: false });
}

/** `error: unknown option '--epoch'\n(Did you mean --epochs?)` -> `unknown option "--epoch". Did you mean "--epochs"?` */
export function usageMessage(error: CommanderError, name: string): string {
  if (error.code === 'commander.help') {
    return `expected a command. Hint: ${name === 'rownet' ? name : `rownet ${name}`} --help lists them`;
  }
  const [message = '', suggestion] = error.message
    .replace(/^error: /, '')
    .replace(/'([^']*)'/g, '"$1"')
    .split('\n');
  const names = suggestion?.match(/-*[\w-]+(?=[,?])/g) ?? [];
  const better = names.map((name) => `"${name}"`).join(' or ');
  return better === '' ? message : `${message}. Did you mean ${better}?`;
}

function examplesText(examples: readonly (readonly [string, string])[]): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`);
  return `Examples:\n${lines.join('\n')}\n`;
}

function environmentText(): string {
  const width = Math.max(...environment.map(([name]) => name.length));
  const lines = environment.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
  return [
    '\nEnvironment:',
    ...lines,
    '\nExit codes: 0 ok, 1 failure, 2 usage, 3 data missing or corrupt, 4 addon unavailable,',
    '5 diverged or below --require-accuracy, 129/130/143 stopped by a signal with a checkpoint written.',
  ].join('\n');
}
