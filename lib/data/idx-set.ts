/** Data sets of four IDX files: images and labels, for training and for testing. */
import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { isEmnist, namesByFile } from './class-names.js';
import { type IdxSummary, readIdx } from './idx.js';
import { type Part, partFiles, parts } from './idx-files.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { resizeNotes, transposeNotes } from './notes.js';
import {
  countClasses,
  createIntake,
  type LabelCounts,
  missingClassNotes,
  newLabelCounts,
  type PictureIntake,
  refuseColour,
} from './picture-array.js';
import type { PicturePreparation } from './preparation.js';
import { type IdxKnownSet, idxSets } from './known-sets.js';
import type { IdxLocation } from './registry.js';

/** All sets of IDX files that are known by name have as many. */
const KNOWN_CLASSES = 10;

interface LoadedPart extends LoadedSplit {
  readonly preparation: PicturePreparation;
  /** As they are stored. */
  readonly dims: readonly number[];
  readonly counts: LabelCounts;
  readonly hashes: Partial<Record<Part, string>>;
}

/** @throws DataError if files are damaged, of the wrong kind or do not belong together, naming file and byte */
export function loadIdxSet(location: IdxLocation, asked: LoadRequest): LoadedData {
  const { set, folder, files, prefix } = location;
  refuseColour(`idx: ${files.trainImages}`, 'IDX files', asked);
  const transpose = asked.transpose ?? isEmnist(prefix);
  const classesAsked = asked.classes ?? (set === undefined ? undefined : KNOWN_CLASSES);
  const request: LoadRequest = { ...asked, transpose, classes: classesAsked };
  const train = loadPart(location, 'trainImages', 'trainLabels', request);
  const test = loadPart(location, 'testImages', 'testLabels', request, train);
  const hashes = { ...train.hashes, ...test.hashes };
  const recognised =
    set ?? idxSets.find((known) => parts.every((part) => known.sha256?.[part] === hashes[part]));
  const given = recognised === undefined ? namesByFile(prefix) : recognised.classNames;
  const classes = countClasses(
    `idx: ${files.trainLabels}`,
    classesAsked ?? (recognised === undefined ? undefined : KNOWN_CLASSES),
    given,
    [train.counts, test.counts],
  );
  const classNames = given?.length === classes ? given : undefined;
  const sizes = [train, test].map(({ dims }) => new Map([[`${dims[1]}x${dims[2]}`, dims[0]]]));
  return {
    name: recognised?.name ?? (prefix || basename(folder)),
    folder,
    train,
    test,
    classes,
    classNames,
    sha256: Object.fromEntries(parts.map((part) => [partFiles[part], hashes[part] as string])),
    preparation: train.preparation,
    notes: [
      ...resizeNotes(sizes, train.preparation, request),
      ...transposeNotes(asked.transpose, transpose),
      ...(asked.classes === undefined ? missingClassNotes(classes, classNames, train.counts) : []),
    ],
    skipped: {},
  };
}

function loadPart(
  { set, files }: IdxLocation,
  imagesPart: Part,
  labelsPart: Part,
  request: LoadRequest,
  trained?: LoadedPart,
): LoadedPart {
  const labels = readLabels(files[labelsPart], request);
  checkHash(set, labelsPart, files[labelsPart], labels.summary);
  const images = readImages(files[imagesPart], files[labelsPart], labels.summary.dims[0], request, {
    trained,
    trainedPath: files.trainImages,
  });
  checkHash(set, imagesPart, files[imagesPart], images.summary);
  return {
    images: images.intake.images,
    labels: labels.labels,
    preparation: images.intake.preparation,
    dims: images.summary.dims,
    counts: labels.counts,
    hashes: { [imagesPart]: images.summary.sha256, [labelsPart]: labels.summary.sha256 },
  };
}

function readLabels(path: string, { limit, classes }: LoadRequest) {
  let labels = new Uint8Array(0);
  const counts = newLabelCounts();
  const summary = readIdx(path, 'labels', ([count]) => {
    labels = new Uint8Array(Math.min(count, limit));
    return (part, first) => {
      for (let i = 0; i < part.length; i += 1) {
        if (classes !== undefined && part[i] >= classes) {
          throw new DataError(
            `idx: ${path}: expected labels from 0 to ${classes - 1} but received ${part[i]} for image ${first + i} ` +
              `(byte ${8 + first + i} of the unpacked file). Hint: the number of classes is ${classes}`,
          );
        }
        counts[part[i]] += 1;
      }
      if (first < labels.length) labels.set(part.subarray(0, labels.length - first), first);
    };
  });
  return { labels, counts, summary };
}

function readImages(
  path: string,
  labelsPath: string,
  labelCount: number,
  request: LoadRequest,
  { trained, trainedPath }: { readonly trained: LoadedPart | undefined; readonly trainedPath: string },
) {
  let intake: PictureIntake | undefined;
  const summary = readIdx(path, 'images', ([count, height, width]) => {
    if (count !== labelCount) {
      throw new DataError(
        `idx: ${path}: expected ${labelCount} images, as many as there are labels in ${labelsPath}, but received ` +
          `${count} (byte 4). Hint: these files do not belong together`,
      );
    }
    const resized = trained?.preparation.resize !== 'none';
    if (!resized && (trained.dims[1] !== height || trained.dims[2] !== width)) {
      throw new DataError(
        `idx: ${path}: expected images of ${trained.dims[1]}x${trained.dims[2]}, as in ${trainedPath}, but received ` +
          `${height}x${width} (byte 8). Hint: these files do not belong together`,
      );
    }
    const where = `idx: ${path}: images of ${height}x${width} (byte 8)`;
    const made = createIntake(where, { height, width }, count, request, trained?.preparation);
    intake = made;
    return (part, first) => made.put(part, first);
  });
  // An IDX file that is read to its end has begun.
  return { intake: intake as PictureIntake, summary };
}

function checkHash(set: IdxKnownSet | undefined, part: Part, path: string, { sha256 }: IdxSummary): void {
  if (set === undefined || set.sha256?.[part] === sha256) return;
  const other = idxSets.find((known) => known.sha256?.[part] === sha256);
  if (set.sha256 !== undefined) {
    const hint = other === undefined ? 'download it again' : `this is a file of ${other.title}`;
    throw new DataError(
      `data: ${set.name}: ${path}: expected SHA-256 ${set.sha256[part]} of the contents but received ${sha256}. ` +
        `Hint: ${hint}`,
    );
  }
  // Without checksums, only a file that is certainly one of another set can be told.
  if (other === undefined) return;
  throw new DataError(
    `data: ${set.name}: ${path}: expected a file of ${set.title} but received one of ${other.title}. ` +
      'Hint: check what is in the folder',
  );
}
