// What options cost an epoch of LeNet-5 on MNIST: each trained an epoch at a time, in turns with the plain one.
//
//   node benchmarks/training/options.mjs [ROUNDS]
//
// Prints the median seconds of an epoch, and the median of its ratios to the plain epoch of the same round.
import { importRownet } from '../peers/paths.mjs';
import { median } from '../peers/report.mjs';

const rounds = Number(process.argv[2] ?? 9);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`ROUNDS: expected a whole number from 1 on`);
const { fmaBurst, LeNet5, loadDataset, mnistNormalization, recipes, runtimeInfo, Trainer } =
  await importRownet();
const { train } = loadDataset('mnist', { resize: 'pad' });
const cases = {
  plain: {},
  adam: { optimizer: { kind: 'adam', lr: 1e-3 } },
  'shift and rotate': { augment: { shift: 2, rotate: 10 } },
  'all of augment': {
    augment: { shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 } },
  },
  averaging: { averaging: { decay: 0.999 } },
  dropout: {},
};
const trainings = Object.entries(cases).map(([name, { optimizer, ...options }]) => {
  const net = new LeNet5({ seed: 1, ...(name === 'dropout' ? { dropout: 0.5 } : {}) });
  const recipe = {
    ...recipes.fast,
    batchSize: 128,
    schedule: 'constant',
    normalization: mnistNormalization,
    ...(optimizer === undefined ? {} : { optimizer }),
  };
  const trainer = new Trainer(net, { recipe, seed: 1, ...options });
  return { name, trainer, seconds: [] };
});
let epochs = 0;
for (let round = -1; round < rounds; round += 1) {
  epochs += 1;
  for (const { trainer, seconds } of round % 2 === 0 ? trainings : [...trainings].reverse()) {
    for await (const record of trainer.fit(train, { epochs })) {
      // The first round makes plans and fills caches.
      if (round >= 0) seconds.push(record.seconds);
    }
  }
}
const [plain] = trainings;
const { isa, threads } = runtimeInfo();
console.log(
  `${isa}, ${threads} threads, ${rounds} rounds, FMA burst ${fmaBurst(threads, 0.1).toFixed(0)} GFLOP/s`,
);
for (const { name, seconds } of trainings) {
  const ratios = seconds.map((value, round) => value / plain.seconds[round]);
  console.log(`${name.padEnd(18)}${median(seconds).toFixed(3)} s  ${median(ratios).toFixed(2)}`);
}
