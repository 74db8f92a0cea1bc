/**
 * Completion scripts for shells, made from the table of commands. They hold everything they offer: a Tab starts no
 * process.
 */
import type { ArgumentSpec, CommandSpec, OptionSpec } from './spec.js';

export interface CommandTable {
  readonly commands: Readonly<Record<string, CommandSpec>>;
  /** The summary of each group, such as the `data` of `data get`. */
  readonly groups: Readonly<Record<string, string>>;
}

interface Named {
  readonly name: string;
  readonly summary: string;
}

interface Flag {
  readonly long: string;
  readonly description: string;
  /** Undefined for a switch. `choices` undefined: files. */
  readonly value?: {
    readonly name: string;
    readonly optional: boolean;
    readonly choices: readonly string[] | undefined;
    readonly orFile?: boolean | undefined;
  };
}

const help: Flag = { long: '--help', description: 'show this help' };
const programFlags: readonly Flag[] = [help, { long: '--version', description: 'print the version' }];

/** The flags of a command, `--help` included. */
function flagsOf(spec: CommandSpec): Flag[] {
  const flags = Object.values(spec.options).map((option: OptionSpec): Flag => {
    const [, long, bracket, name] = /(--[\w-]+)(?: ([<[])(.+)[>\]])?$/.exec(option.flags) as RegExpExecArray;
    const { description, read } = option;
    if (bracket === undefined) return { long, description };
    return {
      long,
      description,
      value: { name, optional: bracket === '[', choices: read?.choices, orFile: read?.orFile },
    };
  });
  return [...flags, help];
}

/** What may follow `prefix` (`''`, or a group): commands and groups, in the order of the table. */
function wordsAfter({ commands, groups }: CommandTable, prefix: string): Named[] {
  const found = new Map<string, string>();
  for (const [path, { summary }] of Object.entries(commands)) {
    const words = path.split(' ');
    const isHere = prefix === '' || (words[0] === prefix && words.length === 2);
    if (!isHere) continue;
    const name = prefix === '' ? words[0] : words[1];
    found.set(name, prefix === '' && words.length === 2 ? groups[name] : summary);
  }
  return [...found].map(([name, summary]) => ({ name, summary }));
}

function groupNames({ commands }: CommandTable): string[] {
  const words = Object.keys(commands).map((path) => path.split(' '));
  return [...new Set(words.filter(({ length }) => length === 2).map(([group]) => group))];
}

/** The commands whose words are those of another command, such as `help`. */
function askers({ commands }: CommandTable): string[] {
  return Object.keys(commands).filter((path) => commands[path].arguments?.[0]?.completes === 'commands');
}

/** For bash 3.2 and newer: `source <(rownet completion bash)`. */
export function bashScript(table: CommandTable): string {
  const paths = Object.keys(table.commands);
  const groups = groupNames(table);
  // `command word` for each word that leads on to a command; the empty command stands at the start.
  const steps = [...new Set([...groups, ...paths.filter((path) => !path.includes(' '))])].map(
    (name) => `' ${name}'`,
  );
  steps.push(...paths.filter((path) => path.includes(' ')).map((path) => `'${path}'`));
  // After `help` the same words lead on, and a command ends there.
  for (const asker of askers(table)) steps.push(...[...groups, ...paths].map((path) => `'${asker} ${path}'`));
  const values = paths.flatMap((path) =>
    flagsOf(table.commands[path]).flatMap(({ long, value }) =>
      value === undefined ? [] : `      '${path} ${long}') ${bashValue(value)} ;;`,
    ),
  );
  const after = ['', ...groups].map((prefix) => {
    const flags = prefix === '' ? programFlags : [help];
    return `    '${prefix}') words='${join([...wordsAfter(table, prefix), ...named(flags)])}' ;;`;
  });
  const asked = askers(table).flatMap((asker) =>
    groups.map((group) => `    '${asker} ${group}') words='${join(wordsAfter(table, group))}' ;;`),
  );
  const options = paths.map((path) => {
    const { arguments: [first] = [] } = table.commands[path];
    const words = join(named(flagsOf(table.commands[path])));
    if (first?.completes === 'commands') {
      return `    '${path}') words='${join(wordsAfter(table, ''))} ${words}' ;;`;
    }
    const instead = first === undefined ? '' : ` [[ $current == -* ]] || { ${bashValue(valueFrom(first))}; }`;
    return `    '${path}') words='${words}';${instead} ;;`;
  });
  return `# Completion of rownet for bash. In ~/.bashrc: source <(rownet completion bash)
_rownet_files() {
  local name
  # Not in bash 3.2, which then takes folders for files.
  compopt -o filenames 2>/dev/null || :
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
}

_rownet() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' words='' i
  COMPREPLY=()
  # --option=value reaches bash as three words.
  if [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [[ $current == = ]]; then current=''; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${steps.join(' | ')}) command=\${command:+$command }\${COMP_WORDS[i]} ;;
    esac
  done
  if [[ $current != -* ]]; then
    case "$command $previous" in
${values.join('\n')}
    esac
    if [[ -n $words ]]; then
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return
    fi
  fi
  case "$command" in
${[...after, ...asked, ...options].join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _rownet rownet
`;
}

