//! The tables of a network that tests describe and never run: one dense layer on MNIST's images.

use crate::{
    optim::{Optimizer, Schedule, Sgd, Update},
    plan::{
        Arena, Description, Init, Layer, Layout, LossKind, Map, Meaning, Param, Plan, Port, Role, TargetKind,
        Training,
    },
};

const INPUT: Map = Map { offset: 0, channels: 1, height: 28, width: 28, layout: Layout::Planar };
const LOGITS: Map = Map { offset: 784, channels: 10, height: 1, width: 1, layout: Layout::Blocked };

const fn plan(slab: usize) -> Plan {
    Plan { arena: Arena { slab, fixed: 8 }, inputs: &[INPUT], outputs: &[LOGITS], losses: &[] }
}

pub(crate) const DESCRIPTION: Description = Description {
    name: "Net",
    inputs: &[Port { name: "input", shape: &[1, 28, 28], meaning: Meaning::Image }],
    outputs: &[Port { name: "output", shape: &[10], meaning: Meaning::Answer(TargetKind::Class) }],
    params: &[Param {
        shape: &[10, 784],
        role: Role::Weight(INPUT),
        len: 16 * 784,
        init: Init::GlorotUniform,
        fan_in: 784,
        fan_out: 10,
        ..Param::vector("fc.weight", &[10])
    }],
    params_len: 16 * 784,
    gradients_len: 16 * 784,
    layers: &[Layer {
        name: "fc",
        kind: "dense",
        shape: &[10],
        parameters: 7840,
        macs: 7840,
        activation_bytes: 40,
        receptive_field: [28, 28],
        auxiliary: false,
        note: Some("no bias"),
    }],
    graph: &[],
    train: plan(1600),
    infer: plan(800),
    training: Training {
        update: Update::new(Optimizer::Sgd(Sgd {
            lr: 0.1,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
        })),
        schedule: Schedule::CONSTANT,
        batch: 128,
        accumulate: 1,
        epochs: 3,
        loss: LossKind::CROSS_ENTROPY,
    },
    data: None,
    augment: &[],
};
