/**
 * What the classes of sets are called whose labels are no names themselves. Digits need none.
 *
 * Sources: Xiao, Rasul, Vollgraf, Fashion-MNIST (2017); Clanuwat et al., Deep Learning for Classical Japanese
 * Literature (2018).
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