interface OfferedValue {
  readonly choices?: readonly string[] | undefined;
  readonly optional?: boolean;
  readonly orFile?: boolean | undefined;
}

/** Sets the words, or ends the function: with files, or with nothing. */
function bashValue({ choices, optional, orFile }: OfferedValue) {
  if (orFile) {
    return `_rownet_files "$current"; COMPREPLY+=($(compgen -W '${choices?.join(' ')}' -- "$current")); return`;
  }
  if (choices === undefined) return '_rownet_files "$current"; return';
  if (choices.length > 0) return `words='${choices.join(' ')}'`;
  // A value that may be left out is no reason to offer nothing.
  return optional ? ':' : 'return';
}

function valueFrom({ read }: ArgumentSpec): { choices: readonly string[] | undefined } {
  return { choices: read?.choices };
}

function named(flags: readonly Flag[]): Named[] {
  return flags.map(({ long, description }) => ({ name: long, summary: description }));
}

function join(words: readonly Named[]): string {
  return words.map(({ name }) => name).join(' ');
}

/** For zsh, as a file `_rownet` in a folder of fpath, or sourced after compinit. */
export function zshScript(table: CommandTable): string {
  const functions = [
    zshDispatcher(table, ''),
    ...groupNames(table).map((group) => zshDispatcher(table, group)),
    ...Object.entries(table.commands).map(([path, spec]) =>
      spec.arguments?.[0]?.completes === 'commands' ? zshAsker(table, path) : zshCommand(path, spec),
    ),
  ];
  return `#compdef rownet
# Completion of rownet for zsh. As a file: rownet completion zsh > ~/.zfunc/_rownet, with ~/.zfunc in fpath before
# compinit. Or in ~/.zshrc, after compinit: source <(rownet completion zsh)
${functions.join('\n')}
if [[ $funcstack[1] == _rownet ]]; then
  _rownet "$@"
else
  compdef _rownet rownet
fi
`;
}

/** Offers the words after the program or a group, or hands over to the function of the word that is there. */
function zshDispatcher(table: CommandTable, prefix: string): string {
  const words = wordsAfter(table, prefix);
  const list = zshNames(words).map((name) => `    ${name}`);
  const flags = (prefix === '' ? programFlags : [help]).map(zshFlag);
  return `
${zshName(prefix)}() {
  local -a names
  names=(
${list.join('\n')}
  )
  if ((CURRENT > 2)); then
    local name=$words[2]
    shift words
    ((CURRENT--))
    case $name in
      ${words.map(({ name }) => name).join(' | ')}) ${zshName(prefix)}_$name ;;
    esac
  elif [[ $PREFIX == -* ]]; then
    _arguments ${flags.join(' ')}
  else
    _describe command names
  fi
}`;
}

/** A command whose words are those of another: offers them, and their options to nobody. */
function zshAsker(table: CommandTable, path: string): string {
  const cases = ['', ...groupNames(table)].map(
    (prefix) => `    '${prefix}') names=(${zshNames(wordsAfter(table, prefix)).join(' ')}) ;;`,
  );
  return `
${zshName(path)}() {
  local -a names
  case "\${words[2,CURRENT - 1]}" in
${cases.join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _arguments ${zshFlag(help)}
  else
    _describe command names
  fi
}`;
}

/** Words with what they are, for _describe. */
function zshNames(words: readonly Named[]): string[] {
  return words.map(({ name, summary }) => zshQuote(`${name}:${summary.replace(/[\\:]/g, '\\$&')}`));
}

function zshCommand(path: string, spec: CommandSpec): string {
  const positional = (spec.arguments ?? []).map((argument) => {
    const name = argument.name.replace(/[[\].]/g, '');
    const place = argument.name.includes('...') ? '*' : '';
    return zshQuote(`${place}:${name}:${zshAction(argument.read?.choices)}`);
  });
  const lines = [...flagsOf(spec).map(zshFlag), ...positional];
  return `
${zshName(path)}() {
  _arguments -S \\
    ${lines.join(' \\\n    ')}
}`;
}

function zshName(path: string): string {
  return ['_rownet', ...path.split(' ').filter((word) => word !== '')].join('_');
}

/** `--epochs=[text]:n:action`; the `=` takes the value after a space too. */
function zshFlag({ long, description, value }: Flag): string {
  const text = description.replace(/[\\[\]:]/g, '\\$&');
  if (value === undefined) return zshQuote(`${long}[${text}]`);
  return zshQuote(
    `${long}=[${text}]${value.optional ? '::' : ':'}${value.name}:${zshAction(value.choices, value.orFile)}`,
  );
}

/** A blank is an action that offers nothing, and shows what is expected. */
function zshAction(choices: readonly string[] | undefined, orFile = false): string {
  if (orFile) return `{compadd -- ${choices?.join(' ')}; _files}`;
  if (choices === undefined) return '_files';
  return choices.length === 0 ? ' ' : `(${choices.join(' ')})`;
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
