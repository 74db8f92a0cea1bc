/**
 * What the compiler made of each ISA level. A function that two objects share is kept once by the linker: if it is the
 * copy compiled for AVX-512, a CPU without it ends with SIGILL, and no machine that has AVX-512 shows it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isaLevels } from '../../lib/kernels/runtime.js';
import { root } from '../support/cli.js';
import { addonFolder, missingForX86, nativeTestsFolder } from '../support/native.js';

const levels = isaLevels().map(({ name }) => name);
const baseline = isaLevels()
  .filter(({ cpuFlags }) => !cpuFlags.some((flag) => flag.startsWith('avx')))
  .map(({ name }) => `rownet_isa_${name}`);
const reason = missingForX86(['nm', 'objdump']);

const levelObject = (folder: string, level: string) =>
  join(folder, 'CMakeFiles', `rownet_isa_${level}.dir`, 'native', 'core', 'isa', 'level.cpp.o');

function output(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

interface NmSymbol {
  readonly type: string;
  readonly name: string;
}

const symbols = (object: string): NmSymbol[] =>
  output('nm', ['-C', object])
    .trim()
    .split('\n')
    .map((line) => {
      const match = /^[0-9a-f ]* (\w) (.+)$/.exec(line);
      if (match === null) throw new Error(`nm printed "${line}"`);
      return { type: match[1] ?? '', name: match[2] ?? '' };
    });

/** Instructions of AVX and later: by their mnemonic (all and only these start with v here) or register. */
const avxLines = (object: string): string[] =>
  output('objdump', ['-d', '--no-show-raw-insn', object])
    .split('\n')
    .filter((line) => /^\s*[0-9a-f]+:\s+(\{\w+\} )?v[a-z]|%[yz]mm\d|%k[0-7]\b/.test(line));

function objects(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.o'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe.each([
  ['native tests', nativeTestsFolder, ['rownet_core', ...baseline]],
  ['addon', addonFolder, ['rownet', 'rownet_core', ...baseline]],
])('objects of the %s', (_, folder, targets) => {
  describe.each(levels)('%s', (level) => {
    const object = levelObject(folder, level);

    it('shares no function and exports its table alone', (context) => {
      if (reason !== undefined) context.skip(reason);
      expect(existsSync(object), `${object}: run "npm test", which builds it`).toBe(true);
      const all = symbols(object);
      expect(all.filter(({ type }) => 'WwVvu'.includes(type))).toEqual([]);
      const global = all.filter(({ type }) => type !== 'U' && type === type.toUpperCase());
      expect(global.map(({ name }) => name)).toEqual([`rownet::kernel_table_${level}`]);
    });

    it('uses nothing but functions of the core that have one copy, and the C library', (context) => {
      if (reason !== undefined) context.skip(reason);
      const plain = ['memcpy', 'memmove', 'memset', '_GLOBAL_OFFSET_TABLE_', '__stack_chk_fail'];
      const allowed = [...plain, 'exp', 'log', 'log1p', 'sqrt', 'sqrtf', 'strcmp'];
      const used = symbols(object).filter(({ type }) => type === 'U');
      const others = used.map(({ name }) => name).filter((name) => !allowed.includes(name));
      // Whatever is emitted here has no linkage, so that these are compiled elsewhere, without machine options.
      expect(others.filter((name) => !name.startsWith('rownet::'))).toEqual([]);
    });
  });

  it('have AVX instructions where they are meant to', (context) => {
    if (reason !== undefined) context.skip(reason);
    expect(avxLines(levelObject(folder, 'avx2')).some((line) => line.includes('%ymm'))).toBe(true);
    expect(avxLines(levelObject(folder, 'avx2')).filter((line) => line.includes('%zmm'))).toEqual([]);
    expect(avxLines(levelObject(folder, 'avx512')).some((line) => line.includes('%zmm'))).toBe(true);
  });

  it.for(targets)('have none in %s', (target, context) => {
    if (reason !== undefined) context.skip(reason);
    const files = objects(join(folder, 'CMakeFiles', `${target}.dir`));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(avxLines(file), relative(root, file)).toEqual([]);
  });
});
