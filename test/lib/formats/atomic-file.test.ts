import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ArgumentTypeError } from '../../../lib/errors.js';
import { temporaryFolder } from '../../support/cli.js';
import { refusal, wrong } from '../../support/misuse.js';
import { WriteError, writeFileAtomic } from '../../../lib/formats/atomic-file.js';

/** The call to fail: the name of a function of node:fs, which of its calls, and with what. */
const { fault, names } = vi.hoisted(() => ({
  fault: { name: '', at: 0, code: 'EIO', calls: [] as string[] },
  names: [
    'openSync',
    'fchmodSync',
    'writeFileSync',
    'fsyncSync',
    'closeSync',
    'renameSync',
    'readdirSync',
  ] as const,
}));

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>();
  const mocked: Record<string, unknown> = { ...original };
  for (const name of names) {
    mocked[name] = (...args: unknown[]) => {
      fault.calls.push(name);
      if (name === fault.name) {
        fault.at -= 1;
        if (fault.at === 0) {
          // Half of the bytes arrive before a write fails, and a descriptor is gone even if closing it fails.
          if (name === 'writeFileSync')
            original.writeSync(args[0] as number, (args[1] as Uint8Array).subarray(0, 3));
          if (name === 'closeSync') original.closeSync(args[0] as number);
          const error = new Error(`${fault.code}: injected, ${name}`);
          throw Object.assign(error, { code: fault.code, syscall: name });
        }
      }
      return (original[name] as (...values: unknown[]) => unknown)(...args);
    };
  }
  return mocked;
});

/** Whether this machine lets a process be traced, which containers may forbid. */
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

const root = temporaryFolder().path;
let folder = '';
let path = '';
let folders = 0;

beforeEach(() => {
  folder = join(root, String(folders++));
  mkdirSync(folder);
  path = join(folder, 'file');
});

afterEach(() => {
  fault.name = '';
});

const OLD = Buffer.from('the old contents');
const NEW = Buffer.from('new contents, and longer than the old ones');

describe('writeFileAtomic', () => {
  it('makes a file and replaces one', () => {
    writeFileAtomic(path, OLD);
    expect(readFileSync(path)).toEqual(OLD);
    writeFileAtomic(path, NEW);
    expect(readFileSync(path)).toEqual(NEW);
    writeFileAtomic(path, new Uint8Array(0));
    expect(readFileSync(path).length).toBe(0);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('takes paths relative to the working directory', () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      writeFileAtomic('file', NEW);
    } finally {
      process.chdir(before);
    }
    expect(readFileSync(path)).toEqual(NEW);
  });

  it('syncs the file, renames it, syncs the folder, in this order', () => {
    fault.calls.length = 0;
    writeFileAtomic(path, NEW);
    expect(fault.calls).toEqual([
      'readdirSync',
      'openSync',
      'writeFileSync',
      'fsyncSync',
      'closeSync',
      'renameSync',
      'openSync',
      'fsyncSync',
      'closeSync',
    ]);
  });

  it('never writes into the old file, so that whoever has it open goes on reading it', () => {
    writeFileAtomic(path, OLD);
    const before = statSync(path).ino;
    writeFileAtomic(path, NEW);
    expect(statSync(path).ino).not.toBe(before);
  });

  it('keeps the mode of an old file, and takes the umask off a new one', () => {
    const before = process.umask(0o027);
    try {
      writeFileAtomic(path, OLD);
      expect(statSync(path).mode & 0o777).toBe(0o640);
      chmodSync(path, 0o602);
      writeFileAtomic(path, NEW);
      expect(statSync(path).mode & 0o777).toBe(0o602);
    } finally {
      process.umask(before);
    }
  });

  it('replaces what a link points to, and keeps the link', () => {
    mkdirSync(join(folder, 'elsewhere'));
    const target = join(folder, 'elsewhere/target');
    writeFileSync(target, OLD);
    symlinkSync('elsewhere/target', path);
    writeFileAtomic(path, NEW);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(target)).toEqual(NEW);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['target']);
  });

  it('removes temporary files that were abandoned, and nothing else', () => {
    const names = {
      old: `.rownet-${'0'.repeat(24)}.tmp`,
      young: `.rownet-${'1'.repeat(24)}.tmp`,
      other: `.rownet-${'2'.repeat(23)}.tmp`,
      folder: `.rownet-${'3'.repeat(24)}.tmp`,
    };
    for (const name of [names.old, names.young, names.other]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, names.folder));
    const longAgo = Date.now() / 1000 - 3700;
    for (const name of [names.old, names.other, names.folder])
      utimesSync(join(folder, name), longAgo, longAgo);
    writeFileAtomic(path, NEW);
    expect(readdirSync(folder).sort()).toEqual([names.young, names.other, names.folder, 'file'].sort());
  });
});

