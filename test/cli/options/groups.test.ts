/** Commands of two words, with a table of our own: help, mistakes, and what the handler gets. */
import { expect, it, vi } from 'vitest';
import { HelpShown } from '../../../lib/cli/options/program.js';
import { parse } from '../../support/program.js';

vi.mock(import('../../../lib/cli/options/commands.js'), async () => {
  const { oneOf } = await import('../../../lib/cli/options/values.js');
  const leaf = { summary: 'Look at data.', examples: [['rownet data list', 'all of it']], options: {} };
  const set = { name: 'set', description: 'which one', read: oneOf('digits', 'letters') };
  return {
    commands: { 'data list': leaf, 'data get': { ...leaf, summary: 'Fetch data.', arguments: [set] } },
    groups: { data: 'Data sets.' },
    environment: [['ROWNET_X', 'nothing']],
  } as never;
});

it('hands the command over with its arguments', async () => {
  const { calls, error } = await parse('data', 'get', 'digits');
  expect({ calls, error }).toEqual({ calls: [['data get', {}, ['digits']]], error: undefined });
});

it('the help of the program names the group, that of the group its commands', async () => {
  const top = await parse('--help');
  expect(top.error).toBeInstanceOf(HelpShown);
  expect(top.printed).toMatch(/^ {2}data {2,}Data sets\.$/m);
  const group = await parse('data', '--help');
  expect(group.error).toBeInstanceOf(HelpShown);
  expect(group.printed).toMatch(/^Usage: rownet data /m);
  expect(group.printed).toMatch(/^Data sets\.$/m);
  expect(group.printed).toMatch(/^ {2}list {2,}Look at data\.$/m);
  expect(group.printed).toMatch(/^ {2}get {2,}Fetch data\.$/m);
});

it.each([
  [['dta'], 'rownet: unknown command "dta". Did you mean "data"?'],
  [['data', 'gte'], 'data: unknown command "gte". Did you mean "get"?'],
  [['data'], 'data: expected a command'],
  [['data', 'get'], 'data get: missing required argument "set"'],
  [['data', 'get', 'words'], 'data get: set: expected digits or letters but received "words"'],
  [['data', 'list', '--hlep'], 'data list: unknown option "--hlep". Did you mean "--help"?'],
])('%j is refused', async (args, message) => {
  const { calls, error } = await parse(...args);
  expect(calls).toEqual([]);
  expect(error).toMatchObject({ name: 'UsageError', message });
});
