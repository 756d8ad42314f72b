//! Optimizers and schedules as text.

use alloc::{
    format,
    string::{String, ToString},
};

use super::*;
use crate::settings::Bound;

fn optimizer(text: &str) -> Result<Optimizer, String> {
    text.parse()
}

fn schedule(text: &str) -> Result<Schedule, String> {
    text.parse()
}

#[test]
fn a_bare_name_is_the_default() {
    for rule in [
        Optimizer::Sgd(Sgd::DEFAULT),
        Optimizer::Adagrad(Adagrad::DEFAULT),
        Optimizer::Adadelta(Adadelta::DEFAULT),
        Optimizer::RmsProp(RmsProp::DEFAULT),
        Optimizer::Adam(Adam::DEFAULT),
        Optimizer::AdamW(AdamW::DEFAULT),
    ] {
        assert_eq!(optimizer(rule.name()), Ok(rule));
    }
    assert_eq!(schedule("constant"), Ok(Schedule::CONSTANT));
}

#[test]
fn settings_are_named_or_in_order() {
    let expected = Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-4 };
    for text in [
        "sgd(lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 1e-4)",
        " sgd ( 0.1,0.9,true,0.0001, ) ",
        "sgd(0.1, 0.9, weight_decay=1e-4, nesterov = true)",
    ] {
        assert_eq!(optimizer(text), Ok(Optimizer::Sgd(expected)), "{text}");
    }
    let kind = ScheduleKind::MultiStep { milestones: &[30, 60], factor: 0.5 };
    for text in
        ["multi_step([30, 60], factor = 0.5, warm_up = 2.5)", "multi_step((30, 60,), 0.5, warm_up = 2.5)"]
    {
        assert_eq!(schedule(text), Ok(Schedule { kind, warm_up: 2.5 }));
    }
}

/// Checkpoints and files of options hold these texts.
#[test]
fn texts_name_every_setting() {
    for (text, full) in [
        ("sgd(0.1)", "sgd(lr = 0.1, momentum = 0, nesterov = false, weight_decay = 0)"),
        ("adadelta", "adadelta(lr = 1, rho = 0.95, epsilon = 0.0000001, weight_decay = 0)"),
        ("adamw", "adamw(lr = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 0.00000001, weight_decay = 0.01)"),
    ] {
        assert_eq!(optimizer(text).map(|rule| rule.to_string()), Ok(full.into()));
    }
    for (text, full) in [
        ("constant", "constant(warm_up = 0)"),
        ("multi_step([30, 60])", "multi_step(milestones = [30, 60], factor = 0.1, warm_up = 0)"),
        ("plateau(warm_up = 0.5)", "plateau(factor = 0.1, patience = 10, warm_up = 0.5)"),
    ] {
        assert_eq!(schedule(text).map(|schedule| schedule.to_string()), Ok(full.into()));
    }
}

#[test]
fn another_value_of_a_setting_is_checked_like_a_first() {
    let nesterov = optimizer("sgd(momentum = 0.9, nesterov = true)").expect("a rule");
    let lower = Optimizer::Sgd(Sgd { momentum: 0.5, nesterov: true, ..Sgd::DEFAULT });
    assert_eq!(nesterov.with("momentum", Bound::Number(0.5)), Some(Ok(lower)));
    let wrong =
        nesterov.with("momentum", Bound::Number(0.0)).expect("a setting").expect_err("nothing to look along");
    assert_eq!(wrong.setting, Some("nesterov"));
    assert_eq!(Optimizer::Adam(Adam::DEFAULT).with("momentum", Bound::Number(0.5)), None);
}

#[test]
fn mistakes_are_explained() {
    for (text, expected) in [
        ("adm", "unknown optimizer `adm`; did you mean `adam`?"),
        (
            "lion",
            "unknown optimizer `lion`; expected `sgd`, `adagrad`, `adadelta`, `rmsprop`, `adam` or `adamw`",
        ),
        ("adam(lr = 0)", "adam: lr must be above 0, found 0"),
        ("adam(lr = inf)", "adam: lr must be a number above 0, found `inf`"),
        ("adam(lr = 1e39)", "adam: lr must be at most 3.4028235e38 in magnitude, found 1e39"),
        ("adam(lr = 1e-39)", "adam: lr must be 0 or at least 1.1754944e-38 in magnitude, found 1e-39"),
        ("adam(lr = 1e999)", "1e999 is too large"),
        ("adam(lr = -1)", "adam: lr must be above 0, found -1"),
        ("adam(lr = )", "expected a number, an array or a word, found ``"),
        ("adam(lr = 1 / 2)", "expected a number, an array or a word, found `1 / 2`"),
        ("adam(beta1 = 1)", "adam: beta1 must be at least 0 and below 1, found 1"),
        ("adam(beta3 = 1)", "adam: unknown argument `beta3`; did you mean `beta1`?"),
        ("adam(lr = 1, lr = 2)", "adam: `lr` is given twice"),
        ("adam(lr = 1, 0.9)", "adam: positional arguments come before `key = value` ones"),
        ("adam(lr = 1", "expected `)` at the end of `adam(lr = 1`"),
        ("sgd(nesterov = true)", "sgd: nesterov looks ahead along the momentum; set momentum above 0"),
        ("sgd(nesterov = yes)", "sgd: nesterov must be `true` or `false`, found `yes`"),
        ("sgd(momentum = [0.9])", "sgd: momentum must be a number at least 0 and below 1, found an array"),
    ] {
        assert_eq!(optimizer(text), Err(expected.into()), "{text}");
    }
    for (text, expected) in [
        ("cosin", "unknown schedule `cosin`; did you mean `cosine`?"),
        ("step", "step: `every` is missing; expected step(every, …)"),
        ("step(every = 0)", "step: every must be at least 1, found 0"),
        ("step(every = 2.5)", "step: every must be a whole number, found 2.5"),
        ("multi_step([])", "multi_step: milestones must not be empty"),
        ("multi_step([3, 2])", "multi_step: milestones must ascend"),
        ("multi_step([2, 2])", "multi_step: milestones must ascend"),
        ("multi_step([0.5])", "multi_step: milestones must be whole and at least 1, found 0.5"),
        ("multi_step([[1], 2])", "expected a number, an array or a word, found `[1]`"),
        ("cosine(warm_up = -1)", "cosine: warm_up must be at least 0, found -1"),
        ("cosine(0.1, 2)", "cosine: too many arguments; cosine takes end, and others as `key = value`"),
    ] {
        assert_eq!(schedule(text), Err(expected.into()), "{text}");
    }
}

#[test]
fn messages_are_short_whatever_is_given() {
    let many = 50_000;
    for text in [
        "(".repeat(many),
        "a".repeat(many),
        "é".repeat(many),
        format!("adam({}", "[".repeat(many)),
        format!("adam({} = 1)", "a".repeat(many)),
        format!("adam(lr = {})", "a".repeat(many)),
        format!("adam(lr = 0.{}x)", "1".repeat(many)),
        format!("adam(lr = 1{})", "0".repeat(many)),
        format!("adam(lr = -1{})", "0".repeat(300)),
        format!("adam({})", "1,".repeat(many)),
        format!("adam(lr = [{}])", "1,".repeat(many)),
    ] {
        let message = optimizer(&text).expect_err(&text[..10]);
        assert!(message.chars().count() < 250, "{message}");
    }
}
