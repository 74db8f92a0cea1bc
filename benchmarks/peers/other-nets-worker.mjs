// A step of a net other than LeNet-5 in rownet, forward, backward and update, on the engine lanes.
//
//   node other-nets-worker.mjs FOLDER NAME THREADS
//
// Prints `{ settings, check, seconds }`: of each step. See other-nets.mjs.
import { checkClose } from './fixture.mjs';
import { batchIndices, buildNet, readOtherNet } from './other-nets.mjs';
import { importRownet } from './paths.mjs';
import { secondsOf } from './worker.mjs';

const [folder, name, threads] = process.argv.slice(2);
const rownet = await importRownet();
const { shape, layers, steps, batch, lr, tolerance, scores, losses, params, images, labels } = readOtherNet(
  folder,
  name,
);
rownet.setThreads(Number(threads));
const net = buildNet(rownet, { layers, shape });
let offset = 0;
for (const { value } of net.parameters()) {
  value.data.set(params.subarray(offset, offset + value.data.length));
  offset += value.data.length;
}
const count = labels.length;
const engine = rownet.createEngine('lanes', net, {
  normalization: { scale: 1, shift: 0 },
  train: { images, labels, count, shape },
});
const optimizer = new rownet.SGD(net, { lr });
const train = (step) => engine.trainStep(batchIndices(step), { update: optimizer.update() }).loss / batch;
const first = new rownet.Tensor([batch, ...shape], images.slice(0, (batch * images.length) / count));
const check = {
  scores: checkClose('scores', net.predict(first).data, scores, tolerance),
};
if (losses.length > 0) {
  check.losses = checkClose(
    'losses',
    losses.map((_, step) => train(step)),
    losses,
    tolerance,
  );
}
for (let step = 0; step < steps / 4; step += 1) train(step);
const seconds = Array.from({ length: steps }, (_, step) => secondsOf(() => train(step)));
console.log(JSON.stringify({ settings: `engine lanes, ${rownet.runtimeInfo().isa}`, check, seconds }));
