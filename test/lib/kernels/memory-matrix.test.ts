/**
 * Every array argument of every function of the addon, with every kind of memory that it must not touch. The addon's
 * own checks are what protects memory: lib/kernels.ts is not in between.
 */
import { describe, expect, it } from 'vitest';
import { type NativeAddon, native } from '../../../lib/native.js';
import { errorOf, resizableBuffer } from '../../support/misuse.js';

type Calls = Readonly<Record<string, () => unknown[]>>;

const addon = native() as NativeAddon & Record<string, (...args: unknown[]) => unknown>;
const floats = (length: number) => new Float32Array(length);
const window = [1, 1, 2, 2, 2, 2, 2, 2, 0, 0];
const batch = () => [new Uint8Array(8), new Uint8Array(2), new Uint32Array(2), 1, 0, floats(15), floats(6)];
const sgd = () => [floats(15), new Float64Array([0, 15, 0, 1, 1])];
const update = (params: unknown, grads: unknown, velocity: unknown, segments: unknown) => {
  return { rule: 'sgd', params, grads, state: [velocity], segments, numbers: [0.1, 0.5, 0] };
};

/** Arguments that fit; a function makes new ones for each call. */
/** Settings of an augmentation. */
const amounts = () => Float64Array.of(1, 10, 0.1, 5, 4, 1, 0.5, 1, 0);

const functions: Calls = {
  im2row: () => [window, floats(4), floats(4)],
  row2im: () => [window, floats(4), floats(4), true],
  pool2row: () => [window, floats(4), floats(4)],
  row2pool: () => [window, floats(4), floats(4), false],
  sgemm: () => [false, false, 2, 2, 2, 1, floats(4), 2, floats(4), 2, 1, floats(4), 2],
  conv2dForward: () => [window, 3, floats(4), floats(12), floats(3), floats(3)],
  conv2dBackward: () => [window, 3, floats(4), floats(12), floats(3), floats(4), floats(12), floats(3)],
  maxPool2dForward: () => [window, floats(4), floats(1), new Uint16Array(1)],
  maxPool2dBackward: () => [window, floats(1), new Uint16Array(1), floats(4)],
  activationForward: () => ['relu', 0, floats(4), floats(4)],
  activationBackward: () => ['leakyRelu', 0.5, floats(4), floats(4), floats(4), floats(4)],
  linearForward: () => [1, 2, 3, floats(2), floats(6), floats(3), floats(3)],
  linearBackward: () => [1, 2, 3, floats(2), floats(6), floats(3), floats(2), floats(6), floats(3)],
  softmaxCrossEntropy: () => [2, 3, floats(6), new Int32Array(2), 1, floats(6)],
  updateSegments: () => [floats(15), floats(15), ...sgd()],
  gatherImages: () => [new Uint8Array(8), 4, new Uint32Array(2), 1, 0, floats(8)],
  gatherChannels: () => [new Uint8Array(8), 2, 2, new Uint32Array(2), floats(2), floats(2), floats(8)],
  gatherFloats: () => [floats(8), 2, 2, new Uint32Array(2), floats(2), floats(2), floats(8)],
  augmentImages: () => [
    new Uint8Array(8),
    1,
    2,
    2,
    new Uint32Array(2),
    floats(1),
    floats(1),
    amounts(),
    floats(8),
  ],
  augmentFloats: () => [floats(8), 1, 2, 2, new Uint32Array(2), floats(1), floats(1), amounts(), floats(8)],
};

