// The parsers of parameters and runs.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { newRunConfig, resumedRunConfig } from '../../../dist/cli/commands/train/config.js';
import { parseRunConfig } from '../../../dist/runs/config.js';
import { RunFolder } from '../../../dist/runs/folder.js';
import { loadCheckpoint, saveCheckpoint } from '../../../dist/formats/checkpoint.js';
import { decodeNpy, encodeNpy } from '../../../dist/formats/npy.js';
import { decodeNpz, encodeNpz } from '../../../dist/formats/npz.js';
import { decodeSafetensors, encodeSafetensors } from '../../../dist/formats/safetensors.js';
import { Tensor } from '../../../dist/tensor.js';
import { resolveRecipe } from '../../../dist/training/recipes.js';
import { recipeForRun } from '../../../dist/training/run-recipe.js';
import { takeWarnings } from '../../../dist/warnings.js';
import { promise, sameTensors } from '../oracle.mjs';

const params = new Map([
  ['conv.weight', Tensor.from([1, -2, 3, 4, 0.5, 6], [1, 2, 3])],
  ['conv.bias', Tensor.from([7], [1])],
  ['none', new Tensor([0, 3])],
  ['scalar', Tensor.from([1e-30], [])],
]);
const jsonWords = [
  '"F32"',
  '"F64"',
  '"F16"',
  '"BF16"',
  '"I64"',
  '"shape"',
  '"__proto__"',
  '"data_offsets"',
  '"__metadata__"',
  '[',
  '{',
  '}',
  ']',
  ',',
  ':',
  '\\u0000',
  '\\ud800',
  '9007199254740993',
  '-1',
  '1.5',
  '1e3',
  '4294967296',
  'null',
  '\ufeff',
];
const pythonWords = [
  "'descr'",
  "'<f4'",
  "'>f8'",
  "'<f2'",
  "'<i8'",
  "'|O'",
  "'fortran_order'",
  'True',
  'False',
  "'shape'",
  '(',
  ')',
  '(3,)',
  '4194305',
  '2147483648',
  '\n',
];

// What is told of a file would be told thousands of times.
takeWarnings(() => {});

/** A safetensors file of 24 bytes of a type. @param {string} dtype @param {number} width bytes of a value */
function typedSafetensors(dtype, width) {
  const header = JSON.stringify({ a: { dtype, shape: [24 / width], data_offsets: [0, 24] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(24, 0x3c)]);
}

/** An npy file of 24 bytes of a type, column-major. @param {string} descr @param {string} shape */
function typedNpy(descr, shape) {
  const text = Buffer.from(encodeNpy(new Tensor([2, 3]))).toString('latin1');
  return Buffer.from(text.replace('<f4', descr).replace('False', 'True ').replace('(2, 3)', shape), 'latin1');
}

/** The checksum in the header is that of what stands there now. @param {Buffer} bytes */
function repairCheckpoint(bytes) {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, 'fuzz');
    const { sha256: _, ...rest } = metadata;
    const sha256 = createHash('sha256').update(encodeSafetensors(tensors, rest)).digest('hex');
    return Buffer.from(encodeSafetensors(tensors, { ...rest, sha256 }));
  } catch {
    return bytes;
  }
}

/** The checksums of stored members are those of their contents. @param {Buffer} bytes */
function repairZip(bytes) {
  for (let at = 0; at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50; ) {
    const begin = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    const end = begin + bytes.readUInt32LE(at + 18);
    if (end > bytes.length) break;
    const sum = crc32(bytes.subarray(begin, end));
    const name = bytes.subarray(at + 30, at + 30 + bytes.readUInt16LE(at + 26));
    bytes.writeUInt32LE(sum, at + 14);
    const entry = bytes.lastIndexOf(name) - 46;
    if (entry >= end && bytes.readUInt32LE(entry) === 0x02014b50) bytes.writeUInt32LE(sum, entry + 16);
    at = end;
  }
  return bytes;
}

