/** What data of every kind is loaded by, and what its loader gives; datasets.ts makes data sets of it. */
import type { PicturePreparation, PreparationRequest } from './preparation.js';

export interface LoadRequest extends PreparationRequest {
  /** Only so many images of a split. */
  readonly limit: number;
  /** Number of classes that the labels must be below; undefined: counted. */
  readonly classes: number | undefined;
  /** Rows and columns of the pictures change places. Undefined: where the names of the files say that they did. */
  readonly transpose: boolean | undefined;
  /** Leave out classes without images. */
  readonly skipEmptyClasses: boolean;
  /** As those of a training were prepared, in place of `resize` and `size`. */
  readonly preparation: PicturePreparation | undefined;
}

export interface LoadedSplit {
  /** Prepared, one after another, channel by channel. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

export interface LoadedData {
  readonly name: string;
  readonly folder: string;
  readonly train: LoadedSplit;
  readonly test: LoadedSplit;
  readonly classes: number;
  readonly classNames?: readonly string[] | undefined;
  readonly sha256: Readonly<Record<string, string>>;
  /** Says size and channels, too. */
  readonly preparation: PicturePreparation;
  readonly notes: readonly string[];
  readonly skipped: Readonly<Record<string, number>>;
}
