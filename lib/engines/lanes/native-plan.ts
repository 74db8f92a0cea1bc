/** The native plan of fused steps: their named fields as the numbers that the addon takes. */
import { type NativeLanePlan, native } from '../../native.js';

export type LanePlan = NativeLanePlan;

/** The native operations, and the activations that a step can end with. */
const OPS: Readonly<Record<string, number>> = { conv2d: 0, maxPool2d: 1, activation: 2, linear: 3 };
export const laneActivations: readonly { readonly name: string; readonly monotonic: boolean }[] = [
  { name: 'relu', monotonic: true },
];

/** Fields of a step; a parameter is the place of its first float in the arena. */
export type NativeStep = Readonly<Record<string, unknown>> & { readonly op: string };

export function hasLaneOperation({ op, activation }: { op: string; activation?: unknown }): boolean {
  const known = activation === undefined || laneActivations.some(({ name }) => name === activation);
  return known && Object.hasOwn(OPS, op);
}

export function hasLaneLoss(kind = 'crossEntropy'): boolean {
  return kind === 'crossEntropy';
}

/** @throws {RangeError} for steps that do not fit each other or the input. */
export function createLanePlan(
  [channels, height, width]: readonly number[],
  steps: readonly NativeStep[],
): LanePlan {
  const { LanePlan: Plan } = native();
  return new Plan(channels, height, width, steps.map(encode));
}

/** The numbers of a step in the order of native/core/lanes/plan.h. */
function encode(step: NativeStep): number[] {
  const number = (name: string, absent: number) => (step[name] as number | undefined) ?? absent;
  const pair = (name: string, absent: number) =>
    (step[name] as readonly number[] | undefined) ?? [absent, absent];
  return [
    OPS[step.op],
    number('outChannels', 1),
    ...pair('kernel', 1),
    ...pair('stride', 1),
    ...pair('padding', 0),
    number('inFeatures', 1),
    number('outFeatures', 1),
    Number(step.op !== 'activation' && step.activation !== undefined),
    Number(step.pool === true),
    number('weight', 0),
    number('bias', 0),
  ];
}
