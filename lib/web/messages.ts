/** What servers and pages tell each other, as JSON. Types alone: both sides are checked against them. */
import type { LiveEpoch, Progress } from '../training/epoch-record.js';

/** `count` pictures of `height` x `width` bytes, one after another. */
export interface Pictures {
  /** `conv1`. */
  readonly name: string;
  /** What it is, for people. */
  readonly layer: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** What byte 255 stands for; 0 is 0, or -limit where `signed` (128 is then 0). */
  readonly limit: number;
  readonly signed: boolean;
  /** base64. */
  readonly bytes: string;
}

/** One image. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  /** base64: a plane of grey levels, or three of reds, greens and blues. */
  readonly bytes: string;
}

export type LiveState = 'waiting' | 'comparing' | 'training' | 'paused' | 'finished' | 'stopped' | 'diverged';

/** Place on the x axis in epochs, and the mean loss and accuracy since the sample before; null where there is none. */
export type Sample = readonly [x: number, loss: number, accuracy: number | null];

export interface Standing {
  readonly state: LiveState;
  /** Steps a second; null is as fast as it goes. */
  readonly speed: number | null;
  readonly progress: Progress | null;
}

/** What is being trained, for the page. */
export interface PageFacts {
  readonly title: string;
  readonly epochs: number;
  readonly engine: string;
  readonly summary: string;
  readonly classNames: readonly string[] | null;
  readonly testImages: number;
  /** A sample of the curves is the mean of so many steps, or of fewer at the end of an epoch. */
  readonly stepsPerSample: number;
  /** Of an epoch. */
  readonly steps: number;
  /** Trained on in an epoch, as `timesAsFast` takes them; 0 for nets that the article says nothing of. */
  readonly articleImages: number;
}

export interface ShownMistake extends Picture {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  readonly confidence: number;
}

/** Of the last epoch. */
export interface Judgement {
  readonly confusion: readonly (readonly number[])[] | null;
  readonly mistakes: readonly ShownMistake[];
}

/** One test image on its way through the net. */
export interface ShownImage extends Picture {
  readonly index: number;
  readonly label: number;
  readonly maps: readonly Pictures[];
  readonly probabilities: readonly number[];
}

/** The data of each event of the live page, by its name. */
export interface LiveEvents {
  readonly hello: Standing &
    Judgement & {
      readonly facts: PageFacts | null;
      readonly speeds: readonly (number | null)[];
      readonly samples: readonly Sample[];
      readonly epochs: readonly LiveEpoch[];
    };
  readonly progress: Standing & { readonly samples: readonly Sample[] };
  readonly standing: Standing;
  readonly epoch: Judgement & { readonly epoch: LiveEpoch };
  readonly pictures: { readonly filters: Pictures | null; readonly digit: ShownImage | null };
}

/** The answer to a drawing or a picture. */
export interface Recognised {
  /** What the net gets of it. */
  readonly seen: Picture;
  /** A digit was dark on light. */
  readonly inverted: boolean;
  readonly empty: boolean;
  readonly notes: readonly string[];
  readonly probabilities: readonly number[];
  readonly layers: readonly Pictures[];
}

/** The answer to a picture: also how it was read, small. */
export interface RecognisedPicture extends Recognised {
  readonly picture: Picture;
}

/** What a page to draw on asks for first. */
export interface DrawFacts {
  readonly title: string;
  /** Digits are looked for and centred; else drawings are taken whole. */
  readonly digits: boolean;
  /** Dark ink on light paper, as the training's pictures were. */
  readonly light: boolean;
  /** The net takes pictures in colour: they are opened, and nothing is drawn. */
  readonly colour: boolean;
  readonly summary: string;
  readonly classNames: readonly string[] | null;
}
