/** A tensor for each parameter (its value, its velocity), by name: copied out, and copied in after a strict comparison. */
import { types } from 'node:util';
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { formatShape, sameShape, Tensor, typeName } from '../tensor.js';

export type NamedTensors = readonly (readonly [name: string, tensor: Tensor])[];

/** Names, and letters of a name, that a message shows of what does not belong to the net. */
const MOST_OTHERS = 20;
const MOST_LETTERS = 80;

/** Copies, in the order given. @throws {ArgumentTypeError} for a tensor whose memory was transferred. */
export function copyOut(where: string, named: NamedTensors): Map<string, Tensor> {
  const copy = (name: string, tensor: Tensor) => {
    checkTensor(where, name, tensor);
    return new Tensor(tensor.shape, tensor.data.slice());
  };
  return new Map(named.map(([name, tensor]) => [name, copy(name, tensor)]));
}

/**
 * Writes every tensor of `map` into the one of its name; nothing is written unless everything fits.
 * @throws {ShapeError} listing every name that is missing or of another shape, and the first that are unexpected.
 * @throws {ArgumentRangeError} for a value that is not finite.
 */
export function copyIn(where: string, named: NamedTensors, map: ReadonlyMap<string, Tensor>): void {
  if (!types.isMap(map)) {
    throw new ArgumentTypeError(`${where}: expected a Map of names to tensors but received ${typeName(map)}`);
  }
  const problems = named.flatMap(([name, { shape }]) => {
    const tensor: unknown = map.get(name);
    if (tensor === undefined) return [`${name} is missing`];
    if (!(tensor instanceof Tensor)) return [`${name} is no Tensor but ${typeName(tensor)}`];
    if (sameShape(tensor.shape, shape)) return [];
    return [`${name} should be ${formatShape(shape)} but is ${formatShape(tensor.shape)}`];
  });
  const expected = new Set(named.map(([name]) => name));
  const others = [...map.keys()].filter((name) => !expected.has(name));
  // A file of another net may have thousands of them.
  for (const name of others.slice(0, MOST_OTHERS)) {
    const text = typeof name === 'string' ? name : typeName(name);
    problems.push(`${text.slice(0, MOST_LETTERS)} is not expected`);
  }
  if (others.length > MOST_OTHERS) problems.push(`${others.length - MOST_OTHERS} more are not expected`);
  if (problems.length > 0) {
    throw new ShapeError(
      `${where}: expected a tensor for each parameter but ${problems.join('; ')}${prefixHint(named, map)}`,
    );
  }
  for (const [name, tensor] of map) {
    checkTensor(where, name, tensor);
    checkFinite(where, name, tensor.data);
  }
  for (const [name, tensor] of named) checkTensor(where, name, tensor);
  for (const [name, tensor] of named) tensor.data.set((map.get(name) as Tensor).data);
}

/** PyTorch puts the name of a wrapper in front, such as `module.`. */
function prefixHint(named: NamedTensors, map: ReadonlyMap<string, Tensor>): string {
  const [first] = named.map(([name]) => name);
  const longer = [...map.keys()].find((name) => typeof name === 'string' && name.endsWith(`.${first}`));
  if (longer === undefined) return '';
  const prefix = longer.slice(0, -first.length);
  if (!named.every(([name]) => map.has(prefix + name))) return '';
  return `. Hint: take "${prefix}" off the names`;
}

function checkFinite(where: string, name: string, data: Float32Array): void {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index === -1) return;
  throw new ArgumentRangeError(
    `${where}: expected finite numbers but ${name}[${index}] is ${data[index]}. Was it saved after training diverged?`,
  );
}