/** Methods of a plan of one linear layer, 4 features to 3, and a normalization; and of a normalization alone. */
const methods: Calls = {
  trainStep: () => [...batch(), 1, 0, 0, floats(15), new Float64Array(7)],
  'trainStep with an update': () => [...batch(), 1, 0, 0, new Float64Array(7), floats(15), ...sgd()],
  evaluate: () => [...batch(), new Int32Array(2)],
  predict: () => [2, floats(8), floats(15), floats(6), floats(6)],
  forward: () => [2, true, 0, 0, floats(8), floats(8), floats(2), floats(2), floats(2), floats(2)],
  backward: () => [
    ...Array.from({ length: 3 }, () => floats(8)),
    ...Array.from({ length: 6 }, () => floats(2)),
  ],
};
const batchFields = ['images', 'labels', 'indices', 'scale', 'shift', 'parameters', 'buffers'];
const stepFields = [...batchFields, 'gradScale', 'seed', 'step'];
const fields: Readonly<Record<string, readonly string[]>> = {
  trainStep: [...stepFields, 'gradients', 'seconds'],
  'trainStep with an update': [...stepFields, 'seconds'],
  evaluate: [...batchFields, 'predictions'],
  forward: ['count', 'training', 'seed', 'step', 'x', 'y'],
  backward: ['x', 'dy', 'dx'],
};
/** Behind the fields, of a layer: weight and bias, running mean and variance, and gradients. */
const lists = ['parameters', 'buffers', 'gradients'];
const ofLayer = (name: string) => name === 'forward' || name === 'backward';
const classOf = (name: string) => (ofLayer(name) ? 'LayerStep.' : 'LanePlan.');
const methodOf = (name: string) => name.split(' ')[0];

/** Fields and updates stand in objects; here their arrays are arguments like others. */
function packed(name: string, args: readonly unknown[]): unknown[] {
  if (name === 'updateSegments') return [update(args[0], args[1], args[2], args[3])];
  if (!Object.hasOwn(methods, name) || name === 'predict') return [...args];
  const call = Object.fromEntries(fields[name].map((field, at) => [field, args[at]]));
  if (ofLayer(name)) {
    const rest = args.slice(fields[name].length);
    return [
      { ...call, ...Object.fromEntries(lists.map((list, at) => [list, rest.slice(2 * at, 2 * at + 2)])) },
    ];
  }
  if (name !== 'trainStep with an update') return [call];
  return [{ ...call, update: update(args[5], args[11], args[12], args[13]) }];
}

function call(name: string, flat: readonly unknown[]): unknown {
  const args = packed(name, flat);
  if (Object.hasOwn(functions, name)) return addon[name](...args);
  if (ofLayer(name)) return callLayer(name, args);
  const places = { weight: 0, bias: 12 };
  const plan = new addon.LanePlan(
    [1, 2, 2],
    [
      { op: 'linear', inFeatures: 4, outFeatures: 3, ...places },
      { op: 'batchNorm2d', features: 3, eps: 1, momentum: 0.1, runningMean: 0, runningVar: 3 },
    ],
    'crossEntropy',
  );
  return (plan as unknown as Record<string, (...args: unknown[]) => unknown>)[methodOf(name)](...args);
}

function callLayer(name: string, args: readonly unknown[]): unknown {
  const places = { weight: 0, bias: 2, runningMean: 0, runningVar: 2 };
  const fields = { op: 'batchNorm2d', features: 2, eps: 1, momentum: 0.1, ...places };
  const layer = new addon.LayerStep([2, 1, 2], fields);
  const [forward] = packed('forward', methods.forward());
  if (name === 'backward') layer.forward(forward as never);
  return (layer as unknown as Record<string, (...args: unknown[]) => unknown>)[name](...args);
}

type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;
interface View {
  new (buffer: ArrayBufferLike, offset?: number, length?: number): TypedArray;
  new (length: number): TypedArray;
}

/** What stands in place of an array that fits. */
const memories: Readonly<Record<string, (array: TypedArray) => unknown>> = {
  detached(array) {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  },
  shared: (array) => new (array.constructor as View)(new SharedArrayBuffer(array.byteLength)),
  resizable: (array) => new (array.constructor as View)(resizableBuffer(array.byteLength), 0, array.length),
  'resizable, with a property that hides it': (array) => {
    const buffer = resizableBuffer(array.byteLength);
    Object.defineProperty(buffer, 'resizable', { value: false });
    return new (array.constructor as View)(buffer, 0, array.length);
  },
  'of another kind': (array) => new BigInt64Array(array.length),
  'of another kind of the same width': (array) =>
    array instanceof Uint8Array ? new Int8Array(array.length) : new Uint8Array(array.byteLength),
  'a list': (array) => Array.from(array),
  'a DataView': (array) => new DataView(array.buffer),
  'an ArrayBuffer': (array) => array.buffer,
  missing: () => undefined,
};

/** An array that holds fewer elements than it says. */
const tooShort = (array: TypedArray) =>
  Object.defineProperty(new (array.constructor as View)(0), 'length', { value: 1 << 20 });

