"""Writes the files of weights that the tests of tests/weights read: `python torch_files.py DIR`.

All hold one network's parameters, `Tiny` of tests/weights/main.rs; expected.safetensors has their
values. Needs torch, numpy and safetensors; the tests need none of them.
"""

import collections
import pathlib
import sys

import numpy
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)


class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(2, 4, 3)
        self.bn1 = torch.nn.BatchNorm2d(4)
        self.fc = torch.nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(torch.nn.functional.max_pool2d(x, 2).flatten(1))


torch.manual_seed(7)
net = Tiny()
for _ in range(3):
    net.train()(torch.randn(8, 2, 6, 6))
# Halves of float32 that survive 16 bits of either kind, so that each file holds the same values.
with torch.no_grad():
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_((tensor * 64).round() / 64)
state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
floats = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
save_file({name: tensor.contiguous() for name, tensor in floats.items()}, FOLDER / "expected.safetensors")


def converted(dtype):
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def views():
    """Tensors that are parts of larger ones, transposed ones, and two names of one storage."""
    views = dict(state)
    large = torch.full((3, 4, 2, 3, 3), 99.0)
    large[1] = state["conv1.weight"]
    views["conv1.weight"] = large[1]
    views["fc.weight"] = state["fc.weight"].t().contiguous().t()
    storage = torch.cat([state["bn1.weight"], state["bn1.bias"]])
    views["bn1.weight"], views["bn1.bias"] = storage[:4], storage[4:]
    return views


def save(name, what, **options):
    torch.save(what, FOLDER / name, **options)


optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net(torch.randn(8, 2, 6, 6)).sum().backward()
optimizer.step()
net.load_state_dict(state)
run = {"epoch": 3, "best": 0.5, "arch": "tiny", "state_dict": state, "optimizer": optimizer.state_dict()}

save("zip.pth", state)
save("legacy.pth", state, _use_new_zipfile_serialization=False)
save("data_parallel.pth", {f"module.{name}": tensor for name, tensor in state.items()})
save("compiled.pth", {f"_orig_mod.{name}": tensor for name, tensor in state.items()})
save("channels_last.pth", {n: t.to(memory_format=torch.channels_last) if t.dim() == 4 else t for n, t in state.items()})
save("half.pth", converted(torch.float16))
save("bfloat16.pth", converted(torch.bfloat16))
save("double.pth", converted(torch.float64))
save("views.pth", views())
save("parameters.pth", collections.OrderedDict((n, torch.nn.Parameter(t) if n in dict(net.named_parameters()) else t) for n, t in state.items()))
save("run.pth", run)
save("run_legacy.pth", run, _use_new_zipfile_serialization=False)
net.zero_grad()
save("module.pth", net)
save("two.pth", {"model": state, "ema": dict(state)})
save("other_head.pth", {**state, "fc.weight": torch.zeros(5, 16), "fc.bias": torch.zeros(5)})
save("called_otherwise.pth", {f"encoder.{n}".replace("bn1", "norm.1"): t for n, t in state.items()})

arrays = {name: tensor.numpy() for name, tensor in floats.items()}
numpy.savez(FOLDER / "plain.npz", **arrays)
numpy.savez_compressed(FOLDER / "compressed.npz", **arrays)
numpy.savez(FOLDER / "big_endian.npz", **{name: array.astype(">f8") for name, array in arrays.items()})
numpy.savez(FOLDER / "fortran.npz", **{name: numpy.asfortranarray(array) for name, array in arrays.items()})
numpy.savez(FOLDER / "half.npz", **{name: array.astype(numpy.float16) for name, array in arrays.items()})
numpy.savez(FOLDER / "objects.npz", names=numpy.array(["a", None], dtype=object), **arrays)
numpy.save(FOLDER / "one.npy", arrays["fc.weight"])
