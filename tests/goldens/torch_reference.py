#!/usr/bin/env python3
"""PyTorch in float64 as the reference of `inspect`. Needs torch and safetensors; no test needs this script.

    torch_reference.py make DIR                    writes DIR/NET.{weights,batch,expected}.safetensors of the small networks
    torch_reference.py check BINARY NET [ARG…]     runs `BINARY inspect … ARG…` on fresh random weights and compares

Weights are drawn until float32 and float64 agree closely: near a tie of a ReLU or a pooling window, rounding alone changes
gradients by percents.
"""
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from torch import nn

TOLERANCE = {"logits": 1e-3, "loss": 1e-4, "grad": 5e-3, "stat": 1e-4}


class Chain(nn.Module):
    """Layers in order; those given by name hold parameters."""

    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            name, module = layer if isinstance(layer, tuple) else (f"_{number}", layer)
            self.add_module(name, module)

    def forward(self, x):
        for layer in self.children():
            x = layer(x)
        return x


class Joins(nn.Module):
    """Two branches of different kernels, concatenated, beside a residual sum: the network of tests/networks.rs."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.left = nn.Conv2d(8, 8, 1)
        self.right = nn.Conv2d(8, 5, 3, padding=1, groups=1, bias=False)
        self.merge = nn.Conv2d(13, 8, 3, padding=2, dilation=2)
        self.fc = nn.Linear(8 * 4 * 3, 7)

    def forward(self, x):
        x = torch.tanh(self.stem(x))
        both = torch.cat([torch.sigmoid(self.left(x)), nn.functional.leaky_relu(self.right(x), 0.1)], 1)
        x = nn.functional.elu(self.merge(both) + x)
        return self.fc(nn.functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False).flatten(1))


def mnist():
    return Chain(
        ("conv1", nn.Conv2d(1, 32, 3)), nn.ReLU(), ("conv2", nn.Conv2d(32, 64, 3)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), ("fc1", nn.Linear(9216, 128)), nn.ReLU(), ("fc2", nn.Linear(128, 10)))


def small_mnist():
    return Chain(
        ("conv1", nn.Conv2d(1, 8, 3)), nn.ReLU(), ("conv2", nn.Conv2d(8, 12, 3)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), ("fc1", nn.Linear(192, 20)), nn.ReLU(), ("fc2", nn.Linear(20, 10)))


def lenet5():
    return Chain(
        ("conv1", nn.Conv2d(1, 6, 5, padding=2)), nn.Tanh(), nn.AvgPool2d(2),
        ("conv2", nn.Conv2d(6, 16, 5)), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        ("fc1", nn.Linear(400, 120)), nn.Tanh(), ("fc2", nn.Linear(120, 84)), nn.Tanh(), ("fc3", nn.Linear(84, 10)))


# Name: (network, input shape, classes)
NETWORKS = {
    "mnist": (mnist, (1, 28, 28), 10),
    "lenet5": (lenet5, (1, 28, 28), 10),
    "small_mnist": (small_mnist, (1, 12, 12), 10),
    "joins": (Joins, (3, 15, 12), 7),
}
COMMITTED = ["lenet5", "small_mnist", "joins"]


def evaluate(model, images, labels):
    """What `inspect` writes: logits, training-mode loss, gradients, running statistics."""
    model.eval()
    with torch.no_grad():
        logits = model(images)
    model.train()
    model.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    out = {"logits": logits, "loss": loss.detach().reshape(1)}
    out |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
    out |= {f"stat.{name}": b.clone() for name, b in model.named_buffers() if "running" in name}
    return out


def distance(found, expected):
    found, expected = found.double(), expected.double()
    return float((found - expected).norm() / expected.norm().clamp_min(1e-30))


def sample(name, batch, seed):
    """Weights, batch and expected output, clear of ties."""
    build, shape, classes = NETWORKS[name]
    while True:
        torch.manual_seed(seed)
        model = build()
        images, labels = torch.randn(batch, *shape), torch.randint(0, classes, (batch,))
        weights = {k: v.clone() for k, v in model.state_dict().items()}
        single = evaluate(model, images, labels)
        model.load_state_dict(weights)
        expected = evaluate(model.double(), images.double(), labels)
        if all(distance(single[k], expected[k]) < 2e-5 for k in expected):
            return weights, {"images": images, "labels": labels}, expected
        seed += 1000


def make(folder):
    for name in COMMITTED:
        weights, batch, expected = sample(name, 3, 1)
        save_file(weights, folder / f"{name}.weights.safetensors")
        save_file(batch, folder / f"{name}.batch.safetensors")
        save_file({k: v.float().contiguous() for k, v in expected.items()}, folder / f"{name}.expected.safetensors")


def check(binary, name, extra):
    worst = 0.0
    for batch, seed in [(1, 11), (2, 12), (4, 13), (7, 14)]:
        weights, data, expected = sample(name, batch, seed)
        with tempfile.TemporaryDirectory() as folder:
            w, b, o = (str(pathlib.Path(folder) / f"{f}.safetensors") for f in "wbo")
            save_file(weights, w)
            save_file(data, b)
            subprocess.run([binary, "inspect", "--weights", w, "--batch", b, "--output", o, *extra], check=True)
            found = load_file(o)
        assert set(found) == set(expected), set(found) ^ set(expected)
        for key in expected:
            assert found[key].shape == expected[key].shape, (key, found[key].shape, expected[key].shape)
            error = distance(found[key], expected[key])
            share = error / TOLERANCE[key.split(".")[0]]
            worst = max(worst, share) if share == share else float("inf")
            print(f"batch {batch} {key:20} relative error {error:.2e}{'  TOO LARGE' if not share <= 1 else ''}")
    print(f"worst: {worst:.4f} of its tolerance")
    return worst <= 1


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) >= 4 and sys.argv[1] == "check":
        sys.exit(0 if check(sys.argv[2], sys.argv[3], sys.argv[4:]) else 1)
    else:
        sys.exit(__doc__)
