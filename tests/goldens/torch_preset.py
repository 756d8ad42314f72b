#!/usr/bin/env python3
"""Answers of a small network behind torchvision's preset of ImageNet, for tests/data.rs. Needs torch, torchvision and PIL; no test does.

    torch_preset.py DIR    writes DIR/preset/{0..7}.{jpg,png}, DIR/preset.weights.safetensors and DIR/preset.json
"""
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.transforms._presets import ImageClassification

SIZES = [(500, 373), (343, 256), (256, 343), (320, 240), (224, 224), (300, 451), (257, 256), (199, 120)]


def picture(random, width, height):
    """Waves and a few discs."""
    y, x = np.mgrid[:height, :width] / 40.0
    planes = [np.sin(x * random.uniform(0.3, 2) + y * random.uniform(0.3, 2) + random.uniform(0, 6)) for _ in range(3)]
    pixels = 127 + 90 * np.stack(planes, 2)
    for _ in range(6):
        cx, cy, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(8, 40)
        inside = ((np.mgrid[:height, :width] - np.array([cy, cx])[:, None, None]) ** 2).sum(0) < radius**2
        pixels[inside] = random.uniform(0, 255, 3)
    return Image.fromarray(pixels.clip(0, 255).astype("uint8"))


def main(folder):
    random = np.random.default_rng(3)
    torch.manual_seed(14)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 7, 4, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)).eval()
    network[7].weight.data *= 9
    names = {"0": "conv1", "3": "conv2", "7": "fc"}
    weights = {f"{names[key.split('.')[0]]}.{key.split('.')[1]}": value for key, value in network.state_dict().items()}
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / "preset.weights.safetensors")
    (folder / "preset").mkdir(exist_ok=True)
    preset = ImageClassification(crop_size=224, resize_size=256)
    answers = {}
    for number, size in enumerate(SIZES):
        path = folder / "preset" / f"{number}.{'png' if number == 4 else 'jpg'}"
        picture(random, *size).save(path, quality=70)
        with torch.no_grad():
            scores = network(preset(Image.open(path).convert("RGB"))[None])[0]
        answers[path.name] = scores.softmax(0).tolist()
        gaps = -np.diff(np.sort(answers[path.name])[::-1][:6])
        print(path.name, path.stat().st_size, "bytes; least gap of the first five", gaps.min().round(4), file=sys.stderr)
    (folder / "preset.json").write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
