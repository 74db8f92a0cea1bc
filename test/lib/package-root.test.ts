/** Where the package's files are, and what is said where the code has been moved away from them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../lib/package-root.js';
import { root, temporaryFolder } from '../support/cli.js';

const folder = temporaryFolder();

it('is the repository here, from lib/ and from dist/', () => {
  expect(join(packageRoot(), '.')).toBe(join(root, '.'));
  expect(packageRoot(pathToFileURL(join(root, 'dist/package-root.js')).href)).toBe(join(root, '.'));
});

describe('a bundle', () => {
  const bundled = (file: string) =>
    expect.objectContaining({
      code: 'ERR_ROWNET_ADDON',
      message: expect.stringMatching(
        `^native: rownet runs from ${file}, outside of its package: a bundler .* Hint: .*--external:rownet`,
      ),
    });

  it('of CommonJS has no address', () => {
    expect(() => packageRoot('')).toThrow(bundled('a bundle'));
  });

  it.each([
    ['without a package.json', undefined],
    ['in another package', '{"name":"app"}'],
    ['in a project without a name', '{}'],
  ])('%s', (name, json) => {
    const app = folder.join(name);
    mkdirSync(join(app, 'out'), { recursive: true });
    if (json !== undefined) writeFileSync(join(app, 'package.json'), json);
    const file = join(app, 'out', 'bundle.mjs');
    expect(() => packageRoot(pathToFileURL(file).href)).toThrow(bundled(file));
  });

  it('is told the cause at the first kernel, and its import goes well', () => {
    const moved = folder.join('moved/out');
    cpSync(join(root, 'dist'), moved, { recursive: true });
    writeFileSync(folder.join('moved/package.json'), '{"type":"module"}');
    const program = `
      import(${JSON.stringify(pathToFileURL(join(moved, 'index.js')).href)}).then(({ matmul, Tensor }) => {
        try { matmul(new Tensor([1, 1]), new Tensor([1, 1])); } catch (error) { console.log(error.code, error.message); }
      })`;
    // What rownet depends on is found from the folder, as it would be in the bundle.
    cpSync(join(root, 'node_modules/pbf'), folder.join('moved/node_modules/pbf'), { recursive: true });
    for (const name of ['resolve-protobuf-schema', 'protocol-buffers-schema']) {
      cpSync(join(root, 'node_modules', name), folder.join('moved/node_modules', name), { recursive: true });
    }
    expect(execFileSync(process.execPath, ['--eval', program], { encoding: 'utf8' })).toMatch(
      /^ERR_ROWNET_ADDON native: rownet runs from .*package-root\.js, outside of its package/,
    );
  });
});

it('an addon that may not be loaded is told as that', () => {
  const index = pathToFileURL(join(root, 'dist/index.js')).href;
  const program = `import(${JSON.stringify(index)}).then(({ runtimeInfo }) => {
    try { runtimeInfo(); } catch (error) { console.log(error.code, error.message); }
  })`;
  expect(execFileSync(process.execPath, ['--no-addons', '--eval', program], { encoding: 'utf8' })).toMatch(
    /^ERR_ROWNET_ADDON native: this process may not load addons: .* Hint: with --permission pass --allow-addons/,
  );
});
