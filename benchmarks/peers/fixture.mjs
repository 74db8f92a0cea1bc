// The workload as files, the same for every contender: what they read, and what they check their results against.
//
//   images.u8   [images, 32, 32]: MNIST, padded; pixels enter the net as pixel * scale + shift
//   labels.u8   [images]
//   order.u32   [images]: the batches of an epoch, one after the other; the last incomplete one is left out
//   params.f32  initial parameters, each row-major as in PARAMETERS of numpy_net.py, one after the other
//   scores.f32  [batch, 10] of the first batch: plain loops in double precision
//   after.f32   parameters after the steps of "losses"
//   lenet5.onnx the net with the initial parameters
//   fixture.txt a "name value..." a line: sizes, learning rate, losses, tolerances
//
// Numbers are little-endian.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importRownet, root } from './paths.mjs';

const batch = 128;
const checkedSteps = 6;
// An epoch of plain SGD with it learns, and the losses of the first steps already differ from each other.
const lr = 0.05;
// Of gradients that are summed over a batch.
const articleLr = 2e-4;
// float32 sums in other orders, and six steps of training on top of it, in units of the largest value. Correct
// contenders are some 1e-7 off; the tensor that moves least in these steps (fc1.bias) moves by 8e-3.
const tolerances = { scores: 1e-4, losses: 1e-4, after: 1e-4 };

/** Writes the files into `folder`, which it makes. Needs the built package and MNIST. */
export async function writeFixture(folder) {
  const rownet = await importRownet();
  const { train, normalization, order } = loadWorkload(rownet);
  const net = new rownet.LeNet5({ seed: 1 });
  const initial = net.getParams();
  const params = concatenate(initial);
  const first = rownet.imagesToTensor(train.images, train.shape, normalization, order.subarray(0, batch));
  const { referenceScores } = await import(
    pathToFileURL(join(root, 'dist', 'cli', 'bench', 'reference.js')).href
  );
  const scores = Float32Array.from(referenceScores(net, first.data, batch));
  const onnx = await rownet.exportOnnx(net, { normalization });
  const losses = trainSteps(rownet, net, { train, normalization, order }, { reduction: 'mean' }, { lr });
  // The NumPy net knows the article's update alone: gradients of the sum, those of biases divided by their rows.
  const article = new rownet.LeNet5({ seed: 1 });
  const articleLosses = trainSteps(
    rownet,
    article,
    { train, normalization, order },
    { reduction: 'sum' },
    { lr: articleLr, weightDecay: 1e-3, biasGradient: 'mean' },
  );
  mkdirSync(folder, { recursive: true });
  const lines = {
    images: [train.count],
    batch: [batch],
    steps: [Math.floor(train.count / batch)],
    scale: [normalization.scale],
    shift: [normalization.shift],
    lr: [lr],
    losses,
    articleLr: [articleLr],
    articleLosses,
    scoresTolerance: [tolerances.scores],
    lossesTolerance: [tolerances.losses],
    afterTolerance: [tolerances.after],
  };
  const files = {
    'images.u8': train.images,
    'labels.u8': train.labels,
    'order.u32': order,
    'params.f32': params,
    'scores.f32': scores,
    'after.f32': concatenate(net.getParams()),
    'lenet5.onnx': onnx,
    'fixture.txt': Object.entries(lines)
      .map(([name, values]) => `${[name, ...values].join(' ')}\n`)
      .join(''),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** What fixture.txt says: `numbers.name[i]`; and the arrays of the other files. */
export function readFixture(folder) {
  const numbers = Object.fromEntries(
    readFileSync(join(folder, 'fixture.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name, ...values]) => [name, values.map(Number)]),
  );
  const read = (name, Type) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    return new Type(bytes.buffer, 0, bytes.length / Type.BYTES_PER_ELEMENT);
  };
  return {
    numbers,
    images: read('images.u8', Uint8Array),
    labels: read('labels.u8', Uint8Array),
    order: read('order.u32', Uint32Array),
    params: read('params.f32', Float32Array),
    scores: read('scores.f32', Float32Array),
    after: read('after.f32', Float32Array),
  };
}

/**
 * Largest difference in units of the largest expected value.
 * @throws {Error} if it is above the tolerance, or no number.
 */
export function checkClose(what, values, expected, tolerance) {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0) / scale;
  const finite = Array.prototype.every.call(values, Number.isFinite);
  if (values.length !== expected.length || !finite || !(error <= tolerance)) {
    throw new Error(`${what}: expected a difference of at most ${tolerance} but it is ${error}`);
  }
  return error;
}

function loadWorkload({ loadDataset, mnistNormalization, Random }) {
  const { train } = loadDataset('mnist', { resize: 'pad' });
  const order = Uint32Array.from({ length: train.count }, (_, i) => i);
  new Random(1).shuffle(order);
  return { train, normalization: mnistNormalization, order };
}

/** Mean losses of the first steps, on the engine `rows`: the contender runs on the other one. */
function trainSteps({ createEngine, SGD }, net, { train, normalization, order }, options, update) {
  const engine = createEngine('rows', net, { normalization, train, ...options });
  const optimizer = new SGD(net, update);
  return Array.from({ length: checkedSteps }, (_, step) => {
    const { loss } = engine.trainStep(order.subarray(step * batch, (step + 1) * batch));
    optimizer.step();
    return loss / batch;
  });
}

function concatenate(params) {
  return Float32Array.from([...params.values()].flatMap(({ data }) => [...data]));
}