const numbers = [Number.NaN, -1, 0.5, 2 ** 31, 2 ** 32 + 1, 2 ** 53, Number.POSITIVE_INFINITY, '1', null];
let cases = 0;

/** The call with another argument at one place is refused with a code, and says which function it was. */
function refuses(name: string, args: unknown[], at: number, value: unknown): void {
  cases += 1;
  args[at] = value;
  const error = errorOf(() => call(name, args)) as Error & { code?: string };
  expect(error instanceof TypeError || error instanceof RangeError, `${name}, argument ${at}: ${error}`).toBe(
    true,
  );
  expect(error.code, error.message).toMatch(/^ERR_ROWNET_(TYPE|RANGE)$/);
  expect(
    error.message.startsWith(`${Object.hasOwn(methods, name) ? classOf(name) : ''}${methodOf(name)}: `),
    error.message,
  ).toBe(true);
}

const all = Object.entries({ ...functions, ...methods });
const places = (args: readonly unknown[], is: (value: unknown) => boolean) =>
  args.flatMap((value, at) => (is(value) ? [at] : []));
const isArray = (value: unknown): value is TypedArray => ArrayBuffer.isView(value);

describe.each(all)('%s', (name, args) => {
  it('takes what fits', () => {
    call(name, args());
  });

  it('refuses memory that it must not touch', () => {
    for (const at of places(args(), isArray)) {
      for (const [kind, memory] of Object.entries(memories)) {
        // A step need not be timed.
        if (kind === 'missing' && name.startsWith('trainStep') && fields[name][at] === 'seconds') continue;
        const list = args();
        refuses(name, list, at, memory(list[at] as TypedArray));
      }
    }
  });

  it('believes no length but the true one', () => {
    // An empty list of segments, of indices or of floats to update is no mistake, whatever it says.
    const empty = new Set([
      'updateSegments 3',
      'activationForward 2',
      'activationBackward 3',
      'gatherImages 2',
      'gatherChannels 3',
      'gatherFloats 3',
      'augmentImages 4',
      'augmentFloats 4',
    ]);
    for (const at of [2, 13]) empty.add(`trainStep with an update ${at}`);
    for (const name of ['trainStep', 'evaluate']) empty.add(`${name} 2`);
    for (const at of places(args(), isArray)) {
      const list = args();
      if (empty.has(`${name} ${at}`)) continue;
      // Segments stay inside params, which is what is empty here.
      refuses(name, list, at, tooShort(list[at] as TypedArray));
    }
  });

  it('refuses to write over what it reads', () => {
    for (const at of places(args(), isArray)) {
      for (const other of places(args(), isArray)) {
        const list = args();
        if (at >= other || !writes(name, at, other)) continue;
        const [a, b] = [list[at] as TypedArray, list[other] as TypedArray];
        const memory = new ArrayBuffer(Math.max(a.byteLength, b.byteLength) + 8);
        list[at] = new (a.constructor as View)(memory, 0, a.length);
        refuses(name, list, other, new (b.constructor as View)(memory, 0, b.length));
      }
    }
  });
});

/** The arrays that a call writes, by their places. */
const written: Readonly<Record<string, readonly number[]>> = {
  im2row: [2],
  row2im: [2],
  pool2row: [2],
  row2pool: [2],
  sgemm: [11],
  conv2dForward: [5],
  conv2dBackward: [5, 6, 7],
  maxPool2dForward: [2, 3],
  maxPool2dBackward: [3],
  // In place is allowed; shifted is not, which the fuzzer tries.
  activationForward: [],
  activationBackward: [],
  linearForward: [6],
  linearBackward: [6, 7, 8],
  softmaxCrossEntropy: [5],
  updateSegments: [0, 2],
  gatherImages: [5],
  gatherChannels: [6],
  gatherFloats: [6],
  augmentImages: [8],
  augmentFloats: [8],
  trainStep: [5, 6, 10, 11],
  'trainStep with an update': [5, 6, 10, 12],
  evaluate: [7],
  predict: [4],
  forward: [5, 8, 9],
  backward: [2, 7, 8],
};

/** Segments are copied before anything is written. */
function writes(name: string, at: number, other: number): boolean {
  const segments = name === 'updateSegments' ? 3 : 13;
  if (at === segments || other === segments) return false;
  return written[name].includes(at) || written[name].includes(other);
}

