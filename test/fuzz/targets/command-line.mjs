// The command line: any list of arguments is either a command with checked options or a UsageError.
import { HelpShown, createProgram } from '../../../dist/cli/options/program.js';
import { commands } from '../../../dist/cli/options/commands.js';
import { promise } from '../oracle.mjs';

const specs = Object.entries(commands);
const words = [
  ...specs.map(([name]) => name),
  ...specs.flatMap(([, { options }]) => Object.values(options).map(({ flags }) => flags.split(/[ ,]/)[0])),
  ...[
    '--',
    '-',
    '--help',
    '-h',
    '--version',
    '-V',
    'help',
    '--no-json',
    '--epochs=3',
    '--lr=1e308',
    '--lr=NaN',
    '--lr=-1',
  ],
  ...[
    '--epochs=0',
    '--threads=0',
    '--threads=1000000',
    '--batch-size=1e3',
    '--seed=-0',
    '--json=x',
    '1',
    'NaN',
    '__proto__',
    '--__proto__',
  ],
].map((word) => `\n${word}`);

/** The arguments are the lines of the input. @type {Record<string, import('../targets.mjs').Target>} */
export const commandLineTargets = {
  'command-line': {
    codes: ['ERR_ROWNET_USAGE'],
    seeds: () =>
      specs.flatMap(([, { examples }]) =>
        examples.map(([command]) => Buffer.from(command.split(' ').slice(1).join('\n'))),
      ),
    words,
    async run(bytes) {
      /** @type {{ name: string, options: object, args: readonly unknown[] } | undefined} */
      let called;
      const program = createProgram('0.0.0', async (name, options, args) => {
        called = { name, options, args };
      });
      let shown = false;
      const writeOut = () => {
        shown = true;
      };
      const quiet = { writeOut, writeErr: () => {} };
      for (const command of [
        program,
        ...program.commands,
        ...program.commands.flatMap((one) => one.commands),
      ]) {
        command.configureOutput(quiet);
      }
      try {
        await program.parseAsync(bytes.toString().split('\n'), { from: 'user' });
      } catch (error) {
        if (error instanceof HelpShown) return true;
        throw error;
      }
      // `rownet help`
      if (called === undefined && shown) return true;
      if (called === undefined) throw new Error('neither a command nor an error');
      const { name, options, args } = called;
      const known = commands[/** @type {keyof typeof commands} */ (name)];
      for (const [key, value] of Object.entries(options)) {
        promise(Object.hasOwn(known.options, key), `${name}: the option ${key} does not exist`);
        promise(typeof value !== 'number' || Number.isFinite(value), `${name}: ${key} is ${value}`);
        promise(
          ['number', 'string', 'boolean'].includes(typeof value) || Array.isArray(value),
          `${name}: ${key} is a ${typeof value}`,
        );
      }
      const required = (known.arguments ?? []).filter(({ name: argument }) => !argument.startsWith('['));
      promise(args.length >= required.length, `${name}: ${args.length} arguments`);
      return true;
    },
  },
};