/** @type {Record<string, import('../targets.mjs').Target>} */
export const formatTargets = {
  safetensors: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () =>
      [
        encodeSafetensors(params, { author: 'x', note: '\u00e9' }),
        encodeSafetensors(params),
        encodeSafetensors(new Map()),
        typedSafetensors('F64', 8),
        typedSafetensors('F16', 2),
        typedSafetensors('BF16', 2),
      ].map(Buffer.from),
    words: jsonWords,
    run(bytes) {
      const { tensors, metadata } = decodeSafetensors(bytes, 'fuzz');
      const again = decodeSafetensors(encodeSafetensors(tensors, metadata), 'fuzz');
      promise(sameTensors(tensors, again.tensors), 'the tensors change when they are written again');
      promise(
        JSON.stringify(Object.entries(metadata).sort()) ===
          JSON.stringify(Object.entries(again.metadata).sort()),
        'the metadata change',
      );
      const size = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      promise(size <= 2 * bytes.length, 'more values than the file holds');
      return true;
    },
  },

  npy: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () => [
      ...[...params.values()].map((tensor) => Buffer.from(encodeNpy(tensor))),
      typedNpy('<f2', '(4, 3)'),
      typedNpy('>f8', '(1, 3)'),
    ],
    words: pythonWords,
    run(bytes) {
      const tensor = decodeNpy('fuzz', bytes);
      const again = decodeNpy('fuzz', encodeNpy(tensor));
      promise(
        sameTensors(new Map([['', tensor]]), new Map([['', again]])),
        'the values change when they are written again',
      );
      return true;
    },
  },

  npz: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () =>
      [encodeNpz(params), encodeNpz(new Map([['a', new Tensor([2])]])), encodeNpz(new Map())].map(
        Buffer.from,
      ),
    words: [...pythonWords, '../', 'a.npy', '.npy', 'PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06'],
    repair: repairZip,
    run(bytes) {
      const tensors = decodeNpz(bytes, 'fuzz');
      promise(
        sameTensors(tensors, decodeNpz(encodeNpz(tensors), 'fuzz')),
        'the tensors change when they are written again',
      );
      return true;
    },
  },

  checkpoint: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: (folder) => {
      const path = join(folder, 'seed');
      const optimizerState = new Map([['velocity.conv.bias', Tensor.from([0.25], [1])]]);
      saveCheckpoint(path, {
        params,
        optimizerState,
        architecture: '{"kind":"x"}',
        config: { seed: 1 },
        epoch: 3,
        step: 99,
      });
      return [readFileSync(path), typedSafetensors('I64', 8), typedSafetensors('BOOL', 1)];
    },
    words: [
      ...jsonWords,
      'optimizer.velocity.',
      'optimizer.',
      'epoch',
      'step',
      'version',
      'sha256',
      'architecture',
    ],
    repair: repairCheckpoint,
    run(bytes, folder) {
      const path = join(folder, 'input');
      writeFileSync(path, bytes);
      const first = loadCheckpoint(path);
      promise(Number.isSafeInteger(first.epoch) && first.epoch >= 0, `epoch ${first.epoch}`);
      if (first.architecture === '') return true;
      saveCheckpoint(path, first);
      const second = loadCheckpoint(path);
      promise(
        sameTensors(first.params, second.params) && sameTensors(first.optimizerState, second.optimizerState),
        'the tensors change',
      );
      const rest = (/** @type {typeof first} */ { architecture, config, epoch, step }) =>
        JSON.stringify({ architecture, config, epoch, step });
      promise(rest(first) === rest(second), 'the rest changes');
      return true;
    },
  },

  config: {
    codes: ['ERR_ROWNET_DATA'],
    seeds: () =>
      [{}, { recipe: /** @type {const} */ ('article'), limit: 5 }].map((options) => {
        const draft = newRunConfig(options);
        const recipe = recipeForRun(draft.recipe, { images: Uint8Array.of(0, 255), count: 100 });
        return Buffer.from(JSON.stringify({ ...draft, recipe }));
      }),
    words: [...jsonWords, 'true', '""', '[]', '{}', '1e999', '0.5', '-0', '"rownet"', '"recipe"'],
    run(bytes) {
      let value;
      try {
        value = JSON.parse(bytes.toString());
      } catch {
        return false;
      }
      const config = parseRunConfig(value, 'fuzz');
      // What a file says was checked when it was read: nothing behind it may find fault.
      resolveRecipe(resumedRunConfig(config, {}, 'fuzz').recipe);
      promise(
        config.net === 'lenet5' && Number.isSafeInteger(config.seed) && config.seed >= 0,
        `net ${config.net}, seed ${config.seed}`,
      );
      promise(['auto', 'lanes', 'rows'].includes(config.engine), `engine ${config.engine}`);
      promise(
        config.data.limit === null || (Number.isSafeInteger(config.data.limit) && config.data.limit > 0),
        `limit ${config.data.limit}`,
      );
      promise(
        Object.values(config.data.sha256).every((hash) => typeof hash === 'string'),
        'sha256 that is no text',
      );
      return true;
    },
  },

  metrics: {
    codes: [],
    seeds: () => {
      const line = {
        epoch: 1,
        seconds: 1.5,
        loss: 0.5,
        trainAccuracy: 0.9,
        testLoss: 0.4,
        testAccuracy: 0.95,
        lr: 0.1,
        imagesPerSecond: 1e5,
      };
      const lines = [1, 2, 3].map((epoch) => JSON.stringify({ ...line, epoch, loss: 1 / epoch }));
      return [Buffer.from(`${lines.join('\n')}\n`), Buffer.from(`${lines[0]}\n`)];
    },
    words: [...jsonWords, '\n', '1e999', '-0', '0', '"x"', 'true', '1e308', '5e-324'],
    run(bytes, folder) {
      const run = new RunFolder(folder);
      writeFileSync(run.metricsPath, bytes);
      const metrics = run.readMetrics(Number.POSITIVE_INFINITY);
      run.writeMetrics(metrics);
      promise(
        JSON.stringify(run.readMetrics(Number.POSITIVE_INFINITY)) === JSON.stringify(metrics),
        'the lines change when they are written again',
      );
      run.writeCurves('fuzz', metrics);
      const svg = readFileSync(join(folder, 'curves.svg'), 'utf8');
      const broken = /[="\s,](?:-?NaN|-?Infinity|undefined)/.exec(svg);
      promise(broken === null, `the curves hold ${broken?.[0]}`);
      return metrics.length > 0;
    },
  },
};
