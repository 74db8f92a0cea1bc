/** The page of a training: shows what the server's events say, and sends what its buttons ask for. */
import { timesAsFast } from '../../plots/article.js';
import { type Curve, type Panel, runClass } from '../../plots/chart.js';
import { hasAccuracy } from '../../plots/curves.js';
import type { ComparedRun, LiveEpoch } from '../../training/epoch-record.js';
import type {
  Judgement,
  LiveEvents,
  PageFacts,
  Pictures,
  Sample,
  ShownImage,
  Standing,
} from '../messages.js';
import { Charts } from './charts.js';
import { byId, element, figure, percent, post, showProbabilities } from './dom.js';
import { fromBase64, picture, pictureRow } from './pictures.js';

let facts: PageFacts | null = null;
let standing: Standing = { state: 'waiting', speed: null, progress: null };
let samples: readonly Sample[] = [];
let epochs: readonly LiveEpoch[] = [];
let digit = 0;
const compared = new Map<string, ComparedRun>();
const charts = new Charts(byId('curves'));

const className = (index: number) => facts?.classNames?.[index] ?? String(index);

const stateTexts = {
  waiting: 'Waiting for the training to begin',
  comparing: 'Choose runs to compare',
  training: 'Training',
  paused: 'Paused',
  finished: 'Finished',
  stopped: 'Stopped',
  diverged: 'Stopped: the loss is no longer a number',
};

function showStanding(): void {
  const { state, speed, progress } = standing;
  const place =
    progress === null || facts === null
      ? ''
      : `: epoch ${progress.epoch} of ${facts.epochs}, step ${progress.step} of ${progress.steps}`;
  const status = `${stateTexts[state]}${state === 'finished' ? '' : place}`;
  if (byId('status').textContent !== status) byId('status').textContent = status;
  const ended = ['finished', 'stopped', 'diverged'].includes(state);
  const pause = byId<HTMLButtonElement>('pause');
  pause.textContent = state === 'paused' ? 'Resume' : 'Pause';
  // Of a training there are controls, figures, filters, mistakes: not of a comparison.
  for (const id of ['controls', 'figures', 'training']) byId(id).hidden = state === 'comparing';
  pause.disabled = ended || state === 'waiting';
  const select = byId<HTMLSelectElement>('speed');
  select.value = String(speed);
  select.disabled = ended;
  const warning = epochs.at(-1)?.warning;
  byId('warning').hidden = warning === undefined;
  byId('warning').textContent = warning === undefined ? '' : `Warning: ${warning}`;
  byId('figures').replaceChildren(
    ...figures().map(({ name, value, note }) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element('dd', { textContent: value }),
        element('dd', { className: 'note', textContent: note }),
      ),
    ),
  );
}

/** The tiles: what, how much, and of what. */
function figures(): { name: string; value: string; note: string }[] {
  const { progress } = standing;
  const last = epochs.at(-1);
  const times = last === undefined ? undefined : timesAsFast(last.seconds, facts?.articleImages ?? 0);
  const whole = progress !== null && progress.step === progress.steps;
  return [
    {
      name: 'training loss',
      value: progress === null ? '-' : progress.loss.toFixed(4),
      note: progress === null ? '' : `mean of epoch ${progress.epoch}${whole ? '' : ' so far'}`,
    },
    tested(last),
    {
      name: 'learning rate',
      value: progress === null ? '-' : progress.lr.toPrecision(3),
      note: progress === null ? '' : 'of the last step',
    },
    {
      name: 'images a second',
      value: progress === null ? '-' : Math.round(progress.imagesPerSecond).toLocaleString('en'),
      note: progress === null ? '' : 'pauses not counted',
    },
    {
      name: 'seconds an epoch',
      value: last === undefined ? '-' : last.seconds.toFixed(2),
      note: times === undefined ? '' : `${times} times as fast as the article`,
    },
  ];
}

