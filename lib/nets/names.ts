/** The names of nets, for what must not load them. What each is, kinds.ts says. */
export const netNames = ['lenet5', 'two-layer', 'three-layer', 'fc', 'nin', 'alexnet', 'resnet8'] as const;

export type NetName = (typeof netNames)[number];

export function isNetName(name: unknown): name is NetName {
  return netNames.some((one) => one === name);
}
