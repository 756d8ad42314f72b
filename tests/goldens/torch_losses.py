#!/usr/bin/env python3
"""PyTorch in float64 as the reference of losses on every kind of target: `python torch_losses.py` writes losses.json.

Each case has the scores and targets of a batch, which float32 holds exactly, the loss of every sample, and the gradient of the mean
loss of the batch by each score. Needs torch; no test needs this script.
"""
import json
import pathlib

import torch
from torch.nn import functional as F

torch.manual_seed(13)
BATCH, OUTPUTS = 5, 7
CASES = [
    ("values", "mse", lambda z, t: F.mse_loss(z, t, reduction="none")),
    ("values", "mae", lambda z, t: F.l1_loss(z, t, reduction="none")),
    ("values", "huber(delta = 0.75)", lambda z, t: F.huber_loss(z, t, reduction="none", delta=0.75)),
    ("labels", "binary_cross_entropy", lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="none")),
    ("class", "cross_entropy", lambda z, t: F.cross_entropy(z, t, reduction="none")[:, None]),
    ("class", "huber", lambda z, t: F.huber_loss(z, F.one_hot(t, OUTPUTS).double(), reduction="none")),
]


def targets(kind):
    if kind == "class":
        return torch.randint(OUTPUTS, (BATCH,))
    return {"values": torch.randn, "labels": lambda *shape: torch.randint(2, shape)}[kind](BATCH, OUTPUTS).double()


def case(kind, name, loss):
    scores = (2 * torch.randn(BATCH, OUTPUTS)).double().requires_grad_()
    goals = targets(kind)
    each = loss(scores, goals).mean(dim=1)
    each.mean().backward()
    return {
        "targets": kind,
        "loss": name,
        "scores": scores.tolist(),
        "goals": goals.tolist(),
        "losses": each.tolist(),
        "gradients": scores.grad.tolist(),
    }


path = pathlib.Path(__file__).with_name("losses.json")
path.write_text("[\n" + ",\n".join(json.dumps(case(*row)) for row in CASES) + "\n]\n")
