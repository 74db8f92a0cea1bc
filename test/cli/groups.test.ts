/** Commands of two words, with a table of our own: help, mistakes, and what the handler gets. */
import { afterEach, expect, it, vi } from 'vitest';
import { createProgram, HelpShown, type RunCommand } from '../../lib/cli/program.js';

vi.mock(import('../../lib/cli/options.js'), async () => {
  const { oneOf } = await import('../../lib/cli/values.js');
  const leaf = { summary: 'Look at data.', examples: [['rownet data list', 'all of it']], options: {} };
  const set = { name: 'set', description: 'which one', read: oneOf('digits', 'letters') };
  return {
    commands: { 'data list': leaf, 'data get': { ...leaf, summary: 'Fetch data.', arguments: [set] } },
    groups: { data: 'Data sets.' },
    environment: [['ROWNET_X', 'nothing']],
  } as never;
});

afterEach(() => void vi.restoreAllMocks());

/** The calls of the handler, and all that is printed. */
async function run(...args: string[]) {
  const calls: unknown[] = [];
  let printed = '';
  const write = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  const handler: RunCommand = async (...call) => void calls.push(call);
  const error: unknown = await createProgram('1.0.0', handler)
    .parseAsync(args, { from: 'user' })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return { calls, printed, error };
}

it('hands the command over with its arguments', async () => {
  const { calls, error } = await run('data', 'get', 'digits');
  expect({ calls, error }).toEqual({ calls: [['data get', {}, ['digits']]], error: undefined });
});

it('the help of the program names the group, that of the group its commands', async () => {
  const top = await run('--help');
  expect(top.error).toBeInstanceOf(HelpShown);
  expect(top.printed).toMatch(/^ {2}data {2,}Data sets\.$/m);
  const group = await run('data', '--help');
  expect(group.error).toBeInstanceOf(HelpShown);
  expect(group.printed).toMatch(/^Usage: rownet data /m);
  expect(group.printed).toMatch(/^Data sets\.$/m);
  expect(group.printed).toMatch(/^ {2}list {2,}Look at data\.$/m);
  expect(group.printed).toMatch(/^ {2}get <set> {2,}Fetch data\.$/m);
});

it.each([
  [['dta'], 'rownet: unknown command "dta". Did you mean "data"?'],
  [['data', 'gte'], 'data: unknown command "gte". Did you mean "get"?'],
  [['data'], 'data: expected a command. Hint: rownet data --help lists them'],
  [['data', 'get'], 'data get: missing required argument "set"'],
  [['data', 'get', 'words'], 'data get: set: expected digits or letters but received "words"'],
  [['data', 'list', '--hlep'], 'data list: unknown option "--hlep". Did you mean "--help"?'],
])('%j is refused', async (args, message) => {
  const { calls, error } = await run(...args);
  expect(calls).toEqual([]);
  expect(error).toMatchObject({ name: 'UsageError', message });
});
