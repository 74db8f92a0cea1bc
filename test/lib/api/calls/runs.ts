/** Calls of what writes, lists and opens runs, and of what recognises pictures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as rownet from '../../../../lib/index.js';
import { tinyNet } from '../../../support/tiny-net.js';
import { temporaryFolder } from '../../data/idx-files.js';
import { greyPng } from '../../images/image-files.js';
import { all, type Calls, data, t } from './call.js';

const folder = temporaryFolder();
const recipe = { ...rownet.recipes.fast, batchSize: 4, epochs: 1 };
const options = () =>
  all<rownet.SaveRunOptions>({
    trainer: new rownet.Trainer(tinyNet(), { recipe }),
    data: { train: data() },
    checkpointEvery: { epochs: 1 },
  });
const stored = join(folder, 'stored');
(await rownet.saveRun(stored, options())).close();
const image = () => ({ width: 2, height: 3, grey: new Uint8Array(6) });
writeFileSync(join(folder, 'grey.png'), greyPng(2, 3, new Uint8Array(6)));
const png = () => new Uint8Array(readFileSync(join(folder, 'grey.png')));

/** A run must not be written anywhere else. */
const inside = (path: string) => (typeof path === 'string' ? join(folder, path) : path);
let count = 0;
function newName(): string {
  count += 1;
  return `run-${count}`;
}

const storedNet = () => rownet.restoreNet(rownet.openRun(stored).net.architecture);

export const runCalls: Calls = {
  saveRun: {
    args: () => [newName(), options()],
    call: async (path, given) => {
      (await rownet.saveRun(inside(path), given)).close();
    },
    options: [1, 'trainer', 'data'],
  },
  openRun: {
    args: () => [
      stored,
      all<rownet.OpenRunOptions>({ recipe: 'fast', size: [32, 32], net: storedNet(), weights: 'last' }),
    ],
    call: rownet.openRun,
    options: [1],
  },
  listRuns: { args: () => [folder], call: rownet.listRuns },
  'new Recognizer': {
    args: () => [rownet.openRun(stored), 'none'],
    call: (run, prepare) => new rownet.Recognizer(run, prepare),
  },
  'Recognizer.open': {
    args: () => [
      stored,
      all<rownet.RecognizerOptions>({
        recipe: 'fast',
        size: [32, 32],
        net: storedNet(),
        weights: 'last',
        prepare: 'none',
      }),
    ],
    call: (run, given) => rownet.Recognizer.open(run, given),
    options: [1],
  },
  'Recognizer.recognise': {
    args: () => [image(), 'here'],
    call: (picture, where) => rownet.Recognizer.open(stored).recognise(picture, where),
  },
  decodeColourImage: { args: () => [png(), 'here'], call: rownet.decodeColourImage },
  decodeImage: { args: () => [png(), 'here'], call: rownet.decodeImage },
  prepareDigit: { args: () => [image()], call: rownet.prepareDigit },
  softmax: { args: () => [t(2, 3)], call: (scores) => rownet.softmax(scores) },
};
