/** What a net makes of pictures of its own kind. */
import { basename } from 'node:path';
import { type InputPreparation, type Prepare, prepareInput } from '../data/net-input.js';
import { ArgumentRangeError, ArgumentTypeError, DataError, DivergedError } from '../errors.js';
import { type ColourImage, checkPicture } from '../images/colour.js';
import { decodeColourImage, decodeImage } from '../images/decode.js';
import type { DigitNote } from '../images/digit.js';
import type { GreyImage } from '../images/limits.js';
import { softmax } from '../losses/softmax.js';
import { checkOptions } from '../options.js';
import { formatShape, type Tensor, typedArrayName, typeName, valueText } from '../tensor.js';
import { OpenedRun, type OpenRunOptions, openRun } from './open-run.js';

/** How a `Recognizer` prepares pictures. */
export interface RecognizerOptions extends OpenRunOptions {
  /**
   * `digit`: the ink is found, scaled and centred as in MNIST. `none`: only resized, as the training's pictures were.
   * Default: `digit` for a net that was trained on such digits.
   */
  readonly prepare?: Prepare;
}

/** What a net makes of a picture, and how that was prepared for it. */
export interface Recognition {
  /** The class of the largest probability; null where nothing is drawn. */
  readonly label: number | null;
  /** What the class is called: by the run, or its number; null where nothing is drawn. */
  readonly name: string | null;
  /** Of the class; null where nothing is drawn. */
  readonly probability: number | null;
  /** Of every class, whether or not something is drawn. */
  readonly probabilities: readonly number[];
  /** What is left of the picture, before it gets the size that the net takes. */
  readonly prepared: GreyImage | ColourImage;
  /** What the net was given: `[1, C, H, W]`. */
  readonly input: Tensor;
  /** A digit was dark on light. */
  readonly inverted: boolean;
  /** No digit is on it. */
  readonly empty: boolean;
  /** What is worth saying of the picture, such as `more than one shape`. */
  readonly notes: readonly DigitNote[];
}

/**
 * Recognises pictures with the net of a run: one way for the command line, the page and a program.
 *
 * ```js
 * const recognizer = Recognizer.open('runs/mine');
 * const { name, probability } = recognizer.recognise(readFileSync('digit.png'));
 * ```
 */
export class Recognizer {
  readonly run: OpenedRun;
  /** How pictures reach the net. */
  readonly preparation: InputPreparation;

  /**
   * @param run a run that `openRun` has opened
   * @throws {DataError} for a net that takes no pictures, grey or in colour, or gives no scores of classes, and for `digit`
   * with one of colours
   */
  constructor(run: OpenedRun, prepare?: Prepare) {
    if (!(run instanceof OpenedRun)) {
      throw new ArgumentTypeError(
        `Recognizer: expected a run that openRun gave but received ${typeName(run)}. ` +
          'Hint: Recognizer.open takes a path too',
      );
    }
    if (prepare !== undefined && prepare !== 'digit' && prepare !== 'none') {
      throw new ArgumentRangeError(
        `Recognizer: prepare: expected 'digit' or 'none' but received ${valueText(prepare)}`,
      );
    }
    const { inputShape, outputShape } = run.net;
    const [channels] = inputShape;
    const arePictures = inputShape.length === 3 && (channels === 1 || channels === 3);
    if (!arePictures || outputShape.length !== 1) {
      throw new DataError(
        `recognise: expected a net of pictures [1, H, W] or [3, H, W] with scores [classes] but that of ${run.file} takes ` +
          `${formatShape(inputShape)} and gives ${formatShape(outputShape)}`,
      );
    }
    if (channels === 3 && prepare === 'digit') {
      throw new DataError(
        `recognise: prepare: expected 'none' but received 'digit': a digit is found by its grey ink, and the net of ` +
          `${run.file} takes colours. Hint: leave it out`,
      );
    }
    if (run.config?.data.floats) {
      throw new DataError(
        `recognise: expected a net of pictures in bytes but that of ${run.file} was trained on floats, which no PNG or JPEG ` +
          'holds. Hint: net.predict(imagesToTensor(floats, run.net.inputShape, run.normalization))',
      );
    }
    this.run = run;
    this.preparation = inputPreparation(run, prepare);
  }

  /**
   * @param run a run folder, a checkpoint, or a run that `openRun` has opened, by a recipe and for a size of its own
   * @throws as `openRun` and the constructor do
   */
  static open(run: string | OpenedRun, options: RecognizerOptions = {}): Recognizer {
    const names = { recipe: true, size: true, net: true, weights: true, prepare: true } as const;
    checkOptions('Recognizer', options, names, "{ prepare: 'digit' }");
    const { recipe, size, net, weights, prepare } = options;
    return new Recognizer(
      typeof run === 'string' ? openRun(run, { recipe, size, net, weights }) : run,
      prepare,
    );
  }

  /**
   * @param image the bytes of a PNG or JPEG file, or pixels, grey or in colour, whatever the net takes
   * @param where for messages: what the picture is, and who reads it
   * @throws {DataError} if the bytes are no image, or one with a side that is too long to be resized
   * @throws {DivergedError} if the net's scores are not finite
   */
  recognise(image: Uint8Array | GreyImage | ColourImage, where = 'recognise'): Recognition {
    if (typeof where !== 'string') {
      throw new ArgumentTypeError(`recognise: expected where to be a text but received ${typeName(where)}`);
    }
    const isFile = typedArrayName(image) === 'Uint8Array';
    const decode = this.preparation.picture.colour ? decodeColourImage : decodeImage;
    const pixels = isFile ? decode(image as Uint8Array, where) : (image as GreyImage | ColourImage);
    checkPicture(where, pixels);
    const { tensor, seen, ...rest } = prepareInput(where, pixels, this.preparation);
    const { net, file, classNames } = this.run;
    const probabilities = softmax(net.predict(tensor).data);
    if (!probabilities.every(Number.isFinite)) {
      throw new DivergedError(
        `${where}: expected finite scores but those of ${file} are not. ` +
          'Hint: its training diverged; "rownet eval" names the layer. Train again with a lower --lr',
      );
    }
    const label = probabilities.indexOf(Math.max(...probabilities));
    const found = rest.empty
      ? { label: null, name: null, probability: null }
      : { label, name: classNames?.[label] ?? String(label), probability: probabilities[label] };
    return { ...found, probabilities, prepared: seen, input: tensor, ...rest };
  }
}

/** How pictures are prepared for a net; digits for one that was trained on such sets, and where nothing is known. */
export function inputPreparation(
  { config, recipe, preparation }: Pick<OpenedRun, 'config' | 'recipe' | 'preparation'>,
  prepare?: Prepare,
): InputPreparation {
  // Without what the set itself is called: a folder, or a file such as mnist.npz or emnist-letters-train.csv.
  const name = config === undefined ? 'mnist' : (config.data.set ?? basename(config.data.name));
  return {
    prepare:
      prepare ?? (!preparation.colour && /^(mnist|kmnist|emnist)([-_.].*)?$/i.test(name) ? 'digit' : 'none'),
    picture: preparation,
    normalization: recipe.normalization,
    background: config?.data.background ?? 0,
    severalShapes: /^kmnist/i.test(name),
  };
}
