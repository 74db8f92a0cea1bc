/** One contender of `rownet bench`: a process of its own, since the instruction set level is chosen at load. */
import { runtimeInfo, setThreads } from '../../../kernels.js';
import { LeNet5 } from '../../../nets/lenet5.js';
import { takeWarnings } from '../../../warnings.js';
import { benchDataset } from './data.js';
import { type LayerTimes, measureLayers } from './layers.js';
import {
  checkNet,
  type Inference,
  measureBandwidth,
  measureInference,
  measurePeak,
  trainEpochs,
} from './measure.js';
import { flopPerImage } from './work.js';

/** What the worker is asked, as JSON in its first argument. */
export interface BenchRequest {
  readonly engine: 'lanes' | 'rows';
  readonly threads: number;
  /** A data set or folder; null for random images. */
  readonly data: string | null;
  /** Timed epochs, after one that is not timed. */
  readonly epochs: number;
  /** Steps over which layers and inference are measured; 0: not at all. */
  readonly repeats: number;
}

export interface BenchReply {
  readonly isa: string;
  readonly engine: 'lanes' | 'rows';
  readonly images: number;
  readonly flopPerImage: number;
  /** GFLOP/s of fused multiply-adds, before and after the epochs. */
  readonly peaks: readonly number[];
  /** GB/s of main memory. */
  readonly bandwidth: number;
  readonly seconds: readonly number[];
  /** Of the process after training, in bytes. */
  readonly peakMemory: number;
  readonly layers?: readonly LayerTimes[];
  readonly inference?: Inference;
}

/** What the worker sends: its reply, or the error that kept it from one. */
export type BenchMessage =
  | { readonly reply: BenchReply }
  | { readonly error: { readonly message: string; readonly code?: string } };

async function measure({ engine, threads, data, epochs, repeats }: BenchRequest): Promise<BenchReply> {
  // Of too many threads the command itself has told.
  takeWarnings(() => {});
  setThreads(threads);
  const train = benchDataset(data);
  await checkNet(train, engine);
  const before = measurePeak();
  const [, ...seconds] = await trainEpochs(train, epochs + 1, engine);
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  return {
    isa: runtimeInfo().isa,
    engine,
    images: train.count,
    flopPerImage: flopPerImage(new LeNet5({ classes: train.classes })),
    peaks: [before, measurePeak()],
    bandwidth: measureBandwidth(),
    seconds,
    peakMemory,
    ...(repeats > 0 ? { inference: measureInference(train, repeats, engine) } : {}),
    ...(repeats > 0 ? { layers: measureLayers(train, repeats, engine) } : {}),
  };
}

async function answer(): Promise<BenchMessage> {
  try {
    return { reply: await measure(JSON.parse(process.argv[2] ?? '') as BenchRequest) };
  } catch (error) {
    if (!(error instanceof Error)) return { error: { message: String(error) } };
    const code = 'code' in error ? { code: String(error.code) } : {};
    return { error: { message: error.message, ...code } };
  }
}

// Nobody waits for the answer of a bench that was stopped.
const onEnd = () => process.exit();
if (process.connected) process.once('disconnect', onEnd);
else onEnd();
process.send?.(await answer());
process.off('disconnect', onEnd);
process.disconnect?.();
