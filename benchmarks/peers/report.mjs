// From samples to medians and ratios, and from those to a page.
import { otherNets } from './other-nets.mjs';

/** How many times faster rownet is: above 1 where it is. Undefined without one of the two. */
const ratio = (slower, faster) =>
  slower === undefined || faster === undefined ? undefined : slower / faster;

const sorted = (values) => [...values].sort((a, b) => a - b);

/** The mean of the two middle ones for an even number; undefined for none. */
export function median(values) {
  if (values.length === 0) return undefined;
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

/**
 * Medians and ratios of what was measured.
 * @param samples `{ machine, rounds, net, otherNets, gemm, missing }`: `net`, `otherNets` and `gemm` hold a contender
 *   each, with `replies`, one of each round, as contenders.mjs describes them
 */
export function summarize({ net, otherNets, gemm, ...rest }) {
  const own = net.find(({ name }) => name === 'rownet');
  const reference = own === undefined ? undefined : describeNet(own);
  const ownProducts = gemm.filter(({ name }) => name === 'rownet-matmul').map(describeProducts);
  return {
    ...rest,
    net: net.map((contender) => {
      const one = describeNet(contender);
      return {
        ...one,
        ratios: {
          secondsPerEpoch: ratio(one.secondsPerEpoch, reference?.secondsPerEpoch),
          imagesPerSecond: ratio(reference?.imagesPerSecond, one.imagesPerSecond),
          latency: ratio(one.latency, reference?.latency),
        },
      };
    }),
    otherNets: otherNets.map(describeOtherNet),
    gemm: gemm.map((contender) => {
      const one = describeProducts(contender);
      const same = ownProducts.find(({ threads }) => threads === one.threads);
      return { ...one, ratios: { secondsPerEpoch: ratio(one.secondsPerEpoch, same?.secondsPerEpoch) } };
    }),
  };
}

function describeNet({ replies, ...contender }) {
  const [{ settings, version, check, stepsTimed }] = replies;
  const seconds = replies.flatMap((reply) => reply.seconds);
  // Each number of threads over all rounds; the best of them counts.
  const inference = replies[0].inference.map(({ threads }, index) => ({
    threads,
    imagesPerSecond: median(replies.map((reply) => reply.inference[index].imagesPerSecond)),
    latency: median(replies.map((reply) => reply.inference[index].latency)),
  }));
  const most = inference.reduce((a, b) => (b.imagesPerSecond > a.imagesPerSecond ? b : a));
  const quickest = inference.reduce((a, b) => (b.latency < a.latency ? b : a));
  return {
    ...contender,
    ...(version === undefined ? {} : { version }),
    settings,
    check,
    stepsTimed,
    secondsPerEpoch: median(seconds),
    fastest: sorted(seconds)[0],
    imagesPerSecond: most.imagesPerSecond,
    imagesPerSecondThreads: most.threads,
    latency: quickest.latency,
    latencyThreads: quickest.threads,
    inference,
    samples: replies.map(({ seconds, inference }) => ({ seconds, inference })),
  };
}

/** Of each round the median of its steps, and of those the median. */
function describeOtherNet({ replies, ...contender }) {
  const [{ settings, version, check }] = replies;
  const samples = replies.map(({ seconds }) => median(seconds));
  return {
    ...contender,
    ...(version === undefined ? {} : { version }),
    settings,
    check,
    secondsPerStep: median(samples),
    samples,
  };
}

const stepsPerEpoch = 468;

function describeProducts({ replies, ...contender }) {
  const [{ settings, version, check }] = replies;
  const seconds = replies.map(
    ({ products }) => stepsPerEpoch * products.reduce((sum, product) => sum + product, 0),
  );
  return {
    ...contender,
    ...(version === undefined ? {} : { version }),
    settings,
    check,
    secondsPerEpoch: median(seconds),
    fastest: sorted(seconds)[0],
    samples: replies.map(({ products }) => products),
  };
}

const fixed = (value, digits) => (value === undefined ? '-' : value.toFixed(digits));
const times = (value) => (value === undefined ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(2));
const grouped = (value) => Math.round(value).toLocaleString('en-US');

function table([head, ...rows], leftColumns) {
  const rule = head.map((_, index) => (index < leftColumns ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** The table of the net, as lines of Markdown. */
export function netTable({ machine, net }) {
  const on = (threads) =>
    threads === machine.threads ? '' : ` (${threads} thread${threads > 1 ? 's' : ''})`;
  return table(
    [
      [
        'system',
        'version',
        'threads',
        's an epoch',
        'fastest',
        'ratio',
        'images/s',
        'ratio',
        'latency, us',
        'ratio',
      ],
      ...net.map((one) => [
        one.title,
        one.version ?? machine.rownet,
        one.threads,
        fixed(one.secondsPerEpoch, 3),
        fixed(one.fastest, 3),
        times(one.ratios.secondsPerEpoch),
        grouped(one.imagesPerSecond) + on(one.imagesPerSecondThreads),
        times(one.ratios.imagesPerSecond),
        fixed(1e6 * one.latency, 1) + on(one.latencyThreads),
        times(one.ratios.latency),
      ]),
    ],
    3,
  );
}

/** The table of the other nets, a line a net; none without measurements. */
export function otherNetsTable({ otherNets: measured = [] }) {
  const titles = [...new Set(measured.map(({ title }) => title))];
  if (titles.length < 2) return [];
  const [own, ...others] = titles;
  const rows = otherNets
    .filter(({ name }) => measured.some(({ net }) => net === name))
    .map(({ name, title }) => {
      const milliseconds = (of) =>
        1e3 * measured.find((one) => one.net === name && one.title === of).secondsPerStep;
      return [
        title,
        fixed(milliseconds(own), 2),
        ...others.flatMap((other) => [
          fixed(milliseconds(other), 2),
          times(ratio(milliseconds(other), milliseconds(own))),
        ]),
      ];
    });
  const head = ['net, ms a step', own, ...others.flatMap((other) => [other, 'ratio'])];
  return table([head, ...rows], 1);
}

function gemmTable({ machine, gemm }) {
  return table(
    [
      ['products', 'version', 'threads', 's an epoch', 'fastest', 'ratio'],
      ...gemm.map((one) => [
        one.title,
        one.version ?? machine.rownet,
        one.threads,
        fixed(one.secondsPerEpoch, 3),
        fixed(one.fastest, 3),
        times(one.ratios.secondsPerEpoch),
      ]),
    ],
    3,
  );
}

/** The page: a section for each result, the most threads first. */
export function page(results) {
  return `${[
    '# LeNet-5 in other systems',
    '',
    'Written by `npm run bench:peers`, which prints how to install the systems that are missing. The same net, images,',
    'batches, initial parameters and update for all: plain SGD on batches of 128, 468 steps an epoch, float32 (NumPy:',
    "float64 and the article's update). Before its time is taken, each contender's scores are compared with those of plain",
    'loops in double precision, and where it trains, its losses and parameters after six steps with those of the engine',
    '`rows`.',
    '',
    '- *s an epoch*: the median, and the *fastest*, over all rounds, each a process of its own, in alternating order.',
    '  Gathering a shuffled batch is part of it. rownet makes floats of bytes there; the others copy from images that are',
    '  floats already. NumPy shuffles once at load, and a few of its steps are timed and scaled.',
    '- *images/s* at batch 128, *latency* at batch 1: medians. The better of one thread and all of them counts.',
    '- *ratio*: how many times faster rownet is.',
    '- *net, ms a step*: other nets, a step of 64 images forward, backward and with its update, on float images; medians.',
    '  PyTorch is asked for the same scores and losses first. Its memory is kept in one column, as above, and given back',
    '  between operations, as an allocator does by default, in the other.',
    '- *products*: the matrix products of a training step in im2row form, alone.',
    '- No process gives memory back to the system between operations (`MALLOC_TRIM_THRESHOLD_`,',
    '  `MALLOC_MMAP_THRESHOLD_`). Where page faults are slow, PyTorch trains several times faster for it.',
    '',
    '![Bars: seconds an epoch, images a second and latency of each system](peers.svg)',
    ...results.flatMap(section),
  ].join('\n')}\n`;
}

function section(result) {
  const { machine, rounds, net, gemm, missing } = result;
  const bursts = sorted(rounds.flatMap(({ fmaBursts }) => fmaBursts)).map((value) => value.toFixed(0));
  return [
    '',
    `## ${machine.threads} thread${machine.threads > 1 ? 's' : ''}`,
    '',
    `${machine.cpu}, ${machine.platform}, Node ${machine.node}, ${machine.compiler}` +
      `${machine.peersCompiler === null ? '' : ` (peers: ${machine.peersCompiler}, \`-O3 -march=native\`)`}; rownet ` +
      `${machine.rownet}${machine.commit === null ? '' : ` (${machine.commit})`}, ${machine.date.slice(0, 10)}, ` +
      `${rounds.length} round${rounds.length > 1 ? 's' : ''}, FMA bursts beside them ${bursts[0]} to ${bursts.at(-1)} GFLOP/s.`,
    '',
    ...netTable(result),
    ...(otherNetsTable(result).length === 0 ? [] : ['', ...otherNetsTable(result)]),
    ...(gemm.length === 0 ? [] : ['', ...gemmTable(result)]),
    '',
    ...[...net, ...gemm.filter(({ threads }) => threads === machine.threads)].map(
      ({ title, settings, stepsTimed }) =>
        `- ${title}: ${settings}` +
        (stepsTimed > 0 && stepsTimed < stepsPerEpoch
          ? `; ${stepsTimed} of ${stepsPerEpoch} steps timed and scaled`
          : ''),
    ),
    ...(missing.length === 0 ? [] : ['', `Not measured: ${missing.map(({ title }) => title).join(', ')}.`]),
  ];
}
