"""Reads the files that fixture.mjs writes, checks results against them, and times inference: for the peers in Python."""

import sys
import time
from pathlib import Path

import numpy as np


class Fixture:
    """Arrays, and fixture.txt as attributes: lists of numbers."""

    def __init__(self, folder, shapes):
        """shapes: name -> shape of each parameter, in the order in which they are stored."""
        folder = Path(folder)
        for line in (folder / "fixture.txt").read_text().splitlines():
            name, *values = line.split()
            setattr(self, name, [float(value) for value in values])
        self.batch, self.steps = int(self.batch[0]), int(self.steps[0])
        self.pixels = np.fromfile(folder / "images.u8", np.uint8).reshape(-1, 1, 32, 32)
        self.labels = np.fromfile(folder / "labels.u8", np.uint8).astype(np.int64)
        order = np.fromfile(folder / "order.u32", np.uint32).astype(np.int64)
        self.batches = order[: self.steps * self.batch].reshape(self.steps, self.batch)
        self.scores = np.fromfile(folder / "scores.f32", np.float32).reshape(self.batch, 10)
        self.after = np.fromfile(folder / "after.f32", np.float32)
        values = np.fromfile(folder / "params.f32", np.float32)
        self.parameters = {}
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            self.parameters[name], values = values[:size].reshape(shape), values[size:]

    def floats(self):
        """All images as they enter the net, float32 [N, 1, 32, 32]."""
        return self.pixels.astype(np.float32) * np.float32(self.scale[0]) + np.float32(self.shift[0])


def check_close(what, values, expected, tolerance):
    """Largest difference in units of the largest expected value; ends the process if it is above the tolerance."""
    values, expected = np.asarray(values, np.float64), np.asarray(expected, np.float64)
    error = float(np.abs(values - expected).max() / np.abs(expected).max())
    if not error <= tolerance:
        sys.exit(f"{what}: expected a difference of at most {tolerance} but it is {error}")
    return error


def median_seconds(run, repeats):
    """Of `repeats` calls, after a tenth as many that are not timed."""
    seconds = []
    for repeat in range(-(repeats // 10) - 1, repeats):
        start = time.perf_counter()
        run()
        if repeat >= 0:
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def time_inference(batch, one, images, repeats):
    return {
        "imagesPerSecond": images / median_seconds(batch, repeats),
        "latency": median_seconds(one, 10 * repeats),
    }
