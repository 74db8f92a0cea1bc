/** The options of `train` that say what is trained, and how. */
import { netNames } from '../../nets/names.js';
import { netOrFile, numberAbove } from './values.js';

export const net = {
  flags: '--net <net>',
  description: `${netNames.join(', ')}; or a module, such as ./net.mjs, that exports a net, a class of nets or a function that makes one`,
  fallback: 'lenet5',
  read: netOrFile(),
};
export const dropout = {
  flags: '--dropout <p>',
  description: 'share of values that training drops, where the net has a place for it',
  fallback: "the net's",
  read: numberAbove(0, 0.999),
};
