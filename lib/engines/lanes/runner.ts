/** Gives nets the fused steps of this engine, for `predict` and `summary`. */
import { registerRunner } from '../../nets/runner.js';
import { compileNet } from './compile.js';
import { planNet, stepNames } from './plan.js';

registerRunner({
  compile(net) {
    const compiled = compileNet(net);
    if ('reason' in compiled) return undefined;
    const buffers = net.bufferArena;
    return (count, x, parameters, scores) => compiled.plan.predict(count, x, parameters, buffers, scores);
  },
  describe(layer, inputShape) {
    const plan = planNet(layer, inputShape);
    return 'reason' in plan ? plan : { steps: stepNames(plan.steps) };
  },
});
