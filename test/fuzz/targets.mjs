// What is fuzzed.
import { commandLineTargets } from './targets/command-line.mjs';
import { fileTargets } from './targets/files.mjs';
import { formatTargets } from './targets/formats.mjs';
import { kernelTargets } from './targets/kernels.mjs';
import { planTargets } from './targets/plans.mjs';

/**
 * @typedef {object} Target
 * @property {readonly string[]} codes of the errors that an input may be refused with
 * @property {(folder: string) => Buffer[]} seeds valid inputs
 * @property {readonly string[]} [words] texts that the format gives a meaning
 * @property {(bytes: Buffer) => Buffer} [repair] puts checksums right, in place or in a copy
 * @property {boolean} [generated] the input is eight random bytes, from which the target makes the arguments
 * @property {number} [megabytes] the most memory that a case may take, 256 if left out
 * @property {(bytes: Buffer, folder: string) => boolean | Promise<boolean>} run whether the input was accepted; throws
 * an error with one of the codes, or a Violation
 */

/** @type {Readonly<Record<string, Target>>} */
export const targets = {
  ...fileTargets,
  ...formatTargets,
  ...commandLineTargets,
  ...kernelTargets,
  ...planTargets,
};
