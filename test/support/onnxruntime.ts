/** onnxruntime-node, which is too large for a dependency: where it is installed by hand, or by .ci/run. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Tensor } from '../../lib/tensor.js';
import { root } from './cli.js';

interface OnnxTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OnnxSession> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** The package; undefined where it is not installed. */
export function findOnnxRuntime(): OnnxRuntime | undefined {
  for (const folder of [join(root, 'benchmarks', 'peers', '.installed'), root]) {
    const require = createRequire(join(folder, 'package.json'));
    try {
      return require('onnxruntime-node') as OnnxRuntime;
    } catch {
      // Not here, or without its binary for this machine.
    }
  }
  return undefined;
}

/** What the only output of a model is for an input. */
export async function runOnnx(runtime: OnnxRuntime, model: Uint8Array, x: Tensor): Promise<Tensor> {
  const session = await runtime.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const [input] = session.inputNames;
    const [output] = session.outputNames;
    const result = (await session.run({ [input]: new runtime.Tensor('float32', x.data, x.shape) }))[output];
    return new Tensor(result.dims, Float32Array.from(result.data));
  } finally {
    await session.release();
  }
}
