/** Data sets of CSV files, as Kaggle has them: `label,pixel0,...,pixel783`. */
import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { isEmnist, namesByFile } from './class-names.js';
import { type CsvTable, readCsv, scanCsv } from './csv.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { resizeNotes, transposeNotes } from './notes.js';
import {
  countClasses,
  createIntake,
  missingClassNotes,
  newLabelCounts,
  type PictureIntake,
  refuseColour,
  testEvery,
} from './picture-array.js';

/** Files that exist, though nothing is known about their contents yet. */
export interface CsvFiles {
  readonly folder: string;
  readonly name: string;
  readonly train: string;
  /** Of a training file alone, every sixth row is for testing. */
  readonly test: string | undefined;
}

/** @throws DataError if a file is damaged or has no labels, naming line and column */
export function loadCsvSet({ folder, name, train, test }: CsvFiles, asked: LoadRequest): LoadedData {
  refuseColour(`csv: ${train}`, 'rows of a CSV file', asked);
  const transpose = asked.transpose ?? isEmnist(basename(train));
  const request: LoadRequest = { ...asked, transpose };
  const trainTable = scanCsv(train);
  if (trainTable.label === undefined) {
    throw new DataError(
      `csv: ${train}: expected a label and a square number of pixels but received ${trainTable.columns} columns, ` +
        'pixels alone. Hint: a net is trained on pictures whose class is known',
    );
  }
  const found = test === undefined ? undefined : scanCsv(test);
  const testTable = found?.label === undefined ? undefined : found;
  const counts = [newLabelCounts(), newLabelCounts()];
  const [trainSplit, testSplit] =
    testTable === undefined
      ? readSplits(trainTable, request, counts)
      : readBoth(trainTable, testTable, request, counts);
  const given = namesByFile(basename(train));
  const classes = countClasses(`csv: ${train}`, asked.classes, given, counts);
  const classNames = given?.length === classes ? given : undefined;
  const { preparation } = trainSplit.intake;
  const sizes = [trainTable, ...(testTable === undefined ? [] : [testTable])].map(
    ({ side, rows }) => new Map([[`${side}x${side}`, rows]]),
  );
  const unlabelled = found !== undefined && testTable === undefined;
  return {
    name,
    folder,
    train: trainSplit,
    test: testSplit,
    classes,
    classNames,
    sha256: Object.fromEntries(
      [trainTable, ...(testTable === undefined ? [] : [testTable])].map((table) => [
        basename(table.path),
        table.sha256,
      ]),
    ),
    preparation,
    notes: [
      ...(unlabelled ? [`${basename(found.path)} has no labels`] : []),
      ...(testTable === undefined ? [`every sixth row of ${basename(train)} is for testing`] : []),
      ...resizeNotes(sizes, preparation, request),
      ...transposeNotes(asked.transpose, transpose),
      ...(asked.classes === undefined ? missingClassNotes(classes, classNames, counts[0]) : []),
    ],
    skipped: {},
  };
}

interface CsvSplit extends LoadedSplit {
  readonly intake: PictureIntake;
}

/** Room for `count` rows, and what puts them there. */
function splitFor(
  table: CsvTable,
  count: number,
  request: LoadRequest,
  counts: Uint32Array,
  trained?: PictureIntake,
): CsvSplit & { add(pixels: Uint8Array, label: number, line: number): void } {
  const size = { height: table.side, width: table.side };
  const where = `csv: ${table.path}: pictures of ${table.side}x${table.side}`;
  const intake = createIntake(where, size, count, request, trained?.preparation);
  const labels = new Uint8Array(Math.min(count, request.limit));
  const { classes } = request;
  let next = 0;
  return {
    intake,
    images: intake.images,
    labels,
    add(pixels, label, line) {
      if (classes !== undefined && label >= classes) {
        throw new DataError(
          `csv: ${table.path}: line ${line}: expected labels from 0 to ${classes - 1} but received ${label}. ` +
            `Hint: the number of classes is ${classes}`,
        );
      }
      counts[label] += 1;
      intake.put(pixels, next);
      if (next < labels.length) labels[next] = label;
      next += 1;
    },
  };
}

/** Row 6, 12, 18, ... is for testing. */
function readSplits(table: CsvTable, request: LoadRequest, counts: readonly Uint32Array[]): CsvSplit[] {
  const testRows = Math.floor(table.rows / testEvery);
  if (testRows === 0) {
    throw new DataError(
      `csv: ${table.path}: expected at least ${testEvery} rows, every sixth of which is for testing, but received ` +
        `${table.rows}. Hint: or a file test.csv with labels beside train.csv`,
    );
  }
  const train = splitFor(table, table.rows - testRows, request, counts[0]);
  const test = splitFor(table, testRows, request, counts[1], train.intake);
  readCsv(table, (pixels, label, row, line) => {
    const split = (row + 1) % testEvery === 0 ? test : train;
    split.add(pixels, label, line);
  });
  return [train, test];
}

function readBoth(
  trainTable: CsvTable,
  testTable: CsvTable,
  request: LoadRequest,
  counts: readonly Uint32Array[],
): CsvSplit[] {
  if (testTable.side !== trainTable.side) {
    throw new DataError(
      `csv: ${testTable.path}: expected ${trainTable.columns} columns, as in ${trainTable.path}, but received ` +
        `${testTable.columns}. Hint: these files do not belong together`,
    );
  }
  const train = splitFor(trainTable, trainTable.rows, request, counts[0]);
  const test = splitFor(testTable, testTable.rows, request, counts[1], train.intake);
  readCsv(trainTable, (pixels, label, _, line) => train.add(pixels, label, line));
  readCsv(testTable, (pixels, label, _, line) => test.add(pixels, label, line));
  return [train, test];
}
