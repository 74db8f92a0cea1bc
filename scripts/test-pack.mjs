// Packs the project from a clean copy, looks at the contents, and installs the package in empty folders in every way
// that users do. --quick leaves out what compiles the addon again or installs other tools.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkContents, checkDemands, checkLicences } from './pack-contents.mjs';
import { checkOtherTools } from './pack-tools.mjs';

const quick = process.argv.includes('--quick');
const root = fileURLToPath(new URL('..', import.meta.url));
const work = realpathSync(mkdtempSync(join(tmpdir(), 'rownet-pack-')));
let failures = 0;

/** Runs one part; what it throws is a failure, and the others go on. */
function part(name, run) {
  const start = performance.now();
  try {
    run();
    console.log(`ok      ${name} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${name}\n${error.message}`);
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

const npmConfig = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout.trim();
/** Nothing of this user's settings but where packages come from. */
const environment = {
  PATH: process.env.PATH,
  HOME: join(work, 'home'),
  npm_config_cache: join(work, 'cache'),
  npm_config_registry: npmConfig,
  npm_config_update_notifier: 'false',
  ...(process.env.NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS }),
};

function run(command, args, { cwd, env = {}, code = 0 }) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...environment, ...env },
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  expect(
    result.status === code,
    `${command} ${args.join(' ')} in ${cwd}: expected exit code ${code} but received ` +
      `${result.error?.message ?? result.signal ?? result.status}\n${result.stdout}${result.stderr}`,
  );
  return result;
}

/** A PATH with Node, npm and a shell: no compiler, no CMake. */
function pathWithoutTools() {
  const folder = join(work, 'bin');
  mkdirSync(folder);
  for (const name of ['node', 'npm', 'sh', 'env']) {
    const found = process.env.PATH.split(':')
      .map((entry) => join(entry, name))
      .find((path) => !path.includes('node_modules') && existsSync(path));
    symlinkSync(name === 'node' ? process.execPath : realpathSync(found), join(folder, name));
  }
  return folder;
}

/** The files of the repository as they stand, without what git ignores. */
function copyProject(name) {
  const copy = join(work, name);
  for (const path of tracked) cpSync(join(root, path), join(copy, path));
  return copy;
}

function emptyProject(name) {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return folder;
}

const installed = (folder, ...names) => join(folder, 'node_modules', 'rownet', ...names);

/** Trains, evaluates the checkpoint, predicts in a program; returns the loss. @param {string} addon the file that must be used */
function train(folder, addon, env = {}) {
  const bin = installed(folder, 'bin', 'rownet.mjs');
  const rownet = (...args) => run(process.execPath, [bin, ...args], { cwd: folder, env });
  expect(rownet('--help').stdout.includes('train'), '--help does not name train');
  const [info] = jsonLines(rownet('info', '--json').stdout);
  expect(info.addon === addon, `info: expected the addon ${addon} but received ${info.addon}`);
  rmSync(join(folder, 'run'), { recursive: true, force: true });
  const options = ['--data', digits, '--epochs', '2', '--batch-size', '16', '--seed', '1', '--threads', '2'];
  const events = jsonLines(rownet('train', ...options, '--out', 'run', '--json').stdout);
  const { checkpoint } = events.find(({ event }) => event === 'done') ?? {};
  expect(checkpoint, `train: expected the event done but received ${JSON.stringify(events)}`);
  jsonLines(rownet('eval', checkpoint, '--data', digits, '--json').stdout);
  writeFileSync(
    join(folder, 'predict.js'),
    "import { LeNet5, Tensor } from 'rownet';\n" +
      'const scores = new LeNet5({ seed: 1 }).predict(new Tensor([1, 1, 32, 32]));\n' +
      'if (scores.data.length !== 10) throw new Error(scores.toString());\n',
  );
  run(process.execPath, ['predict.js'], { cwd: folder, env });
  return events.find(({ event, epoch }) => event === 'epoch' && epoch === 2).loss;
}

