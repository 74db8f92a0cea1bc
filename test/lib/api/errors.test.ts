/** Every public function with every wrong kind of argument: it works, or what it throws has a code of rownet. */
import { describe, expect, it } from 'vitest';
import { Tensor } from '../../../lib/index.js';
import { calls } from './calls.js';

/** What the traps below throw: the caller's own error, which passes through as it is. */
const trap = new Error('a trap of the caller');
const throwing = () => {
  throw trap;
};
const traps = Object.fromEntries(Reflect.ownKeys(Reflect).map((key) => [key, throwing]));
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const detached = new Float32Array(4);
structuredClone(detached, { transfer: [detached.buffer] });

const kinds: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  true: true,
  false: false,
  zero: 0,
  'minus one': -1,
  half: 0.5,
  NaN: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  '2^53': 2 ** 53,
  bigint: 7n,
  symbol: Symbol('x'),
  'an empty text': '',
  'a text': '/nowhere/none',
  'a text object': new String('fast'),
  'a null byte': 'a\0b',
  'a long text': '/'.concat('x'.repeat(5000)),
  'a lone surrogate': '\ud800',
  'an empty list': [],
  'a list of NaN': [Number.NaN],
  'a list of texts': ['a', 'b'],
  'a list of null': [null, null],
  'a list of symbols': [Symbol('x')],
  'a list with a hole': new Array(2),
  'an empty object': {},
  'an object without a prototype': Object.create(null),
  'an object with a length': { length: 2 },
  'an object of odd methods': { toString: throwing, constructor: null, [Symbol.toStringTag]: 'Uint8Array' },
  'a function': () => 1,
  'a date': new Date(0),
  'a map': new Map(),
  'a map of numbers': new Map<unknown, unknown>([
    [1, 2],
    ['conv.weight', null],
  ]),
  'a set': new Set([1]),
  'an error': new Error('text'),
  'a url': new URL('file:///nowhere'),
  'a promise': Promise.resolve(1),
  'a float32 array': new Float32Array(3),
  'a detached float32 array': detached,
  'a float64 array': new Float64Array(4),
  'a byte array': new Uint8Array(4),
  'shared memory': new Float32Array(new SharedArrayBuffer(16)),
  'a buffer': new ArrayBuffer(16),
  'a data view': new DataView(new ArrayBuffer(16)),
  'an empty tensor': new Tensor([0]),
  'a tensor without memory': new Tensor([4], new Float32Array(4)),
  'a proxy that throws': new Proxy({}, traps),
  'a function proxy that throws': new Proxy(() => 1, traps),
  'a revoked proxy': revoked.proxy,
};
const lost = kinds['a tensor without memory'] as Tensor;
structuredClone(lost.data, { transfer: [lost.data.buffer as ArrayBuffer] });

/** Where a value is right though it cannot be tried: the call would take that long. */
const endless: readonly string[] = ['fmaBurst 1 2^53'];

/** `value` with one of its parts replaced by what `wrong` is, each in turn: parts of plain objects, lists and maps. */
function* withWrongPart(value: unknown, wrong: unknown): Generator<[string, unknown]> {
  if (Array.isArray(value)) {
    for (const index of value.keys()) yield [`[${index}]`, value.with(index, wrong)];
  } else if (value instanceof Map) {
    for (const key of value.keys()) yield [`of ${String(key)}`, new Map([...value, [key, wrong]])];
    yield ['with a key', new Map([...value, [wrong, 1]])];
  } else if (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    for (const key of Object.keys(value)) yield [`.${key}`, { ...value, [key]: wrong }];
  }
}

/** Says what is wrong with what a call throws; undefined if nothing is. */
async function mistake(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    // Whoever hands over an object that throws when it is looked at gets what it throws.
    if (error === trap || /proxy that has been revoked/.test(String(error))) return undefined;
    const { code, message, stack } = error as { code?: unknown; message?: unknown; stack?: unknown };
    const fine = typeof code === 'string' && code.startsWith('ERR_ROWNET_') && typeof message === 'string';
    return fine ? undefined : `${String(code)}: ${String(stack).split('\n').slice(0, 3).join(' ')}`;
  }
}

let tried = 0;

describe('whatever is thrown has a code', () => {
  it.each(Object.entries(calls))('%s', async (name, { args, call }) => {
    const mistakes: string[] = [];
    const check = async (what: string, given: readonly unknown[]) => {
      tried += 1;
      const text = await mistake(() => call(...given));
      if (text !== undefined) mistakes.push(`${what}: ${text}`);
    };
    expect(await mistake(() => call(...args()))).toBeUndefined();
    for (const position of args().keys()) {
      for (const [kind, wrong] of Object.entries(kinds)) {
        if (endless.includes(`${name} ${position} ${kind}`)) continue;
        await check(`argument ${position} ${kind}`, args().with(position, wrong));
        for (const [part, value] of withWrongPart(args()[position], wrong)) {
          await check(`argument ${position}${part} ${kind}`, args().with(position, value));
        }
      }
    }
    expect(mistakes).toEqual([]);
  });

  it('all were tried', () => {
    expect(tried).toBeGreaterThan(20_000);
  });
});
