// LeNet-5 in ONNX Runtime as a contender, inference alone.
//
//   node onnxruntime-worker.mjs FIXTURE THREADS EPOCHS STEPS REPEATS
//
// Prints one JSON object (see contenders.mjs). ROWNET_PEERS_DIR is the folder that onnxruntime-node is installed in.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkClose, readFixture } from './fixture.mjs';
import { readArguments, timeInference } from './worker.mjs';

const { folder, threads, repeats } = readArguments();
const require = createRequire(join(process.env.ROWNET_PEERS_DIR, 'package.json'));
const { InferenceSession, Tensor, env } = require('onnxruntime-node');
const { numbers, images, order, scores } = readFixture(folder);
const batch = numbers.batch[0];
const pixels = 32 * 32;

const gather = (count) => {
  const data = new Float32Array(count * pixels);
  for (let i = 0; i < count; i += 1) {
    const image = images.subarray(order[i] * pixels, (order[i] + 1) * pixels);
    for (let p = 0; p < pixels; p += 1) {
      data[i * pixels + p] = image[p] * numbers.scale[0] + numbers.shift[0];
    }
  }
  return { input: new Tensor('float32', data, [count, 1, 32, 32]) };
};
const x = gather(batch);
const one = gather(1);

const model = readFileSync(join(folder, 'lenet5.onnx'));
const inference = [];
let error = 0;
for (const count of new Set([1, threads])) {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: count,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Threads that wait spin, for latency's sake.
    extra: { session: { intra_op: { allow_spinning: '1' } } },
  });
  const result = await session.run(x);
  error = Math.max(error, checkClose('scores', result.logits.data, [...scores], numbers.scoresTolerance[0]));
  const times = await timeInference(
    () => session.run(x),
    () => session.run(one),
    batch,
    repeats,
  );
  inference.push({ threads: count, ...times });
  await session.release();
}
console.log(
  JSON.stringify({
    settings: 'graph optimization all, sequential, spinning',
    version: env.versions.node,
    check: { scores: error },
    seconds: [],
    stepsTimed: 0,
    inference,
  }),
);
