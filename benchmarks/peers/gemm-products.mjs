// The matrix products of one training step in im2row form, as the article multiplies: rows times weights forward, and
// from them the gradients of the weights and of the rows. Row-major, `[m, k]` times `[k, n]`.

const batch = 128;
// Rows of a batch, inputs and outputs of each layer with weights.
const layers = [
  { name: 'conv1', rows: batch * 28 * 28, inputs: 25, outputs: 6 },
  { name: 'conv2', rows: batch * 10 * 10, inputs: 150, outputs: 16 },
  { name: 'conv3', rows: batch, inputs: 400, outputs: 120 },
  { name: 'fc1', rows: batch, inputs: 120, outputs: 84 },
  { name: 'fc2', rows: batch, inputs: 84, outputs: 10 },
];

/** `transposeA`: a is stored `[k, m]`; `transposeB`: b is stored `[n, k]`. */
export const products = layers.flatMap(({ name, rows, inputs, outputs }, index) => [
  { name: `${name} forward`, transposeA: false, transposeB: true, m: rows, n: outputs, k: inputs },
  { name: `${name} dW`, transposeA: true, transposeB: false, m: outputs, n: inputs, k: rows },
  // The gradient of the images serves nobody.
  ...(index === 0
    ? []
    : [{ name: `${name} dX`, transposeA: false, transposeB: false, m: rows, n: inputs, k: outputs }]),
]);

/** As arguments of the program in C++: `TN:m:n:k`. */
export function productArguments() {
  const letter = (transposed) => (transposed ? 'T' : 'N');
  return products.map(({ transposeA, transposeB, m, n, k }) =>
    [letter(transposeA) + letter(transposeB), m, n, k].join(':'),
  );
}