/** The accuracy; the loss of an epoch without one. */
function tested(last: LiveEpoch | undefined): { name: string; value: string; note: string } {
  const note = last === undefined ? '' : `after epoch ${last.epoch}`;
  if (last?.testLoss !== undefined && last.testAccuracy === undefined) {
    return { name: 'test loss', value: last.testLoss.toFixed(4), note };
  }
  return {
    name: 'test accuracy',
    value: last?.testAccuracy === undefined ? '-' : percent(last.testAccuracy),
    note,
  };
}

function showCurves(): void {
  const others = [...compared.values()];
  const test = (value: (epoch: LiveEpoch) => number | undefined, list: readonly LiveEpoch[]) =>
    list.map((one) => [one.epoch, value(one) ?? Number.NaN] as const);
  const panel = (
    axis: 'loss' | 'accuracy',
    column: 1 | 2,
    value: (epoch: LiveEpoch) => number | undefined,
  ): Panel => {
    const own: Curve[] = [
      {
        name: 'train',
        css: 'train',
        points: samples.map((sample) => [sample[0], sample[column] ?? Number.NaN] as const),
      },
      { name: 'test', css: 'test', points: test(value, epochs) },
    ];
    const runs = others.map(
      (run, index): Curve => ({ name: run.name, css: runClass(index), points: test(value, run.epochs) }),
    );
    return { name: axis, axis, curves: [...own, ...runs] };
  };
  byId('curves-note').textContent = curvesNote();
  const losses = panel('loss', 1, ({ testLoss }) => testLoss);
  const accuracies = panel('accuracy', 2, ({ testAccuracy }) => testAccuracy);
  const none =
    samples.length > 0 &&
    samples.every((sample) => sample[2] === null) &&
    !hasAccuracy([...epochs, ...others.flatMap((run) => run.epochs)]);
  charts.show(none ? [losses] : [losses, accuracies], `after ${epochs.length} epochs`);
}

/** What the lines are. */
function curvesNote(): string {
  const runs = compared.size === 0 ? '' : 'runs: on their test images, after each epoch.';
  if (facts === null) return runs;
  const { steps, stepsPerSample, testImages } = facts;
  const mean = stepsPerSample === steps ? 'each epoch' : `up to ${stepsPerSample} steps`;
  const train = `train: ${stepsPerSample === 1 ? 'each step' : `the mean of ${mean}`}, while the net changes.`;
  const test =
    testImages === 0 ? '' : `test: all ${testImages.toLocaleString('en')} test images, after each epoch.`;
  return [train, test, runs].filter((text) => text !== '').join(' ');
}

function showJudgement({ confusion, mistakes }: Judgement): void {
  if (confusion !== null) {
    byId('confusion').replaceChildren(confusionTable(confusion));
    // It may be wider than a phone: keys must reach what is outside.
    byId('confusion').tabIndex = 0;
  }
  if (confusion === null && mistakes.length === 0) return;
  byId('mistakes').replaceChildren(
    ...(mistakes.length === 0
      ? ['None']
      : mistakes.map(({ label, predicted, confidence, bytes, width, height, index }) =>
          figure(
            `${className(label)}, taken for ${className(predicted)} (${percent(confidence, 1)})`,
            picture(fromBase64(bytes), width, height, 2, `test image ${index}`),
          ),
        )),
  );
}

function confusionTable(confusion: readonly (readonly number[])[]): HTMLTableElement {
  const head = element(
    'tr',
    {},
    element('td'),
    ...confusion[0].map((_, predicted) => element('th', { scope: 'col' }, className(predicted))),
  );
  const rows = confusion.map((counts, label) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const cells = counts.map((count, predicted) => {
      const right = label === predicted;
      const cell = element(
        'td',
        { className: right ? 'right' : count > 0 ? 'wrong' : 'soft' },
        count === 0 ? '·' : String(count),
      );
      // The square root shows the few mistakes beside the many hits.
      if (total > 0) cell.style.background = `rgba(var(--heat), ${0.45 * Math.sqrt(count / total)})`;
      return cell;
    });
    return element('tr', {}, element('th', { scope: 'row' }, className(label)), ...cells);
  });
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}

