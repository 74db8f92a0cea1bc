import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, DataError } from '../../../lib/errors.js';
import { WriteError } from '../../../lib/formats/atomic-file.js';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { encodeNpz } from '../../../lib/formats/npz.js';
import { loadParams, saveParams } from '../../../lib/formats/params.js';
import { decodeSafetensors, encodeSafetensors } from '../../../lib/formats/safetensors.js';
import { Random } from '../../../lib/random.js';
import { Tensor } from '../../../lib/tensor.js';
import { temporaryFolder } from '../../support/cli.js';
import { refusal } from '../../support/misuse.js';

const folder = temporaryFolder().path;
const path = join(folder, 'checkpoint.safetensors');

const random = new Random(1);
const noise = (shape: number[]) => {
  const tensor = new Tensor(shape);
  for (let i = 0; i < tensor.size; i += 1) tensor.data[i] = random.normal();
  return tensor;
};

const checkpoint: Checkpoint = {
  params: new Map([
    ['conv1.weight', noise([6, 1, 5, 5])],
    ['conv1.bias', noise([6])],
    ['fc2.weight', Tensor.from([-0, 1e-45, 3.4e38, -1], [2, 2])],
  ]),
  optimizerState: new Map([
    ['velocity.conv1.weight', noise([6, 1, 5, 5])],
    ['velocity.conv1.bias', new Tensor([6])],
  ]),
  architecture: '{"layers":[{"kind":"conv2d","name":"conv1"}],"inputShape":[1,32,32]}',
  config: { recipe: { name: 'fast', lr: 0.1 }, seed: 1, limit: null, text: '"\u{1f600}\n' },
  epoch: 3,
  step: 1507,
  partialEpoch: { steps: 100, images: 6400, loss: 123.456789012345, correct: 6000, seconds: 0.1 },
  generation: 17,
};

/** Tensors and metadata as a checkpoint stores them, changed, with a checksum that fits the change. */
function forge(change: (metadata: Record<string, string>, tensors: Map<string, Tensor>) => void): void {
  saveCheckpoint(path, checkpoint);
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
  const rest: Record<string, string> = { ...metadata };
  delete rest.sha256;
  change(rest, tensors);
  const sha256 = createHash('sha256').update(encodeSafetensors(tensors, rest)).digest('hex');
  writeFileSync(path, encodeSafetensors(tensors, { sha256, ...rest }));
}

const refuse = () => refusal(() => loadCheckpoint(path), `checkpoint: ${path}: `);

const WRITTEN = 'Hint: the file is damaged, or another program wrote it';

const JSON_LIMITS = 'JSON of at most 1048576 characters and 64 levels';
/** An object of so many levels, itself included. */
const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

