/**
 * What the classes of sets are called whose labels are no names themselves. Digits need none.
 *
 * Sources: Xiao, Rasul, Vollgraf, Fashion-MNIST (2017); Clanuwat et al., Deep Learning for Classical Japanese
 * Literature (2018); Cohen, Afshar, Tapson, van Schaik, EMNIST (2017), whose letters count from 1.
 */

export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

/** o, ki, su, tsu, na, ha, ma, ya, re, wo. */
export const kmnistClasses: readonly string[] = [...'おきすつなはまやれを'];

const digits = '0123456789';
const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const small = 'abcdefghijklmnopqrstuvwxyz';

/** By the part of their file names behind `emnist-`. In `balanced` and `bymerge`, letters whose two forms are alike are one. */
const emnistClasses: Readonly<Record<string, readonly string[]>> = {
  letters: ['N/A', ...small],
  balanced: [...digits, ...capitals, ...'abdefghnqrt'],
  bymerge: [...digits, ...capitals, ...'abdefghnqrt'],
  byclass: [...digits, ...capitals, ...small],
};

/** Whether files of this name or prefix are some of EMNIST's. */
export function isEmnist(name: string): boolean {
  return /(?<![a-z])emnist(?![a-z])/i.test(name);
}

/** The classes that a file's name or prefix says: `emnist-letters`, `fashion-mnist_train.csv`. */
export function namesByFile(name: string): readonly string[] | undefined {
  if (/fashion[-_ ]?mnist/i.test(name)) return fashionMnistClasses;
  const [, split = ''] = /(?<![a-z])emnist[-_ ](letters|balanced|bymerge|byclass)(?![a-z])/i.exec(name) ?? [];
  return emnistClasses[split.toLowerCase()];
}