describe('a failure', () => {
  const write = (target = path) => refusal(() => writeFileAtomic(target, NEW), '', WriteError);

  it.each(names)('of %s leaves the old file and nothing else', (name) => {
    writeFileSync(path, OLD);
    for (const code of ['ENOSPC', 'EIO', 'EROFS', 'EACCES', 'EDQUOT']) {
      Object.assign(fault, { name, at: 1, code });
      expect(write()).toMatch(
        new RegExp(`^write: ${path}: expected to write 42 bytes but received ${code}: injected\\. Hint: \\w`),
      );
      expect(fault.at).toBe(0);
      fault.name = '';
      expect(readFileSync(path)).toEqual(OLD);
      expect(readdirSync(folder)).toEqual(['file']);
    }
  });

  it.each(['openSync', 'fsyncSync', 'closeSync'])(
    'of %s after the rename is told, with the new file in place',
    (name) => {
      writeFileSync(path, OLD);
      Object.assign(fault, { name, at: 2, code: 'EIO' });
      expect(write()).toContain('EIO: injected');
      fault.name = '';
      expect(readFileSync(path)).toEqual(NEW);
      expect(readdirSync(folder)).toEqual(['file']);
    },
  );

  it.each(['EINVAL', 'ENOTSUP'])('to sync a folder that cannot be synced (%s) is none', (code) => {
    Object.assign(fault, { name: 'fsyncSync', at: 2, code });
    writeFileAtomic(path, NEW);
    expect(fault.at).toBe(0);
    expect(readFileSync(path)).toEqual(NEW);
  });

  it('does not try a failed sync again', () => {
    Object.assign(fault, { name: 'fsyncSync', at: 1, code: 'EIO' });
    fault.calls.length = 0;
    write();
    expect(fault.calls.filter((name) => name === 'fsyncSync').length).toBe(1);
  });

  it('is said with what to do', () => {
    expect(write(join(folder, 'no/file'))).toBe(
      `write: ${folder}/no/file: expected to write 42 bytes but received ENOENT: no such file or directory. ` +
        'Hint: create the folder first',
    );
    writeFileSync(path, OLD);
    expect(write(join(path, 'below'))).toBe(
      `write: ${path}/below: expected to write 42 bytes but received ENOTDIR: not a directory. ` +
        'Hint: a part of the path is no folder',
    );
    expect(write(folder)).toBe(
      `write: ${folder}: expected a file but received a folder. Hint: pass the path of a file`,
    );
  });

  it('keeps devices and pipes from being replaced', () => {
    execFileSync('mkfifo', [path]);
    for (const special of [path, '/dev/null']) {
      expect(write(special)).toBe(
        `write: ${special}: expected a file but received a device or a pipe. Hint: pass the path of a file`,
      );
    }
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(statSync(path).isFIFO()).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)('in a folder that may not be written leaves the old file', () => {
    writeFileSync(path, OLD);
    chmodSync(path, 0o666);
    chmodSync(folder, 0o755);
    chmodSync(root, 0o755);
    process.seteuid?.(65534);
    try {
      expect(write()).toContain('received EACCES: permission denied. Hint: the folder must be writable');
    } finally {
      process.seteuid?.(0);
    }
    expect(readFileSync(path)).toEqual(OLD);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is told of what can be no path', () => {
    expect(() => writeFileAtomic('a\0b', NEW)).toThrow(WriteError);
    for (const path of [undefined, 7, new URL('file:///tmp/a'), Buffer.from('a')]) {
      expect(() => writeFileAtomic(wrong(path), NEW)).toThrow(ArgumentTypeError);
    }
  });
});

describe('a process that writes a file', () => {
  const compiled = join(root, 'compiled');
  // Large enough for a write in several pieces; all of one byte, so that a mix of old and new shows.
  const size = 1_000_000;
  const old = Buffer.alloc(size, 1);
  const fresh = Buffer.alloc(size, 2);

  beforeAll(() => {
    const project = new URL('../../..', import.meta.url).pathname;
    const flags =
      '--ignoreConfig --module nodenext --target es2023 --types node --skipLibCheck --rootDir lib';
    const options = [...flags.split(' '), '--outDir', compiled];
    execFileSync(join(project, 'node_modules/.bin/tsc'), [...options, 'lib/formats/atomic-file.ts'], {
      cwd: project,
    });
    writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(compiled, 'write.js'),
      `import { writeFileAtomic } from './formats/atomic-file.js';
       writeFileAtomic(process.argv[2], new Uint8Array(${size}).fill(2));`,
    );
  });

  beforeEach(() => writeFileSync(path, old));

  it('and may write only half of it leaves the old one', () => {
    const command = 'ulimit -f 500; exec node "$0" "$1"';
    const { status, signal, stderr } = spawnSync('bash', ['-c', command, join(compiled, 'write.js'), path]);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(String(stderr)).toContain('received EFBIG: file too large');
    expect(readFileSync(path).equals(old)).toBe(true);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  // The calls that only the write makes, in its order.
  it.skipIf(!canTrace).each([
    ['fchmod', 1, 'old', 1],
    ['fsync', 1, 'old', 1],
    ['rename', 1, 'old', 1],
    ['fsync', 2, 'new', 0],
  ] as const)('and is killed in %s, number %d, leaves the %s one', (call, when, expected, temporary) => {
    // Without -f, since the main thread makes these calls.
    const inject = ['-o', '/dev/null', '-e', `inject=${call}:signal=KILL:when=${when}`];
    const { signal } = spawnSync('strace', [...inject, 'node', join(compiled, 'write.js'), path]);
    expect(signal).toBe('SIGKILL');
    expect(readFileSync(path).equals(expected === 'old' ? old : fresh)).toBe(true);
    expect(readdirSync(folder).length).toBe(1 + temporary);
    // And the next one gets through.
    execFileSync('node', [join(compiled, 'write.js'), path]);
    expect(readFileSync(path).equals(fresh)).toBe(true);
  });
});
