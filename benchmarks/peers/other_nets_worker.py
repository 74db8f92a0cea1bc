#!/usr/bin/env python3
"""A step of a net other than LeNet-5 in PyTorch, forward, backward and update.

    other_nets_worker.py FOLDER NAME THREADS

Prints one JSON object: settings, version, check, and the seconds of each step. See other-nets.mjs.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fixture import check_close

KINDS = {
    "conv": lambda channels, outputs, kernel: nn.Conv2d(channels, outputs, kernel, padding=(kernel - 1) // 2),
    "linear": nn.Linear,
    "batchNorm": nn.BatchNorm2d,
    "relu": lambda: nn.ReLU(inplace=True),
    "pool": nn.MaxPool2d,
    "globalPool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "dropout": nn.Dropout,
    "flatten": nn.Flatten,
}


def build(layers, values):
    """values: all initial parameters, one after the other."""
    net = nn.Sequential(*(KINDS[kind](*sizes) for kind, *sizes in layers))
    with torch.no_grad():
        for parameter in net.parameters():
            size = parameter.numel()
            parameter.copy_(torch.from_numpy(values[:size].copy()).view_as(parameter))
            values = values[size:]
    # Faster than NCHW here; a net without convolutions has nothing to gain.
    return net.to(memory_format=torch.channels_last)


def main():
    folder, threads = Path(sys.argv[1]) / sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    data = json.loads((folder / "net.json").read_text())
    batch = data["batch"]
    net = build(data["layers"], np.fromfile(folder / "params.f32", np.float32))
    images = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32)).view(-1, *data["shape"])
    if images.dim() == 4:
        images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(np.fromfile(folder / "labels.u8", np.uint8).astype(np.int64))
    batches = torch.arange(len(labels)).view(-1, batch)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=data["lr"])

    def train(step):
        indices = batches[step % len(batches)]
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(net(images.index_select(0, indices)), labels.index_select(0, indices))
        loss.backward()
        optimizer.step()
        return loss

    with torch.inference_mode():
        scores = net.eval()(images[:batch]).flatten()
    check = {"scores": check_close("scores", scores, data["scores"], data["tolerance"])}
    net.train()
    losses = [train(step).item() for step in range(len(data["losses"]))]
    if losses:
        check["losses"] = check_close("losses", losses, data["losses"], data["tolerance"])
    for step in range(data["steps"] // 4):
        train(step)
    seconds = []
    for step in range(data["steps"]):
        start = time.perf_counter()
        train(step)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"settings": "channels_last", "version": torch.__version__, "check": check, "seconds": seconds}))


main()