const kB = (bytes) => `${Math.round(bytes / 1000)} kB`;
const jsonLines = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** IDX files: a bright bar in the row of each class. */
function writeDigits(folder) {
  mkdirSync(folder);
  for (const [prefix, count] of [
    ['train', 64],
    ['t10k', 32],
  ]) {
    const images = Buffer.alloc(16 + 784 * count);
    const labels = Buffer.alloc(8 + count);
    for (const [at, value] of [2051, count, 28, 28].entries()) images.writeUInt32BE(value, 4 * at);
    for (const [at, value] of [2049, count].entries()) labels.writeUInt32BE(value, 4 * at);
    for (let i = 0; i < count; ++i) {
      labels[8 + i] = i % 10;
      images.fill(200, 16 + 784 * i + 56 * (i % 10), 16 + 784 * i + 56 * (i % 10) + 28);
    }
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), images);
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), labels);
  }
  return folder;
}

const tracked = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .stdout.split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));

process.on('exit', () => rmSync(work, { recursive: true, force: true }));
mkdirSync(environment.HOME);
const digits = writeDigits(join(work, 'digits'));
const bare = { PATH: pathWithoutTools() };

let tarball = '';
let prebuild = '';
part('npm pack from a clean copy', () => {
  const copy = copyProject('copy');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = run('npm', ['pack', '--json', '--pack-destination', work], { cwd: copy });
  const [packed] = JSON.parse(stdout);
  tarball = join(work, packed.filename);
  console.log(
    `        ${packed.filename}: ${kB(packed.size)} packed, ${kB(packed.unpackedSize)} unpacked, ${packed.entryCount} files`,
  );
  const unpacked = join(work, 'unpacked');
  mkdirSync(unpacked);
  run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'], { cwd: work });
  prebuild = packed.files.map(({ path }) => path).find((path) => path.endsWith('.node')) ?? '';
  expect(prebuild !== '', 'the package holds no prebuilt addon');
  const { demands, wrong } = checkDemands(join(unpacked, prebuild));
  console.log(
    `        ${prebuild}: ${kB(statSync(join(unpacked, prebuild)).size)}, asks for ${demands.join(', ')}`,
  );
  wrong.push(...checkContents(unpacked, packed.size, tracked, work));
  expect(wrong.length === 0, wrong.join('\n'));
});
if (tarball === '') process.exit(1);

part('publint', () => {
  run(
    process.execPath,
    [join(root, 'node_modules', 'publint', 'src', 'cli.js'), 'run', tarball, '--strict'],
    { cwd: root },
  );
});

let loss;
const first = emptyProject('ignore-scripts');
part('a: --ignore-scripts, no compiler: the prebuilt addon trains', () => {
  run('npm', ['install', '--ignore-scripts', tarball], { cwd: first, env: bare });
  loss = train(first, installed(first, prebuild), bare);
});

part('the licences of what is installed', () => {
  const { lines, wrong } = checkLicences(first);
  console.log(lines.map((line) => `        ${line}`).join('\n'));
  console.log(`        ${lines.length} packages beside rownet`);
  expect(wrong.length === 0, wrong.join('\n'));
});

