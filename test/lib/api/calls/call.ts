/** What a call of the table is, and what several of them need. */
import * as rownet from '../../../../lib/index.js';
import { randomImages } from '../../../support/random-data.js';
import { tinyInput } from '../../../support/tiny-net.js';

export interface Call {
  /** New ones for each call. */
  args(): readonly unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: arguments are what is tested
  call(...args: any[]): unknown;
  /** Which of the arguments are options, and those of them that cannot be left out. */
  readonly options?: readonly [position: number, ...required: string[]];
}

export type Calls = Readonly<Record<string, Call>>;

/** All options of a type: one that is missing here is an error of the type checker. */
export const all = <Options>(options: Required<Options>): Required<Options> => options;
/** The type of the options that a function takes. */
export type Options<Callable extends (...args: never[]) => unknown, Position extends number> = NonNullable<
  Parameters<Callable>[Position]
>;

export const t = (...shape: number[]) => new rownet.Tensor(shape);
export const data = () => ({ ...randomImages(24, tinyInput, 3, 1) });
export const normalization = { scale: 1 / 255, shift: 0 };
