import { Conv2d } from '../../lib/layers/conv2d.js';
import { Flatten } from '../../lib/layers/flatten.js';
import { Linear } from '../../lib/layers/linear.js';
import { ReLU } from '../../lib/layers/relu.js';
import { Sequential } from '../../lib/layers/sequential.js';
import { Net, type NetOptions } from '../../lib/nets/net.js';

/** Layers for `tinyInput`, new ones in each call. */
export const tinyLayers = () =>
  new Sequential({
    conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: [2, 3] }),
    relu: new ReLU(),
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 12, outFeatures: 3 }),
  });

export const tinyInput = [1, 3, 5] as const;

/** 53 parameters, 3 classes: small enough to look at. */
export const tinyNet = (options: Partial<NetOptions> = {}) =>
  new Net(tinyLayers(), { inputShape: tinyInput, seed: 7, ...options });