part('types, for a program in TypeScript', () => {
  writeFileSync(
    join(first, 'program.ts'),
    "import { LeNet5, type Tensor, Trainer } from 'rownet';\n" +
      'const net = new LeNet5({ seed: 1 });\n' +
      'export const scores = (x: Tensor): Float32Array => net.predict(x).data;\n' +
      "export const trainer = new Trainer(net, { recipe: 'fast' });\n",
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--strict', '--noEmit', '--target', 'ES2023', '--module', 'NodeNext'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  run(process.execPath, [tsc, ...options, ...types, 'program.ts'], { cwd: first });
});

part('b: with scripts, without a network or a compiler: nothing is built', () => {
  const folder = emptyProject('offline');
  // A user namespace is what lets an ordinary user cut the network off; not every system permits it.
  const cutOff = spawnSync('unshare', ['-rn', 'true']).status === 0;
  if (!cutOff) console.log('        unshare is not permitted here: only npm is kept from the network');
  const npm = ['npm', 'install', '--offline', '--foreground-scripts', tarball];
  const [command, ...args] = cutOff ? [unshare(), '-rn', ...npm] : npm;
  const { stdout, stderr } = run(command, args, { cwd: folder, env: bare });
  expect(
    `${stdout}${stderr}`.includes('runs here'),
    `the install script did not say so:\n${stdout}${stderr}`,
  );
  expect(!existsSync(installed(folder, 'build')), 'expected no build/');
  expect(train(folder, installed(folder, prebuild), bare) === loss, 'expected the loss of part a');
});

function unshare() {
  return process.env.PATH.split(':')
    .map((entry) => join(entry, 'unshare'))
    .find((path) => existsSync(path));
}

part('d: a damaged or missing addon, --ignore-scripts: exit code 4 and what to do', () => {
  const folder = join(work, 'damaged');
  cpSync(first, folder, { recursive: true });
  const bin = installed(folder, 'bin', 'rownet.mjs');
  for (const [damage, message] of [
    [() => writeFileSync(installed(folder, prebuild), 'not a library'), 'was found but did not load'],
    [() => rmSync(installed(folder, prebuild)), 'this package holds none for this platform'],
  ]) {
    damage();
    const { stderr } = run(process.execPath, [bin, 'train', '--data', digits], { cwd: folder, code: 4 });
    for (const text of [message, 'npm rebuild rownet'])
      expect(stderr.includes(text), `expected "${text}" in ${stderr}`);
    const rebuild = run('npm', ['rebuild', 'rownet', '--foreground-scripts'], {
      cwd: folder,
      env: bare,
      code: 1,
    });
    expect(`${rebuild.stdout}${rebuild.stderr}`.includes('CMake 3.16 or newer is missing'), rebuild.stderr);
  }
});

part('f: --omit=optional trains too', () => {
  const folder = emptyProject('omit-optional');
  run('npm', ['install', '--omit=optional', '--prefer-offline', tarball], { cwd: folder, env: bare });
  expect(!existsSync(join(folder, 'node_modules', '@resvg')), '@resvg is there');
  console.log(`        ${checkLicences(folder).lines.length} packages beside rownet`);
  expect(train(folder, installed(folder, prebuild), bare) === loss, 'expected the loss of part a');
});

if (!quick) {
  const tools = join(work, 'tools');
  cpSync(first, tools, { recursive: true });
  checkOtherTools({ folder: tools, elsewhere: emptyProject('elsewhere'), part, run, expect });

  const built = (folder) => installed(folder, 'build', 'Release', 'rownet.node');

  part('c: built from source on demand', () => {
    const folder = emptyProject('from-source');
    const env = { npm_config_build_from_source: 'true' };
    run('npm', ['install', '--prefer-offline', tarball], { cwd: folder, env });
    expect(train(folder, built(folder)) === loss, 'expected the loss of part a');
    run('npm', ['rebuild', 'rownet'], { cwd: folder, env: bare });
    expect(train(folder, installed(folder, prebuild)) === loss, 'expected the loss of part a');
  });

  part('d: a damaged addon is replaced by a build', () => {
    const folder = join(work, 'replaced');
    cpSync(first, folder, { recursive: true });
    writeFileSync(installed(folder, prebuild), 'not a library');
    const { stdout } = run('npm', ['rebuild', 'rownet', '--foreground-scripts'], { cwd: folder });
    expect(stdout.includes('does not run here'), `the install script did not say so:\n${stdout}`);
    expect(train(folder, built(folder)) === loss, 'expected the loss of part a');
  });

  part('e: npm ci --omit=dev in a clone', () => {
    const clone = copyProject('clone');
    // What is left of an earlier pack is no substitute for the sources.
    mkdirSync(dirname(join(clone, prebuild)), { recursive: true });
    writeFileSync(join(clone, prebuild), 'stale');
    run('npm', ['ci', '--omit=dev', '--prefer-offline'], { cwd: clone });
    expect(existsSync(join(clone, 'build', 'Release', 'rownet.node')), 'expected a built addon');
    const { stderr } = run(process.execPath, ['bin/rownet.mjs', '--help'], { cwd: clone, code: 4 });
    expect(stderr.includes('npm install && npm run build'), stderr);
  });
}

console.log(failures === 0 ? 'test-pack: everything works' : `test-pack: ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
