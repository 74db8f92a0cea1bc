// The contenders: whether each is here, how to install it, and how it is run.
//
// A contender of the net is a program with the arguments FIXTURE THREADS EPOCHS STEPS REPEATS. It checks its results
// against the fixture (fixture.mjs), then takes times, and prints one JSON object:
//
//   settings   what it was run with, for people
//   version    of the system; left out by rownet
//   check      differences from the fixture: scores, and losses and parameters after a few steps
//   seconds    of each of EPOCHS epochs, scaled from STEPS steps if those are fewer; [] if it cannot train
//   stepsTimed STEPS
//   inference  [{ threads, imagesPerSecond, latency }] for 1 and THREADS threads: medians of REPEATS batches, and of
//              ten times as many single images, in seconds
//
// A contender of other nets (other-nets.mjs) takes FOLDER NAME THREADS, and prints settings, version, check, and the
// seconds of each step.
//
// A contender of the products takes other arguments (gemm-worker.mjs, openblas.cpp) and prints `products`, the seconds
// of each one of gemm-products.mjs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { productArguments } from './gemm-products.mjs';
import { buildFolder, here } from './paths.mjs';

const onnxruntimeVersion = '1.30.0';

/**
 * In the order of the first round. `find` says where it is, or undefined; `command` is made of what it found.
 * `steps`: how many are timed, where all 468 would take minutes.
 */
export const contenders = [
  {
    name: 'rownet',
    title: 'rownet',
    find: () => 'rownet-worker.mjs',
    command: (script, args) => [process.execPath, join(here, script), ...args],
  },
  {
    name: 'onednn',
    title: 'oneDNN',
    install: () => 'apt-get install g++ libdnnl-dev',
    find: () => (hasHeader('dnnl.hpp') ? sources('onednn') : undefined),
    command: (files, args) => [compile('onednn', files, ['-fopenmp', '-ldnnl']), ...args],
    env: (threads) => ({ OMP_NUM_THREADS: threads, OMP_PROC_BIND: 'true' }),
  },
  {
    name: 'torch',
    title: 'PyTorch',
    install: () => 'apt-get install python3-torch python3-numpy',
    find: () => python('torch, numpy'),
    command: (program, args) => [program, join(here, 'torch_worker.py'), ...args],
    // With more threads than one, OpenBLAS's and OpenMP's would fight for the cores.
    env: (threads) => ({ OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: 1, OMP_PROC_BIND: 'true' }),
  },
  {
    name: 'onnxruntime',
    title: 'ONNX Runtime (Node)',
    install: (peersDir) =>
      'ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save ' +
      `--prefix ${peersDir} onnxruntime-node@${onnxruntimeVersion}`,
    find: (peersDir) =>
      existsSync(join(peersDir, 'node_modules', 'onnxruntime-node')) ? peersDir : undefined,
    command: (_, args) => [process.execPath, join(here, 'onnxruntime-worker.mjs'), ...args],
    env: (_, peersDir) => ({ ROWNET_PEERS_DIR: peersDir }),
  },
  {
    name: 'numpy',
    title: 'NumPy',
    install: () => 'apt-get install python3-numpy',
    find: () => python('numpy'),
    command: (program, args) => [program, join(here, 'numpy_worker.py'), ...args],
    env: (threads) => ({ OPENBLAS_NUM_THREADS: threads }),
    steps: 8,
  },
];

/** The products alone. */
export const gemmContenders = [
  {
    name: 'rownet-matmul',
    title: 'rownet matmul',
    find: () => 'gemm-worker.mjs',
    command: (script, threads, repeats) => [process.execPath, join(here, script), threads, repeats],
  },
  {
    name: 'openblas',
    title: 'OpenBLAS',
    install: () => 'apt-get install g++ libopenblas-dev',
    find: () => (hasHeader('cblas.h') ? [join(here, 'openblas.cpp')] : undefined),
    command: (files, _, repeats) => [
      compile('openblas', files, ['-lopenblas']),
      repeats,
      ...productArguments(),
    ],
    env: (threads) => ({ OPENBLAS_NUM_THREADS: threads }),
  },
];

/** Of the other nets. `givesBack`: memory, to the system, between operations, as an allocator does by default. */
export const otherNetContenders = [
  {
    name: 'rownet-nets',
    title: 'rownet',
    find: () => 'other-nets-worker.mjs',
    command: (script, args) => [process.execPath, join(here, script), ...args],
  },
  ...[false, true].map((givesBack) => ({
    ...contenders.find(({ name }) => name === 'torch'),
    title: givesBack ? 'PyTorch, memory given back' : 'PyTorch',
    givesBack,
    command: (program, args) => [program, join(here, 'other_nets_worker.py'), ...args],
  })),
];

/** Names for --only. */
export const peerNames = [...contenders, ...gemmContenders]
  .filter(({ install }) => install !== undefined)
  .map(({ name }) => name);

/**
 * The environment of a contender. What is set here for other purposes must not choose its kernels or threads. Memory
 * that goes back to the system after an operation has to be cleared by it for the next, so nobody gives any back: in a
 * virtual machine PyTorch trained an epoch in 3.1 to 4.0 s in place of 15 to 30, and NumPy in 22 in place of 24 to 31.
 */
export function environment({ env = () => ({}), givesBack = false }, threads, peersDir) {
  const foreign = /^(OMP|GOMP|KMP|MKL|OPENBLAS|GOTO|BLIS|DNNL|ONEDNN|ORT|MALLOC|ROWNET)_/;
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(inherited),
    ...(givesBack ? {} : { MALLOC_TRIM_THRESHOLD_: '1000000000', MALLOC_MMAP_THRESHOLD_: '1000000000' }),
    ...Object.fromEntries(
      Object.entries(env(threads, peersDir)).map(([name, value]) => [name, String(value)]),
    ),
  };
}

const compiler = () => process.env.CXX || 'g++';

/** The compiler's first line about itself; null without one. */
export function compilerVersion() {
  const { status, stdout } = spawnSync(compiler(), ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : null;
}

function hasHeader(name) {
  const { status } = spawnSync(compiler(), ['-std=c++17', '-x', 'c++', '-M', '-'], {
    input: `#include <${name}>\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return status === 0;
}

function sources(folder) {
  return readdirSync(join(here, folder)).map((name) => join(here, folder, name));
}

/** Builds a program unless it is newer than its sources; returns its path. */
function compile(name, files, flags) {
  const program = join(buildFolder, name);
  const built = existsSync(program) ? statSync(program).mtimeMs : 0;
  if (files.every((file) => statSync(file).mtimeMs < built)) return program;
  mkdirSync(buildFolder, { recursive: true });
  const units = files.filter((file) => file.endsWith('.cpp'));
  const args = ['-std=c++17', '-O3', '-march=native', ...units, '-o', program, ...flags];
  const { status, stderr, error } = spawnSync(compiler(), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`peers: ${name} does not compile: ${error?.message ?? stderr}`);
  return program;
}

/** The first Python that can import the modules. */
function python(modules) {
  const given = process.env.ROWNET_PEERS_PYTHON;
  return (given ? [given] : ['python3', '/usr/bin/python3']).find(
    (program) => spawnSync(program, ['-c', `import ${modules}`], { stdio: 'ignore' }).status === 0,
  );
}
