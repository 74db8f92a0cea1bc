// The package under other tools, as docs/guides/other-tools.md has it: an old Node, a bundler, Jest, TypeScript 5.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const program =
  "import { LeNet5, Tensor } from 'rownet';\n" +
  'console.log(new LeNet5({ seed: 1 }).predict(new Tensor([1, 1, 32, 32])).size);\n';
const required = program.replace(/import (.*) from '(.*)';/, "const $1 = require('$2');");
const jestTest =
  "import { LeNet5, loadParams, Tensor } from 'rownet';\n" +
  "test('a net answers', () => {\n" +
  '  expect(new LeNet5({ seed: 1 }).predict(new Tensor([1, 1, 32, 32])).size).toBe(10);\n' +
  "  expect(() => loadParams('nowhere')).toThrow(expect.objectContaining({ code: 'ERR_ROWNET_DATA' }));\n" +
  '});\n';
const typed =
  "import { LeNet5, type Tensor, Trainer } from 'rownet';\n" +
  'const net = new LeNet5({ seed: 1 });\n' +
  'export const scores = (x: Tensor): Float32Array => net.predict(x).data;\n' +
  "export const trainer = new Trainer(net, { recipe: 'fast' });\n";

/**
 * @param {object} tools
 * @param {string} tools.folder a project with rownet installed; other packages are installed beside it
 * @param {string} tools.elsewhere an empty folder without rownet
 * @param {(name: string, run: () => void) => void} tools.part
 * @param {(command: string, args: string[], options: object) => { stdout: string, stderr: string }} tools.run
 * @param {(condition: unknown, message: string) => void} tools.expect
 */
export function checkOtherTools({ folder, elsewhere, part, run, expect }) {
  const install = (...names) =>
    run('npm', ['install', '--no-save', '--ignore-scripts=false', '--prefer-offline', ...names], {
      cwd: folder,
    });
  const bin = (name) => join(folder, 'node_modules', '.bin', name);
  const expectText = (text, wanted) => expect(text.includes(wanted), `expected "${wanted}" in ${text}`);
  writeFileSync(join(folder, 'program.mjs'), program);
  writeFileSync(join(folder, 'program.cjs'), required);

  part('import and require', () => {
    for (const name of ['program.mjs', 'program.cjs']) {
      expectText(run(process.execPath, [name], { cwd: folder }).stdout, '10');
    }
  });

  part('Node 18 is told which Node it needs', () => {
    install('node@18');
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    const wanted = 'rownet: expected Node 20.19 or newer of 20, or 22.12 or newer, but received Node 18.';
    expectText(run(node, ['program.mjs'], { cwd: folder, code: 1 }).stderr, wanted);
    const command = join(folder, 'node_modules', 'rownet', 'bin', 'rownet.mjs');
    for (const args of [['info'], ['--help']]) {
      expectText(run(node, [command, ...args], { cwd: folder, code: 4 }).stderr, wanted);
    }
  });

  part('esbuild: beside the bundle it works, inside the cause is told', () => {
    install('esbuild');
    for (const format of ['esm', 'cjs']) {
      const options = ['program.mjs', '--bundle', '--platform=node', `--format=${format}`];
      const name = format === 'esm' ? 'bundle.mjs' : 'bundle.cjs';
      run(bin('esbuild'), [...options, '--external:rownet', `--outfile=${name}`], { cwd: folder });
      expectText(run(process.execPath, [name], { cwd: folder }).stdout, '10');
      run(bin('esbuild'), [...options, `--outfile=${name}`], { cwd: folder });
      copyFileSync(join(folder, name), join(elsewhere, name));
      const { stderr } = run(process.execPath, [name], { cwd: elsewhere, code: 1 });
      expectText(stderr, 'outside of its package: a bundler has put it into that file');
    }
  });

  part('Jest with ES modules', () => {
    install('jest@30');
    writeFileSync(join(folder, 'net.test.mjs'), jestTest);
    const options = ['--testMatch', '**/net.test.mjs', '--rootDir', folder];
    run(process.execPath, ['--experimental-vm-modules', bin('jest'), ...options], { cwd: folder });
  });

  part('TypeScript 5, each moduleResolution', () => {
    install('typescript@5', '@types/node@20');
    for (const name of ['typed.ts', 'typed.mts']) writeFileSync(join(folder, name), typed);
    const always = [
      '--noEmit',
      '--strict',
      '--target',
      'ES2022',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
    ];
    for (const options of [
      ['--module', 'CommonJS', '--moduleResolution', 'node10', 'typed.ts'],
      ['--module', 'ESNext', '--moduleResolution', 'bundler', 'typed.ts'],
      ['--module', 'Node16', 'typed.mts'],
      ['--module', 'NodeNext', 'typed.mts'],
    ]) {
      run(bin('tsc'), [...always, ...options], { cwd: folder });
    }
  });
}
