/** The options of every public function and constructor: known ones count, others are refused. */
import { describe, expect, it } from 'vitest';
import { TYPE } from '../../support/misuse.js';
import { calls } from './calls.js';
import type { Call } from './calls/call.js';
import { publicNames } from './public-names.js';

describe('the table of calls', () => {
  it('has every public name', () => {
    const missing = publicNames().filter(({ name }) => !Object.hasOwn(calls, name));
    expect(missing).toEqual([]);
    expect(publicNames().length).toBeGreaterThan(100);
  });

  it('knows which of them take options', () => {
    const takers = publicNames().filter(({ parameters }) => /\b(options|rates)\b/.test(parameters));
    expect(takers.filter(({ name }) => calls[name].options === undefined)).toEqual([]);
    expect(takers.length).toBeGreaterThan(20);
  });
});

type OptionsObject = Record<PropertyKey, unknown>;
interface Subject {
  readonly name: string;
  readonly required: readonly string[];
  /** All of them, with values that are right. */
  all(): OptionsObject;
  /** Calls with these options. */
  run(options: unknown): Promise<unknown>;
}

function subject(name: string, { args, call, options = [0] }: Call): Subject {
  const [position, ...required] = options;
  return {
    name,
    required,
    all: () => args()[position] as OptionsObject,
    run: async (given) => await call(...args().with(position, given)),
  };
}

const subjects = Object.entries(calls)
  .filter(([, { options }]) => options !== undefined)
  .map(([name, call]) => subject(name, call));

/** The same options as another kind of object. */
const disguises: Readonly<Record<string, (options: OptionsObject) => OptionsObject>> = {
  'a plain object': (options) => options,
  'options that are inherited': (options) => Object.create(options) as OptionsObject,
  'an object without a prototype': (options) => Object.assign(Object.create(null), options) as OptionsObject,
  'a proxy': (options) => new Proxy(options, {}),
  'an instance of a class': (options) =>
    new (class {
      constructor() {
        Object.assign(this, options);
      }
    })() as OptionsObject,
};

/** Neither a number, nor a text, nor an object: no option is one. */
const wrong = 7n;

/** Values that count where they are, and need not be right. */
const free = ['recipe.name', 'recipe.resize', 'recipe.init'];

async function failureOf(result: Promise<unknown>): Promise<{ code?: string; message: string }> {
  return await result.then(
    () => ({ message: 'no error' }),
    (error: { code?: string; message: string }) => error,
  );
}

describe.each(subjects)('$name', ({ name, required, all, run }) => {
  it.each(Object.entries(disguises))('takes all its options as %s', async (_, disguise) => {
    await run(disguise(all()));
  });

  it.each(Object.entries(disguises))('looks at each of its options in %s', async (_, disguise) => {
    for (const option of Object.keys(all())) {
      if (free.includes(`${name}.${option}`)) continue;
      const failure = await failureOf(run(disguise({ ...all(), [option]: wrong })));
      expect(failure.code, `${option}: ${failure.message}`).toMatch(/^ERR_ROWNET_/);
      expect(failure.message, option).not.toMatch(/expected the options?|no error/);
    }
  });

  it('takes undefined as left out', async () => {
    for (const option of Object.keys(all())) {
      const result = run({ ...all(), [option]: undefined });
      if (!required.includes(option)) await result;
      else if (!free.includes(`${name}.${option}`)) {
        expect((await failureOf(result)).code, option).toMatch(/^ERR_ROWNET_/);
      }
    }
    await run({ ...all(), unheardOf: undefined });
  });

  it.each(Object.entries(disguises))(
    'refuses an option that it does not know, in %s',
    async (_, disguise) => {
      for (const unknown of [1, null, false, '']) {
        const failure = await failureOf(run(disguise({ ...all(), unheardOf: unknown })));
        expect(failure).toMatchObject({ code: TYPE });
        expect(failure.message).toMatch(
          /: expected the options? .* but received "unheardOf"\. Hint: leave it out$/,
        );
      }
    },
  );

  it('proposes the option that was meant', async () => {
    for (const option of Object.keys(all())) {
      const spellings = [
        option.toUpperCase(),
        option.replace(/[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
      ];
      if (option.length > 4) spellings.push(`${option.slice(0, -2)}${option.at(-1)}${option.at(-2)}`);
      for (const spelling of spellings.filter((one) => !Object.hasOwn(all(), one))) {
        const failure = await failureOf(run({ ...all(), [spelling]: 1 }));
        expect(failure).toMatchObject({ code: TYPE });
        expect(failure.message, spelling).toContain(`received "${spelling}". Hint: did you mean ${option}?`);
      }
    }
  });

  it('does not look at symbols', async () => {
    await run({ ...all(), [Symbol('private')]: 1 });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 3],
    ['a text', 'lr'],
    ['a list', []],
    ['a map', new Map()],
    ['a promise', Promise.resolve({})],
    ['a function', () => ({})],
  ])('refuses %s', async (_, options) => {
    const failure = await failureOf(run(options));
    expect(failure.code, failure.message).toMatch(/^ERR_ROWNET_(TYPE|RANGE)/);
  });
});
