/** Initial values of parameters. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import type { Parameter } from '../layers/layer.js';
import { Random } from '../random.js';
import { Tensor, typeName, valueText } from '../tensor.js';

/**
 * - `he`: weights normal with standard deviation sqrt(2 / fanIn), biases 0 (He et al., Delving Deep into Rectifiers,
 *   2015): keeps the variance of activations through ReLUs.
 * - `article`: weights and biases normal with standard deviation 0.01.
 * - `zeros`: for a net whose parameters are loaded next; it cannot be trained, all its units stay alike.
 */
export type Init = 'he' | 'article' | 'zeros';

const ARTICLE_DEVIATION = 0.01;

/**
 * Overwrites the values of `parameters`, in their order, from one stream of random numbers. Scales and shifts are 1 and 0
 * in all of them.
 * @param seed an integer from 0 to 2^53 - 1; the same seed gives the same values on every machine.
 * @throws {ArgumentRangeError} for another seed or an unknown init.
 * @throws {ArgumentTypeError} for anything but parameters.
 */
export function initParameters(
  parameters: readonly Pick<Parameter, 'kind' | 'fanIn' | 'value'>[],
  init: Init,
  seed: number,
): void {
  const random = new Random(seed);
  if (!Array.isArray(parameters)) {
    throw new ArgumentTypeError(`init: expected a list of parameters but received ${typeName(parameters)}`);
  }
  for (const [index, parameter] of parameters.entries()) {
    checkTensor('init', `the value of parameters[${index}]`, parameter?.value);
  }
  for (const { kind, fanIn, value } of parameters) {
    if (kind === 'scale' || kind === 'shift') {
      value.data.fill(kind === 'scale' ? 1 : 0);
      continue;
    }
    const deviation = standardDeviation(init, kind, fanIn);
    for (let index = 0; index < value.size; index += 1) {
      value.data[index] = deviation === 0 ? 0 : deviation * random.normal();
    }
  }
}

interface NewNet {
  readonly init: Init;
  readonly seed: number;
  parameters(): readonly Parameter[];
}

/** Whether the parameters of a net are still those that it was made with. */
export function beginsAsNew(net: NewNet): boolean {
  const { init, seed } = net;
  const fresh = net
    .parameters()
    .map(({ kind, fanIn, value }) => ({ kind, fanIn, value: new Tensor(value.shape) }));
  initParameters(fresh, init, seed);
  return net.parameters().every(({ value }, index) => {
    const { data } = fresh[index].value;
    return value.data.every((one, at) => one === data[at]);
  });
}

function standardDeviation(init: Init, kind: Parameter['kind'], fanIn: number): number {
  switch (init) {
    case 'he':
      return kind === 'weight' ? Math.sqrt(2 / fanIn) : 0;
    case 'article':
      return ARTICLE_DEVIATION;
    case 'zeros':
      return 0;
    default:
      throw new ArgumentRangeError(
        `init: expected 'he', 'article' or 'zeros' but received ${valueText(init)}`,
      );
  }
}
