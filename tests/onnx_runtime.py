#!/usr/bin/env python3
"""What ONNX Runtime computes of exported networks, after `onnx.checker`. Needs onnx, onnxruntime and numpy.

    onnx_runtime.py examples FOLDER NET[+OPTION…]…   FOLDER holds the binaries of the examples
    onnx_runtime.py cases FOLDER                     FOLDER is what CNN_ONNX_CASES named to the test `graph`

Each example is exported with drawn weights, its vectors random too, so that no norm is at its neutral start, and answers 1, 3
and 8 images as `inspect` does. `NET+fold-batch-norm` is exported with this option. A case is a model with images and answers.
"""
import concurrent.futures
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

BATCHES = (1, 3, 8)
# Relative to the largest answer.
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

    session, port = opened(model)
    images = random.normal(0, 1, (max(BATCHES), *port.shape[1:])).astype(numpy.float32)
    save(batch, {"images": images})
    run("inspect", "--device", "cpu", "--infer", "--weights", weights, "--batch", batch, "--output", logits)
    expected = load(logits)["logits"]
    return max(distance(session, port, images[:count], expected[:count]) for count in BATCHES)


def opened(model):
    """A model that is checked, and its input."""
    onnx.checker.check_model(str(model), full_check=True)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    return session, port


def distance(session, port, images, expected):
    (found,) = session.run(None, {port.name: images})
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(numpy.abs(found - expected).max() / numpy.abs(expected).max())


def check_case(path):
    session, port = opened(path)
    tensors = load(path.with_suffix(".safetensors"))
    return distance(session, port, tensors["images"].reshape(-1, *port.shape[1:]), tensors["answers"])


def main():
    kind, folder, *names = sys.argv[1:]
    folder = pathlib.Path(folder)
    if kind == "cases":
        names = sorted(path.stem for path in folder.glob("*.onnx"))
        assert names, f"{folder} holds no cases"

    def worst(name):
        if kind == "cases":
            return check_case(folder / f"{name}.onnx")
        with tempfile.TemporaryDirectory() as work:
            return check(folder, pathlib.Path(work), name)

    # Much of an example's time runs on one thread.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(worst, names)))
    wrong = {name: far for name, far in found.items() if not far <= TOLERANCE}
    shown = found if kind == "examples" else wrong
    print("".join(f"{name}: {far:.1e}\n" for name, far in shown.items()), end="")
    if wrong:
        sys.exit(f"farther than {TOLERANCE} from the answers: {', '.join(wrong)}")
    print(f"{len(found)} models answer as they should, within {max(found.values()):.1e}")


if __name__ == "__main__":
    main()
