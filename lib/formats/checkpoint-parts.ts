/**
 * What a checkpoint holds beside parameters and the optimizer's state: averages of the weights, under names such as
 * `averaged.<parameter>`, and the best so far, under `best.<parameter>`, each with an entry of the metadata. Without the entry
 * such names are those of parameters.
 */
import { ArgumentRangeError, type Refuse } from '../errors.js';
import { formatShape, sameShape, type Tensor, valueText } from '../tensor.js';
import { checkTensorMap } from './arguments.js';

/** The best epoch of a training so far. */
export interface CheckpointBest {
  /** The figure that it is the best by, such as `testAccuracy`. */
  readonly measure: string;
  readonly epoch: number;
  readonly step: number;
  readonly value: number;
  /** Parameters and buffers, by name. */
  readonly params: Map<string, Tensor>;
}

/** The parts of a checkpoint that most have not. */
export interface CheckpointParts {
  /** Averages of the parameters, by their names. */
  readonly averaged?: Map<string, Tensor>;
  readonly best?: CheckpointBest;
}

const prefixes = { averaged: 'averaged.', best: 'best.' } as const;

/** What they add to the file. @throws {TypeError | RangeError} naming what of them no training gives. */
export function encodeParts(
  { averaged, best }: CheckpointParts,
  params: ReadonlyMap<string, Tensor>,
): { tensors: Map<string, Tensor>; metadata: Record<string, string> } {
  const tensors = new Map<string, Tensor>();
  const add = (part: keyof typeof prefixes, map: ReadonlyMap<string, Tensor>) => {
    checkTensorMap('checkpoint', part, map);
    for (const name of params.keys()) checkFree(name, prefixes[part]);
    for (const [name, tensor] of map) {
      const problem = mismatch(part, name, tensor, params);
      if (problem !== undefined) throw new ArgumentRangeError(`checkpoint: ${problem}`);
      tensors.set(prefixes[part] + name, tensor);
    }
  };
  if (averaged !== undefined) add('averaged', averaged);
  if (best === undefined) return { tensors, metadata: averaged === undefined ? {} : { averaged: 'true' } };
  add('best', best.params);
  const { measure, epoch, step, value } = best;
  const text = JSON.stringify({ measure, epoch, step, value });
  const mistake = bestMistake(JSON.parse(text));
  if (mistake !== undefined) throw new ArgumentRangeError(`checkpoint: ${mistake}`);
  return { tensors, metadata: { ...(averaged === undefined ? {} : { averaged: 'true' }), best: text } };
}

/**
 * Takes the parts out of `params`.
 * @param json the value of an entry of the metadata.
 */
export function takeParts(
  params: Map<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  { json, fail }: { json(key: string): unknown; fail: Refuse },
): CheckpointParts {
  const take = (part: keyof typeof prefixes) => {
    const taken = new Map<string, Tensor>();
    for (const [name, tensor] of params) {
      if (!name.startsWith(prefixes[part])) continue;
      taken.set(name.slice(prefixes[part].length), tensor);
      params.delete(name);
    }
    return taken;
  };
  const averaged = metadata.averaged === undefined ? undefined : take('averaged');
  const kept = metadata.best === undefined ? undefined : take('best');
  for (const [part, map] of Object.entries({ averaged, best: kept })) {
    for (const [name, tensor] of map ?? []) {
      const problem = mismatch(part, name, tensor, params);
      if (problem !== undefined) fail(problem);
    }
  }
  if (kept === undefined) return averaged === undefined ? {} : { averaged };
  const value = json('best');
  const mistake = bestMistake(value);
  if (mistake !== undefined) fail(mistake);
  const { measure, epoch, step, value: figure } = value as CheckpointBest;
  const best = { measure, epoch, step, value: figure, params: kept };
  return averaged === undefined ? { best } : { averaged, best };
}

/** @throws {ArgumentRangeError} for a parameter that would be read as something else. */
export function checkFree(name: string, prefix: string): void {
  if (!name.startsWith(prefix)) return;
  throw new ArgumentRangeError(
    `checkpoint: expected a parameter name without ${prefix} but received ${name}. ` +
      'Hint: give the layer another name in its Sequential',
  );
}

function mismatch(
  part: string,
  name: string,
  { shape }: Tensor,
  params: ReadonlyMap<string, Tensor>,
): string | undefined {
  const param = params.get(name);
  if (param === undefined) return `expected ${part} of parameters only but received "${name.slice(0, 80)}"`;
  if (sameShape(param.shape, shape)) return undefined;
  return `expected ${part} of ${formatShape(param.shape)} for "${name}" but received ${formatShape(shape)}`;
}

function bestMistake(best: unknown): string | undefined {
  if (typeof best !== 'object' || best === null) return 'expected best to be an object';
  const { measure, epoch, step, value } = best as Record<string, unknown>;
  if (typeof measure !== 'string')
    return `expected best.measure to be a text but received ${valueText(measure)}`;
  for (const [name, count] of Object.entries({ epoch, step })) {
    if (Number.isSafeInteger(count) && Number(count) >= 1) continue;
    return `expected best.${name} to be an integer from 1 but received ${valueText(count)}`;
  }
  if (Number.isFinite(value) && Number(value) >= 0) return undefined;
  return `expected best.value to be a number from 0 but received ${valueText(value)}`;
}
