/** What a Node that is too old is told, and that it gets so far. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRange, supportedNode, whyNotSupported } from '../../lib/node-version.js';
import { sources } from '../docs/sources.js';
import { root } from '../support/cli.js';

it.each([
  ['v20.19.0', true],
  ['v20.18.9', false],
  ['v20.20.2', true],
  ['v21.9.0', false],
  ['v22.11.9', false],
  ['v22.12.0', true],
  ['v24.0.0', true],
])('%s in ^20.19.0 || >=22.12.0: %j', (version, expected) => {
  expect(inRange(version, '^20.19.0 || >=22.12.0')).toBe(expected);
});

describe('an unsupported Node', () => {
  it('is what engines of package.json says', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    expect(supportedNode).toBe(engines.node);
    expect(whyNotSupported(process.version)).toBeUndefined();
  });

  it('is told which one it needs', () => {
    expect(whyNotSupported('v18.20.8')).toBe(
      'rownet: expected Node 20.19 or newer of 20, or 22.12 or newer, but received Node 18.20.8. ' +
        'Hint: install a supported Node, such as the newest 22 or 24',
    );
  });

  it('is told it before anything else runs', () => {
    const index = readFileSync(join(root, 'lib/index.ts'), 'utf8');
    expect(/(?:import|from) '([^']+)'/.exec(index)?.[1]).toBe('./check-node.js');
    const [program] = sources(['bin'], /\.mjs$/);
    expect(program.text.indexOf('whyNotSupported')).toBeLessThan(program.text.indexOf("import('../dist/cli"));
  });

  it('can link the library: nothing that Node 18 lacks is imported by name', () => {
    const newer = /\b(crc32|styleText|availableParallelism|parseEnv|getBuiltinModule|globSync|glob)\b/;
    const names = sources(['lib'], /\.ts$/)
      .filter(({ path }) => !path.startsWith('lib/cli/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/^import (?:\w+, )?\{([^}]*)\} from 'node:[^']+'/gm)].map(([, list]) => [
          path,
          list,
        ]),
      );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter(([, list]) => newer.test(list))).toEqual([]);
  });
});
