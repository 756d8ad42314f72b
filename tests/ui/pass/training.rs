//! All that `train` takes, and what becomes of what is left out.

use cnn_runtime::network;

network! {
    Full<[1, 28, 28] -> 3> {
        input -> flatten -> fc1: dense(20) -> batch_norm -> relu -> fc2: dense(3, decay = true)

        train {
            loss = cross_entropy(label_smoothing = 0.1, class_weights = [1, 0.5, 2]),
            optimizer = sgd(lr = 1 / 256, momentum = 0.9, nesterov = true, weight_decay = 5e-4),
            schedule = cosine(end = 0.01, warm_up = 5),
            batch = 64,
            accumulate = 4,
            epochs = 90,
            init = he_normal,
            average = 0.99,
            clip_norm = 1,
            decay = weights,
        }
    }
}

/// A network for each course of the learning rate.
macro_rules! courses {
    ($($name:ident: $schedule:ident($($arguments:tt)*);)*) => {$(
        network! {
            $name<[1, 28, 28] -> 3> {
                input -> flatten -> dense(3)

                train { schedule = $schedule($($arguments)*), clip_value = 0.5, epochs = 90 }
            }
        }
    )*};
}

courses! {
    Constant: constant(warm_up = 2);
    Step: step(30);
    MultiStep: multi_step([30, 60], factor = 0.2);
    Exponential: exponential(0.95);
    Cosine: cosine();
    OneCycle: one_cycle(rise = 0.25);
    Polynomial: polynomial(power = 2);
    Plateau: plateau(patience = 3, warm_up = 0.5);
}

/// A network for each rule.
macro_rules! rules {
    ($($name:ident: $rule:ident($($arguments:tt)*);)*) => {$(
        network! {
            $name<[1, 28, 28] -> 3> {
                input -> flatten -> dense(3)

                train { optimizer = $rule($($arguments)*) }
            }
        }
    )*};
}

rules! {
    PlainSgd: sgd();
    WithAdagrad: adagrad(0.1, weight_decay = 1e-4);
    WithAdadelta: adadelta(rho = 0.9);
    WithRmsProp: rmsprop(alpha = 0.9, momentum = 0.5, centered = true);
    WithAdam: adam(lr = 3e-4, beta1 = 0.8);
    WithAdamW: adamw(beta2 = 0.99);
}

#[test]
fn what_is_left_out_of_train_has_its_default() {
    use cnn_runtime::{
        Network,
        optim::{Adadelta, Adagrad, Adam, AdamW, Clip, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd},
        plan::LossKind,
    };
    let training = Full::DESCRIPTION.training;
    let rule = Sgd { lr: 1.0 / 256.0, momentum: 0.9, nesterov: true, weight_decay: 5e-4 };
    assert_eq!(training.update.optimizer, Optimizer::Sgd(rule));
    assert_eq!((training.update.clip, training.update.average), (Some(Clip::Norm(1.0)), Some(0.99)));
    assert_eq!(training.schedule, Schedule { kind: ScheduleKind::Cosine { end: 0.01 }, warm_up: 5.0 });
    assert_eq!((training.batch, training.accumulate, training.epochs), (64, 4, 90));
    assert_eq!(
        training.loss,
        LossKind::CrossEntropy { smoothing: 0.1, class_weights: Some(&[1.0, 0.5, 2.0]) }
    );
    let decayed: Vec<_> =
        Full::DESCRIPTION.params.iter().filter(|param| param.decay).map(|param| param.name).collect();
    assert_eq!(decayed, ["fc1.weight", "fc2.weight", "fc2.bias"]);

    let courses = [
        Constant::DESCRIPTION,
        Step::DESCRIPTION,
        MultiStep::DESCRIPTION,
        Exponential::DESCRIPTION,
        Cosine::DESCRIPTION,
        OneCycle::DESCRIPTION,
        Polynomial::DESCRIPTION,
        Plateau::DESCRIPTION,
    ];
    let found = courses.map(|network| (network.training.schedule.kind, network.training.schedule.warm_up));
    let expected = [
        (ScheduleKind::Constant, 2.0),
        (ScheduleKind::Step { every: 30, factor: 0.1 }, 0.0),
        (ScheduleKind::MultiStep { milestones: &[30, 60], factor: 0.2 }, 0.0),
        (ScheduleKind::Exponential { factor: 0.95 }, 0.0),
        (ScheduleKind::Cosine { end: 0.0 }, 0.0),
        (ScheduleKind::OneCycle { rise: 0.25, start_divisor: 25.0, end_divisor: 1e4 }, 0.0),
        (ScheduleKind::Polynomial { power: 2.0, end: 0.0 }, 0.0),
        (ScheduleKind::Plateau { factor: 0.1, patience: 3 }, 0.5),
    ];
    assert_eq!(found, expected);
    let defaults = Cosine::DESCRIPTION.training;
    assert_eq!(defaults.update.clip, Some(Clip::Value(0.5)));
    assert_eq!((defaults.update.average, defaults.batch, defaults.accumulate), (None, 128, 1));

    let rules = [
        PlainSgd::DESCRIPTION,
        WithAdagrad::DESCRIPTION,
        WithAdadelta::DESCRIPTION,
        WithRmsProp::DESCRIPTION,
        WithAdam::DESCRIPTION,
        WithAdamW::DESCRIPTION,
    ];
    let expected = [
        Optimizer::Sgd(Sgd::DEFAULT),
        Optimizer::Adagrad(Adagrad { lr: 0.1, weight_decay: 1e-4, ..Adagrad::DEFAULT }),
        Optimizer::Adadelta(Adadelta { rho: 0.9, ..Adadelta::DEFAULT }),
        Optimizer::RmsProp(RmsProp { alpha: 0.9, momentum: 0.5, centered: true, ..RmsProp::DEFAULT }),
        Optimizer::Adam(Adam { lr: 3e-4, beta1: 0.8, ..Adam::DEFAULT }),
        Optimizer::AdamW(AdamW { beta2: 0.99, ..AdamW::DEFAULT }),
    ];
    assert_eq!(rules.map(|network| network.training.update.optimizer), expected);
    assert_eq!(defaults.update.optimizer, Optimizer::Adadelta(Adadelta::DEFAULT));
}
