/** The choice of an engine. */
import { ArgumentRangeError } from '../errors.js';
import type { Net } from '../nets/net.js';
import { valueText } from '../tensor.js';
import type { Engine, EngineName, EngineOptions } from './engine.js';
import { checkNet } from './image-set.js';
import { LanesEngine, planLanes } from './lanes/engine.js';
import { RowsEngine } from './rows.js';
import './lanes/runner.js';

/**
 * The engine that runs a net.
 * @param name `auto` takes the fastest that can express the net.
 * @throws {ArgumentRangeError} for an unknown name.
 * @throws {TypeError | RangeError} naming the option, or what of the net or the images does not fit.
 */
export function createEngine(name: EngineName, net: Net, options: EngineOptions): Engine {
  checkNet(net);
  switch (name) {
    case 'auto':
      return 'steps' in planLanes(net, options?.loss)
        ? new LanesEngine(net, options)
        : new RowsEngine(net, options);
    case 'lanes':
      return new LanesEngine(net, options);
    case 'rows':
      return new RowsEngine(net, options);
    default:
      throw new ArgumentRangeError(
        `createEngine: expected 'auto', 'lanes' or 'rows' but received ${valueText(name)}`,
      );
  }
}
