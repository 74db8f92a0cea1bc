/**
 * The commands and options of `rownet`, in one table. It feeds parsing and validation (program.ts), `--help`, and the
 * tables in the documentation (`optionsMarkdown`, `environmentMarkdown`).
 */
import type { CommandSpec, OptionSpec } from './spec.js';
import { benchSpec } from './specs/bench.js';
import { completionSpec } from './specs/completion.js';
import { doctorSpec } from './specs/doctor.js';
import { dataGetSpec, dataListSpec } from './specs/data.js';
import { evalSpec } from './specs/eval.js';
import { explainSpec } from './specs/explain.js';
import { exportSpec } from './specs/export.js';
import { helpSpec } from './specs/help.js';
import { infoSpec } from './specs/info.js';
import { predictSpec } from './specs/predict.js';
import { reportSpec } from './specs/report.js';
import { serveSpec } from './specs/serve.js';
import { runsSpec } from './specs/runs.js';
import { trainSpec } from './specs/train.js';
import type { ReadValue } from './values.js';

/** In the order of `--help`. `data get` is the command `get` of the group `data`. */
export const commands = {
  train: trainSpec,
  eval: evalSpec,
  predict: predictSpec,
  serve: serveSpec,
  explain: explainSpec,
  runs: runsSpec,
  report: reportSpec,
  export: exportSpec,
  'data get': dataGetSpec,
  'data list': dataListSpec,
  info: infoSpec,
  doctor: doctorSpec,
  bench: benchSpec,
  completion: completionSpec,
  help: helpSpec,
} as const satisfies Readonly<Record<string, CommandSpec>>;

/** What a group of commands is for, such as the `data` of `data get`. */
export const groups: Readonly<Record<string, string>> = {
  data: 'Data sets that are known by name.',
};

export type CommandName = keyof typeof commands;

type Value<O> = O extends { flags: `${string}[${string}]`; read: ReadValue<infer T> }
  ? T | true
  : O extends { read: ReadValue<infer T> }
    ? T
    : true;

/** The parsed options of a command: only what was given on the command line. */
export type OptionsOf<C extends CommandName> = {
  readonly [K in keyof (typeof commands)[C]['options']]?: Value<(typeof commands)[C]['options'][K]>;
};

/** The environment variables that the command line and the library read. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['ROWNET_NUM_THREADS', 'threads, where --threads is not given'],
  ['ROWNET_MAX_ISA', 'highest instruction set level to use, such as avx2'],
  ['ROWNET_DATA_DIR', 'folder in which data sets are looked for'],
  ['ROWNET_VERBOSE', '1 shows the stack trace of an error, and the steps that a training runs'],
  ['ROWNET_DATA_MIRROR', 'address to download data sets from, in place of the usual ones'],
];

/** The options of a command as a Markdown table, for the documentation; '' where it has none. */
export function optionsMarkdown(name: CommandName): string {
  const specs: readonly OptionSpec[] = Object.values(commands[name].options);
  if (specs.length === 0) return '';
  const rows = specs.map(({ flags, description, fallback = '' }) => {
    // Markdown would take <time> for an element.
    const value = fallback.includes('<') ? `\`${fallback}\`` : fallback;
    return `| \`${flags}\` | ${description} | ${value} |`;
  });
  return ['| option | meaning | default |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** The environment variables as a Markdown table, for the documentation. */
export function environmentMarkdown(): string {
  const rows = environment.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ['| variable | meaning |', '| --- | --- |', ...rows, ''].join('\n');
}
