// The command line of run.mjs.
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildFolder, here, root } from './paths.mjs';

/** A mistake on the command line: exit code 2. */
export class UsageError extends Error {}

export const usage = `usage: npm run bench:peers -- [options]

Trains and runs LeNet-5 on the same images in rownet and in other systems, each in processes of its own, in alternating
order. Writes peers-<threads>-threads.json, peers.md and peers.svg.

  --threads <n>       threads to run on (default: all cores)
  --rounds <n>        processes of each contender (default 5); 0 measures nothing, and writes table and chart anew
  --only <names>      contenders beside rownet, separated by commas: numpy, torch, onednn, onnxruntime, openblas
  --quick             one round of few steps, a first look; results go to build/peers/quick
  --json              print the results as JSON
  --list              say which contenders are here, and how to install the others
  --out <folder>      where results go (default: benchmarks/results)
  --peers-dir <path>  where onnxruntime-node is installed (default: ROWNET_PEERS_DIR, else benchmarks/peers/.installed)
  --help              print this

ROWNET_PEERS_PYTHON names the Python that has NumPy and PyTorch (default: python3, then /usr/bin/python3); CXX the C++
compiler (default: g++).`;

/**
 * @param args without node and the script
 * @param known names for --only
 * @throws {UsageError} for an unknown option or a value that does not fit
 */
export function parseOptions(args, known, env = process.env) {
  const values = parse(args);
  const quick = values.quick ?? false;
  const only = values.only?.split(',');
  for (const name of only ?? []) {
    if (known.includes(name)) continue;
    throw new UsageError(`--only: expected some of ${known.join(', ')} but received "${name}"`);
  }
  const peersDir = values['peers-dir'] ?? (env.ROWNET_PEERS_DIR || join(here, '.installed'));
  return {
    help: values.help ?? false,
    list: values.list ?? false,
    json: values.json ?? false,
    quick,
    only,
    threads: integer('--threads', values.threads, availableParallelism(), 1, 1024),
    rounds: integer('--rounds', values.rounds, quick ? 1 : 5, 0, 1000),
    out: resolve(values.out ?? (quick ? join(buildFolder, 'quick') : join(root, 'benchmarks', 'results'))),
    peersDir: resolve(peersDir),
  };
}

function parse(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  try {
    return parseArgs({
      args,
      options: {
        threads: text,
        rounds: text,
        only: text,
        out: text,
        'peers-dir': text,
        quick: flag,
        json: flag,
        list: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function integer(name, text, standard, least, most) {
  if (text === undefined) return standard;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${name}: expected an integer from ${least} to ${most} but received "${text}"`);
}