function showPictures(filters: Pictures | null, image: ShownImage | null): void {
  byId('filters').replaceChildren(
    ...(filters === null ? ['None'] : [pictureRow(filters, 14, `${filters.name}: ${filters.layer}`)]),
  );
  if (image === null) return;
  digit = image.index;
  byId('digit').replaceChildren(
    picture(fromBase64(image.bytes), image.width, image.height, 4, `test image ${image.index}`),
    element('figcaption', {}, `test image ${image.index}: ${className(image.label)}`),
  );
  showProbabilities(
    byId('probabilities'),
    image.probabilities,
    image.probabilities.map((_, i) => className(i)),
  );
  byId('maps').replaceChildren(
    ...image.maps.map((maps) =>
      pictureRow(
        maps,
        maps.width > 20 ? 3 : 5,
        `${maps.name}: ${maps.count} maps of ${maps.height}x${maps.width}`,
      ),
    ),
  );
}

function listen(): void {
  const source = new EventSource('/events');
  const on = <Name extends keyof LiveEvents>(name: Name, handle: (data: LiveEvents[Name]) => void) =>
    source.addEventListener(name, (event) => handle(JSON.parse(String(event.data)) as LiveEvents[Name]));
  on('hello', (hello) => {
    ({ facts, samples, epochs } = hello);
    standing = hello;
    if (facts !== null) {
      byId('title').textContent = facts.title;
      document.title = `rownet: ${facts.title}`;
    }
    byId('speed').replaceChildren(
      ...hello.speeds.map((speed) => {
        const text = speed === null ? 'as fast as it goes' : `${speed} steps a second`;
        return element('option', { value: String(speed) }, text);
      }),
    );
    showStanding();
    showCurves();
    showJudgement(hello);
    void showRuns();
  });
  on('progress', ({ samples: more, ...rest }) => {
    standing = rest;
    samples = [...samples, ...more];
    showStanding();
    if (more.length > 0) showCurves();
  });
  on('standing', (next) => {
    standing = next;
    showStanding();
  });
  on('epoch', ({ epoch, ...judgement }) => {
    epochs = [...epochs, epoch];
    showStanding();
    showCurves();
    showJudgement(judgement);
  });
  on('pictures', (data) => showPictures(data.filters, data.digit));
  source.addEventListener('error', () => {
    const ended = ['finished', 'stopped', 'diverged'].includes(standing.state);
    byId('status').textContent = ended
      ? `${stateTexts[standing.state]}; the program has ended, and this page stays as it is`
      : 'The connection is lost; trying again';
    if (ended) source.close();
  });
}

/** Chosen for the beginning, of a page that only compares: so many lines can be told apart by colour. */
const chosenAtFirst = 8;

/** The runs that can be compared; asked for again with every connection, since runs finish meanwhile. */
async function showRuns(): Promise<void> {
  const { runs } = (await (await fetch('/runs')).json()) as { runs: ComparedRun[] };
  byId('compare').hidden = runs.length === 0;
  if (standing.state === 'comparing' && runs.length === 0) {
    byId('status').textContent = 'There are no finished runs to compare';
  }
  if (standing.state === 'comparing' && compared.size === 0) {
    for (const run of runs.slice(0, chosenAtFirst)) compared.set(run.name, run);
    showCurves();
  }
  byId('runs').replaceChildren(
    ...runs.map((run) => {
      const box = element('input', { type: 'checkbox', checked: compared.has(run.name) });
      box.addEventListener('change', () => {
        if (box.checked) compared.set(run.name, run);
        else compared.delete(run.name);
        showCurves();
      });
      return element('label', {}, box, ` ${run.name}`);
    }),
  );
}

function control(action: string, value?: number | null): void {
  post('/control', { action, value }).catch((error: Error) => {
    byId('status').textContent = error.message;
  });
}

byId('pause').addEventListener('click', () => control(standing.state === 'paused' ? 'resume' : 'pause'));
byId('speed').addEventListener('change', () => {
  const { value } = byId<HTMLSelectElement>('speed');
  control('speed', value === 'null' ? null : Number(value));
});
byId('next').addEventListener('click', () => {
  const count = facts?.testImages ?? 0;
  if (count > 0) control('digit', (digit + 1) % count);
});
listen();
