/**
 * Checkpoints: a safetensors file with the parameters under their own names, the optimizer's state under names such as
 * `optimizer.velocity.<parameter>`, and the rest as metadata. Anything that reads safetensors reads the parameters.
 */
import { createHash } from 'node:crypto';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DataError,
  errorMessage,
  type Refuse,
  refusing,
} from '../errors.js';
import { checkPath } from '../files.js';
import { checkOptions } from '../options.js';
import { formatShape, sameShape, type Tensor, typeName, valueText } from '../tensor.js';
import { warn } from '../warnings.js';
import { checkTensorMap, checkText } from './arguments.js';
import { type ReplaceOptions, WriteError, writeFileAtomic } from './atomic-file.js';
import { decodeStoredNpz } from './npz.js';
import { decodeStored, encodeData, encodeHeader, joinFile, readFileBytes } from './safetensors.js';
import { quoted } from './safetensors-header.js';
import { describeStored, type StoredTensors } from './stored.js';
import { isZip } from './zip.js';
import { type CheckpointParts, checkFree, encodeParts, takeParts } from './checkpoint-parts.js';

/** Sums over the steps of an epoch that is under way: its metrics so far. */
export interface PartialEpoch {
  /** From 1 to all steps of the epoch, when only its evaluation is missing. */
  readonly steps: number;
  readonly images: number;
  /** Summed over the images. */
  readonly loss: number;
  readonly correct: number;
  /** Of training. */
  readonly seconds: number;
}

/**
 * All that is needed to go on with a training after any step. There is no state of a generator in it: the order of the
 * images follows from seed and epoch, the learning rate from the recipe and the step.
 */
export interface Checkpoint extends CheckpointParts {
  /** By name, such as `conv1.weight`. */
  readonly params: Map<string, Tensor>;
  /** What the optimizer keeps, under names such as `velocity.conv1.weight`; empty if it keeps nothing. */
  readonly optimizerState: Map<string, Tensor>;
  /** The net as JSON, as `net.architecture` gives it; '' where a file of parameters alone was loaded. */
  readonly architecture: string;
  /** What the training was run with; any JSON object. `{}` where a file of parameters alone was loaded. */
  readonly config: object;
  /** Completed epochs. */
  readonly epoch: number;
  /** Completed steps, over all epochs. */
  readonly step: number;
  /** Absent at the end of an epoch. */
  readonly partialEpoch?: PartialEpoch;
  /** Counts the checkpoints of a run. Default 0. */
  readonly generation?: number;
}

/** The generation is 0 where the file has none. */
export type LoadedCheckpoint = Checkpoint & {
  readonly generation: number;
  /** Types of integers and booleans that stood beside the parameters, by name; absent without any. */
  readonly leftOut?: ReadonlyMap<string, string>;
};

/** A checkpoint that is not damaged but of a later version of the format. Code `ERR_ROWNET_DATA`. */
export class LaterVersionError extends DataError {}

const FORMAT = 'rownet-checkpoint';
const VERSION = '2';
/** Written by rownet 0.1.0: without generation, and at the end of an epoch only. */
const FIRST_VERSION = '1';
const STATE_PREFIX = 'optimizer.';
/** Of a text in the metadata, which unfolds to a multiple of it: 256 names of classes take less. */
const MAX_JSON_LENGTH = 2 ** 20;
const MAX_JSON_DEPTH = 64;
const JSON_LIMITS = `JSON of at most ${MAX_JSON_LENGTH} characters and ${MAX_JSON_DEPTH} levels`;

/**
 * The checksum of everything in a checkpoint: of the file that the tensors and metadata give without it. It does not
 * depend on how the header is laid out, so a file that another program wrote again still fits.
 */
function checksum(header: Uint8Array, data: Uint8Array): string {
  return createHash('sha256').update(header).update(data).digest('hex');
}

/**
 * Says how the optimizer's state does not belong to the parameters; undefined if it does. A name is that of a slot and a
 * parameter, or stands for all parameters and has no dot, such as `step`.
 */
function stateMismatch({
  params,
  optimizerState,
}: Pick<Checkpoint, 'params' | 'optimizerState'>): string | undefined {
  for (const [key, { shape }] of optimizerState) {
    const [, slot, name] = /^([^.]*)\.(.*)$/s.exec(key) ?? [];
    if (name === undefined) continue;
    const param = params.get(name);
    if (param === undefined) return `expected ${slot} of parameters only but received "${name}"`;
    if (!sameShape(param.shape, shape)) {
      return `expected ${slot} of ${formatShape(param.shape)} for "${name}" but received ${formatShape(shape)}`;
    }
  }
  return undefined;
}

