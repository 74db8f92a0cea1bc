// rownet as a contender: the engine lanes at the best instruction set level.
//
//   node rownet-worker.mjs FIXTURE THREADS EPOCHS STEPS REPEATS
//
// Prints one JSON object (see contenders.mjs). The pixels stay bytes; gathering a batch makes floats of them. A step
// makes its update itself, as in the trainer.
import { checkClose, readFixture } from './fixture.mjs';
import { importRownet } from './paths.mjs';
import { readArguments, secondsOf, timeInference } from './worker.mjs';

const { folder, threads, epochs, steps, repeats } = readArguments();
const { createEngine, imagesToTensor, LeNet5, runtimeInfo, setThreads, SGD } = await importRownet();
const { numbers, images, labels, order, params, scores, after } = readFixture(folder);
const [count, batch, lr] = [numbers.images[0], numbers.batch[0], numbers.lr[0]];
const normalization = { scale: numbers.scale[0], shift: numbers.shift[0] };
const shape = [1, 32, 32];

/** A net with the initial parameters. */
function initialNet() {
  const net = new LeNet5();
  let offset = 0;
  for (const { data } of net.parameters().map(({ value }) => value)) {
    data.set(params.subarray(offset, offset + data.length));
    offset += data.length;
  }
  return net;
}

setThreads(threads);
const net = initialNet();
const engine = createEngine('lanes', net, {
  normalization,
  train: { images, labels, count, shape },
});
const optimizer = new SGD(net, { lr });
const batches = Array.from({ length: numbers.steps[0] }, (_, i) =>
  order.subarray(i * batch, (i + 1) * batch),
);
const train = (from, to) => {
  const losses = [];
  for (const indices of batches.slice(from, to)) {
    losses.push(engine.trainStep(indices, { update: optimizer.update() }).loss / batch);
  }
  return losses;
};

const x = imagesToTensor(images, shape, normalization, batches[0]);
const predicted = net.predict(x).data;
const check = {
  scores: checkClose('scores', predicted, scores, numbers.scoresTolerance[0]),
  losses: checkClose('losses', train(0, numbers.losses.length), numbers.losses, numbers.lossesTolerance[0]),
  after: checkClose(
    'parameters',
    net.parameters().flatMap(({ value }) => [...value.data]),
    [...after],
    numbers.afterTolerance[0],
  ),
};
train(0, steps);
const seconds = Array.from(
  { length: epochs },
  () => (secondsOf(() => train(0, steps)) * batches.length) / steps,
);

const one = imagesToTensor(images, shape, normalization, batches[0].subarray(0, 1));
const inference = [];
const fresh = initialNet();
for (const count of new Set([1, threads])) {
  setThreads(count);
  // One image alone takes another way through the engine than a batch, and each number of threads another share.
  checkClose('scores', fresh.predict(x).data, scores, numbers.scoresTolerance[0]);
  checkClose(
    'scores of one image',
    fresh.predict(one).data,
    scores.subarray(0, 10),
    numbers.scoresTolerance[0],
  );
  inference.push({
    threads: count,
    ...(await timeInference(
      () => fresh.predict(x),
      () => fresh.predict(one),
      batch,
      repeats,
    )),
  });
}
const { isa, compiler } = runtimeInfo();
console.log(
  JSON.stringify({
    settings: `engine lanes, ${isa}`,
    isa,
    compiler,
    check,
    seconds,
    stepsTimed: steps,
    inference,
  }),
);
