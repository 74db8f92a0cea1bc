/** What the writers and readers of parameters check of their arguments before they look into them. */
import { types } from 'node:util';
import { ArgumentTypeError } from '../errors.js';
import { Tensor, typeName, typedArrayName } from '../tensor.js';

/** @throws {ArgumentTypeError} unless `tensors` is a Map of texts to tensors; `what` it is stands in the message. */
export function checkTensorMap(
  where: string,
  what: string,
  tensors: unknown,
): asserts tensors is ReadonlyMap<string, Tensor> {
  if (!types.isMap(tensors)) {
    throw new ArgumentTypeError(
      `${where}: expected ${what} to be a Map of names to tensors but received ${typeName(tensors)}. ` +
        'Hint: net.getParams() gives one',
    );
  }
  for (const [name, tensor] of tensors) {
    if (typeof name !== 'string') {
      throw new ArgumentTypeError(`${where}: expected a name to be a text but received ${typeName(name)}`);
    }
    if (tensor instanceof Tensor) continue;
    throw new ArgumentTypeError(
      `${where}: expected ${JSON.stringify(name.slice(0, 80))} to be a Tensor but received ${typeName(tensor)}`,
    );
  }
}

/** @throws {ArgumentTypeError} unless `bytes` are bytes, such as a file that was read, and `where` is a text. */
export function checkSource(format: string, bytes: unknown, where: unknown): void {
  if (typedArrayName(bytes) !== 'Uint8Array') {
    throw new ArgumentTypeError(
      `${format}: expected the bytes of a file as a Uint8Array but received ${typeName(bytes)}`,
    );
  }
  if (typeof where === 'string') return;
  throw new ArgumentTypeError(
    `${format}: expected a text that says where the bytes are from but received ${typeName(where)}`,
  );
}
