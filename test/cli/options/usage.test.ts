/** What is refused before anything is read or written: exit code 2, one message, nothing on stdout. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { isaLevels } from '../../../lib/kernels/runtime.js';
import { rownet, temporaryFolder } from '../../support/cli.js';

const folder = temporaryFolder();

beforeAll(() => {
  writeFileSync(folder.join('file'), 'text');
  mkdirSync(folder.join('full'));
  writeFileSync(folder.join('full', 'notes.txt'), 'mine');
  symlinkSync(folder.join('nowhere'), folder.join('dangling'));
});

const integer = (option: string, from: string, received: string) =>
  `train: ${option}: expected an integer ${from} but received "${received}"`;
const number = (option: string, range: string, received: string) =>
  `train: ${option}: expected a number ${range} but received "${received}"`;
const lr = 'above 0 and at most 1000';

it.each<[args: string[], message: string]>([
  [['train', '--epoch', '3'], 'train: unknown option "--epoch". Did you mean "--epochs"?'],
  [['train', '--learning-rate', '3'], 'train: unknown option "--learning-rate". Did you mean "--lr"?'],
  [['train', '--batchsize', '3'], 'train: unknown option "--batchsize". Did you mean "--batch-size"?'],
  [['eval', '--learning-rate', '3'], 'eval: unknown option "--learning-rate"'],
  [['train', '--frobnicate'], 'train: unknown option "--frobnicate"'],
  [['eval', 'x', '--jsno'], 'eval: unknown option "--jsno". Did you mean "--json"?'],
  [['trian'], 'rownet: unknown command "trian". Did you mean "train"?'],
  [['version'], 'rownet: unknown command "version". Did you mean "--version"?'],
  [['-v'], 'rownet: unknown option "-v". Did you mean "--version"?'],
  [['evaluate'], 'rownet: unknown command "evaluate". Did you mean "eval"?'],
  [['constructor'], 'rownet: unknown command "constructor"'],
  [['--verison'], 'rownet: unknown option "--verison". Did you mean "--version"?'],
  [['train', 'mnist'], 'train: too many arguments for "train". Expected 0 arguments but got 1.'],
  [['completion'], 'completion: missing required argument "shell"'],
  [['train', '--epochs'], 'train: option "--epochs <n>" argument missing'],
  [['train', '--epochs', '0'], integer('--epochs', 'from 1 to 100000', '0')],
  [['train', '--epochs', '1.5'], integer('--epochs', 'from 1 to 100000', '1.5')],
  [['train', '--epochs', '1e3'], integer('--epochs', 'from 1 to 100000', '1e3')],
  [['train', '--epochs', '--json'], integer('--epochs', 'from 1 to 100000', '--json')],
  [['train', '--batch-size', '0'], integer('--batch-size', 'from 1 to 65536', '0')],
  [['train', '--batch-size', '65537'], integer('--batch-size', 'from 1 to 65536', '65537')],
  [['train', '--seed', '-1'], integer('--seed', 'of at least 0', '-1')],
  [['train', '--seed', '9007199254740993'], integer('--seed', 'of at least 0', '9007199254740993')],
  [['train', '--limit', '0'], integer('--limit', 'of at least 1', '0')],
  [['train', '--threads', '0'], integer('--threads', 'from 1 to 1024', '0')],
  [['train', '--threads', '1000000'], integer('--threads', 'from 1 to 1024', '1000000')],
  [['train', '--lr', 'NaN'], number('--lr', lr, 'NaN')],
  [['train', '--lr', '-1'], number('--lr', lr, '-1')],
  [['train', '--lr', '0'], number('--lr', lr, '0')],
  [['train', '--lr', '1e308'], number('--lr', lr, '1e308')],
  [['train', '--lr', ''], number('--lr', lr, '')],
  ...['0', '0s', '2x', '1.5', '-1', 's', '1e3s'].map((every): [string[], string] => [
    ['train', '--checkpoint-every', every],
    `train: --checkpoint-every: expected epochs, such as 2, or seconds, such as 30s, but received "${every}"`,
  ]),
  [['train', '--require-accuracy', '99'], number('--require-accuracy', 'above 0 and at most 1', '99')],
  [['train', '--recipe', 'quick'], 'train: --recipe: expected fast or article but received "quick"'],
  [['train', '--engine', 'gpu'], 'train: --engine: expected auto or lanes or rows but received "gpu"'],
  [['train', '--data', ''], 'train: --data: expected the name of a data set or a folder but received ""'],
  [
    ['train', '--resume'],
    'train: --resume: expected a run but received none. Hint: "--resume runs/mine", or "--resume --out runs/mine"',
  ],
  [['train', '--out', 'file'], 'train: --out: expected a folder but file is a file'],
  [['train', '--out', 'file/run'], `train: --out: expected a folder but ${folder.join('file')} is a file`],
  [
    ['train', '--out', 'full'],
    'train: --out: expected a new or empty folder but full holds files. Hint: "--resume full" continues a run',
  ],
  [['train', '--out', 'dangling'], 'train: --out: expected a folder but dangling is a link to nothing'],
])('rownet %j', async (args, message) => {
  const result = await rownet(args, { cwd: folder.path });
  expect(result).toEqual({ code: 2, signal: null, stdout: '', stderr: `${message}\n` });
});

it('refuses a folder that cannot be written', async (context) => {
  // Root may write anywhere, so that the command runs as nobody; then that user must be able to read rownet.
  const options = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const { code } = await rownet(['--version'], options).catch(() => ({ code: null }));
  if (code !== 0) context.skip('another user cannot run rownet from here');
  const { chmodSync } = await import('node:fs');
  chmodSync(folder.path, 0o555);
  try {
    const path = folder.join('runs', 'mine');
    const result = await rownet(['train', '--out', path], options);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      `train: --out: expected ${path} to be writable but ${folder.path} is not (EACCES)\n`,
    );
  } finally {
    chmodSync(folder.path, 0o755);
  }
});

it('refuses a ROWNET_NUM_THREADS that is no number of threads', async () => {
  const result = await rownet(['info'], { env: { ROWNET_NUM_THREADS: 'many' } });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toBe('ROWNET_NUM_THREADS: expected an integer from 1 to 1024 but received "many"\n');
});

it.each(['train', 'info', 'runs'])('refuses a ROWNET_MAX_ISA that names no level: %s', async (command) => {
  const result = await rownet([command], { cwd: folder.path, env: { ROWNET_MAX_ISA: 'wrong' } });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  const levels = isaLevels().map(({ name }) => name);
  expect(levels.slice(0, 2)).toEqual(['portable', 'sse2']);
  expect(result.stderr).toBe(`ROWNET_MAX_ISA: expected ${levels.join(' or ')} but received "wrong"\n`);
});

it('asks for a command', async () => {
  const result = await rownet([]);
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toBe(`${(await rownet(['help'])).stdout}rownet: expected a command\n`);
});
