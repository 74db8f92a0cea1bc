// rownet's matrix product on the products of one training step.
//
//   node gemm-worker.mjs THREADS REPEATS
//
// Prints one JSON object: the median seconds of each product.
import { products } from './gemm-products.mjs';
import { importRownet } from './paths.mjs';
import { secondsOf } from './worker.mjs';

const [threads, repeats] = process.argv.slice(2).map(Number);
const { matmul, Random, runtimeInfo, setThreads, Tensor } = await importRownet();
setThreads(threads);
const random = new Random(1);
const filled = (shape) => {
  const tensor = new Tensor(shape);
  for (let i = 0; i < tensor.data.length; i += 1) tensor.data[i] = random.integer(2001) / 1000 - 1;
  return tensor;
};
const seconds = [];
let check = 0;
for (const { name, transposeA, transposeB, m, n, k } of products) {
  const a = filled(transposeA ? [k, m] : [m, k]);
  const b = filled(transposeB ? [n, k] : [k, n]);
  const out = new Tensor([m, n]);
  const run = () => matmul(a, b, { transposeA, transposeB, out });
  run();
  // Plain loops in double precision, for every 97th element.
  for (let at = 0; at < m * n; at += 97) {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let p = 0; p < k; p += 1) {
      sum += a.data[transposeA ? p * m + i : i * k + p] * b.data[transposeB ? j * k + p : p * n + j];
    }
    const error = Math.abs(out.data[at] - sum) / Math.sqrt(k);
    if (!(error <= 1e-4)) throw new Error(`${name}: expected ${sum} but received ${out.data[at]}`);
    check = Math.max(check, error);
  }
  const times = Array.from({ length: repeats }, () => secondsOf(run));
  seconds.push(times.sort((x, y) => x - y)[times.length >> 1]);
}
const { isa } = runtimeInfo();
console.log(JSON.stringify({ settings: `matmul, ${isa}`, check: { products: check }, products: seconds }));
