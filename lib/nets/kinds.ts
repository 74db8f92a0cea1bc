/** The nets that have a name, for `rownet train --net`: a line a net, and its name in names.ts. */
import type { Shape } from '../tensor.js';
import { AlexNet } from './alex-net.js';
import { FCNet } from './fc-net.js';
import type { Init } from './init.js';
import { LeNet5 } from './lenet5.js';
import { type NetName, netNames } from './names.js';
import type { Net } from './net.js';
import { NIN } from './nin.js';
import { ResNet8 } from './res-net8.js';
import { ThreeLayerNet } from './three-layer-net.js';
import { TwoLayerNet } from './two-layer-net.js';

/** What a net is made for. */
export interface NetRequest {
  readonly seed: number;
  readonly init: Init;
  readonly classes: number;
  /** Of the data: `[C, H, W]` of pictures, `[features]` of a table. */
  readonly inputShape: Shape;
  /** Share that training drops; undefined for what the net does by itself. */
  readonly dropout: number | undefined;
}

export interface NetKind {
  readonly title: string;
  readonly type: new (options: never) => Net;
  /** Height and width of the pictures, where nothing else says it. */
  readonly size: readonly [height: number, width: number];
  /** How smaller pictures get it, where that is not as the recipe does. */
  readonly resize?: 'fit';
  make(request: NetRequest): Net;
}

const mnistSize = [28, 28] as const;

export const netKinds: Readonly<Record<NetName, NetKind>> = {
  lenet5: {
    title: 'LeNet-5',
    type: LeNet5,
    size: [32, 32],
    make: ({ inputShape: [channels, height, width], seed, init, classes, dropout = 0 }) =>
      new LeNet5({ seed, init, classes, channels, inputSize: [height, width], dropout }),
  },
  'two-layer': {
    title: 'Two-layer net',
    type: TwoLayerNet,
    size: mnistSize,
    make: (one) => new TwoLayerNet(flat(one)),
  },
  'three-layer': {
    title: 'Three-layer net',
    type: ThreeLayerNet,
    size: mnistSize,
    make: (one) => new ThreeLayerNet(flat(one)),
  },
  fc: { title: 'Fully connected net', type: FCNet, size: mnistSize, make: (one) => new FCNet(flat(one)) },
  nin: { title: 'NIN', type: NIN, size: [32, 32], make: (one) => new NIN(picture(one)) },
  resnet8: {
    title: 'ResNet-8',
    type: ResNet8,
    size: [32, 32],
    make: ({ dropout: _, ...one }) => new ResNet8(picture({ ...one, dropout: undefined })),
  },
  // The digits of MNIST would be lost in the middle of it.
  alexnet: {
    title: 'AlexNet',
    type: AlexNet,
    size: [227, 227],
    resize: 'fit',
    make: (one) => new AlexNet(picture(one)),
  },
};

/** The name of a net of exactly one of these classes. */
export function netName(net: Net): NetName | undefined {
  return netNames.find((name) => netKinds[name].type === net.constructor);
}

/** The net decides what is dropped where nothing is said. */
function picture({ inputShape: [channels, height, width], dropout, ...rest }: NetRequest) {
  const inputShape = [channels, height, width] as const;
  return { ...rest, inputShape, ...(dropout === undefined ? {} : { dropout }) };
}

function flat({ inputShape, dropout = 0, ...rest }: NetRequest) {
  return { ...rest, inputs: inputShape, dropout };
}
