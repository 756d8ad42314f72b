"""The networks of `torch_reference.py`: those of examples/ at full size and those of tests/networks, in PyTorch.

A network's forward gives scores; in training mode it may give a tuple of scores, the main ones first, each with the weight of
its loss.
"""
import dataclasses
import functools
import typing

import torch
import torchvision.models as zoo
from torch import nn
from torch.nn import functional as F
from torchvision.models.densenet import _DenseBlock, _Transition
from torchvision.models.googlenet import BasicConv2d, Inception, InceptionAux
from torchvision.models.resnet import BasicBlock
from torchvision.ops import StochasticDepth


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


class Apply(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def maxout(pieces):
    return Apply(lambda x: x.unflatten(1, (-1, pieces)).amax(2))


# ---- examples/


def mnist():
    return Chain(
        ("conv1", nn.Conv2d(1, 32, 3)), nn.ReLU(), ("conv2", nn.Conv2d(32, 64, 3)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), ("fc1", nn.Linear(9216, 128)), nn.ReLU(), ("fc2", nn.Linear(128, 10)))


def lenet5():
    return Chain(
        ("conv1", nn.Conv2d(1, 6, 5, padding=2)), nn.Tanh(), nn.AvgPool2d(2),
        ("conv2", nn.Conv2d(6, 16, 5)), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        ("fc1", nn.Linear(400, 120)), nn.Tanh(), ("fc2", nn.Linear(120, 84)), nn.Tanh(), ("fc3", nn.Linear(84, 10)))


def activations():
    return Chain(
        ("conv1", nn.Conv2d(3, 16, 3, padding=1)), nn.Sigmoid(),
        ("conv2", nn.Conv2d(16, 16, 3, padding=1)), nn.LeakyReLU(0.01),
        ("conv3", nn.Conv2d(16, 16, 3, padding=1)), nn.ELU(),
        ("conv4", nn.Conv2d(16, 32, 3, padding=1)), maxout(2), nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        ("conv5", nn.Conv2d(16, 16, 3, 2, 1)), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), ("fc", nn.Linear(16, 10)))


def response(size=5, alpha=1e-4, k=2.0):
    return nn.LocalResponseNorm(size, alpha, 0.75, k)


def six_to_eight(features):
    return [nn.Flatten(), ("fc6", nn.Linear(features, 4096)), nn.ReLU(), ("fc7", nn.Linear(4096, 4096)), nn.ReLU(),
            ("fc8", nn.Linear(4096, 1000))]


def alexnet():
    return Chain(
        ("conv1", nn.Conv2d(3, 96, 11, 4)), nn.ReLU(), response(), nn.MaxPool2d(3, 2),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)), nn.ReLU(), response(), nn.MaxPool2d(3, 2),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), nn.ReLU(),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)), nn.ReLU(),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)), nn.ReLU(), nn.MaxPool2d(3, 2), *six_to_eight(9216))


def zfnet():
    return Chain(
        ("conv1", nn.Conv2d(3, 96, 7, 2, 1)), nn.ReLU(), nn.MaxPool2d(3, 2, 1), response(),
        ("conv2", nn.Conv2d(96, 256, 5, 2)), nn.ReLU(), nn.MaxPool2d(3, 2, 1), response(),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), nn.ReLU(), ("conv4", nn.Conv2d(384, 384, 3, padding=1)), nn.ReLU(),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1)), nn.ReLU(), nn.MaxPool2d(3, 2), *six_to_eight(9216))


class Basic(BasicConv2d):
    """torchvision's, with its activation as a module, so that `torch_ties.py` finds it."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


class GoogLeNet(zoo.GoogLeNet):
    def __init__(self):
        heads = [functools.partial(block, conv_block=Basic) for block in (Inception, InceptionAux)]
        super().__init__(init_weights=False, blocks=[Basic, *heads])

    def forward(self, x):
        out = super().forward(x)
        return ((out.logits, 1.0), (out.aux_logits1, 0.3), (out.aux_logits2, 0.3)) if self.training else out


class DenseNet121(zoo.DenseNet):
    """torchvision's, with its last activation as a module."""

    def __init__(self):
        super().__init__(32, (6, 12, 24, 16), 64)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.classifier(self.relu(self.features(x)).mean((2, 3)))


