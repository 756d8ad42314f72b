#!/usr/bin/env python3
"""What ONNX Runtime computes of exported networks, beside what `inspect` says. Needs onnx, onnxruntime and numpy.

    onnx_runtime.py FOLDER NET[+OPTION…]…    FOLDER holds the binaries of the examples

Each network is exported with drawn weights, its vectors random too, so that no norm is at its neutral start; checked by
`onnx.checker`; and run on 1, 3 and 8 images. `NET+fold-batch-norm` exports with this option, `+dtype=f16` likewise.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

BATCHES = (1, 3, 8)
# Relative to the largest logit; weights of 16 bits are the same numbers only if they were before.
TOLERANCE = 1e-4
TYPES = {"F32": numpy.float32, "I64": numpy.int64}


def load(path, mode="r"):
    data = numpy.memmap(path, numpy.uint8, mode)
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, info in json.loads(bytes(data[8 : 8 + length])).items():
        if name != "__metadata__":
            start, end = (8 + length + at for at in info["data_offsets"])
            tensors[name] = data[start:end].view(TYPES[info["dtype"]]).reshape(info["shape"])
    return tensors


def save(path, tensors):
    head, start = {}, 0
    for name, tensor in tensors.items():
        head[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [start, start + tensor.nbytes]}
        start += tensor.nbytes
    head = json.dumps(head).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for tensor in tensors.values():
            file.write(numpy.ascontiguousarray(tensor))


def randomise(path, random):
    """Gives a file of weights vectors as a trained network might have them."""
    for name, tensor in load(path, "r+").items():
        if name.endswith(".running_mean"):
            tensor[:] = random.normal(0, 0.2, tensor.shape)
        elif tensor.ndim == 1 and name.endswith((".running_var", ".weight")):
            tensor[:] = random.uniform(0.5, 1.5, tensor.shape)
        elif tensor.ndim == 1:
            tensor[:] = random.normal(0, 0.1, tensor.shape)


def check(folder, work, case):
    name, *options = case.split("+")
    binary = folder / name
    run = lambda *arguments: subprocess.run([binary, *arguments], check=True, stdout=subprocess.DEVNULL)
    weights, batch, logits, model = (
        work / file for file in ("w.safetensors", "b.safetensors", "l.safetensors", "net.onnx"))
    random = numpy.random.default_rng(7)
    run("export", "--device", "cpu", "--initial", "--output", weights)
    randomise(weights, random)
    options = [part for option in options for part in f"--{option}".split("=")]
    run("export", "--device", "cpu", "--weights", weights, "--output", model, *options)

    onnx.checker.check_model(str(model), full_check=True)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    images = random.normal(0, 1, (max(BATCHES), *port.shape[1:])).astype(numpy.float32)
    save(batch, {"images": images})
    run("inspect", "--device", "cpu", "--infer", "--weights", weights, "--batch", batch, "--output", logits)
    expected = load(logits)["logits"]
    worst = 0.0
    for count in BATCHES:
        (found,) = session.run(None, {port.name: images[:count]})
        assert found.shape == expected[:count].shape, (found.shape, expected.shape)
        worst = max(worst, float(numpy.abs(found - expected[:count]).max() / numpy.abs(expected[:count]).max()))
    return worst


def main():
    folder, cases = pathlib.Path(sys.argv[1]), sys.argv[2:]
    failed = False
    for case in cases:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as work:
            worst = check(folder, pathlib.Path(work), case)
        verdict = "" if worst <= TOLERANCE else "  TOO LARGE"
        failed |= not worst <= TOLERANCE
        print(f"{case}: {worst:.1e} in {time.monotonic() - start:.1f} s{verdict}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
