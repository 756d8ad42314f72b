#!/usr/bin/env python3
"""PyTorch in float64 as the reference of `inspect`. Needs torch, torchvision and safetensors; no test needs this script.

    torch_reference.py make DIR [NET…]                   writes DIR/NET.{weights,batch,expected}.safetensors for tests/networks
    torch_reference.py check BINARY NET[@SEED][:BATCH,…] [ARG…]
                                                         runs `BINARY inspect … ARG…` on random weights of an example and compares

Weights are clear of ties, see `torch_ties.py`, and drawn until float32 and float64 agree closely: near a tie of a ReLU or a pooling
window, rounding alone changes gradients by percents. Dropout is off; batch norm uses the statistics of the batch where it trains.
"""
import math
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from torch_networks import EXAMPLES, GOLDENS
from torch_ties import avoid_ties

TOLERANCE = {"logits": 1e-3, "loss": 1e-4, "grad": 5e-3, "stat": 1e-4}


def kind(name):
    return name.split(".")[0]


@torch.no_grad()
def randomize(model):
    """Weights that keep activations near 1 in both modes, with no batch norm at its neutral start."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0, (2 / fan_in) ** 0.5 if isinstance(module, nn.Conv2d) else fan_in**-0.5)
            if module.bias is not None:
                module.bias.normal_(0, 0.1)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1)
            module.bias.normal_(0.1, 0.2)
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
        elif isinstance(module, (nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d)) and module.weight is not None:
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0.1, 0.2)
        elif isinstance(module, nn.PReLU):
            module.weight.uniform_(-0.2, 0.4)
        elif isinstance(module, nn.Dropout):
            module.p = 0.0


def evaluate(network, model, images, labels):
    """What `inspect` writes: logits, training-mode loss, gradients, running statistics."""
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train()
    model.zero_grad()
    out = model(images)
    heads = out if isinstance(out, tuple) else ((out, 1.0),)
    loss = sum(weight * network.loss(scores, labels) for scores, weight in heads)
    loss.backward()
    out = {"logits": logits, "loss": loss.detach().reshape(1)}
    out |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
    out |= {f"stat.{name}": b.clone() for name, b in model.named_buffers() if "running" in name}
    return out


def distances(found, expected):
    """Relative distance of each tensor. A shift that a batch norm behind a 1x1 convolution takes away again has the gradient 0, of
    which rounding leaves something: such gradients are compared with others."""
    norms = {key: value.double().norm() for key, value in expected.items()}
    least = 0.03 * torch.stack([norm for key, norm in norms.items() if kind(key) == "grad"]).median()
    floor = {key: least if kind(key) == "grad" else 1e-30 for key in norms}
    return {
        key: float((found[key].double() - expected[key].double()).norm() / norms[key].clamp_min(floor[key])) for key in expected}


def sample(network, batch, seed, limit):
    """Weights, batch and expected output, clear of ties; `limit` says how close float32 has to come for each kind of tensor."""
    while True:
        torch.manual_seed(seed)
        model = network.build()
        randomize(model)
        # Coarse patches over fine noise: noise alone looks alike everywhere to a deep layer, and what hardly varies has no
        # well-conditioned batch norm.
        coarse = torch.randn(batch, network.shape[0], 7, 7)
        images = torch.randn(batch, *network.shape) + 2 * nn.functional.interpolate(coarse, network.shape[1:])
        labels = torch.randint(0, network.classes, (batch,))
        print(f"seed {seed}: {avoid_ties(model, images)}", file=sys.stderr)
        weights = {k: v.clone() for k, v in model.state_dict().items()}
        single = evaluate(network, model, images, labels)
        model.load_state_dict(weights)
        expected = evaluate(network, model.double(), images.double(), labels)
        far = {key: far / limit(kind(key)) for key, far in distances(single, expected).items()}
        worst = max(far, key=far.get)
        if far[worst] < 1:
            return weights, {"images": images, "labels": labels}, expected
        print(f"seed {seed}: near a tie ({worst}: {far[worst]:.1f} of what float32 may differ); drawing again", file=sys.stderr)
        seed += 1000


def make(folder, names):
    for name in names:
        weights, batch, expected = sample(GOLDENS[name], 3, 1, lambda _: 2e-5)
        weights = {k: v for k, v in weights.items() if not k.endswith("num_batches_tracked")}
        save_file(weights, folder / f"{name}.weights.safetensors")
        save_file(batch, folder / f"{name}.batch.safetensors")
        save_file({k: v.float().contiguous() for k, v in expected.items()}, folder / f"{name}.expected.safetensors")


def inspect(binary, weights, data, extra):
    with tempfile.TemporaryDirectory() as folder:
        w, b, o = (str(pathlib.Path(folder) / f"{f}.safetensors") for f in "wbo")
        save_file(weights, w)
        save_file(data, b)
        start = time.monotonic()
        subprocess.run([binary, "inspect", "--weights", w, "--batch", b, "--output", o, *extra], check=True)
        return load_file(o), time.monotonic() - start


def shares(found, expected):
    """For each kind of tensor, the largest share of its tolerance that one uses, and which."""
    worst = {}
    for key in expected:
        assert found[key].shape == expected[key].shape, (key, found[key].shape, expected[key].shape)
    for key, far in distances(found, expected).items():
        share = far / TOLERANCE[kind(key)]
        share = share if share == share else math.inf
        worst[kind(key)] = max(worst.get(kind(key), (0.0, "")), (share, key))
        if share > 1:
            print(f"  TOO LARGE: {key}: {share:.2f} of its tolerance")
    return worst


def summary(worst):
    return ", ".join(f"{key} {share:.2%} ({name})" for key, (share, name) in worst.items())


def check(binary, name, extra):
    name, _, batches = name.partition(":")
    name, _, seed = name.partition("@")
    network = EXAMPLES[name]
    overall = {}
    for batch in [int(b) for b in batches.split(",")] if batches else network.batches:
        limit = {key: tolerance / 10 for key, tolerance in TOLERANCE.items()}
        weights, data, expected = sample(network, batch, int(seed or 10) + batch, limit.get)
        found, seconds = inspect(binary, weights, data, extra)
        assert set(found) == set(expected), set(found) ^ set(expected)
        worst = shares(found, expected)
        overall = {key: max(worst[key], overall.get(key, worst[key])) for key in worst}
        print(f"{name} batch {batch}: {summary(worst)}; {seconds:.1f} s", flush=True)
    print(f"{name}, shares of the tolerances: {summary(overall)}")
    return max(overall.values())[0] <= 1


if __name__ == "__main__":
    command, *args = sys.argv[1:] or [""]
    if command == "make" and args:
        make(pathlib.Path(args[0]), args[1:] or GOLDENS)
    elif command == "check" and len(args) >= 2:
        sys.exit(0 if check(args[0], args[1], args[2:]) else 1)
    else:
        sys.exit(__doc__)
