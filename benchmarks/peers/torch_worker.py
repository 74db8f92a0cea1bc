#!/usr/bin/env python3
"""LeNet-5 in PyTorch as a contender.

    torch_worker.py FIXTURE THREADS EPOCHS STEPS REPEATS

Prints one JSON object (see contenders.mjs). The images are resident as floats; index_select gathers a batch of them
within the time.
"""

import json
import os
import sys
import time

import torch
from torch import nn

from fixture import Fixture, check_close, time_inference
from numpy_net import PARAMETERS


def lenet5(parameters):
    """name -> array of the shape in PARAMETERS."""
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 6, 5))
    net.add_module("relu1", nn.ReLU(inplace=True))
    net.add_module("pool1", nn.MaxPool2d(2))
    net.add_module("conv2", nn.Conv2d(6, 16, 5))
    net.add_module("relu2", nn.ReLU(inplace=True))
    net.add_module("pool2", nn.MaxPool2d(2))
    net.add_module("conv3", nn.Conv2d(16, 120, 5))
    net.add_module("relu3", nn.ReLU(inplace=True))
    net.add_module("flatten", nn.Flatten())
    net.add_module("fc1", nn.Linear(120, 84))
    net.add_module("relu4", nn.ReLU(inplace=True))
    net.add_module("fc2", nn.Linear(84, 10))
    net.load_state_dict({name: torch.from_numpy(parameters[name].copy()) for name in PARAMETERS})
    # 15 to 25 % faster than NCHW here, in training and in inference.
    return net.to(memory_format=torch.channels_last)


def freeze(net, x):
    """For inference: without the interpreter's part, a few per cent of a batch and more of a single image."""
    with torch.inference_mode():
        return torch.jit.freeze(torch.jit.trace(net.eval(), x))


def main():
    folder, threads, epochs, steps, repeats = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    data = Fixture(folder, PARAMETERS)
    net = lenet5(data.parameters)
    images = torch.from_numpy(data.floats()).contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(data.labels)
    batches = [torch.from_numpy(batch) for batch in data.batches]
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=data.lr[0])

    def train(count, losses=None):
        for batch in batches[:count]:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(images.index_select(0, batch)), labels.index_select(0, batch))
            loss.backward()
            optimizer.step()
            if losses is not None:
                losses.append(loss.item())

    x = images.index_select(0, batches[0])
    fast = freeze(lenet5(data.parameters), x)
    with torch.inference_mode():
        check = {"scores": check_close("scores", fast(x), data.scores, data.scoresTolerance[0])}
    losses = []
    train(len(data.losses), losses)
    check["losses"] = check_close("losses", losses, data.losses, data.lossesTolerance[0])
    parameters = torch.cat([p.detach().flatten() for p in net.parameters()])
    check["after"] = check_close("parameters", parameters, data.after, data.afterTolerance[0])

    train(steps)
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        train(steps)
        seconds.append((time.perf_counter() - start) / steps * data.steps)

    one = x[:1].clone()
    inference = []
    with torch.inference_mode():
        for count in sorted({1, threads}):
            torch.set_num_threads(count)
            times = time_inference(lambda: fast(x), lambda: fast(one), data.batch, repeats)
            inference.append({"threads": count, **times})
    variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_PROC_BIND"]
    print(json.dumps({
        "settings": " ".join(f"{name}={os.environ.get(name, 'unset')}" for name in variables)
        + ", channels_last, inference traced and frozen",
        "version": torch.__version__,
        "check": check,
        "seconds": seconds,
        "stepsTimed": steps,
        "inference": inference,
    }))  # fmt: skip


main()
