// Run by the tests with little address space; it needs dist/. Prints the code and the text of each error as JSON.
import { conv2d, createEngine, LeNet5, setThreads, Tensor } from '../../dist/index.js';

const images = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) % 251);
const train = { images, labels: new Uint8Array(4), count: 4, shape: [1, 32, 32] };
const many = new Uint32Array(20_000_000);
const few = Uint32Array.of(0, 1, 2, 3);
setThreads(2);

/** @param {() => unknown} call */
function failure(call) {
  try {
    call();
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message };
  }
  return undefined;
}

const results = [];
for (const name of ['lanes', 'rows']) {
  const net = new LeNet5({ seed: 1 });
  const engine = createEngine(name, net, { normalization: { scale: 1 / 255, shift: 0 }, train });
  const before = [engine.trainStep(few).loss, ...net.gradArena.subarray(0, 8)];
  const failed = failure(() => engine.trainStep(many));
  results.push({ ...failed, after: [engine.trainStep(few).loss, ...net.gradArena.subarray(0, 8)], before });
}
// A pixel under so much padding that unrolling its windows takes 2^50 bytes.
const [side, bias] = [4096, new Tensor([1])];
const image = new Tensor([1, 1, 1, 1]);
results.push(failure(() => conv2d(image, new Tensor([1, 1, side, side]), bias, { padding: side - 1 })));
results.push(failure(() => setThreads(1024)));
results.push({ conv: conv2d(image, new Tensor([1, 1, 1, 1]), bias).size });
console.log(JSON.stringify(results));
