/** The learning curves of a run: loss on the left, accuracy on the right, an epoch a step. */
import { type Chart, chartSvg, type Curve, type Panel } from './chart.js';

/** What is drawn of an epoch; values that are missing or not finite leave a gap. */
export interface CurvePoint {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy?: number | undefined;
  readonly testLoss?: number | undefined;
  readonly testAccuracy?: number | undefined;
}

/** What the curves of epochs are. */
export const curvesNote = 'train: the mean of an epoch, while the net changes. test: after the epoch.';

/** The SVG document. `title` is shown as text. */
export function curvesSvg(title: string, epochs: readonly CurvePoint[]): string {
  return chartSvg({ ...curvesChart(title, epochs), title, note: curvesNote });
}

/** For a page, which has title and note beside it. */
export function curvesChart(title: string, epochs: readonly CurvePoint[]): Chart {
  const losses: Panel = {
    name: 'loss',
    axis: 'loss',
    curves: [curve('train', epochs, ({ loss }) => loss), curve('test', epochs, ({ testLoss }) => testLoss)],
  };
  const accuracies: Panel = {
    name: 'accuracy',
    axis: 'accuracy',
    curves: [
      curve('train', epochs, ({ trainAccuracy }) => trainAccuracy),
      curve('test', epochs, ({ testAccuracy }) => testAccuracy),
    ],
  };
  const counted = epochs.length === 0 || hasAccuracy(epochs);
  return {
    description: `${title}: ${counted ? 'loss and accuracy' : 'loss'} of ${epochs.length} epochs`,
    panels: counted ? [losses, accuracies] : [losses],
  };
}

/** Whether any epoch has one: of a regression there is none. */
export function hasAccuracy(epochs: readonly Pick<CurvePoint, 'trainAccuracy' | 'testAccuracy'>[]): boolean {
  return epochs.some((epoch) => epoch.trainAccuracy !== undefined || epoch.testAccuracy !== undefined);
}

function curve(
  name: 'train' | 'test',
  epochs: readonly CurvePoint[],
  value: (epoch: CurvePoint) => number | undefined,
): Curve {
  const points = epochs.map((epoch) => [epoch.epoch, value(epoch) ?? Number.NaN] as const);
  return { name, css: name, points };
}
