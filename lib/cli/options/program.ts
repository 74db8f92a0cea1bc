/** Turns the table of options.ts into a commander program, and commander's complaints into UsageErrors. */
import { Command, type CommanderError, Option } from 'commander';
import { knownAs } from '../../options.js';
import { wantsColor } from '../terminal/color.js';
import { UsageError } from '../exit.js';
import { type HelpFrame, helpColumns, helpLayout } from './help-layout.js';
import { type CommandName, commands, environment, groups } from './commands.js';
import type { CommandSpec } from './spec.js';
import { lineWidth } from '../terminal/width.js';

/** Runs one command: `options` holds what was given, `args` the positional arguments; a `files...` is an array. */
export type RunCommand = (
  name: Exclude<CommandName, 'help'>,
  options: object,
  args: readonly (string | readonly string[] | undefined)[],
) => Promise<void>;

/** Thrown after `--help` and `--version` have printed: nothing is left to do. */
export class HelpShown extends Error {}

/** The first of the table, from training to looking at runs: the general help has an example of each. */
const mainCommands = 6;

/** Words that others use for what rownet calls otherwise. */
const otherWords: Readonly<Record<string, string>> = {
  version: '--version',
  '-v': '--version',
  fit: 'train',
  resume: 'train --resume',
  evaluate: 'eval',
  test: 'eval',
  classify: 'predict',
  recognise: 'predict',
  recognize: 'predict',
  draw: 'serve',
  list: 'runs',
  ls: 'runs',
  download: 'data get',
  benchmark: 'bench',
};

const exitCodesText =
  '0 ok, 1 failure, 2 usage, 3 data missing or corrupt, 4 addon unavailable, 5 diverged or below ' +
  '--require-accuracy, 129/130/143 stopped by a signal with a checkpoint written.';

/** The program; `parseAsync(args, { from: 'user' })` runs it. */
export function createProgram(version: string, runCommand: RunCommand): Command {
  const program = prepare(new Command('rownet'), 'rownet', {
    before: {
      title: 'Examples',
      items: Object.values(commands)
        .slice(0, mainCommands)
        .map((command) => command.examples[0]),
    },
    after: [
      { title: 'Environment', items: environment },
      { title: 'Exit codes', text: exitCodesText },
      { title: 'More', text: 'rownet help <command> shows examples and options of one.' },
    ],
  })
    .description('Train LeNet-5 and other small networks on the CPU.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false);
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
  const members = Object.entries(commands).filter(([path]) => path.startsWith(`${name} `));
  const frame = { before: { title: 'Examples', items: members.map(([, { examples }]) => examples[0]) } };
  const group = prepare(new Command(name), name, frame).description(groups[name]).helpCommand(false);
  program.addCommand(group);
  return group;
}

function createCommand(name: CommandName, spec: CommandSpec, runCommand: RunCommand): Command {
  const frame = { before: { title: 'Examples', items: spec.examples } };
  const command = prepare(new Command(name.split(' ').at(-1)), name, frame).description(spec.summary);
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
  return command.action(async () => {
    if (name === 'help') await showHelp(command.parent as Command, command.args);
    else await runCommand(name, command.opts(), command.processedArgs);
  });
}

/**
 * `rownet help data get` is `rownet data get --help`.
 * @throws {UsageError} for a command that is not known, as where it is called.
 */
async function showHelp(program: Command, words: readonly string[]): Promise<void> {
  let shown = program;
  for (const word of words) {
    const next = shown.commands.find((command) => command.name() === word);
    if (next === undefined && shown.commands.length === 0) {
      throw new UsageError(`help: expected a command but received "${words.join(' ')}"`);
    }
    // A group refuses it with what is near.
    if (next === undefined) return void (await shown.parseAsync([word], { from: 'user' }));
    shown = next;
  }
  shown.outputHelp();
}

/** Settings that every command shares: errors are thrown, not printed, and carry exit code 2. */
function prepare(command: Command, name: string, frame: HelpFrame = {}): Command {
  return command
    .exitOverride((error) => {
      if (error.exitCode === 0) throw new HelpShown();
      throw new UsageError(`${name}: ${usageMessage(error, name)}`);
    })
    .configureOutput({
      outputError: () => {},
      getOutHasColors: () => wantsColor(process.stdout),
      getErrHasColors: () => wantsColor(process.stderr),
      getOutHelpWidth: () => Math.min(helpColumns, lineWidth(process.stdout)),
      getErrHelpWidth: () => Math.min(helpColumns, lineWidth(process.stderr)),
    })
    .helpOption('-h, --help', 'show this help')
    .configureHelp(helpLayout(frame));
}

/** `error: unknown option '--epoch'\n(Did you mean --epochs?)` -> `unknown option "--epoch". Did you mean "--epochs"?` */
export function usageMessage(error: CommanderError, name: string): string {
  if (error.code === 'commander.help') {
    return 'expected a command';
  }
  const [message = '', suggestion] = error.message
    .replace(/^error: /, '')
    .replace(/'([^']*)'/g, '"$1"')
    .split('\n');
  const names = suggestion?.match(/-*[\w-]+(?=[,?])/g) ?? [];
  const [, unknown = ''] = /^unknown (?:command|option) "(.*)"$/.exec(message) ?? [];
  const other = name === 'rownet' ? otherWord(unknown) : otherOption(unknown, name);
  const better = [...new Set([...other, ...names])].map((name) => `"${name}"`).join(' or ');
  return better === '' ? message : `${message}. Did you mean ${better}?`;
}

function otherWord(unknown: string): string[] {
  return Object.hasOwn(otherWords, unknown) ? [otherWords[unknown]] : [];
}

/** `--learning-rate` is `--lr`: the words of others are those for the options of the library. */
function otherOption(unknown: string, name: string): string[] {
  if (!unknown.startsWith('--') || !Object.hasOwn(commands, name)) return [];
  const { options }: CommandSpec = commands[name as CommandName];
  const key = knownAs(unknown, Object.keys(options));
  return key === undefined ? [] : [options[key].flags.split(' ')[0]];
}
