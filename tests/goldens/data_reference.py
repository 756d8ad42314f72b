"""Statistics of the digits in examples/data by numpy, and resized images by torchvision: writes data.safetensors beside."""

import gzip
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torchvision.transforms.v2 import functional as F

EPSILON = 1e-5


def digits():
    path = Path(__file__).parents[2] / "examples/data/mnist/train-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.open(path).read(), np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28)[:, 12:16, 12:16].reshape(-1, 16).astype(np.float64)


def whitening(images):
    variances, axes = np.linalg.eigh(np.cov(images, rowvar=False, bias=True))
    variances, axes = variances[::-1], axes[:, ::-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), range(len(axes))])
    pca = np.diag(1 / np.sqrt(variances + EPSILON)) @ axes.T
    return pca, axes @ pca


def resized():
    at = torch.arange(3 * 13 * 17)
    image = (at * at * 7 % 251).reshape(3, 13, 17).float()
    return {
        "exact": F.resize(image, [5, 4], antialias=True),
        "shorter": F.center_crop(F.resize(image, [6], antialias=True), [4, 5]),
        "larger": F.center_crop(F.resize(image, [19, 20], antialias=True), [3, 3]),
    }


def main():
    images = digits()
    pca, zca = whitening(images / 255)
    statistics = {
        "channel.mean": images.mean(keepdims=True),
        "channel.std": images.std(keepdims=True),
        "pixel.mean": images.mean(0),
        "pixel.std": images.std(0),
        "pca": pca,
        "zca": zca,
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)).float() for name, value in statistics.items()}
    tensors |= {name: image.contiguous() for name, image in resized().items()}
    save_file(tensors, Path(__file__).with_name("data.safetensors"))


main()
