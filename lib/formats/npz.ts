/** npz files: a zip archive of npy files, as numpy.savez writes them; the array `a` is the member `a.npy`. */
import { ArgumentRangeError, DataError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { checkSource, checkTensorMap, checkValues } from './arguments.js';
import { decodeNpyArray, encodeNpy } from './npy.js';
import { quoted } from './safetensors-header.js';
import { Conversions, type Integers, type StoredTensors } from './stored.js';
import { isRelativeName, unzip, type ZipMember, zipStored } from './zip.js';

const SUFFIX = '.npy';
/** A reader takes the whole file, and one of ours no larger ones. */
const MAX_FILE_BYTES = 2 ** 31;
const MAX_NAME_BYTES = 65_535;
const MAX_MEMBERS = 65_534;

/**
 * The bytes of an npz file: float32, row-major, not packed, in the order of the map. Equal tensors give equal bytes.
 * @throws ArgumentRangeError for values that are not finite, for names that are no relative path (empty, with `..`, a
 * backslash or a control character), and for more than 65,534 tensors or 2^31 bytes
 * @throws ArgumentTypeError for a name that is no text
 * @throws ShapeError for a tensor whose memory has been transferred
 */
export function encodeNpz(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  checkTensorMap('npz', 'what is written', tensors);
  if (tensors.size > MAX_MEMBERS) {
    throw new ArgumentRangeError(`npz: expected at most ${MAX_MEMBERS} tensors but received ${tensors.size}`);
  }
  let values = 0;
  const members = [...tensors].map(([name, tensor]): ZipMember => {
    checkName(name);
    checkValues('npz', name, tensor);
    values += tensor.size;
    if (4 * values > MAX_FILE_BYTES) {
      throw new ArgumentRangeError(
        `npz: expected at most ${MAX_FILE_BYTES} bytes but received ${4 * values} up to ${quoted(name)}`,
      );
    }
    return { name: name + SUFFIX, bytes: encodeNpy(tensor) };
  });
  return zipStored(members);
}

function checkName(name: string): void {
  const fits = Buffer.byteLength(name) + SUFFIX.length <= MAX_NAME_BYTES;
  if (fits && isRelativeName(name) && !/\p{Surrogate}/u.test(name)) return;
  throw new ArgumentRangeError(
    `npz: expected a relative name such as conv1.weight but received ${quoted(name)}`,
  );
}

/**
 * Reads an npz file of float32, float64 or float16 arrays, packed or not. The tensors are copies, in the order of the
 * file, of float32 and row-major.
 * @param where for messages: the path
 * @throws DataError, naming the byte (in the array's own npy file where one is named), unless the archive is sound and
 * not packed out of all proportion (see unzip), and each member is a valid npy file (see decodeNpy)
 */
export function decodeNpz(bytes: Uint8Array, where: string): Map<string, Tensor> {
  checkSource('npz', bytes, where);
  return decodeStoredNpz(bytes, where, 'refuse').tensors;
}

/** As decodeNpz, with what is not as the file has it. */
export function decodeStoredNpz(bytes: Uint8Array, where: string, integers: Integers): StoredTensors {
  const at = `npz: ${where}`;
  const tensors = new Map<string, Tensor>();
  const converted = new Conversions();
  const leftOut = new Map<string, string>();
  for (const { name: member, bytes: content } of unzip(at, bytes)) {
    if (!member.endsWith(SUFFIX) || member.length === SUFFIX.length) {
      throw new DataError(
        `${at}: expected arrays such as "conv1.weight.npy" but received ${quoted(member)}. Hint: ${originHint(member)}`,
      );
    }
    const name = member.slice(0, -SUFFIX.length);
    const { tensor, type, descr, columnMajor } = decodeNpyArray(
      `${at}: ${quoted(member)}`,
      content,
      integers,
    );
    if (tensor === undefined || type === 'integers') {
      leftOut.set(name, descr);
      continue;
    }
    tensors.set(name, tensor);
    if (type !== 'F32') converted.add(type, name);
    if (columnMajor && tensor.shape.length > 1) converted.add('column-major order', name);
  }
  return { tensors, converted, leftOut };
}

/** What torch.save writes is a zip archive too, of a pickled program and its data. */
function originHint(member: string): string {
  return /(^|\/)data\.pkl$/.test(member)
    ? 'PyTorch wrote it; save it with safetensors.torch.save_file(model.state_dict(), path)'
    : 'pass an archive that numpy.savez has written';
}
