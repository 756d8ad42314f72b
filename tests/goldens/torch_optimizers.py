#!/usr/bin/env python3
"""20 updates by every optimizer and 20 rates of every schedule, by PyTorch in float64, for tests/layers/trajectories.rs.

    torch_optimizers.py FILE.json        needs torch; no test needs this script

The gradient at update t is `curvature * w + noise[t]`. Choices are written as in `train { }`.
"""
import json
import sys

import torch
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop, lr_scheduler

UPDATES, SIZE = 20, 8

UPDATE_RULES = [
    ("sgd(lr = 0.1)", {}, lambda w: SGD(w, lr=0.1)),
    ("sgd(lr = 0.1, momentum = 0.9)", {}, lambda w: SGD(w, lr=0.1, momentum=0.9)),
    ("sgd(lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 0.01)", {},
     lambda w: SGD(w, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("adagrad", {}, lambda w: Adagrad(w)),
    ("adagrad(lr = 0.3, weight_decay = 0.05)", {}, lambda w: Adagrad(w, lr=0.3, weight_decay=0.05)),
    ("adadelta", {}, lambda w: Adadelta(w, lr=1.0, rho=0.95, eps=1e-7)),
    ("adadelta(lr = 0.5, rho = 0.9, epsilon = 1e-6, weight_decay = 0.05)", {},
     lambda w: Adadelta(w, lr=0.5, rho=0.9, eps=1e-6, weight_decay=0.05)),
    ("rmsprop", {}, lambda w: RMSprop(w)),
    ("rmsprop(lr = 0.05, momentum = 0.9, weight_decay = 0.05)", {},
     lambda w: RMSprop(w, lr=0.05, momentum=0.9, weight_decay=0.05)),
    ("rmsprop(alpha = 0.9, centered = true)", {}, lambda w: RMSprop(w, alpha=0.9, centered=True)),
    ("adam", {}, lambda w: Adam(w)),
    ("adam(lr = 0.1, beta1 = 0.8, beta2 = 0.99, weight_decay = 0.05)", {},
     lambda w: Adam(w, lr=0.1, betas=(0.8, 0.99), weight_decay=0.05)),
    ("adamw(lr = 0.1)", {}, lambda w: AdamW(w, lr=0.1)),
    ("adamw(lr = 0.1, weight_decay = 0.2)", {"clip_norm": 1.5}, lambda w: AdamW(w, lr=0.1, weight_decay=0.2)),
    ("sgd(lr = 0.1, momentum = 0.9, weight_decay = 0.05)", {"clip_norm": 1.5},
     lambda w: SGD(w, lr=0.1, momentum=0.9, weight_decay=0.05)),
    ("sgd(lr = 0.1, momentum = 0.9)", {"clip_value": 0.5}, lambda w: SGD(w, lr=0.1, momentum=0.9)),
]

LR, PER_EPOCH, EPOCHS = 0.1, 4, 5


def warmed_up(course):
    """One epoch of rising first."""
    def build(optimizer):
        rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / PER_EPOCH, total_iters=PER_EPOCH - 1)
        return lr_scheduler.SequentialLR(optimizer, [rise, course(optimizer)], milestones=[PER_EPOCH])
    return build


SCHEDULES = [
    ("constant", lambda o: lr_scheduler.ConstantLR(o, factor=1)),
    ("step(every = 2, factor = 0.5)", lambda o: lr_scheduler.StepLR(o, 2 * PER_EPOCH, gamma=0.5)),
    ("step(every = 2, warm_up = 1)", warmed_up(lambda o: lr_scheduler.StepLR(o, 2 * PER_EPOCH, gamma=0.1))),
    ("multi_step(milestones = [1, 3], factor = 0.2)",
     lambda o: lr_scheduler.MultiStepLR(o, [PER_EPOCH, 3 * PER_EPOCH], gamma=0.2)),
    ("exponential(factor = 0.7)", lambda o: lr_scheduler.ExponentialLR(o, gamma=0.7 ** (1 / PER_EPOCH))),
    ("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, UPDATES)),
    ("cosine(end = 0.01, warm_up = 1)",
     warmed_up(lambda o: lr_scheduler.CosineAnnealingLR(o, UPDATES - PER_EPOCH, eta_min=0.01 * LR))),
    ("one_cycle", lambda o: lr_scheduler.OneCycleLR(o, LR, UPDATES, cycle_momentum=False)),
    ("one_cycle(rise = 0.5, start_divisor = 10, end_divisor = 100)",
     lambda o: lr_scheduler.OneCycleLR(o, LR, UPDATES, pct_start=0.5, div_factor=10, final_div_factor=100,
                                       cycle_momentum=False)),
    ("polynomial", lambda o: lr_scheduler.PolynomialLR(o, UPDATES)),
    ("polynomial(power = 2)", lambda o: lr_scheduler.PolynomialLR(o, UPDATES, power=2)),
    ("plateau(factor = 0.5, patience = 1)",
     lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0)),
]

# Validation losses after the epochs.
LOSSES = [2.0, 2.5, 2.0, 1.0, 1.5]


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.tolist()]


def trajectory(make, clip, start, curvature, noise):
    w = start.clone().requires_grad_()
    optimizer = make([w])
    weights = []
    for step in noise:
        w.grad = curvature * w.detach() + step
        if "clip_norm" in clip:
            torch.nn.utils.clip_grad_norm_([w], clip["clip_norm"])
        if "clip_value" in clip:
            torch.nn.utils.clip_grad_value_([w], clip["clip_value"])
        optimizer.step()
        weights.append(rounded(w.detach()))
    return weights


def rates(make):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = make(optimizer)
    found = []
    for update in range(UPDATES):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step()
        elif (update + 1) % PER_EPOCH == 0:
            scheduler.step(LOSSES[update // PER_EPOCH])
    return rounded(torch.tensor(found, dtype=torch.float64))


def main(path):
    torch.manual_seed(0)
    draw = lambda *shape: torch.tensor(torch.randn(*shape).mul(1000).round().div(1000).tolist(), dtype=torch.float64)
    start, curvature, noise = draw(SIZE), draw(SIZE).abs(), draw(UPDATES, SIZE)
    golden = {
        "start": rounded(start),
        "curvature": rounded(curvature),
        "noise": [rounded(step) for step in noise],
        "updates": [{"optimizer": text, **clip, "weights": trajectory(make, clip, start, curvature, noise)}
                    for text, clip, make in UPDATE_RULES],
        "lr": LR,
        "updates_per_epoch": PER_EPOCH,
        "epochs": EPOCHS,
        "losses": LOSSES,
        "schedules": [{"schedule": text, "rates": rates(make)} for text, make in SCHEDULES],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
