/** Installations that are not complete: exit code 4, and what to do. */
import { copyFileSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { prebuiltAddon } from '../../../lib/native.js';
import { jsonLines, root, rownet, temporaryFolder } from '../../support/cli.js';
import { addon } from '../../support/native.js';

const folder = temporaryFolder();

function copyPackage(name: string, paths: readonly string[]): string {
  const copy = folder.join(name);
  mkdirSync(copy);
  for (const path of paths) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return join(copy, 'bin', 'rownet.mjs');
}

describe('without the addon, as npm install --ignore-scripts leaves it', () => {
  let bin = '';
  beforeAll(() => {
    bin = copyPackage('no-addon', ['bin', 'dist', 'package.json']);
  });

  it.each([[['train --out run']], [['bench']], [['info']]])('rownet %j', async (args) => {
    const result = await rownet(args, { bin, cwd: folder.path });
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('native: the addon is not built');
    expect(result.stderr).toContain('Run "npm rebuild"');
    expect(existsSync(folder.join('run'))).toBe(false);
  });

  it('info still tells the rest', async () => {
    const { code, stdout } = await rownet(['info --json'], { bin });
    expect(code).toBe(4);
    expect(jsonLines(stdout)).toMatchObject([
      { node: process.version, addon: null, isa: null, threads: null },
    ]);
  });
});

describe('the doctor', () => {
  it('says where the addon was looked for, and what is there', async () => {
    const bin = copyPackage('doctor-none', ['bin', 'dist', 'package.json']);
    const { code, stdout, stderr } = await rownet(['doctor --json'], { bin });
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
    const [{ checks }] = jsonLines(stdout) as unknown as [{ checks: Record<string, string>[] }];
    expect(checks.find(({ name }) => name === 'addon')).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(
        /doctor-none\/build\/Release\/rownet\.node \(is not there\), .*native: the addon is not built /,
      ),
      hint: expect.stringContaining('npm rebuild'),
    });
    // The rest is told all the same.
    expect(checks.find(({ name }) => name === 'data mnist')).toMatchObject({ status: 'ok' });
    expect(checks.find(({ name }) => name === 'kernels')).toMatchObject({ status: 'warning' });
  });

  it('says why an addon that is there does not load', async () => {
    const bin = copyPackage('doctor-broken', ['bin', 'dist', 'package.json']);
    mkdirSync(folder.join('doctor-broken', 'build', 'Release'), { recursive: true });
    writeFileSync(folder.join('doctor-broken', 'build', 'Release', 'rownet.node'), 'not a library');
    const { code, stdout } = await rownet(['doctor'], { bin });
    expect(code).toBe(4);
    expect(stdout).toMatch(
      /^problem {2}addon .*Release\/rownet\.node \(does not load\).* was found but did not load: /m,
    );
  });
});

describe('with the addon that a package brings along', () => {
  const prebuilt = prebuiltAddon()?.slice(root.length) ?? '';

  function copyWith(name: string, write: (path: string) => void): { bin: string; path: string } {
    const bin = copyPackage(name, ['bin', 'dist', 'package.json']);
    const path = folder.join(name, prebuilt);
    mkdirSync(dirname(path), { recursive: true });
    write(path);
    return { bin, path };
  }

  it('loads it, and says so', async () => {
    const { bin, path } = copyWith('prebuilt', (to) => copyFileSync(addon, to));
    const { code, stdout } = await rownet(['info --json'], { bin });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ addon: path, buildType: 'Release' }]);
  });

  it('prefers what was built here', async () => {
    const { bin } = copyWith('both', (to) => writeFileSync(to, 'not a library'));
    const built = folder.join('both', 'build', 'Release', 'rownet.node');
    mkdirSync(dirname(built), { recursive: true });
    copyFileSync(addon, built);
    const { code, stdout } = await rownet(['info --json'], { bin });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ addon: built }]);
  });

  it('exit code 4 and what to do where it is damaged', async () => {
    const { bin, path } = copyWith('damaged', (to) => writeFileSync(to, 'not a library'));
    const { code, stderr } = await rownet(['train --out run'], { bin, cwd: folder.path });
    expect(code).toBe(4);
    expect(stderr).toContain(`native: ${path} was found but did not load`);
    expect(stderr).toContain('npm rebuild rownet');
    expect(existsSync(folder.join('run'))).toBe(false);
  });
});

it('without dist/, as a clone without a build', async () => {
  const bin = copyPackage('no-dist', ['bin', 'package.json']);
  const result = await rownet(['--help'], { bin });
  expect(result).toMatchObject({ code: 4, stdout: '' });
  expect(result.stderr).toContain('the TypeScript sources are not compiled');
  expect(result.stderr).toContain('npm rebuild rownet');
});
