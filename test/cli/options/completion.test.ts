/** The completion scripts, run by the shells that they are for. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { bashScript, zshScript } from '../../../lib/cli/options/completion.js';
import { commands } from '../../../lib/cli/options/commands.js';
import type { CommandSpec } from '../../../lib/cli/options/spec.js';
import { nonEmpty, oneOf } from '../../../lib/cli/options/values.js';
import { rownet, temporaryFolder } from '../../support/cli.js';

const folder = temporaryFolder();

/** A table with what a command line may have; every text holds what a shell could take for its own. */
const text = 'what\'s "this": $HOME `id` [x] \\';
const leaf: CommandSpec = { summary: text, examples: [], options: {} };
const table = {
  commands: {
    plain: leaf,
    'data get': {
      ...leaf,
      arguments: [{ name: 'set', description: text, read: oneOf('digits', 'letters') }],
      options: {
        as: { flags: '--as <form>', description: text, read: oneOf('rows', 'lanes') },
        from: { flags: '--from [place]', description: text, read: nonEmpty(text) },
      },
    },
    'data list': leaf,
    predict: { ...leaf, arguments: [{ name: 'files...', description: text }] },
  },
  groups: { data: text },
};

const scripts = {
  'own.bash': '',
  'own.zsh': '',
  'table.bash': bashScript(table),
  'table.zsh': zshScript(table),
};
const ownWords = Object.keys(commands).map((path) => path.split(' ')[0]);

beforeAll(async () => {
  for (const shell of ['bash', 'zsh'] as const) {
    const result = await rownet(['completion', shell]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    scripts[`own.${shell}`] = result.stdout;
  }
  for (const [name, script] of Object.entries(scripts)) writeFileSync(folder.join(name), script);
  mkdirSync(folder.join('here', 'some folder'), { recursive: true });
  writeFileSync(folder.join('here', 'some file'), '');
  writeFileSync(folder.join('here', '*'), '');
});

it('refuses another shell', async () => {
  expect(await rownet(['completion', 'fish'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'completion: shell: expected bash or zsh but received "fish"\n',
  });
});

/** What bash offers for the last word of a line. */
function bash(script: string, line: string): string[] {
  const program = `
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _rownet
    for word in "\${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done`;
  const args = ['--norc', '-uc', program, 'bash', folder.join(script), 'rownet', ...line.split(' ')];
  const result = spawnSync('bash', args, { encoding: 'utf8', cwd: folder.join('here') });
  expect(result.stderr).toBe('');
  return result.stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  const here = ['some file', 'some folder'];
  it.each(
    Object.entries({
      '': [...new Set(ownWords), '--help', '--version'],
      tr: ['train'],
      'train --re': ['--recipe', '--resize', '--resume', '--require-accuracy'],
      'train --recipe ': ['fast', 'article'],
      'train --json --recipe a': ['article'],
      'train --recipe = f': ['fast'],
      'train --recipe =': ['fast', 'article'],
      'train --epochs ': [],
      'train --data some': here,
      'train --resume some': here,
      'train --resume --js': ['--json'],
      // A value that is also a command does not change the command.
      'train --out eval --ep': ['--epochs'],
      'eval *': ['*'],
      'eval --recipe fast some': here,
      'eval x --of': ['--offline'],
      'completion ': ['bash', 'zsh'],
      'nonsense --re': [],
      'help ': [...new Set(ownWords), '--help'],
      'help ev': ['eval'],
      'help data ': ['get', 'list'],
      'help data get ': [],
      'help train --ep': [],
    }),
  )('rownet %s', (line, offered) => {
    expect(bash('own.bash', line).sort()).toEqual([...offered].sort());
  });

  it.each(
    Object.entries({
      '': ['plain', 'data', 'predict', '--help', '--version'],
      'data ': ['get', 'list', '--help'],
      'data get ': ['digits', 'letters'],
      'data get --': ['--as', '--from', '--help'],
      'data get --as l': ['lanes'],
      'data list --': ['--help'],
      'predict a some': here,
    }),
  )('rownet %s of a table with groups', (line, offered) => {
    expect(bash('table.bash', line).sort()).toEqual([...offered].sort());
  });
});

const hasZsh = spawnSync('zsh', ['--version']).status === 0;

/** The line that zsh makes of `line` at a Tab, in a terminal of its own. */
function zsh(script: string, line: string): string {
  const program = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "autoload -Uz compinit && compinit -u -D; PS1=; unsetopt zle_bracketed_paste; cd $2; source $1"
    zpty -w shell 'show() { zle complete-word; print -r -- "<<$BUFFER>>"; zle send-break; }; zle -N show'
    zpty -w shell "bindkey '^T' show; print -r -- rea''dy"
    zpty -r -m shell output '*ready*'
    zpty -w -n shell "$3"$'\\x14'
    zpty -r -m shell output '*<<*>>*'
    print -r -- "$output"
    zpty -d shell`;
  const args = ['-fc', program, 'zsh', folder.join(script), folder.join('here'), line];
  const result = spawnSync('zsh', args, { encoding: 'utf8', timeout: 30_000 });
  return /<<(.*)>>/.exec(result.stdout)?.[1] ?? `${result.stdout}${result.stderr}`;
}

describe('zsh', () => {
  it.for([
    ['own', 'rownet tr', 'rownet train '],
    ['own', 'rownet --vers', 'rownet --version '],
    ['own', 'rownet train --ep', 'rownet train --epochs='],
    ['own', 'rownet train --recipe f', 'rownet train --recipe fast '],
    ['own', 'rownet train --recipe=a', 'rownet train --recipe=article '],
    ['own', 'rownet train --out eval --req', 'rownet train --out eval --require-accuracy='],
    ['own', 'rownet eval --data x some\\ fi', 'rownet eval --data x some\\ file '],
    ['own', 'rownet completion z', 'rownet completion zsh '],
    ['own', 'rownet help tra', 'rownet help train '],
    ['own', 'rownet help data g', 'rownet help data get '],
    ['own', 'rownet help --h', 'rownet help --help '],
    ['table', 'rownet da', 'rownet data '],
    ['table', 'rownet data g', 'rownet data get '],
    ['table', 'rownet data get l', 'rownet data get letters '],
    ['table', 'rownet data get --as l', 'rownet data get --as lanes '],
    ['table', 'rownet predict a b some\\ fo', 'rownet predict a b some\\ folder/'],
  ])('%s: %s', ([script, line, completed], context) => {
    if (!hasZsh) context.skip('zsh is not installed');
    expect(zsh(`${script}.zsh`, line)).toBe(completed);
  });
}, 60_000);

it('zsh reads the scripts', (context) => {
  if (!hasZsh) context.skip('zsh is not installed');
  for (const name of ['own.zsh', 'table.zsh']) {
    expect(spawnSync('zsh', ['-fn', folder.join(name)], { encoding: 'utf8' }).stderr).toBe('');
  }
});
