/** A level is its header: every one defines the names that vec.h lists, and no kernel asks which level it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sources } from '../docs/sources.js';
import { root } from '../support/cli.js';

const isa = join(root, 'native', 'core', 'isa');
const text = (name: string) => readFileSync(join(isa, name), 'utf8');
const levels = [...text('levels.inc').matchAll(/^ROWNET_LEVEL\((\w+)/gm)].map(([, name]) => name);

/** What a header defines at the outermost level: functions, types and constants. */
const defined = (level: string | undefined) =>
  [
    ...text(`vec_${level}.h`).matchAll(
      /^(?:inline .*?(\w+)\(|using (\w+) =|typedef \w+ (\w+) |(?:alignas\(\d+\) )?constexpr \w+ (\w+))/gm,
    ),
  ].map(([, ...names]) => names.find((name) => name !== undefined));

/** The first column of vec.h's list: `load(p) store(p, v)` are two names. */
const listed = [...text('vec.h').matchAll(/^\/\/ {3}(?=\S)(.{1,36})/gm)].flatMap(([, names = '']) =>
  [...names.matchAll(/(\w+)(?:\([^)]*\))?/g)].map(([, name]) => name),
);

describe('vec.h', () => {
  it('lists what vec_portable.h defines', () => {
    expect(listed.length).toBeGreaterThan(40);
    expect([...listed].sort()).toEqual(defined('portable').sort());
  });

  it.each(levels)('vec_%s.h has every name of the list', (level) => {
    expect(listed.filter((name) => !defined(level).includes(name))).toEqual([]);
  });
});

it('no file outside isa/ names a level', () => {
  const files = sources(['native'], /\.(h|cpp)$/).filter(({ path }) => !path.startsWith('native/core/isa/'));
  expect(files.length).toBeGreaterThan(40);
  const names = new RegExp(`ROWNET_(ISA|VEC)|${levels.slice(1).join('|')}`, 'gi');
  for (const { path, text: code } of files) {
    expect(code.replace(/\/\/.*$/gm, '').match(names), path).toBeNull();
  }
});