def efficientnet():
    """torchvision's, without its stochastic depth."""
    model = zoo.efficientnet_b0(weights=None)
    for module in model.modules():
        if isinstance(module, StochasticDepth):
            module.p = 0.0
    return model


# ---- tests/networks


def small_mnist():
    return Chain(
        ("conv1", nn.Conv2d(1, 8, 3)), nn.ReLU(), ("conv2", nn.Conv2d(8, 12, 3)), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), ("fc1", nn.Linear(192, 20)), nn.ReLU(), ("fc2", nn.Linear(20, 10)))


class Joins(nn.Module):
    """Two branches of different kernels, concatenated, beside a residual sum."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.left = nn.Conv2d(8, 8, 1)
        self.right = nn.Conv2d(8, 5, 3, padding=1, bias=False)
        self.merge = nn.Conv2d(13, 8, 3, padding=2, dilation=2)
        self.fc = nn.Linear(8 * 4 * 3, 7)

    def forward(self, x):
        x = torch.tanh(self.stem(x))
        both = torch.cat([torch.sigmoid(self.left(x)), F.leaky_relu(self.right(x), 0.1)], 1)
        x = F.elu(self.merge(both) + x)
        return self.fc(F.avg_pool2d(x, 3, 2, 1, count_include_pad=False).flatten(1))


def residual():
    downsample = nn.Sequential(nn.Conv2d(8, 12, 1, 2, bias=False), nn.BatchNorm2d(12))
    return Chain(
        ("conv1", nn.Conv2d(3, 8, 3, 2, 1, bias=False)), ("bn1", nn.BatchNorm2d(8)), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        ("layer1", nn.Sequential(BasicBlock(8, 8))), ("layer2", nn.Sequential(BasicBlock(8, 12, 2, downsample))),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), ("fc", nn.Linear(12, 5)))


class SmallInception(nn.Module):
    """An inception module after a pool in ceil mode, with an auxiliary head."""

    def __init__(self):
        super().__init__()
        self.conv1 = Basic(3, 8, kernel_size=3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception = Inception(8, 8, 4, 10, 4, 5, 6, conv_block=Basic)
        self.aux = nn.Linear(29 * 3 * 2, 6)
        self.fc = nn.Linear(29, 6)

    def forward(self, x):
        x = self.inception(self.pool(self.conv1(x)))
        scores = self.fc(x.mean((2, 3)))
        return ((scores, 1.0), (self.aux(F.adaptive_avg_pool2d(x, (3, 2)).flatten(1)), 0.3)) if self.training else scores


def dense_block():
    return Chain(
        ("conv0", nn.Conv2d(3, 10, 3, padding=1, bias=False)), ("norm0", nn.BatchNorm2d(10)), nn.ReLU(), nn.MaxPool2d(2),
        ("block", _DenseBlock(3, 10, 2, 6, 0.0)), ("transition", _Transition(28, 14)),
        ("norm5", nn.BatchNorm2d(14, eps=1e-2, momentum=0.3)), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        ("fc", nn.Linear(14, 5)))


def responses():
    return Chain(
        ("conv1", nn.Conv2d(4, 12, 3)), nn.ReLU(), response(5, 0.5, 2.0), nn.MaxPool2d(3, 2),
        ("conv2", nn.Conv2d(12, 16, 3, padding=1, groups=2)), nn.ReLU(), response(4, 0.8, 1.0),
        ("conv3", nn.Conv2d(16, 16, 3, padding=1, groups=16)), nn.Tanh(),
        ("conv4", nn.Conv2d(16, 8, (3, 1), (1, 2), (1, 0))), nn.ReLU(), nn.Flatten(), ("fc", nn.Linear(48, 5)))


def units():
    return Chain(
        ("conv1", nn.Conv2d(3, 8, 3, padding=1)), nn.Sigmoid(), ("conv2", nn.Conv2d(8, 8, 3, padding=1)), nn.LeakyReLU(0.2),
        ("conv3", nn.Conv2d(8, 8, 3, padding=1)), nn.ELU(0.7), ("conv4", nn.Conv2d(8, 22, 3, padding=1)), maxout(2),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False), ("conv5", nn.Conv2d(11, 8, 3, padding=1)), nn.Tanh(), nn.Flatten(),
        ("fc1", nn.Linear(128, 9)), maxout(3), ("fc2", nn.Linear(3, 4)))


class Gated(nn.Module):
    """Padding and cropping, a gate for each channel, and a softmax over channels."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 3)
        self.squeeze = nn.Linear(12, 4)
        self.excite = nn.Linear(4, 12)
        self.attend = nn.Conv2d(12, 12, 1)
        self.conv2 = nn.Conv2d(12, 8, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = F.relu(self.conv1(F.pad(x, (2, 2, 1, 1))))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        x = x * gate[:, :, None, None]
        x = (x + torch.softmax(self.attend(x), 1))[:, :, 1:-1, 2:-2]
        return self.fc(self.conv2(x).amax((2, 3)))


class Curves(nn.Module):
    """Activations that are curved, bounded or trained, products, and maps that grow."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.left = nn.Conv2d(8, 12, 1)
        self.right = nn.Conv2d(8, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 9, 3, padding=1)
        self.prelu1 = nn.PReLU(9)
        self.conv3 = nn.Conv2d(9, 8, 3, padding=1)
        self.conv4 = nn.Conv2d(8, 10, 1)
        self.conv5 = nn.Conv2d(10, 8, 3)
        self.prelu2 = nn.PReLU()
        self.fc = nn.Linear(8, 6)

    def forward(self, x):
        x = F.relu6(self.conv1(x))
        x = F.silu(self.left(x)) * F.hardsigmoid(self.right(x))
        x = F.interpolate(x, scale_factor=(2, 3), mode="bilinear")
        x = F.avg_pool2d(F.gelu(self.prelu1(self.conv2(x))), 2)
        x = F.gelu(self.conv3(x), approximate="tanh")
        x = F.interpolate(F.hardswish(self.conv4(x)), scale_factor=2)
        x = F.softplus(self.prelu2(self.conv5(x)), beta=1.5)
        return self.fc(x.mean((2, 3)))


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each position."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def norms():
    return Chain(
        ("conv1", nn.Conv2d(3, 12, 3)), ("gn", nn.GroupNorm(4, 12, eps=1e-3)), nn.Tanh(),
        ("conv2", nn.Conv2d(12, 9, 3, padding=1, bias=False)), nn.InstanceNorm2d(9), nn.SiLU(),
        ("conv3", nn.Conv2d(9, 10, 3)), ("ln1", ChannelNorm(10, eps=1e-6)), nn.GELU(),
        ("conv4", nn.Conv2d(10, 6, 1)), ("ln2", nn.LayerNorm([6, 4, 3])), nn.Sigmoid(),
        ("conv5", nn.Conv2d(6, 5, 2, bias=False)), ("in", nn.InstanceNorm2d(5, affine=True)), nn.Flatten(),
        ("fc1", nn.Linear(30, 11)), ("ln3", nn.LayerNorm(11)), nn.Tanh(), ("fc2", nn.Linear(11, 4)))


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 9, 3, padding=1, groups=3, bias=False)
        self.gn1 = nn.GroupNorm(3, 9)
        self.embed = nn.Linear(9 * 5 * 5, 6)

    def forward(self, x):
        x = F.silu(self.bn1(self.conv1(x)))
        x = torch.tanh(self.gn1(self.conv2(x)))
        x = F.avg_pool2d(x, 2)
        return x, self.embed(x.flatten(1))


class Siamese(nn.Module):
    """Two pictures, one above the other, through one trunk, and a convolution that is applied three times."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.turn = nn.Conv2d(9, 9, 3, padding=1)
        self.fc = nn.Linear(6 + 9 * 5 * 5, 3)

    def forward(self, x):
        above, a = self.trunk(x[:, :, :10])
        below, b = self.trunk(x[:, :, 10:])
        x = above * below
        for _ in range(3):
            x = torch.tanh(self.turn(x))
        return self.fc(torch.cat([a + b, x.flatten(1)], 1))


def scores():
    return Chain(("conv", nn.Conv2d(1, 5, 3)), nn.Tanh(), nn.Flatten(), ("fc", nn.Linear(80, 4)))


def one_hot(labels, scores):
    return F.one_hot(labels, scores.shape[1]).to(scores.dtype)


def class_weighted(scores, labels):
    weight = torch.tensor([1.0, 0.25, 3.0, 0.5], dtype=scores.dtype)
    return F.cross_entropy(scores, labels, weight=weight, label_smoothing=0.2)


@dataclasses.dataclass
class Network:
    build: typing.Callable
    shape: tuple
    classes: int
    batches: tuple = (1, 2, 4, 7)
    loss: typing.Callable = F.cross_entropy


PHOTO, CLASSES = (3, 224, 224), 1000
EXAMPLES = {
    "mnist": Network(mnist, (1, 28, 28), 10),
    "lenet5": Network(lenet5, (1, 28, 28), 10),
    "activations": Network(activations, (3, 16, 16), 10),
    "alexnet": Network(alexnet, (3, 227, 227), CLASSES, (1, 2)),
    "zfnet": Network(zfnet, PHOTO, CLASSES, (1, 2)),
    "tv_alexnet": Network(lambda: zoo.alexnet(weights=None), PHOTO, CLASSES, (1, 2)),
    "vgg16": Network(lambda: zoo.vgg16(weights=None), PHOTO, CLASSES, (1, 2)),
    "googlenet": Network(GoogLeNet, PHOTO, CLASSES, (1, 2)),
    "resnet18": Network(lambda: zoo.resnet18(weights=None), PHOTO, CLASSES, (1, 2)),
    "resnet50": Network(lambda: zoo.resnet50(weights=None), PHOTO, CLASSES, (1, 2)),
    "densenet121": Network(DenseNet121, PHOTO, CLASSES, (1, 2)),
    "mobilenet_v2": Network(lambda: zoo.mobilenet_v2(weights=None), PHOTO, CLASSES, (1, 2)),
    "efficientnet_b0": Network(efficientnet, PHOTO, CLASSES, (1, 2)),
}
GOLDENS = {
    "siamese": Network(Siamese, (1, 20, 11), 3),
    "lenet5": EXAMPLES["lenet5"],
    "small_mnist": Network(small_mnist, (1, 12, 12), 10),
    "joins": Network(Joins, (3, 15, 12), 7),
    "residual": Network(residual, (3, 12, 10), 5),
    "inception": Network(SmallInception, (3, 17, 15), 6),
    "dense_block": Network(dense_block, (3, 10, 10), 5),
    "responses": Network(responses, (4, 9, 9), 5),
    "units": Network(units, (3, 8, 8), 4),
    "gated": Network(Gated, (3, 9, 8), 4),
    "curves": Network(Curves, (3, 8, 7), 6),
    "norms": Network(norms, (3, 8, 7), 4),
    "smoothed": Network(scores, (1, 6, 6), 4, loss=lambda s, l: F.cross_entropy(s, l, label_smoothing=0.1)),
    "weighted": Network(scores, (1, 6, 6), 4, loss=class_weighted),
    "squared": Network(scores, (1, 6, 6), 4, loss=lambda s, l: F.mse_loss(s, one_hot(l, s))),
    "binary": Network(
        scores, (1, 6, 6), 4, loss=lambda s, l: F.binary_cross_entropy_with_logits(s, one_hot(l, s))),
}