describe.each(all)('%s', (name, args) => {
  it('refuses sizes that are none', () => {
    const sizes: Readonly<Record<string, readonly number[]>> = {
      sgemm: [2, 3, 4, 7, 9, 12],
      conv2dForward: [1],
      conv2dBackward: [1],
      linearForward: [0, 1, 2],
      linearBackward: [0, 1, 2],
      softmaxCrossEntropy: [0, 1],
      gatherImages: [1],
      gatherChannels: [1, 2],
      gatherFloats: [1, 2],
      augmentImages: [1, 2, 3],
      augmentFloats: [1, 2, 3],
      predict: [0],
      forward: [0, 2, 3],
    };
    for (const at of sizes[name] ?? []) {
      for (const value of numbers) {
        // A seed and a step have more bits than a size.
        const fits = name === 'forward' && at > 0 && (value === 2 ** 31 || value === 2 ** 32 + 1);
        if (!fits) refuses(name, args(), at, value);
      }
    }
    if (args()[0] !== window) return;
    for (let part = 0; part < 10; part += 1) {
      for (const value of numbers) refuses(name, args(), 0, window.with(part, value as number));
    }
  });
});

it('a getter on a buffer cannot take another argument away', () => {
  const [x, y] = [floats(1 << 16), floats(1 << 16)];
  let asked = false;
  const get = () => {
    asked = true;
    structuredClone(x.buffer, { transfer: [x.buffer as ArrayBuffer] });
    return false;
  };
  Object.defineProperty(y.buffer, 'resizable', { get });
  addon.activationForward('relu', 0, x, y);
  expect(asked).toBe(false);
  expect(x).toHaveLength(1 << 16);
});

it.each(['state', 'segments', 'numbers'] as const)('a getter of %s cannot take an array away', (name) => {
  const params = floats(1 << 16);
  const asked = update(params, floats(1 << 16), floats(1 << 16), new Float64Array([0, 1 << 16, 0, 1, 1]));
  const value = asked[name];
  const get = () => {
    structuredClone(params.buffer, { transfer: [params.buffer as ArrayBuffer] });
    return value;
  };
  Object.defineProperty(asked, name, { get });
  expect(() => addon.updateSegments(asked as never)).toThrow('updateSegments: expected params to be backed');
});

it('a layer refuses a backward without a forward, and arrays that are too many', () => {
  const layer = new addon.LayerStep([1, 1, 1], { op: 'dropout', p: 0.5, place: 0 });
  const [x, none] = [floats(1), [] as Float32Array[]];
  const backward = () =>
    layer.backward({ x, dy: x, dx: null, parameters: none, buffers: none, gradients: none });
  expect(backward).toThrow('LayerStep.backward: expected a forward before backward but there was none');
  const draw = { count: 1, training: true, seed: 0, step: 0 };
  const forward = (buffers: unknown) =>
    layer.forward({ ...draw, x, y: floats(1), parameters: none, buffers: buffers as never });
  expect(() => forward([x])).toThrow('expected buffers of 0 floats in all but received 1');
  expect(() => forward(x)).toThrow('expected buffers to be a list of Float32Arrays');
  forward(none);
  backward();
});

it('an empty batch of huge images takes no memory', () => {
  const huge = [0, 1, 2 ** 31 - 1, 2 ** 31 - 1, 2, 2, 1, 1, 0, 0];
  const none = floats(0);
  addon.row2im(huge as never, none, none, true);
  addon.row2pool(huge as never, none, none, true);
  addon.conv2dForward(huge as never, 1, none, floats(4), floats(1), none);
  const [dw, db] = [floats(4).fill(7), floats(1).fill(7)];
  addon.conv2dBackward(huge as never, 1, none, floats(4), none, none, dw, db);
  expect([...dw, ...db]).toEqual([0, 0, 0, 0, 0]);
});

it('every function of the addon that takes arrays was tried', () => {
  const others = ['LanePlan', 'LayerStep', 'fmaBurst', 'info', 'setThreads', 'tables'];
  expect([...Object.keys(functions), ...others].sort()).toEqual(Object.keys(addon).sort());
});

it('all cases were tried', () => {
  expect(all).toHaveLength(26);
  expect(cases).toBe(2404);
});
