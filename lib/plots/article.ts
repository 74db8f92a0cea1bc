/** What the article reports of its run, and how a time is set beside it. */

/** Seconds that the article's NumPy LeNet-5 takes for an epoch of MNIST, on the 12 threads of an i7-8700. */
export const articleSecondsPerEpoch = 166;

/** The images of that epoch: 468 batches of 128. */
const articleImages = 468 * 128;

/** `265`: how many of our epochs of LeNet-5 the article's takes. Undefined where ours have fewer images than it. */
export function timesAsFast(seconds: number, images: number): string | undefined {
  if (!(images >= articleImages)) return undefined;
  const ratio = articleSecondsPerEpoch / seconds;
  return ratio >= 10 ? Math.round(ratio).toLocaleString('en') : String(Number(ratio.toPrecision(2)));
}

/** `, 265 times as fast as the article`, or nothing. */
export function besideArticle(seconds: number, images: number): string {
  const times = timesAsFast(seconds, images);
  return times === undefined ? '' : `, ${times} times as fast as the article`;
}
