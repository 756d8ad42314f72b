"""Weights that keep a network's kinks away from the values that it has for a batch.

A large network has millions of ReLUs and pooling windows, and the side that one of them falls on shows in the gradients: of
GoogLeNet's 1.4 million windows, a single one whose winner changes can take gradients beyond their tolerance. So biases move until
no ReLU has an input near zero, and filters change a little until no window of a max pool has two maxima near each other.
"""
import dataclasses
import math

import torch
from torch import nn

# Near each other: in the first max pool, whose inputs are of the order of 1, and n times as much in the n-th, as rounding grows.
# That is ten times and more what float32 makes of a gap.
NEAR = 1e-5
PASSES = 200


def shifts(channels):
    """What to add to each row so that zero lies in the middle of the widest gap near it; 0 where it is in a wide one already."""
    near = channels.std(unbiased=False).item() / 4
    edges = channels.new_tensor([[-near, near]]).expand(len(channels), 2)
    ordered = torch.cat([channels.clamp(-near, near), edges], 1).sort(1).values
    width, place = ordered.diff(dim=1).max(1, keepdim=True)
    is_clear = channels.abs().amin(1, keepdim=True) > width / 4
    return torch.where(is_clear, 0, -ordered.gather(1, place) - width / 2)[:, 0]


def gaps(pool, x):
    """By how much each window's maximum exceeds the next lower value. Equal values, such as zeros, have one winner everywhere."""
    size, stride, pad = pool.kernel_size, pool.stride, pool.padding
    end = pad + (stride - 1 if pool.ceil_mode else 0)
    windows = nn.functional.pad(x, (pad, end, pad, end), value=-math.inf)
    windows = windows.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
    best = windows.amax(4, keepdim=True)
    return (best - windows.masked_fill(windows == best, -math.inf)).amin(4)


def filters(step):
    """Of each channel that an autograd step makes, the weight and the row of it that the channel comes from."""
    if step.name() == "ConvolutionBackward0":
        weight = step.next_functions[1][0].variable
        return [(weight, row) for row in range(len(weight))]
    sources = [source for source, _ in step.next_functions]
    return sum(map(filters, sources), []) if step.name() == "CatBackward0" else filters(sources[0])


@dataclasses.dataclass
class Watch:
    """Hooks that mend what a training-mode pass meets: every ReLU, and the first of the max pools that has ties."""

    biased: nn.Module = None
    pools: int = 0
    windows: int = 0
    nudged: int = 0

    def on(self, model):
        for module in model.modules():
            if isinstance(module, (nn.ReLU, nn.ReLU6)):
                yield module.register_forward_pre_hook(self.before_relu)
            elif isinstance(module, nn.MaxPool2d):
                yield module.register_forward_pre_hook(self.before_pool)
            elif getattr(module, "bias", None) is not None:
                yield module.register_forward_hook(self.after_bias)

    def after_bias(self, module, *_):
        self.biased = module

    def before_relu(self, _, inputs):
        with torch.no_grad():
            shift = shifts(inputs[0].transpose(0, 1).flatten(1))
            self.biased.bias += shift
        return inputs[0] + shift.reshape(-1, *[1] * (inputs[0].dim() - 2))

    @torch.no_grad()
    def before_pool(self, pool, inputs):
        if self.nudged:
            return  # The values are no longer those of the weights.
        gap = gaps(pool, inputs[0]).transpose(0, 1).flatten(1)
        self.pools += 1
        self.windows += gap.numel()
        sources = filters(inputs[0].grad_fn)
        for channel in (gap.amin(1) < self.pools * NEAR).nonzero().flatten():
            weight, row = sources[channel]
            weight[row] += 0.02 * weight[row].std() * torch.randn_like(weight[row])
            self.nudged += 1


def avoid_ties(model, images):
    """Mends a model until a pass finds nothing to mend; says what that took for its max pools."""
    statistics = {name: buffer.clone() for name, buffer in model.named_buffers()}
    nudged = 0
    for _ in range(PASSES):
        watch = Watch()
        hooks = list(watch.on(model))
        model.train()(images)
        for hook in hooks:
            hook.remove()
        nudged += watch.nudged
        if watch.nudged == 0:
            break
    model.load_state_dict(statistics, strict=False)
    left = f", {watch.nudged} channels still near a tie" if watch.nudged else ""
    if not watch.windows:
        return "no max pool"
    return f"{watch.windows} max-pool windows made clear of ties by {nudged} changes of a filter{left}"
