/** A linear layer with numbers: inputs times weights, bias, activation, and the gradients on their way back. */
import type { Model } from './explain-data.js';
import {
  biasParts,
  biasTitle,
  flow,
  foldable,
  number,
  type Place,
  paragraph,
  type Step,
  squaresMap,
  strong,
  total,
} from './explain-parts.js';

/** Numbers in a part that can be closed. */
const partLength = 128;

export function linearMaps(
  { values, outputShape, activation }: Model,
  { filter }: Place,
  go: (place: Place) => void,
) {
  const outputs = `the ${outputShape[0]} outputs${activation ? `, before ${activation.name}` : ''}`;
  return {
    input: [squaresMap(values.input, `the ${values.input.length} inputs`)],
    output: [squaresMap(values.sum, outputs, filter, (index) => go({ filter: index, y: 0, x: 0 }))],
  };
}

export function linearSteps(model: Model, { filter }: Place): Step[] {
  const { values } = model;
  const inputs = Array.from(values.input);
  const row = (matrix: Float32Array, index: number) =>
    Array.from(matrix.subarray(index * inputs.length, (index + 1) * inputs.length));
  const weights = row(values.weight, filter);
  const products = inputs.map((value, i) => value * weights[i]);
  const gradient = values.gradSum[filter];
  const gradInputs = Array.from(values.gradInput);
  return [
    {
      title: `Every input times its weight to output ${filter}`,
      content: [
        ...parts('products', 'input, weight, and their product below', inputs, weights, products),
        paragraph('The products sum up to ', strong(total(products)), '.'),
      ],
    },
    {
      title: biasTitle(model),
      content: [
        ...biasParts(model, total(products), filter, filter),
        ...(model.isScores
          ? [paragraph(`It is the score of class ${model.classNames?.[filter] ?? filter}.`)]
          : []),
      ],
    },
    { title: `Backward: the gradient on its way to output ${filter}`, content: backward(model, filter) },
    {
      title: 'Gradients of the inputs',
      content: [
        paragraph(
          `Every input has gone into all ${values.sum.length} outputs. Its gradient is the sum over them of the output's gradient times the weight.`,
        ),
        ...parts('gradInputs', 'gradient of each input', gradInputs),
      ],
    },
    {
      title: `Gradients of the weights to output ${filter}`,
      content: [
        paragraph(
          'Each is its input times the gradient of the output; that of the bias is the gradient itself: ',
          strong(gradient),
        ),
        ...parts(
          'gradWeights',
          'input, and gradient of its weight below',
          inputs,
          row(values.gradWeight, filter),
        ),
      ],
    },
  ];
}

function backward({ values, label, loss, activation, isScores }: Model, filter: number): Node[] {
  const told = isScores
    ? `Here it begins: the gradient of a score is the probability of its class, less 1 for label ${label}.`
    : 'Its gradients come back through the layers behind: ';
  return [
    paragraph(
      `The loss of label ${label} is ${number(loss)}. ${told}`,
      ...(isScores ? [] : [strong(values.gradOut[filter]), ' arrives here.']),
    ),
    ...(activation ? [paragraph(`${activation.name} ${activation.backward}.`)] : []),
    paragraph('Gradient of this output: ', strong(values.gradSum[filter])),
  ];
}

/** Long rows in parts. */
function parts(name: string, caption: string, ...lines: readonly (readonly number[])[]): HTMLElement[] {
  const { length } = lines[0];
  if (length <= partLength) return [flow(caption, ...(lines as [number[], ...number[][]]))];
  return Array.from({ length: Math.ceil(length / partLength) }, (_, i) => {
    const [from, to] = [i * partLength, Math.min((i + 1) * partLength, length)];
    const slices = lines.map((line) => line.slice(from, to)) as [number[], ...number[][]];
    const sum = number(total(slices[slices.length - 1]));
    return foldable(`${name}${i}`, `${from} to ${to - 1}, sum ${sum}`, i === 0, flow(caption, ...slices));
  });
}
