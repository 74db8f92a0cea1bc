/** Puts the replies of the workers together, for people and for programs. */
import { grouped, paint } from '../../terminal/output.js';
import { median } from '../../../runs/statistics.js';
import { formatTable, formatTables } from '../../terminal/table.js';
import { timesAsFast } from '../../../plots/article.js';
import type { LayerTimes } from './layers.js';
import type { BenchReply } from './worker.js';

/** A layer or fused step beside the limits of the machine. */
export interface LayerReport extends LayerTimes {
  readonly gflops: number;
  readonly shareOfPeak: number;
  /**
   * Which would take longer at the speeds that were measured: its bytes through main memory, or its operations. null for
   * a row with neither.
   */
  readonly bound: 'arithmetic' | 'memory' | null;
}

/** What was measured of one engine at one instruction set level, over all its processes. Seconds and GFLOP/s. */
export interface ContenderReport {
  readonly isa: string;
  readonly engine: 'lanes' | 'rows';
  readonly fmaPeak: number;
  /** GB/s of main memory, read and written. */
  readonly memoryBandwidth: number;
  readonly secondsPerEpoch: number;
  readonly seconds: readonly number[];
  readonly gflops: number;
  readonly shareOfPeak: number;
  readonly inference: { readonly imagesPerSecond: number; readonly latency: number };
  readonly peakMemory: number;
  readonly layers: readonly LayerReport[];
}

export interface BenchReport {
  readonly rownet: string;
  readonly commit: string | null;
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly threads: number;
  readonly compiler: string;
  readonly data: string;
  readonly images: number;
  readonly batchSize: number;
  readonly flopPerEpoch: number;
  readonly articleSecondsPerEpoch: number;
  readonly contenders: readonly ContenderReport[];
}

/** @param replies of one contender; the first one has the details. */
export function contenderReport(replies: readonly BenchReply[]): ContenderReport {
  const [{ isa, engine, images, flopPerImage, layers = [], inference }] = replies;
  const seconds = replies.flatMap((reply) => reply.seconds);
  const secondsPerEpoch = median(seconds) ?? Number.NaN;
  const fmaPeak = Math.max(...replies.flatMap((reply) => reply.peaks));
  const memoryBandwidth = Math.max(...replies.map((reply) => reply.bandwidth));
  const gflops = (images * flopPerImage) / secondsPerEpoch / 1e9;
  return {
    isa,
    engine,
    fmaPeak,
    memoryBandwidth,
    secondsPerEpoch,
    seconds,
    gflops,
    shareOfPeak: gflops / fmaPeak,
    inference: inference ?? { imagesPerSecond: Number.NaN, latency: Number.NaN },
    peakMemory: Math.max(...replies.map((reply) => reply.peakMemory)),
    layers: layers.map((times) => layerReport(times, fmaPeak, memoryBandwidth)),
  };
}

function layerReport(times: LayerTimes, fmaPeak: number, memoryBandwidth: number): LayerReport {
  const { bytes } = times;
  const flop = times.forwardFlop + times.backwardFlop;
  const gflops = flop / (times.forward + times.backward) / 1e9;
  const bound = bytes / memoryBandwidth > flop / fmaPeak ? 'memory' : flop > 0 ? 'arithmetic' : null;
  return { ...times, gflops, shareOfPeak: gflops / fmaPeak, bound };
}

/** @param columns of the terminal. */
export function describeBench(report: BenchReport, columns: number): string[] {
  const { contenders, images, batchSize, flopPerEpoch } = report;
  const row = (name: string, value: (contender: ContenderReport) => string) => [
    name,
    ...contenders.map(value),
  ];
  const tables = formatTables(
    [
      row('', ({ engine, isa }) => `${engine}, ${isa}`),
      row('FMA peak, GFLOP/s', ({ fmaPeak }) => fmaPeak.toFixed(0)),
      row('memory, GB/s', ({ memoryBandwidth }) => memoryBandwidth.toFixed(0)),
      row('training, s an epoch (median)', ({ secondsPerEpoch }) => secondsPerEpoch.toFixed(3)),
      row('  fastest to slowest', ({ seconds }) =>
        [Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(3)).join(' to '),
      ),
      row('  GFLOP/s', ({ gflops }) => gflops.toFixed(0)),
      row('  share of the FMA peak', ({ shareOfPeak }) => share(shareOfPeak)),
      row(
        '  times as fast as the article',
        ({ secondsPerEpoch }) => timesAsFast(secondsPerEpoch, images) ?? '-',
      ),
      row(`inference, images/s at batch ${batchSize}`, ({ inference }) => grouped(inference.imagesPerSecond)),
      row('  latency at batch 1, us', ({ inference }) => (1e6 * inference.latency).toFixed(0)),
      row('peak memory of training, MB', ({ peakMemory }) => (peakMemory / 1e6).toFixed(0)),
    ],
    heading,
    { columns, flexible: { 0: 24 } },
  );
  return [
    `rownet ${report.rownet}${report.commit === null ? '' : ` (${report.commit})`}, ${report.cpu}, ` +
      `${report.threads} of ${report.cores} cores, ${report.platform}, Node ${report.node}, ${report.compiler}`,
    `LeNet-5, recipe fast, batches of ${batchSize}, ${grouped(images)} images of ${report.data}: ` +
      `${(flopPerEpoch / 1e9).toFixed(1)} GFLOP an epoch`,
    ...tables.flatMap((table) => ['', ...table]),
    ...contenders
      .filter(({ layers }) => layers.length > 0)
      .flatMap((contender) => [
        '',
        `${contender.engine === 'lanes' ? 'Fused steps' : 'Layers'} of ${contender.engine} at ${contender.isa}: ` +
          `a batch of ${batchSize}, medians`,
        ...layerTable(contender, columns),
      ]),
  ];
}

function layerTable({ layers }: ContenderReport, columns: number): string[] {
  const header = ['layer', 'forward us', 'backward us', 'MFLOP', 'MB', 'GFLOP/s', 'of peak', 'bound by'];
  const rows = layers.map((layer) => {
    const flop = layer.forwardFlop + layer.backwardFlop;
    return [
      layer.layer === '' ? layer.name : `${layer.name}: ${layer.layer}`,
      microseconds(layer.forward),
      layer.layer === '' ? '' : microseconds(layer.backward),
      flop === 0 ? '' : (flop / 1e6).toFixed(1),
      layer.bytes === 0 ? '' : (layer.bytes / 1e6).toFixed(2),
      flop === 0 ? '' : layer.gflops.toFixed(0),
      flop === 0 ? '' : share(layer.shareOfPeak),
      layer.bound ?? '',
    ];
  });
  const total = (pick: (layer: LayerTimes) => number) => layers.reduce((sum, layer) => sum + pick(layer), 0);
  const sums = [
    'step',
    microseconds(total((layer) => layer.forward)),
    microseconds(total((layer) => layer.backward)),
  ];
  const optional = ['MB', 'MFLOP', 'bound by', 'GFLOP/s', 'of peak'].map((name) => header.indexOf(name));
  return formatTable([header, ...rows, sums], heading, { columns, flexible: { 0: 24 }, optional });
}

function heading(text: string, row: number): string {
  return row === 0 ? paint('bold', text, process.stdout) : text;
}

function microseconds(seconds: number): string {
  return (1e6 * seconds).toFixed(0);
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
