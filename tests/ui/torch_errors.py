"""What PyTorch prints for the mistakes of the gallery: `python torch_errors.py` writes a `.torch` file beside each case.

Each snippet is the case's network, or the lines of it that matter, as a PyTorch user would write it. The file holds the snippet
and the last line of its traceback; a snippet that runs shows that PyTorch says nothing.
"""

import pathlib
import textwrap
import warnings

import torch
from torch import nn
import torch.nn.functional as F
from torchvision.transforms import v2

CASES = {
    "augment/crop_beyond": "v2.RandomCrop(40)(torch.zeros(3, 32, 32))",
    "augment/pad_alone": """
        images = v2.Pad(4)(torch.zeros(1, 3, 32, 32))
        nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))(images)
    """,
    "augment/resized_crop_area": "v2.RandomResizedCrop(32, scale=(1, 0.08))(torch.zeros(3, 32, 32))",
    "augment/probability": "v2.RandomHorizontalFlip(1.5)(torch.zeros(3, 32, 32))",
    "data/crop_beyond_resize": "v2.Compose([v2.Resize(200), v2.CenterCrop(224)])(torch.zeros(3, 300, 400))",
    "data/normalise_count": "v2.Normalize([0.5], [0.5])(torch.zeros(3, 224, 224))",
    "data/normalise_raw_pixels": """
        pixels = 255 * torch.rand(3, 224, 224)
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(pixels)
    """,
    "data/normalise_std": "v2.Normalize([0.5, 0.5, 0.5], [0.2, 0, 0.2])(torch.zeros(3, 224, 224))",
    "data/shorter_side": """
        sizes = [v2.Resize(256)(torch.zeros(image)).shape for image in [(3, 300, 400), (3, 400, 300)]]
        torch.stack([torch.zeros(size) for size in sizes])
    """,
    "loss/class_weights_count": "F.cross_entropy(torch.zeros(1, 10), torch.tensor([3]), weight=torch.tensor([1.0, 2.0]))",
    "train/adam_beta": "torch.optim.Adam([torch.zeros(1)], betas=(1, 0.999))",
    "train/milestones_descend": """
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        torch.optim.lr_scheduler.MultiStepLR(optimizer, [60, 30])
    """,
    "train/nesterov_without_momentum": "torch.optim.SGD([torch.zeros(1)], lr=0.1, nesterov=True)",
    "train/optimizer": "torch.optim.Adadlta([torch.zeros(1)], lr=1.0)",
    "train/schedule": "torch.optim.lr_scheduler.CosinLR(torch.optim.SGD([torch.zeros(1)], lr=0.1))",
    "train/unknown_hyper_parameter": "torch.optim.AdamW([torch.zeros(1)], beta_1=0.9)",
    "arguments/missing": "conv1 = nn.Conv2d(1, 8)",
    "arguments/unknown": "conv1 = nn.Conv2d(1, 8, 3, strid=2)",
    "attributes/of_an_activation": "nn.ReLU().weight.requires_grad_(False)",
    "blocks/third_turn": """
        stage = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 5), nn.ReLU(), nn.MaxPool2d(2))
        net = nn.Sequential(stage(1, 8), stage(8, 16), stage(16, 24))
        net(torch.zeros(1, 1, 28, 28))
    """,
    "branches/shapes_differ": """
        x = torch.zeros(1, 8, 26, 26)
        y = nn.Conv2d(8, 16, 3, stride=2, padding=1)(x)
        shortcut = nn.Conv2d(8, 16, 1)(x)
        torch.relu(y + shortcut)
    """,
    "budget/params": "net = nn.Sequential(nn.Flatten(), nn.Linear(784, 1000), nn.Linear(1000, 10))",
    "channels/gate_channels": """
        x = torch.zeros(1, 64, 26, 26)
        gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 4), nn.ReLU(), nn.Linear(4, 32), nn.Sigmoid())
        x * gate(x)[:, :, None, None]
    """,
    "channels/maxout_pieces": """
        x = torch.zeros(1, 32, 26, 26)
        x.view(1, -1, 3, 26, 26).amax(2)
    """,
    "frame/crop_all": "F.pad(torch.zeros(1, 8, 24, 24), (-12, -12, -12, -12))",
    "inputs/conv_after_flatten": "nn.Sequential(nn.Flatten(), nn.Conv2d(1, 8, 3))(torch.zeros(1, 1, 28, 28))",
    "inputs/missing_flatten": "nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(5408, 10))(torch.zeros(1, 1, 28, 28))",
    "join/add_channels": """
        x = torch.zeros(1, 1, 28, 28)
        nn.Conv2d(1, 8, 3, padding=1)(x) + nn.Conv2d(1, 16, 3, padding=1)(x)
    """,
    "join/concat_sizes": """
        x = nn.Conv2d(1, 8, 3)(torch.zeros(1, 1, 28, 28))
        torch.cat([x, nn.Conv2d(8, 16, 3)(x), x], 1)
    """,
    "limits/mutual_recursion": """
        def even(x, n): return odd(torch.relu(x), n - 1)
        def odd(x, n): return even(torch.tanh(x), n - 1)
        even(torch.zeros(1, 1, 28, 28), 1000)
    """,
    "loss/auxiliary_softmax": """
        aux = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(1))
        0.3 * F.cross_entropy(aux(torch.zeros(1, 1, 28, 28)), torch.tensor([3]))
    """,
    "loss/label_smoothing": """
        loss = nn.CrossEntropyLoss(label_smoothing=1.5)
        loss(torch.zeros(1, 10), torch.tensor([3]))
    """,
    "loss/typo": "loss = F.cross_entrpy(torch.zeros(1, 10), torch.tensor([3]))",
    "names/duplicate": """
        net = nn.Module()
        net.conv1 = nn.Conv2d(1, 8, 3)
        net.conv1 = nn.Conv2d(8, 16, 3)
    """,
    "names/unknown_layer": "nn.Sequential(nn.Cnov2d(1, 8, 3), nn.ReLU())",
    "names/unused_layer": """
        x = nn.Conv2d(1, 8, 3)(torch.zeros(1, 1, 28, 28))
        nn.Conv2d(8, 8, 3)(x)
        nn.Linear(5408, 10)(x.flatten(1))
    """,
    "normalise/batch_norm_momentum": "nn.BatchNorm2d(8, momentum=1.1)(torch.zeros(1, 8, 26, 26))",
    "output/softmax": """
        scores = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(1))(torch.zeros(1, 1, 28, 28))
        F.cross_entropy(scores, torch.tensor([3]))
    """,
    "output/wrong_number": """
        net = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 100))
        F.cross_entropy(net(torch.zeros(1, 1, 28, 28)), torch.tensor([3]))
    """,
    "ranges/dropout": "nn.Dropout(1.5)",
    "ranges/zero_channels": """
        x = nn.Conv2d(1, 0, 3)(torch.zeros(1, 1, 28, 28))
        nn.Linear(0, 10)(x.flatten(1))
    """,
    "ranges/zero_stride": "nn.Conv2d(1, 8, 3, stride=0)(torch.zeros(1, 1, 28, 28))",
    "window/groups_of_input": "nn.Conv2d(8, 12, 3, groups=3)",
    "window/kernel_larger_than_input": """
        net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.MaxPool2d(5), nn.Conv2d(8, 16, 7), nn.Flatten(), nn.Linear(16, 10))
        net(torch.zeros(1, 1, 28, 28))
    """,
    "window/pool_padding": "nn.MaxPool2d(2, padding=2)(torch.zeros(1, 1, 28, 28))",
}


def message(snippet):
    """The last line of the traceback, or a remark that there is none."""
    try:
        exec(snippet, {"torch": torch, "nn": nn, "F": F, "v2": v2})
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip()
    return "(nothing)"


def main():
    warnings.simplefilter("ignore")
    here = pathlib.Path(__file__).parent
    for case, snippet in CASES.items():
        snippet = textwrap.dedent(snippet).strip()
        (here / f"{case}.torch").write_text(f"{snippet}\n\n{message(snippet)}\n")


if __name__ == "__main__":
    main()
