"""Statistics and resized images of the digits in examples/data, by numpy and torchvision: writes golden.rs on stdout.

    python data_reference.py > cnn-runtime/src/data/prepare/golden.rs
"""

import gzip
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2 import functional as F

EPSILON = 1e-5


def digits():
    path = Path(__file__).parents[2] / "examples/data/mnist/train-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.open(path).read(), np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28)[:, 12:16, 12:16].reshape(-1, 16).astype(np.float64)


def show(name, values):
    values = np.asarray(values, np.float64).ravel()
    print(f"pub(super) const {name}: [f64; {len(values)}] = [")
    for start in range(0, len(values), 8):
        print("    " + ", ".join(f"{value:.6}" if value % 1 else f"{value:.1f}" for value in values[start : start + 8]) + ",")
    print("];")


def whitening(images):
    variances, axes = np.linalg.eigh(np.cov(images, rowvar=False, bias=True))
    variances, axes = variances[::-1], axes[:, ::-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), range(len(axes))])
    pca = np.diag(1 / np.sqrt(variances + EPSILON)) @ axes.T
    return pca, axes @ pca


def main():
    print("//! Made by tests/goldens/data_reference.py.\n")
    images = digits()
    show("CHANNEL", [images.mean(), images.std()])
    show("MEAN", images.mean(0))
    show("STD", images.std(0))
    pca, zca = whitening(images / 255)
    show("PCA", pca)
    show("ZCA", zca)
    at = torch.arange(3 * 13 * 17)
    image = (at * at * 7 % 251).reshape(3, 13, 17).float()
    show("EXACT", F.resize(image, [5, 4], antialias=True))
    show("SHORTER", F.center_crop(F.resize(image, [6], antialias=True), [4, 5]))
    show("LARGER", F.center_crop(F.resize(image, [19, 20], antialias=True), [3, 3]))


main()
