// A net of one's own on a made-up data set: which way do the stripes in a noisy 12x12 image run?
// node examples/own-net.mjs
import { Conv2d, Flatten, imagesToTensor, Linear, MaxPool2d, Net, Random, ReLU, Sequential } from 'rownet';
import { recipes, Trainer } from 'rownet';

const classes = ['across', 'down', 'rising', 'falling'];
const side = 12;

/** Labels and bytes, image after image: stripes of period 4 at a random place, and as much noise. */
function makeStripes(count, random) {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes.length);
  const images = new Uint8Array(count * side * side);
  for (const [i, label] of labels.entries()) {
    const start = random.integer(4);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const across = [y, x, x + y, x - y + side][label] + start;
        images[(i * side + y) * side + x] = (across % 4 < 2 ? 30 : 90) + random.integer(166);
      }
    }
  }
  return { name: 'stripes', images, labels, count, shape: [1, side, side], classes: classes.length };
}
const random = new Random(1);
const [train, test] = [makeStripes(2000, random), makeStripes(500, random)];

const layers = new Sequential({
  conv: new Conv2d({ inChannels: 1, outChannels: 8, kernel: 5 }), // 8x8x8
  relu: new ReLU(),
  pool: new MaxPool2d({ kernel: 2 }), // 8x4x4
  flatten: new Flatten(),
  scores: new Linear({ inFeatures: 8 * 4 * 4, outFeatures: classes.length }),
});
const net = new Net(layers, { inputShape: [1, side, side], seed: 1 });
console.log(net.summary());

const trainer = new Trainer(net, { recipe: { ...recipes.fast, epochs: 3 } });
for await (const { epoch, loss, testAccuracy } of trainer.fit(train, { validation: test })) {
  console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, test ${(100 * testAccuracy).toFixed(1)} %`);
}

const scores = net.predict(imagesToTensor(test.images, test.shape, trainer.normalization, [2])).data;
for (let y = 0; y < side; y += 1) {
  const row = test.images.subarray((2 * side + y) * side, (2 * side + y + 1) * side);
  console.log(Array.from(row, (value) => ' .:-=+*#%@'[Math.floor(value / 25.6)].repeat(2)).join(''));
}
console.log(`The stripes are ${classes[scores.indexOf(Math.max(...scores))]}.`);
