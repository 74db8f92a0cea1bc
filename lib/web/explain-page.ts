/** An explanation as one HTML file that needs nothing else: the numbers, and the script that walks through them. */
import type { Explanation } from '../explain/explanation.js';
import type { Tensor } from '../tensor.js';
import { asset, joinedScripts } from './assets.js';
import { toBase64 } from './layer-pictures.js';

export interface ExplainPageOptions {
  readonly title: string;
  readonly subtitle: string;
  /** Of the label whose loss is differentiated. */
  readonly label: string;
  readonly classNames: readonly string[] | undefined;
  readonly start: { readonly filter: number; readonly y: number; readonly x: number };
}

const scripts = [
  'elements',
  'explain-data',
  'explain-parts',
  'explain-conv',
  'explain-linear',
  'explain',
].map((name) => `web/client/${name}.js`);

export function explainPage(explanation: Explanation, options: ExplainPageOptions): string {
  const { name, kind, inputShape, outputShape, kernel, stride, padding, pool, backward } = explanation;
  const { input, weight, bias, sum, activation } = explanation;
  const { gradOut, gradSum, gradInput, gradWeight, gradBias, loss } = backward;
  const activated = activation?.output ?? sum;
  const arrays = { input, weight, bias, sum, activated, gradOut, gradSum, gradInput, gradWeight, gradBias };
  const data = {
    name,
    kind,
    inputShape,
    outputShape,
    kernel,
    stride,
    padding,
    activation: activation && {
      name: activation.name,
      formula: activation.formula('{x}'),
      backward: activation.backward,
    },
    pool: pool === undefined ? null : { kernel: pool.kernel, stride: pool.stride, shape: pool.shape },
    isScores: explanation.isScores,
    loss,
    label: options.label,
    classNames: options.classNames,
    subtitle: options.subtitle,
    start: options.start,
    arrays: Object.fromEntries(Object.entries(arrays).map(([key, tensor]) => [key, encode(tensor)])),
  };
  const parts: Readonly<Record<string, string>> = {
    TITLE: escapeHtml(options.title),
    STYLE: asset('page.css'),
    // Nothing in the data can end the element that it stands in.
    DATA: JSON.stringify(data).replaceAll('<', '\\u003c'),
    SCRIPT: joinedScripts(scripts),
  };
  // The template is sound HTML by itself, so that it can be formatted and checked.
  return asset('explain.html').replace(
    /%(TITLE)%|\/\*(STYLE|SCRIPT)\*\/|"(DATA)"/g,
    (_, ...keys: (string | undefined)[]) =>
      parts[keys.slice(0, 3).find((key) => key !== undefined) as string],
  );
}

function encode({ data }: Tensor): string {
  return toBase64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
