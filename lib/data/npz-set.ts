/** Data sets of npz files, as Keras (`x_train`, ...) and MedMNIST (`train_images`, ...) have them. */
import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';
import { DataError } from '../errors.js';
import { readRegularFile } from '../files.js';
import { type ByteArray, decodeNpyBytes } from '../formats/npy-bytes.js';
import { quoted } from '../formats/safetensors-header.js';
import { unzip } from '../formats/zip.js';
import { type Planes, planesOfPixels } from '../images/colour.js';
import { isEmnist, namesByFile } from './class-names.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { resizeNotes, transposeNotes } from './notes.js';
import {
  countClasses,
  createIntake,
  missingClassNotes,
  newLabelCounts,
  type PictureIntake,
} from './picture-array.js';

const MAX_FILE_BYTES = 2 ** 31;

/** Images and labels of the training, then of the test. */
const NAMES = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
] as const;

interface Pictures {
  /** For messages: `npz: path: "x_train"`, and of the labels. */
  readonly where: string;
  readonly labelsWhere: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Of each picture one pixel after another. */
  readonly pixels: Uint8Array;
  readonly channels: Planes;
  readonly labels: Uint8Array;
}

/** @throws DataError if the archive is damaged, an array is missing or no pictures as asked for, or labels do not fit */
export function loadNpzSet(path: string, asked: LoadRequest): LoadedData {
  const at = `npz: ${path}`;
  const bytes = readRegularFile('npz', path, MAX_FILE_BYTES, 'split it');
  const members = new Map(
    unzip(at, bytes).map(({ name, bytes: array }) => [name.replace(/\.npy$/, ''), array]),
  );
  const names = NAMES.find((set) => set.every((name) => members.has(name)));
  if (names === undefined) {
    const received = [...members.keys()].slice(0, 8).map(quoted).join(', ');
    throw new DataError(
      `${at}: expected the arrays x_train, y_train, x_test and y_test but received ${received || 'none'}. ` +
        'Hint: or train_images, train_labels, test_images and test_labels',
    );
  }
  const [trainImages, trainLabels, testImages, testLabels] = names.map((name) => ({
    where: `${at}: ${quoted(name)}`,
    array: decodeNpyBytes(`${at}: ${quoted(name)}`, members.get(name) as Uint8Array),
  }));
  const { colour = false } = asked;
  const train = picturesOf(trainImages, trainLabels, colour);
  const test = picturesOf(testImages, testLabels, colour);
  const transpose = asked.transpose ?? isEmnist(basename(path));
  const request: LoadRequest = { ...asked, transpose };
  const counts = [newLabelCounts(), newLabelCounts()];
  const trainSplit = splitOf(train, request, counts[0]);
  const testSplit = splitOf(test, request, counts[1], trainSplit.intake);
  const given = namesByFile(basename(path));
  const classes = countClasses(`${at}: ${quoted(names[1])}`, asked.classes, given, counts);
  const classNames = given?.length === classes ? given : undefined;
  const { preparation } = trainSplit.intake;
  const others = [...members.keys()].filter((name) => !names.some((one) => one === name));
  return {
    name: basename(path, extname(path)),
    folder: dirname(path),
    train: trainSplit,
    test: testSplit,
    classes,
    classNames,
    sha256: { [basename(path)]: createHash('sha256').update(bytes).digest('hex') },
    preparation,
    notes: [
      ...(others.length === 0 ? [] : [`left out the arrays ${others.slice(0, 8).map(quoted).join(', ')}`]),
      ...resizeNotes(
        [train, test].map(({ height, width, count }) => new Map([[`${height}x${width}`, count]])),
        preparation,
        request,
      ),
      ...transposeNotes(asked.transpose, transpose),
      ...(asked.classes === undefined ? missingClassNotes(classes, classNames, counts[0]) : []),
    ],
    skipped: {},
  };
}

interface NamedArray {
  readonly where: string;
  readonly array: ByteArray;
}

/** `[N, H, W]`, or with one channel behind, in colour `[N, H, W, 3]`; labels `[N]` or `[N, 1]`. */
function picturesOf(images: NamedArray, labels: NamedArray, colour: boolean): Pictures {
  const [count, height, width, ...channels] = images.array.shape;
  const axes = images.array.shape.length;
  const isColour = axes === 4 && channels[0] === 3;
  const isGrey = axes === 3 || (axes === 4 && channels[0] === 1);
  if (!(colour ? isColour : isGrey) || count < 1 || height < 1 || width < 1) {
    const [expected, hint] = colour
      ? [
          'pictures in colour (N, height, width, 3)',
          isGrey ? 'leave colour out for grey ones' : '.transpose(0, 2, 3, 1) puts the channels behind',
        ]
      : [
          'grey pictures (N, height, width)',
          isColour
            ? '--colour, or colour: true, trains on three channels'
            : 'colours become grey by .mean(axis=-1).astype("uint8")',
        ];
    throw new DataError(
      `${images.where}: expected ${expected} but received (${images.array.shape.join(', ')}). Hint: ${hint}`,
    );
  }
  if (labels.array.data.length !== count || labels.array.shape[0] !== count) {
    throw new DataError(
      `${labels.where}: expected ${count} labels, one a picture, but received the shape ` +
        `(${labels.array.shape.join(', ')}). Hint: these arrays do not belong together`,
    );
  }
  const { where, array } = images;
  return {
    where,
    labelsWhere: labels.where,
    count,
    height,
    width,
    pixels: array.data,
    channels: colour ? 3 : 1,
    labels: labels.array.data,
  };
}

function splitOf(
  pictures: Pictures,
  request: LoadRequest,
  counts: Uint32Array,
  trained?: PictureIntake,
): LoadedSplit & { readonly intake: PictureIntake } {
  const { where, labelsWhere, count, height, width, pixels, channels, labels } = pictures;
  const { classes, limit } = request;
  for (const [i, label] of labels.entries()) {
    if (classes !== undefined && label >= classes) {
      throw new DataError(
        `${labelsWhere}: expected labels from 0 to ${classes - 1} but received ${label} for picture ${i}. ` +
          `Hint: the number of classes is ${classes}`,
      );
    }
    counts[label] += 1;
  }
  const intake = createIntake(
    `${where}: pictures of ${height}x${width}`,
    { height, width },
    count,
    request,
    trained?.preparation,
  );
  const bytes = channels * height * width;
  for (let i = 0; i < Math.min(count, limit); i += 1) {
    const picture = pixels.subarray(i * bytes, (i + 1) * bytes);
    intake.put(channels === 1 ? picture : planesOfPixels(picture), i);
  }
  return { images: intake.images, labels: labels.slice(0, limit), intake };
}
