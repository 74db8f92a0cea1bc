import { AvgPool2d } from '../../lib/layers/avg-pool2d.js';
import { BatchNorm1d } from '../../lib/layers/batch-norm1d.js';
import { BatchNorm2d } from '../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../lib/layers/conv2d.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Flatten } from '../../lib/layers/flatten.js';
import type { Layer } from '../../lib/layers/layer.js';
import { LeakyReLU } from '../../lib/layers/leaky-relu.js';
import { Linear } from '../../lib/layers/linear.js';
import { MaxPool2d } from '../../lib/layers/max-pool2d.js';
import { ReLU } from '../../lib/layers/relu.js';
import { Residual } from '../../lib/layers/residual.js';
import { Sequential } from '../../lib/layers/sequential.js';
import { Sigmoid } from '../../lib/layers/sigmoid.js';
import { Tanh } from '../../lib/layers/tanh.js';
import type { Random } from '../../lib/random.js';

type Shape = readonly number[];
const aroundEach = { kernel: 3, stride: 1, padding: 1 } as const;

const LEVELS = 2;

/**
 * One that takes the shape, `[1, C, H, W]` or `[1, features]`, with residuals in it up to `levels` deep, which give what
 * they take.
 */
export function randomResidual(random: Random, shape: Shape, levels = LEVELS): Residual {
  const { same, other } =
    shape.length === 4 ? imageWays(random, shape, levels) : rowWays(random, shape, levels);
  const ways = levels === LEVELS ? [...same, ...other] : same;
  const [body, shortcut] = ways[random.integer(ways.length)]();
  return new Residual({
    body: new Sequential(body),
    ...(shortcut === undefined ? {} : { shortcut: new Sequential(shortcut) }),
  });
}

type Ways = readonly [body: Layer[], shortcut?: Layer[]];

/** Those that give the shape that they take, and others. */
interface Choice {
  readonly same: readonly (() => Ways)[];
  readonly other: readonly (() => Ways)[];
}

function activation(random: Random): Layer {
  const all = [
    () => new ReLU(),
    () => new Sigmoid(),
    () => new Tanh(),
    () => new LeakyReLU({ negativeSlope: -0.25 }),
  ];
  return all[random.integer(all.length)]();
}

/** Each or nothing. */
function maybe(random: Random, ...layers: Layer[]): Layer[] {
  return layers.filter(() => random.integer(2) === 0);
}

function within(random: Random, shape: Shape, levels: number): Layer[] {
  return levels === 0 ? [activation(random)] : [randomResidual(random, shape, levels - 1)];
}

function imageWays(random: Random, shape: Shape, levels: number): Choice {
  const [, channels, height, width] = shape;
  const conv = (inChannels: number, outChannels: number, options: { kernel: number; stride?: number }) =>
    new Conv2d({
      ...{ inChannels, outChannels, ...options },
      padding: (options.kernel - 1) / 2,
      groups: inChannels % 2 === 0 && outChannels % 2 === 0 ? 1 + random.integer(2) : 1,
      bias: random.integer(2) === 0,
    });
  const norm = (features: number) => new BatchNorm2d({ features, eps: 0.1 });
  const middle = 1 + random.integer(5);
  const stride = 1 + random.integer(2);
  const same = [
    (): Ways => [
      [
        conv(channels, middle, { kernel: 3 }),
        ...maybe(random, norm(middle), activation(random)),
        conv(middle, channels, { kernel: [1, 3, 5][random.integer(3)] }),
        ...maybe(random, norm(channels), activation(random)),
      ],
    ],
    // Nothing that a step before may take along, and a padded convolution that reads what a step has left.
    (): Ways => [[activation(random)], [conv(channels, channels, { kernel: 3 }), activation(random)]],
    (): Ways => [[activation(random)]],
    (): Ways => [within(random, shape, levels), within(random, shape, levels)],
    (): Ways => [[...within(random, shape, levels), ...within(random, shape, levels)]],
    (): Ways => [[new MaxPool2d(aroundEach)], [norm(channels)]],
    (): Ways => [[new AvgPool2d(aroundEach)]],
  ];
  const other = [
    (): Ways => [
      [
        conv(channels, middle, { kernel: 3, stride }),
        activation(random),
        ...maybe(random, new Dropout({ p: 0.25 })),
      ],
      [conv(channels, middle, { kernel: [1, 3][random.integer(2)], stride }), ...maybe(random, norm(middle))],
    ],
    (): Ways => [
      [new Flatten(), new Linear({ inFeatures: channels * height * width, outFeatures: height * width })],
      [conv(channels, 1, { kernel: 1 }), new Flatten()],
    ],
  ];
  return { same, other };
}

function rowWays(random: Random, shape: Shape, levels: number): Choice {
  const [, features] = shape;
  const linear = (inFeatures: number, outFeatures: number) => new Linear({ inFeatures, outFeatures });
  const hidden = 1 + random.integer(8);
  const same = [
    (): Ways => [
      [
        linear(features, hidden),
        ...maybe(random, new BatchNorm1d({ features: hidden, eps: 0.1 }), activation(random)),
        linear(hidden, features),
        ...maybe(random, activation(random)),
      ],
    ],
    (): Ways => [[activation(random)], [...maybe(random, new Flatten()), activation(random)]],
    // The input twice.
    (): Ways => [[new Flatten()]],
    (): Ways => [within(random, shape, levels), within(random, shape, levels)],
  ];
  const other = [
    (): Ways => [
      [linear(features, hidden), activation(random)],
      [linear(features, hidden), ...maybe(random, new Dropout({ p: 0.25 }))],
    ],
  ];
  return { same, other };
}
