import { describe, expect, it } from 'vitest';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import type { ImageSet } from '../../../lib/engines/engine.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { computeAccuracy } from '../../../lib/training/evaluate.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Tensor } from '../../../lib/tensor.js';
import { normalTensor } from '../../support/random-data.js';

describe('LeNet5', () => {
  it('has 61,706 parameters, of these names and shapes', () => {
    const net = new LeNet5();
    expect(net.arena.length).toBe(61_706);
    expect([...net.getParams()].map(([name, { shape }]) => `${name} ${shape.join('x')}`)).toEqual([
      'conv1.weight 6x1x5x5',
      'conv1.bias 6',
      'conv2.weight 16x6x5x5',
      'conv2.bias 16',
      'conv3.weight 120x16x5x5',
      'conv3.bias 120',
      'fc1.weight 84x120',
      'fc1.bias 84',
      'fc2.weight 10x84',
      'fc2.bias 10',
    ]);
  });

  it('takes images of 1x32x32 and gives 10 scores, or as many as asked for', () => {
    expect(new LeNet5().forward(new Tensor([3, 1, 32, 32])).shape).toEqual([3, 10]);
    expect(new LeNet5({ classes: 26 }).forward(new Tensor([2, 1, 32, 32])).shape).toEqual([2, 26]);
    expect(() => new LeNet5().forward(new Tensor([3, 1, 28, 28]))).toThrow(
      'conv2d: expected an input of at least 5x5 (the kernel), padding 0x0 included, but received 4x4 (input 3x16x4x4)',
    );
    expect(() => new LeNet5({ classes: 0 })).toThrow(/linear: expected outFeatures/);
  });

  it.each([
    [[32, 32], 120],
    [[35, 35], 120],
    [[36, 32], 240],
    [[40, 48], 120 * 3 * 5],
    [[64, 33], 120 * 9],
  ] as const)('takes images of %j with %d features', (inputSize, features) => {
    const net = new LeNet5({ inputSize, classes: 3 });
    expect(net.inputShape).toEqual([1, ...inputSize]);
    expect(net.getParams().get('fc1.weight')?.shape).toEqual([84, features]);
    expect(net.forward(new Tensor([2, 1, ...inputSize])).shape).toEqual([2, 3]);
  });

  it('is the usual net where the size is the usual one', () => {
    const usual = new LeNet5({ seed: 3 });
    const asked = new LeNet5({ seed: 3, inputSize: [32, 32] });
    expect(asked.architecture).toBe(usual.architecture);
    expect(asked.arena).toEqual(usual.arena);
  });

  it.each([
    [36, 32],
    [41, 50],
    [64, 64],
  ] as const)('gives the same scores on both engines at %d x %d', (height, width) => {
    const count = 5;
    const images = Uint8Array.from({ length: count * height * width }, (_, i) => (i * 7919) % 256);
    const labels = Uint8Array.of(0, 1, 2, 3, 4);
    const set: ImageSet = { images, labels, count, shape: [1, height, width] };
    const net = new LeNet5({ seed: 1, inputSize: [height, width] });
    const [rows, lanes] = (['rows', 'lanes'] as const).map((engine) =>
      computeAccuracy(net, set, { normalization: recipes.article.normalization, engine }),
    );
    expect(Math.abs(rows.loss - lanes.loss)).toBeLessThan(1e-5 * rows.loss);
    expect(lanes.predictions).toEqual(rows.predictions);
  });

  it.each([
    [[31, 32], /LeNet5: expected inputSize\[0\] to be an integer from 32 to 65535 but received 31/],
    [[32, 40.5], /LeNet5: expected inputSize\[1\] to be an integer/],
    [[32], /LeNet5: expected inputSize \[height, width\] but received 1 numbers/],
    [48, /LeNet5: expected inputSize \[height, width\] but received number/],
    [['32', 32], /LeNet5: expected inputSize\[0\] to be an integer but received string/],
  ])('refuses the size %j', (inputSize, message) => {
    expect(() => new LeNet5({ inputSize: inputSize as unknown as [number, number] })).toThrow(message);
  });

  it('summarises itself', () => {
    expect(new LeNet5().summary()).toBe(
      [
        'LeNet5, input Nx1x32x32',
        'layer    kind                           output      parameters  engine',
        'conv1    Conv2d(1 -> 6, kernel 5x5)     Nx6x28x28          156  lanes',
        'relu1    ReLU()                         Nx6x28x28            0  lanes',
        'pool1    MaxPool2d(2x2)                 Nx6x14x14            0  lanes',
        'conv2    Conv2d(6 -> 16, kernel 5x5)    Nx16x10x10       2,416  lanes',
        'relu2    ReLU()                         Nx16x10x10           0  lanes',
        'pool2    MaxPool2d(2x2)                 Nx16x5x5             0  lanes',
        'conv3    Conv2d(16 -> 120, kernel 5x5)  Nx120x1x1       48,120  lanes',
        'relu3    ReLU()                         Nx120x1x1            0  lanes',
        'flatten  Flatten()                      Nx120                0  lanes',
        'fc1      Linear(120 -> 84)              Nx84            10,164  lanes',
        'relu4    ReLU()                         Nx84                 0  lanes',
        'fc2      Linear(84 -> 10)               Nx10               850  lanes',
        'total                                                   61,706',
        'engine lanes: conv1+relu1+pool1, conv2+relu2+pool2, conv3+relu3, fc1+relu4, fc2',
      ].join('\n'),
    );
  });

  it("the article's loop lowers the loss", () => {
    const images = normalTensor([16, 1, 32, 32], 1);
    const labels = Uint8Array.from({ length: 16 }, (_, index) => index % 10);
    const net = new LeNet5({ seed: 1 });
    const criterion = new CrossEntropyLoss({ reduction: 'sum' });
    const losses: number[] = [];
    for (let step = 0; step < 30; step += 1) {
      const scores = net.forward(images);
      losses.push(criterion.forward(scores, labels));
      net.backward(criterion.backward());
      net.update({ lr: 1e-3, reg: 1e-3 });
    }
    expect(losses[0]).toBeGreaterThan(20);
    expect(losses[29]).toBeLessThan(losses[0] / 20);
    expect(criterion.correct).toBe(16);
  });

  it('the same run gives the same bits', () => {
    const run = () => {
      const net = new LeNet5({ seed: 1 });
      const criterion = new CrossEntropyLoss();
      for (let step = 0; step < 3; step += 1) {
        criterion.forward(net.forward(normalTensor([5, 1, 32, 32], step)), [1, 2, 3, 4, 5]);
        net.backward(criterion.backward());
        net.update({ lr: 0.1 });
      }
      return net.arena;
    };
    expect(run()).toEqual(run());
  });
});
