/** What the writers and readers of parameters check of their arguments before they look into them. */
import { types } from 'node:util';
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { formatShape, sizeOf, Tensor, typedArrayName, typeName } from '../tensor.js';
import { quoted } from './safetensors-header.js';

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
    checkText(where, 'a name', name);
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

/** @throws {ArgumentTypeError} unless `text` is a text; `what` it is stands in the message. */
export function checkText(where: string, what: string, text: unknown, hint = ''): asserts text is string {
  if (typeof text === 'string') return;
  throw new ArgumentTypeError(
    `${where}: expected ${what} to be a text but received ${typeName(text)}${hint && `. Hint: ${hint}`}`,
  );
}

/**
 * What a file of parameters may hold.
 * @throws {ShapeError} for a tensor whose memory has been transferred
 * @throws {ArgumentRangeError} for values that are not finite, since a file with them would be refused when it is read
 */
export function checkValues(format: string, name: string, { shape, data }: Tensor): void {
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(
      `${format}: ${quoted(name)}: expected the values of a ${formatShape(shape)} tensor but received ` +
        `${data.length}. Hint: its memory has been transferred`,
    );
  }
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index === -1) return;
  throw new ArgumentRangeError(
    `${format}: ${quoted(name)}: expected finite values but received ${data[index]} at index ${index}`,
  );
}