describe('checkpoints', () => {
  it('come back as they were, bit for bit', () => {
    saveCheckpoint(path, checkpoint);
    const loaded = loadCheckpoint(path);
    expect(loaded).toEqual({ ...checkpoint, params: expect.any(Map), optimizerState: expect.any(Map) });
    for (const kind of ['params', 'optimizerState'] as const) {
      expect([...loaded[kind].keys()].sort()).toEqual([...checkpoint[kind].keys()].sort());
      for (const [name, tensor] of checkpoint[kind]) {
        expect(loaded[kind].get(name)?.shape).toEqual(tensor.shape);
        expect(Buffer.from(loaded[kind].get(name)!.data.buffer)).toEqual(Buffer.from(tensor.data.buffer));
      }
    }
  });

  it('are the same file for the same contents, whatever the order', () => {
    saveCheckpoint(path, checkpoint);
    const first = readFileSync(path);
    const params = new Map([...checkpoint.params].reverse());
    saveCheckpoint(path, { ...checkpoint, params });
    expect(readFileSync(path)).toEqual(first);
    saveCheckpoint(path, loadCheckpoint(path));
    expect(readFileSync(path)).toEqual(first);
  });

  it('are safetensors files with the parameters under their own names', () => {
    saveCheckpoint(path, checkpoint);
    const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
    expect([...tensors.keys()]).toEqual([
      'conv1.bias',
      'conv1.weight',
      'fc2.weight',
      'optimizer.velocity.conv1.bias',
      'optimizer.velocity.conv1.weight',
    ]);
    expect({ ...metadata }).toEqual({
      format: 'rownet-checkpoint',
      version: '2',
      architecture: checkpoint.architecture,
      config: JSON.stringify(checkpoint.config),
      epoch: '3',
      step: '1507',
      partialEpoch: JSON.stringify(checkpoint.partialEpoch),
      generation: '17',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('may have no state of an optimizer, and be of the very start', () => {
    const { partialEpoch: _, ...rest } = checkpoint;
    saveCheckpoint(path, { ...rest, optimizerState: new Map(), epoch: 0, step: 0 });
    const loaded = loadCheckpoint(path);
    expect(loaded).toMatchObject({ optimizerState: new Map(), epoch: 0, step: 0 });
    expect(loaded).not.toHaveProperty('partialEpoch');
  });

  it('still fit after another program wrote the header in another way', () => {
    saveCheckpoint(path, checkpoint);
    const bytes = readFileSync(path);
    const end = 8 + Number(bytes.readBigUInt64LE());
    const header = Buffer.from(JSON.stringify(JSON.parse(bytes.toString('utf8', 8, end)), null, 1));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([length, header, bytes.subarray(end)]));
    expect(loadCheckpoint(path).step).toBe(1507);
  });
});

it('of version 1 are read: at the end of an epoch, and without a generation', () => {
  forge((metadata) => {
    metadata.version = '1';
    delete metadata.partialEpoch;
    delete metadata.generation;
  });
  const { params, epoch, step, generation, partialEpoch } = loadCheckpoint(path);
  expect({ epoch, step, generation, partialEpoch }).toEqual({ epoch: 3, step: 1507, generation: 0 });
  expect(params).toEqual(new Map([...checkpoint.params].sort()));
});

describe('a checkpoint that is no good', () => {
  it.each(['version', 'architecture', 'config', 'epoch', 'step', 'partialEpoch', 'generation'])(
    'lacks %s',
    (key) => {
      forge((metadata) => {
        delete metadata[key];
      });
      expect(refuse()).toBe(`metadata "${key}" is missing. ${WRITTEN}`);
    },
  );

  it('lacks its checksum', () => {
    const { params, optimizerState: _, ...rest } = checkpoint;
    const metadata = {
      format: 'rownet-checkpoint',
      version: '1',
      architecture: rest.architecture,
      config: '{}',
    };
    writeFileSync(path, encodeSafetensors(params, metadata));
    expect(refuse()).toBe(`metadata "sha256" is missing. ${WRITTEN}`);
  });

  it.each(['3', '0', '', '1.0'])('is of version "%s"', (version) => {
    forge((metadata) => {
      metadata.version = version;
    });
    expect(refuse()).toBe(
      `expected version 1 or 2 but received "${version}". Hint: it was written by another version of rownet; use that one`,
    );
  });

  it.each([
    ['epoch', '-1'],
    ['epoch', ''],
    ['epoch', '1e3'],
    ['step', '1.5'],
    ['step', '9007199254740992'],
    ['step', 'NaN'],
    ['generation', '-1'],
  ])('has %s "%s"', (key, text) => {
    forge((metadata) => {
      metadata[key] = text;
    });
    expect(refuse()).toBe(
      `expected metadata "${key}" to be an integer from 0 but received "${text}". ${WRITTEN}`,
    );
  });

  it('has an architecture or a config that is no JSON, too much of it, or no object', () => {
    for (const key of ['architecture', 'config']) {
      for (const text of ['{', nested(65), nested(2e6), `"${'x'.repeat(2 ** 20)}"`]) {
        forge((metadata) => {
          metadata[key] = text;
        });
        expect(refuse()).toBe(`expected metadata "${key}" to be ${JSON_LIMITS}. ${WRITTEN}`);
      }
    }
    forge((metadata) => {
      metadata.config = nested(64);
    });
    expect(loadCheckpoint(path).config).toEqual(JSON.parse(nested(64)));
    for (const config of ['null', '[]', '3']) {
      forge((metadata) => {
        metadata.config = config;
      });
      expect(refuse()).toBe(`expected metadata "config" to be a JSON object. ${WRITTEN}`);
    }
  });

  it.each([
    ['[]', 'to be an object'],
    ['{"steps":0,"images":0,"loss":0,"correct":0,"seconds":0}', '.steps from 1 to the 1507 steps'],
    ['{"steps":1508,"images":0,"loss":0,"correct":0,"seconds":0}', '.steps from 1 to the 1507 steps'],
    ['{"steps":1,"images":-1,"loss":0,"correct":0,"seconds":0}', '.images to be an integer from 0'],
    ['{"steps":1,"images":1,"loss":null,"correct":0,"seconds":0}', '.loss to be a number from 0'],
    ['{"steps":1,"images":1,"loss":1,"correct":0.5,"seconds":0}', '.correct to be an integer from 0'],
  ])('has a partial epoch %s', (text, expected) => {
    forge((metadata) => {
      metadata.partialEpoch = text;
    });
    expect(refuse()).toContain(
      `expected partialEpoch${expected === 'to be an object' ? ' ' : ''}${expected}`,
    );
  });

  it('has a state of something else', () => {
    forge((_, tensors) => {
      tensors.set('optimizer.velocity.fc9.weight', new Tensor([1]));
    });
    expect(refuse()).toBe(`expected velocity of parameters only but received "fc9.weight". ${WRITTEN}`);
    forge((_, tensors) => {
      tensors.set('optimizer.velocity.conv1.bias', new Tensor([2, 3]));
    });
    expect(refuse()).toBe(`expected velocity of 6 for "conv1.bias" but received 2x3. ${WRITTEN}`);
  });

  it('has one bit of one value changed, wherever it is', () => {
    saveCheckpoint(path, checkpoint);
    const good = readFileSync(path);
    const begin = 8 + Number(good.readBigUInt64LE());
    for (let at = begin; at < good.length; at += 37) {
      const bytes = Buffer.from(good);
      bytes[at] ^= 1;
      writeFileSync(path, bytes);
      expect(() => loadCheckpoint(path)).toThrow(DataError);
    }
    const bytes = Buffer.from(good);
    bytes[begin] ^= 1;
    writeFileSync(path, bytes);
    expect(refuse()).toMatch(
      /^expected SHA-256 \w{64} of the contents but received \w{64}\. Hint: the file is damaged/,
    );
  });

  it('has its metadata changed', () => {
    saveCheckpoint(path, checkpoint);
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('"step":"1507"') + 8] = '9'.charCodeAt(0);
    writeFileSync(path, bytes);
    expect(refuse()).toContain('expected SHA-256');
  });

  it('is cut anywhere', () => {
    saveCheckpoint(path, checkpoint);
    const good = readFileSync(path);
    for (let length = 0; length < good.length; length += 11) {
      writeFileSync(path, good.subarray(0, length));
      expect(() => loadCheckpoint(path)).toThrow(DataError);
    }
  });

  it('is missing, or something else', () => {
    expect(() => loadCheckpoint(join(folder, 'missing'))).toThrow(DataError);
    writeFileSync(path, '{"epoch":3}');
    expect(() => loadCheckpoint(path)).toThrow(DataError);
    expect(() => loadCheckpoint(path)).toThrow(`safetensors: ${path}: `);
  });
});

describe('what saveCheckpoint refuses', () => {
  const save = (change: object) => () =>
    saveCheckpoint(join(folder, 'refused'), { ...checkpoint, ...change });

  it.each(
    Object.entries({
      'expected epoch from 0 to 2^53 - 1 but received -1': { epoch: -1 },
      'expected epoch from 0 to 2^53 - 1 but received 1.5': { epoch: 1.5 },
      'expected generation from 0 to 2^53 - 1 but received 0.5': { generation: 0.5 },
      'expected partialEpoch.images to be an integer from 0 but received undefined': {
        partialEpoch: { steps: 1 },
      },
      'expected step from 0 to 2^53 - 1 but received NaN': { step: Number.NaN },
      [`expected the architecture as ${JSON_LIMITS} but received "LeNet5"`]: { architecture: 'LeNet5' },
      [`expected the config as ${JSON_LIMITS} but received "{`]: { config: JSON.parse(nested(65)) },
      [`expected the architecture as ${JSON_LIMITS} but received ""`]: { architecture: '' },
      'expected velocity of parameters only but received "x"': {
        optimizerState: new Map([['velocity.x', new Tensor([1])]]),
      },
      'expected velocity of 6 for "conv1.bias" but received 6x1': {
        optimizerState: new Map([['velocity.conv1.bias', new Tensor([6, 1])]]),
      },
      'expected a parameter name without optimizer. but received optimizer.velocity.a': {
        params: new Map([['optimizer.velocity.a', new Tensor([1])]]),
        optimizerState: new Map(),
      },
    }),
  )('%s', (message, change) => {
    expect(save(change)).toThrow(ArgumentRangeError);
    expect(save(change)).toThrow(`checkpoint: ${message}`);
  });

  it('a config that is no object', () => {
    for (const config of [null, [], 'text']) {
      expect(save({ config })).toThrow(ArgumentTypeError);
      expect(save({ config })).toThrow('checkpoint: expected config to be an object');
    }
  });

  it('values that are not finite, and leaves the last good file', () => {
    saveCheckpoint(path, checkpoint);
    const before = readFileSync(path);
    const params = new Map([['w', Tensor.from([Number.NaN], [1])]]);
    expect(() => saveCheckpoint(path, { ...checkpoint, params, optimizerState: new Map() })).toThrow(
      ArgumentRangeError,
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it('a folder that is not there', () => {
    expect(() => saveCheckpoint(join(folder, 'no/where'), checkpoint)).toThrow(WriteError);
  });
});

describe('parameters alone', () => {
  const file = join(folder, 'lenet5.safetensors');

  it('come back as they were', () => {
    saveParams(checkpoint.params, file);
    expect(loadParams(file)).toEqual(new Map([...checkpoint.params].sort()));
    expect(readFileSync(file)).toEqual(Buffer.from(encodeSafetensors(checkpoint.params)));
  });

  it('are loaded as a checkpoint before any training, with and without metadata of others', () => {
    for (const metadata of [undefined, { format: 'pt' }]) {
      writeFileSync(file, encodeSafetensors(checkpoint.params, metadata));
      expect(loadCheckpoint(file)).toEqual({
        params: checkpoint.params,
        optimizerState: new Map(),
        architecture: '',
        config: {},
        epoch: 0,
        step: 0,
        generation: 0,
      });
    }
  });

  it('are loaded from an npz file too, whatever its name', () => {
    writeFileSync(file, encodeNpz(checkpoint.params));
    expect(loadParams(file)).toEqual(checkpoint.params);
    expect(loadCheckpoint(file)).toMatchObject({
      optimizerState: new Map(),
      architecture: '',
      config: {},
      epoch: 0,
    });
    writeFileSync(file, encodeNpz(checkpoint.params).subarray(0, -1));
    expect(() => loadCheckpoint(file)).toThrow(`npz: ${file}: expected the end of a zip directory`);
  });

  it('are taken from a checkpoint', () => {
    saveCheckpoint(path, checkpoint);
    expect(loadParams(path)).toEqual(checkpoint.params);
  });

  it('are refused with the errors of files and values', () => {
    expect(() => loadParams(join(folder, 'missing'))).toThrow(DataError);
    expect(() => saveParams(checkpoint.params, folder)).toThrow(WriteError);
    expect(() => saveParams(new Map([['w', Tensor.from([Number.POSITIVE_INFINITY], [1])]]), file)).toThrow(
      ArgumentRangeError,
    );
  });
});

it('leaves no other files', () => {
  expect(readdirSync(folder).sort()).toEqual(['checkpoint.safetensors', 'lenet5.safetensors']);
});
