/** Calls of what reads and writes files, and of what prepares images. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as rownet from '../../../../lib/index.js';
import { tinyNet } from '../../../support/tiny-net.js';
import { temporaryFolder, writeFolder } from '../../data/idx-files.js';
import { all, type Calls, normalization } from './call.js';

const folder = temporaryFolder();
const idx = writeFolder(join(folder, 'idx'));
const file = join(folder, 'file.safetensors');
mkdirSync(join(folder, 'written'));
const written = join(folder, 'written', 'file.safetensors');
const checkpoint = (): rownet.Checkpoint => {
  const net = tinyNet();
  const config = {};
  return {
    params: net.getParams(),
    optimizerState: new Map(),
    architecture: net.architecture,
    config,
    epoch: 1,
    step: 6,
  };
};
rownet.saveCheckpoint(file, checkpoint());
const bytes = () => rownet.encodeSafetensors(tinyNet().getParams());

export const fileCalls: Calls = {
  loadDataset: {
    args: () => [
      idx,
      all<rownet.LoadOptions>({
        resize: 'bilinear',
        size: 8,
        preparation: { resize: 'bilinear', size: [8, 8] },
        limit: 5,
        classes: 10,
        colour: false,
        transpose: false,
        skipEmptyClasses: false,
        env: {},
        cwd: folder,
        offline: true,
      }),
    ],
    call: rownet.loadDataset,
    options: [1],
  },
  preparation: {
    args: () => [
      all<rownet.PicturePreparation>({ resize: 'fit', size: [8, 8], from: [28, 28], colour: false }),
    ],
    call: (preparation) => rownet.loadDataset(idx, { preparation }),
    options: [0, 'resize', 'size'],
  },
  imagesToTensor: {
    args: () => [new Uint8Array(8), [1, 2, 2], all<rownet.Normalization>(normalization), [1, 0]],
    call: rownet.imagesToTensor,
    options: [2, 'scale', 'shift'],
  },
  measureNormalization: { args: () => [Uint8Array.of(1, 2)], call: rownet.measureNormalization },
  datasetFromCsv: {
    args: () => [
      'a,b,c,d\n1,2,3,x\n4,5,6,y',
      all<rownet.CsvOptions>({
        label: 'd',
        values: ['c'],
        features: ['b', 'a'],
        classNames: ['y', 'x'],
        delimiter: ',',
      }),
    ],
    call: rownet.datasetFromCsv,
    options: [1, 'label'],
  },
  iris: { args: () => [], call: rownet.iris },
  xor: { args: () => [], call: rownet.xor },
  subset: { args: () => [rownet.xor(), [1, 0]], call: rownet.subset },
  split: {
    args: () => [rownet.iris(), all<rownet.SplitOptions>({ ratio: 0.5, seed: 1, stratified: true })],
    call: rownet.split,
    options: [1],
  },
  pixelStatistics: { args: () => [Uint8Array.of(1, 2)], call: rownet.pixelStatistics },
  standardization: {
    args: () => [all<rownet.PixelStatistics>({ mean: 0.1, deviation: 0.3 })],
    call: rownet.standardization,
    options: [0, 'mean', 'deviation'],
  },
  exportOnnx: {
    args: () => [tinyNet(), all<rownet.OnnxOptions>({ normalization, input: 'normalized' })],
    call: rownet.exportOnnx,
    options: [1],
  },
  saveCheckpoint: {
    args: () => [
      written,
      checkpoint(),
      all<rownet.ReplaceOptions>({ previous: join(folder, 'written', 'previous.safetensors') }),
    ],
    call: rownet.saveCheckpoint,
    options: [2],
  },
  loadCheckpoint: { args: () => [file], call: rownet.loadCheckpoint },
  saveParams: { args: () => [tinyNet().getParams(), written], call: rownet.saveParams },
  loadParams: { args: () => [file], call: rownet.loadParams },
  encodeNpz: { args: () => [tinyNet().getParams()], call: rownet.encodeNpz },
  decodeNpz: { args: () => [rownet.encodeNpz(tinyNet().getParams()), 'here'], call: rownet.decodeNpz },
  encodeSafetensors: { args: () => [tinyNet().getParams(), { a: 'b' }], call: rownet.encodeSafetensors },
  decodeSafetensors: { args: () => [bytes(), 'here'], call: rownet.decodeSafetensors },
  readSafetensors: { args: () => [file], call: rownet.readSafetensors },
};
