//! The optimizers and the schedules by name: their settings, with ranges and defaults, and how a
//! value is made of them.

use super::{Adadelta, Adagrad, Adam, AdamW, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd};
use crate::settings::{Bound, Kind, Param, Range, Wrong, optional, required, table};

table! {
    /// All update rules.
    pub const OPTIMIZERS: Optimizer = "optimizer" {
        "sgd" {
            lr: number(Range::POSITIVE, Sgd::DEFAULT.lr),
            momentum: number(Range::FRACTION, Sgd::DEFAULT.momentum),
            nesterov: flag(Sgd::DEFAULT.nesterov),
            weight_decay: number(Range::NOT_NEGATIVE, Sgd::DEFAULT.weight_decay),
        } => [Optimizer::Sgd(Sgd { lr, momentum, nesterov, weight_decay })] if ahead(nesterov, momentum),
        "adagrad" {
            lr: number(Range::POSITIVE, Adagrad::DEFAULT.lr),
            epsilon: number(Range::POSITIVE, Adagrad::DEFAULT.epsilon),
            weight_decay: number(Range::NOT_NEGATIVE, Adagrad::DEFAULT.weight_decay),
        } => [Optimizer::Adagrad(Adagrad { lr, epsilon, weight_decay })],
        "adadelta" {
            lr: number(Range::POSITIVE, Adadelta::DEFAULT.lr),
            rho: number(Range::FRACTION, Adadelta::DEFAULT.rho),
            epsilon: number(Range::POSITIVE, Adadelta::DEFAULT.epsilon),
            weight_decay: number(Range::NOT_NEGATIVE, Adadelta::DEFAULT.weight_decay),
        } => [Optimizer::Adadelta(Adadelta { lr, rho, epsilon, weight_decay })],
        "rmsprop" {
            lr: number(Range::POSITIVE, RmsProp::DEFAULT.lr),
            alpha: number(Range::FRACTION, RmsProp::DEFAULT.alpha),
            epsilon: number(Range::POSITIVE, RmsProp::DEFAULT.epsilon),
            momentum: number(Range::FRACTION, RmsProp::DEFAULT.momentum),
            centered: flag(RmsProp::DEFAULT.centered),
            weight_decay: number(Range::NOT_NEGATIVE, RmsProp::DEFAULT.weight_decay),
        } => [Optimizer::RmsProp(RmsProp { lr, alpha, epsilon, momentum, centered, weight_decay })],
        "adam" {
            lr: number(Range::POSITIVE, Adam::DEFAULT.lr),
            beta1: number(Range::FRACTION, Adam::DEFAULT.beta1),
            beta2: number(Range::FRACTION, Adam::DEFAULT.beta2),
            epsilon: number(Range::POSITIVE, Adam::DEFAULT.epsilon),
            weight_decay: number(Range::NOT_NEGATIVE, Adam::DEFAULT.weight_decay),
        } => [Optimizer::Adam(Adam { lr, beta1, beta2, epsilon, weight_decay })],
        "adamw" {
            lr: number(Range::POSITIVE, AdamW::DEFAULT.lr),
            beta1: number(Range::FRACTION, AdamW::DEFAULT.beta1),
            beta2: number(Range::FRACTION, AdamW::DEFAULT.beta2),
            epsilon: number(Range::POSITIVE, AdamW::DEFAULT.epsilon),
            weight_decay: number(Range::NOT_NEGATIVE, AdamW::DEFAULT.weight_decay),
        } => [Optimizer::AdamW(AdamW { lr, beta1, beta2, epsilon, weight_decay })],
    }
}

table! {
    /// All courses of the learning rate.
    pub const SCHEDULES: Schedule = "schedule" {
        "constant" { ; warm_up: epochs() }
            => [Schedule { kind: ScheduleKind::Constant, warm_up }],
        "step" { every: required(Kind::Count), factor: number(Range::SHARE, 0.1); warm_up: epochs() }
            => [Schedule { kind: ScheduleKind::Step { every, factor }, warm_up }],
        "multi_step" {
            milestones: required(Kind::Counts), factor: number(Range::SHARE, 0.1); warm_up: epochs()
        } => [Schedule { kind: ScheduleKind::MultiStep { milestones, factor }, warm_up }]
            if ascending(milestones),
        "exponential" { factor: required(Kind::SHARE); warm_up: epochs() }
            => [Schedule { kind: ScheduleKind::Exponential { factor }, warm_up }],
        "cosine" { end: number(Range::UNIT, 0.0); warm_up: epochs() }
            => [Schedule { kind: ScheduleKind::Cosine { end }, warm_up }],
        "one_cycle" {
            rise: number(Range::SHARE, 0.3),
            start_divisor: number(DIVISOR, 25.0),
            end_divisor: number(DIVISOR, 1e4);
            warm_up: epochs()
        } => [Schedule { kind: ScheduleKind::OneCycle { rise, start_divisor, end_divisor }, warm_up }],
        "polynomial" {
            power: number(Range::POSITIVE, 1.0), end: number(Range::UNIT, 0.0); warm_up: epochs()
        } => [Schedule { kind: ScheduleKind::Polynomial { power, end }, warm_up }],
        "plateau" {
            factor: number(Range::SHARE, 0.1), patience: optional(Kind::Count, Bound::Count(10));
            warm_up: epochs()
        } => [Schedule { kind: ScheduleKind::Plateau { factor, patience }, warm_up }],
    }
}

const DIVISOR: Range = Range { words: "at least 1", holds: |divisor| divisor >= 1.0 };

const fn number(name: &'static str, range: Range, default: f32) -> Param {
    optional(name, Kind::Number(range), Bound::Number(default))
}

const fn flag(name: &'static str, default: bool) -> Param {
    optional(name, Kind::Flag, Bound::Flag(default))
}

/// A time that is not spent unless it is given.
const fn epochs(name: &'static str) -> Param {
    number(name, Range::NOT_NEGATIVE, 0.0)
}

fn ahead(nesterov: bool, momentum: f32) -> Result<(), Wrong> {
    if nesterov && momentum == 0.0 {
        let message = "nesterov looks ahead along the momentum; set momentum above 0";
        return Err(Wrong { setting: Some("nesterov"), message });
    }
    Ok(())
}

fn ascending(milestones: &[usize]) -> Result<(), Wrong> {
    if milestones.is_sorted_by(|earlier, later| earlier < later) {
        Ok(())
    } else {
        Err(Wrong { setting: Some("milestones"), message: "milestones must ascend" })
    }
}
