/** Seconds that the article's NumPy LeNet-5 takes for an epoch of MNIST, on the 12 threads of an i7-8700. */
export const articleSecondsPerEpoch = 166;