/** The value of a JSON text; undefined for what is none, and for what is too long or too deep for any checkpoint. */
function parseJson(text: string): unknown {
  if (text.length > MAX_JSON_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, MAX_JSON_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Whether objects and arrays stand in more than `levels` others. Whoever walks the value needs no more stack. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** The JSON of a config; '' for what has none, such as a function with a method `toJSON`. */
function configJson(config: object): string {
  try {
    return JSON.stringify(config) ?? '';
  } catch (cause) {
    throw new ArgumentTypeError(
      `checkpoint: expected the config as ${JSON_LIMITS} but it has none: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** Says what of a partial epoch is wrong; undefined if nothing is. */
function partialEpochMistake(value: unknown, step: number): string | undefined {
  if (!isPlainObject(value)) return 'expected partialEpoch to be an object';
  const { steps, images, loss, correct, seconds } = value as Record<keyof PartialEpoch, unknown>;
  for (const [name, count] of Object.entries({ steps, images, correct })) {
    if (Number.isSafeInteger(count) && Number(count) >= 0) continue;
    return `expected partialEpoch.${name} to be an integer from 0 but received ${valueText(count)}`;
  }
  for (const [name, sum] of Object.entries({ loss, seconds })) {
    if (Number.isFinite(sum) && Number(sum) >= 0) continue;
    return `expected partialEpoch.${name} to be a number from 0 but received ${valueText(sum)}`;
  }
  if (Number(steps) >= 1 && Number(steps) <= step) return undefined;
  return `expected partialEpoch.steps from 1 to the ${step} steps of the run but received ${String(steps)}`;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Writes a checkpoint, replacing the file as a whole: when this returns, it is on disk.
 * @param options.previous where the checkpoint that is replaced is kept
 * @throws ArgumentRangeError for a number that is no integer from 0, an architecture that is no JSON or too much of it,
 * a config that is too much JSON, values that are not finite, an optimizer's state that does not fit the parameters, and
 * parameters named `optimizer.*`
 * @throws ArgumentTypeError for parts of the checkpoint that are missing or of another kind, and for an option that is not known
 * @throws WriteError if the file cannot be written; see writeFileAtomic for what is left then
 */
export function saveCheckpoint(path: string, checkpoint: Checkpoint, options: ReplaceOptions = {}): void {
  checkOptions('saveCheckpoint', options, { previous: true }, "{ previous: 'previous.safetensors' }");
  if (options.previous !== undefined) checkPath('saveCheckpoint: previous', options.previous, WriteError);
  writeFileAtomic(path, encodeCheckpoint(checkpoint), options);
}

function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  if (!isPlainObject(checkpoint)) {
    throw new ArgumentTypeError(
      `checkpoint: expected an object { params, optimizerState, architecture, config, epoch, step } but received ` +
        typeName(checkpoint),
    );
  }
  const {
    params,
    optimizerState,
    architecture,
    config,
    epoch,
    step,
    partialEpoch,
    generation = 0,
  } = checkpoint;
  checkTensorMap('checkpoint', 'params', params);
  checkTensorMap('checkpoint', 'optimizerState', optimizerState);
  checkText('checkpoint', 'architecture', architecture, 'net.architecture');
  for (const [what, value] of Object.entries({ epoch, step, generation })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ArgumentRangeError(
        `checkpoint: expected ${what} from 0 to 2^53 - 1 but received ${valueText(value)}`,
      );
    }
  }
  if (!isPlainObject(config)) throw new ArgumentTypeError('checkpoint: expected config to be an object');
  const configText = configJson(config);
  for (const [what, text] of Object.entries({ architecture, config: configText })) {
    if (parseJson(text) !== undefined) continue;
    throw new ArgumentRangeError(
      `checkpoint: expected the ${what} as ${JSON_LIMITS} but received ${quoted(text)}`,
    );
  }
  const mistake = partialEpoch === undefined ? undefined : partialEpochMistake(partialEpoch, step);
  if (mistake !== undefined) throw new ArgumentRangeError(`checkpoint: ${mistake}`);
  const mismatch = stateMismatch(checkpoint);
  if (mismatch !== undefined) throw new ArgumentRangeError(`checkpoint: ${mismatch}`);
  const tensors = new Map(params);
  for (const name of params.keys()) {
    checkFree(name, STATE_PREFIX);
  }
  for (const [name, tensor] of optimizerState) tensors.set(STATE_PREFIX + name, tensor);
  const parts = encodeParts(checkpoint, params);
  for (const [name, tensor] of parts.tensors) tensors.set(name, tensor);
  const metadata = {
    format: FORMAT,
    version: VERSION,
    architecture,
    config: configText,
    epoch: String(epoch),
    step: String(step),
    partialEpoch: JSON.stringify(partialEpoch ?? null),
    generation: String(generation),
    ...parts.metadata,
  };
  const data = encodeData(tensors);
  const sha256 = checksum(encodeHeader(tensors, metadata), data);
  return joinFile(encodeHeader(tensors, { ...metadata, sha256 }), data);
}

/** @throws DataError if there are tensors, and none of them is of floats. */
function paramsAlone(path: string, { tensors: params, ...stored }: StoredTensors): LoadedCheckpoint {
  const { leftOut } = stored;
  if (params.size === 0 && leftOut.size > 0) {
    const [[name, type]] = leftOut;
    throw new DataError(
      `params: ${path}: expected tensors of floats but received integers alone, such as ${quoted(name)} (${type}). ` +
        'Hint: convert the parameters to float32',
    );
  }
  for (const text of describeStored(stored)) warn('WARN_ROWNET_PARAMS', `params: ${path}: ${text}`);
  return {
    params,
    optimizerState: new Map(),
    architecture: '',
    config: {},
    epoch: 0,
    step: 0,
    generation: 0,
    ...(leftOut.size === 0 ? {} : { leftOut }),
  };
}

/**
 * Reads a checkpoint. A safetensors file that is none is taken for parameters alone: epoch and step 0, no state; so
 * is an npz file, which is recognised by its contents. What is not taken from such a file as it stands there is told by
 * a warning of the process, code `WARN_ROWNET_PARAMS`: other types of floats become float32, and integers, such as the
 * counter of a batch normalization, are left out.
 * @throws DataError if the file is missing or no valid safetensors or npz file of finite values, if it is a checkpoint
 * of another version, lacks an entry or has one that does not fit, or if its checksum is another
 */
export function loadCheckpoint(path: string): LoadedCheckpoint {
  const bytes = readFileBytes(path);
  if (isZip(bytes)) return paramsAlone(path, decodeStoredNpz(bytes, path, 'leave out'));
  const stored = decodeStored(bytes, path, 'leave out');
  const { tensors, metadata } = stored;
  if (metadata.format !== FORMAT) return paramsAlone(path, stored);
  const usual = 'the file is damaged, or another program wrote it';
  const fail: Refuse = refusing(`checkpoint: ${path}`, usual);
  const entry = (key: string): string => metadata[key] ?? fail(`metadata "${key}" is missing`);
  const count = (key: string): number => {
    const text = entry(key);
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    return fail(
      `expected metadata "${key}" to be an integer from 0 but received ${JSON.stringify(text.slice(0, 80))}`,
    );
  };
  const json = (key: string): unknown => {
    const value = parseJson(entry(key));
    return value === undefined ? fail(`expected metadata "${key}" to be ${JSON_LIMITS}`) : value;
  };
  const partialEpoch = (): Pick<Checkpoint, 'partialEpoch'> => {
    const value = json('partialEpoch');
    if (value === null) return {};
    const mistake = partialEpochMistake(value, count('step'));
    return mistake === undefined ? { partialEpoch: value as PartialEpoch } : fail(mistake);
  };

  const version = entry('version');
  if (version !== VERSION && version !== FIRST_VERSION) {
    const text = `expected version ${FIRST_VERSION} or ${VERSION} but received ${JSON.stringify(version.slice(0, 80))}`;
    const hint = 'it was written by another version of rownet; use that one';
    if (!(Number(version) > Number(VERSION))) fail(text, hint);
    throw new LaterVersionError(`checkpoint: ${path}: ${text}. Hint: ${hint}`);
  }
  const [change] = describeStored(stored);
  if (change !== undefined) fail(`expected F32 alone but received ${change}`);
  const { sha256: _, ...rest } = metadata;
  const expected = entry('sha256');
  const actual = checksum(encodeHeader(tensors, rest), encodeData(tensors));
  if (expected !== actual)
    fail(`expected SHA-256 ${expected.slice(0, 80)} of the contents but received ${actual}`);

  const params = new Map<string, Tensor>();
  const optimizerState = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(STATE_PREFIX)) optimizerState.set(name.slice(STATE_PREFIX.length), tensor);
    else params.set(name, tensor);
  }
  const parts = takeParts(params, metadata, { json, fail });
  const mismatch = stateMismatch({ params, optimizerState });
  if (mismatch !== undefined) fail(mismatch);
  const config = json('config');
  if (!isPlainObject(config)) return fail('expected metadata "config" to be a JSON object');
  json('architecture');
  return {
    params,
    optimizerState,
    ...parts,
    architecture: entry('architecture'),
    config,
    epoch: count('epoch'),
    step: count('step'),
    ...(version === FIRST_VERSION
      ? { generation: 0 }
      : { ...partialEpoch(), generation: count('generation') }),
  };
}
