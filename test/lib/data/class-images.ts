/** Builds class folders for tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadDataset } from '../../../lib/data/datasets.js';
import { greyPng } from '../images/image-files.js';
import { temporaryFolder } from './idx-files.js';
import { refusal } from '../../support/misuse.js';

const root = temporaryFolder();
let folders = 0;

/** Files by their paths in a new folder; a number is a PNG of 4x4 pixels of that grey level. */
export function folderOf(files: Readonly<Record<string, number | Buffer>>): string {
  const folder = join(root, `images-${folders++}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const bytes = typeof content === 'number' ? greyPng(4, 4, new Uint8Array(16).fill(content)) : content;
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

export const refuse = (folder: string, options: Partial<Parameters<typeof loadDataset>[1]> = {}) =>
  refusal(() => loadDataset(folder, { resize: 'none', ...options })).replaceAll(folder, 'F');

/** The grey level of each image, where an image has but one. */
export const levels = (images: Uint8Array) =>
  Array.from({ length: images.length / 16 }, (_, i) => images[16 * i]);
