#!/usr/bin/env python3
"""The article's algorithm in NumPy, float64, as a contender.

    numpy_worker.py FIXTURE THREADS EPOCHS STEPS REPEATS

Prints one JSON object (see contenders.mjs). BLAS takes its threads from OPENBLAS_NUM_THREADS. An epoch takes a minute
and more, so STEPS are timed and scaled.
"""

import json
import sys
import time

import numpy as np

import numpy_net
from fixture import Fixture, check_close, time_inference


def main():
    folder, threads, epochs, steps, repeats = sys.argv[1], *map(int, sys.argv[2:])
    data = Fixture(folder, numpy_net.PARAMETERS)
    numpy_net.LR = data.articleLr[0]
    net = numpy_net.LeNet5(data.parameters)
    # As in the article the whole set stands in memory as floats. Shuffled at load, batches are slices: no gather.
    used = data.batches[: max(steps, len(data.articleLosses))]
    x = data.pixels[used] * data.scale[0] + data.shift[0]
    labels = data.labels[used]

    def forward(x):
        for layer in net.layers:
            x = layer.forward(x)
        return x

    check = {"scores": check_close("scores", forward(x[0]), data.scores, data.scoresTolerance[0])}
    losses = [net.step(x[i], labels[i]) for i in range(len(data.articleLosses))]
    check["losses"] = check_close("losses", losses, data.articleLosses, data.lossesTolerance[0])

    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        for i in range(steps):
            net.step(x[i], labels[i])
        seconds.append((time.perf_counter() - start) / steps * data.steps)
    one = x[0][:1]
    inference = time_inference(lambda: forward(x[0]), lambda: forward(one), data.batch, max(repeats // 20, 1))
    print(json.dumps({
        "settings": f"the article's algorithm in float64, OPENBLAS_NUM_THREADS={threads}",
        "version": np.__version__,
        "check": check,
        "seconds": seconds,
        "stepsTimed": steps,
        "inference": [{"threads": threads, **inference}],
    }))  # fmt: skip


main()
