/** rownet in another realm, as under Jest, and arguments from one. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { gatherImages, sgdUpdate, Tensor } from '../../lib/index.js';
import { root } from '../support/cli.js';
import { errorOf, TYPE } from '../support/misuse.js';
import { tinyNet } from '../support/tiny-net.js';
import { imagesFile, temporaryFolder, writeFolder } from './data/idx-files.js';
import { literal, npy, pack } from './formats/npz-files.js';

const folder = temporaryFolder();
const DATA = 'ERR_ROWNET_DATA';
const WRITE = 'ERR_ROWNET_WRITE';

describe('rownet in a vm context', () => {
  type Failure = readonly [code: string, ours: boolean, message: string];
  let results: Record<string, Failure> & { packed: string[]; tensor: number; epochs: unknown[] };

  beforeAll(() => {
    const images = gzipSync(imagesFile(12, 28, 28));
    const damaged = Buffer.from(images).fill(0xff, 40, 60);
    const file = 'train-images-idx3-ubyte';
    // A header that says 11 images, before 12.
    const more = gzipSync(Buffer.concat([imagesFile(11, 28, 28), Buffer.alloc(784)]));
    const replaced = { damaged, cut: images.subarray(0, -200), more };
    for (const [name, bytes] of Object.entries(replaced)) {
      const contents = name === 'more' ? { train: 11 } : {};
      writeFolder(join(folder, name), { ...contents, replace: { [file]: null, [`${file}.gz`]: bytes } });
    }
    const array = npy(
      literal('(64,)'),
      new Uint8Array(256).map((_, index) => (index % 4 === 3 ? 0 : index)),
    );
    writeFileSync(join(folder, 'packed.npz'), pack({ 'a.npy': array }, { level: 9 }));
    const program = join(root, 'test', 'support', 'other-realm.mjs');
    const run = spawnSync(process.execPath, ['--experimental-vm-modules', program, folder], {
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    results = JSON.parse(run.stdout);
  }, 120_000);

  it.each<[string, string, RegExp]>([
    ['no file', DATA, /received ENOENT: no such file/],
    ['a folder', DATA, /received a directory/],
    ['a file as a folder', DATA, /received ENOTDIR/],
    ['a long name', DATA, /received ENAMETOOLONG/],
    ['a null byte', DATA, /null byte/],
    ['no data', DATA, /expected a folder/],
    ['damaged gzip', DATA, /the gzip data do not unpack/],
    ['gzip that is cut', DATA, /gzip/],
    ['gzip with more than its header says', DATA, /the gzip data hold more/],
    ['damaged zip', DATA, /expected deflated contents, but/],
    ['no folder to write to', WRITE, /received ENOENT.*Hint: create the folder/],
    ['a folder to write over', WRITE, /received a folder/],
    ['shared memory', TYPE, /SharedArrayBuffer/],
    ['an option', TYPE, /rownet has no such option/],
    ['a number for a net', TYPE, /expected a Net but received number/],
  ])('tells %s with a code, by an error of that realm', (name, code, message) => {
    expect(results[name].slice(0, 2), results[name][2]).toEqual([code, true]);
    expect(results[name][2]).toMatch(message);
  });

  it('takes arrays, maps and options of the realm outside, and trains', () => {
    expect(results).toMatchObject({ packed: ['a'], tensor: 4 });
    expect(results.epochs).toEqual([
      [1, true],
      [2, true],
    ]);
  });
});

describe('arguments from a vm context', () => {
  const there = <T>(code: string) => runInNewContext(code) as T;

  it('are taken where they are what is wanted', () => {
    const data = there<Float32Array>('Float32Array.of(1, 2, 3, 4)');
    expect(data).not.toBeInstanceOf(Float32Array);
    const tensor = new Tensor(there('[2, 2]'), data);
    expect(tensor.data).toBe(data);
    sgdUpdate(tensor, new Tensor([2, 2], there('new Float32Array(4).fill(1)')), there('({ lr: 1 })'));
    expect([...tensor.data]).toEqual([0, 1, 2, 3]);
    const images = there<Uint8Array>('Uint8Array.of(1, 2, 3)');
    expect([...gatherImages(images, [1], there('Uint32Array.of(2, 0)')).data]).toEqual([3, 1]);
    const net = tinyNet();
    const params = there<Map<string, Tensor>>('new Map()');
    for (const [name, value] of net.getParams()) params.set(name, new Tensor(value.shape));
    net.setParams(params);
    expect(net.arena.every((value) => value === 0)).toBe(true);
  });

  it.each<[string, string]>([
    ['shared memory', 'new Float32Array(new SharedArrayBuffer(16))'],
    ['memory that can grow', 'new Float32Array(new ArrayBuffer(16, { maxByteLength: 32 }))'],
    ['another type', 'new Float64Array(4)'],
    ['what only says that it is one', '({ length: 4, [Symbol.toStringTag]: "Float32Array" })'],
    ['an array of another prototype', 'Object.setPrototypeOf(new Float64Array(4), Float32Array.prototype)'],
  ])('are refused where they are not: %s', (_, code) => {
    expect(errorOf(() => new Tensor([4], there(code)))).toMatchObject({ code: TYPE });
  });
});
