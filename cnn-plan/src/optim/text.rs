//! Optimizers and schedules from text, in the grammar and with the defaults of `train { }`: `adam(lr = 1e-3)`, `step(every = 30)`.

use alloc::{format, string::String};
use core::str::FromStr;

use super::{
    Adadelta, Adagrad, Adam, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd,
    settings::{DIVISOR, FRACTION, NOT_NEGATIVE, POSITIVE, SHARE, Settings, UNIT},
};

impl FromStr for Optimizer {
    type Err = String;

    /// `adam`, `sgd(lr = 0.1, momentum = 0.9)`; what is not given is the rule's default.
    fn from_str(text: &str) -> Result<Optimizer, String> {
        let mut given = Settings::read(text)?;
        let optimizer = match given.name {
            "sgd" => Optimizer::Sgd(sgd(&mut given)?),
            "adagrad" => Optimizer::Adagrad(adagrad(&mut given)?),
            "adadelta" => Optimizer::Adadelta(adadelta(&mut given)?),
            "rmsprop" => Optimizer::RmsProp(rmsprop(&mut given)?),
            "adam" => Optimizer::Adam(adam(&mut given, Adam::DEFAULT)?),
            "adamw" => Optimizer::Adam(adam(&mut given, Adam::DECOUPLED)?),
            name => {
                let known = "sgd, adagrad, adadelta, rmsprop, adam, adamw";
                return Err(format!("unknown optimizer '{name}'; there are {known}"));
            }
        };
        given.end().map(|()| optimizer)
    }
}

fn sgd(given: &mut Settings) -> Result<Sgd, String> {
    let default = Sgd::DEFAULT;
    let rule = Sgd {
        lr: given.number("lr", POSITIVE, default.lr)?,
        momentum: given.number("momentum", FRACTION, default.momentum)?,
        nesterov: given.flag("nesterov", default.nesterov)?,
        weight_decay: given.number("weight_decay", NOT_NEGATIVE, default.weight_decay)?,
    };
    match rule {
        Sgd { nesterov: true, momentum: 0.0, .. } => {
            Err(given.wrong("nesterov looks ahead along the momentum; set momentum above 0"))
        }
        _ => Ok(rule),
    }
}

fn adagrad(given: &mut Settings) -> Result<Adagrad, String> {
    let default = Adagrad::DEFAULT;
    Ok(Adagrad {
        lr: given.number("lr", POSITIVE, default.lr)?,
        epsilon: given.number("epsilon", POSITIVE, default.epsilon)?,
        weight_decay: given.number("weight_decay", NOT_NEGATIVE, default.weight_decay)?,
    })
}

fn adadelta(given: &mut Settings) -> Result<Adadelta, String> {
    let default = Adadelta::DEFAULT;
    Ok(Adadelta {
        lr: given.number("lr", POSITIVE, default.lr)?,
        rho: given.number("rho", FRACTION, default.rho)?,
        epsilon: given.number("epsilon", POSITIVE, default.epsilon)?,
        weight_decay: given.number("weight_decay", NOT_NEGATIVE, default.weight_decay)?,
    })
}

fn rmsprop(given: &mut Settings) -> Result<RmsProp, String> {
    let default = RmsProp::DEFAULT;
    Ok(RmsProp {
        lr: given.number("lr", POSITIVE, default.lr)?,
        alpha: given.number("alpha", FRACTION, default.alpha)?,
        epsilon: given.number("epsilon", POSITIVE, default.epsilon)?,
        momentum: given.number("momentum", FRACTION, default.momentum)?,
        centered: given.flag("centered", default.centered)?,
        weight_decay: given.number("weight_decay", NOT_NEGATIVE, default.weight_decay)?,
    })
}

fn adam(given: &mut Settings, default: Adam) -> Result<Adam, String> {
    Ok(Adam {
        lr: given.number("lr", POSITIVE, default.lr)?,
        beta1: given.number("beta1", FRACTION, default.beta1)?,
        beta2: given.number("beta2", FRACTION, default.beta2)?,
        epsilon: given.number("epsilon", POSITIVE, default.epsilon)?,
        weight_decay: given.number("weight_decay", NOT_NEGATIVE, default.weight_decay)?,
        ..default
    })
}

impl FromStr for Schedule {
    type Err = String;

    /// `cosine`, `step(every = 30, factor = 0.1, warm_up = 5)`.
    fn from_str(text: &str) -> Result<Schedule, String> {
        let mut given = Settings::read(text)?;
        let kind = kind(&mut given)?;
        let warm_up = given.number("warm_up", NOT_NEGATIVE, 0.0)?;
        given.end().map(|()| Schedule { kind, warm_up })
    }
}

fn kind(given: &mut Settings) -> Result<ScheduleKind, String> {
    Ok(match given.name {
        "constant" => ScheduleKind::Constant,
        "step" => ScheduleKind::Step {
            every: given.count("every", None)?,
            factor: given.number("factor", SHARE, 0.1)?,
        },
        // The numbers are a constant elsewhere; these live as long as the program that was told them.
        "multi_step" => ScheduleKind::MultiStep {
            milestones: given.counts("milestones")?.leak(),
            factor: given.number("factor", SHARE, 0.1)?,
        },
        "exponential" => ScheduleKind::Exponential { factor: given.number("factor", SHARE, None)? },
        "cosine" => ScheduleKind::Cosine { end: given.number("end", UNIT, 0.0)? },
        "one_cycle" => ScheduleKind::OneCycle {
            rise: given.number("rise", SHARE, 0.3)?,
            start_divisor: given.number("start_divisor", DIVISOR, 25.0)?,
            end_divisor: given.number("end_divisor", DIVISOR, 1e4)?,
        },
        "polynomial" => ScheduleKind::Polynomial {
            power: given.number("power", POSITIVE, 1.0)?,
            end: given.number("end", UNIT, 0.0)?,
        },
        "plateau" => ScheduleKind::Plateau {
            factor: given.number("factor", SHARE, 0.1)?,
            patience: given.count("patience", 10)?,
        },
        name => {
            let known = "constant, step, multi_step, exponential, cosine, one_cycle, polynomial, plateau";
            return Err(format!("unknown schedule '{name}'; there are {known}"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            Optimizer::Adam(Adam::DECOUPLED),
        ] {
            assert_eq!(optimizer(rule.name()), Ok(rule));
        }
    }

    #[test]
    fn settings_are_named_or_in_order() {
        let expected = Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-4 };
        for text in [
            "sgd(lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 1e-4)",
            " sgd ( 0.1,0.9,true,0.0001, ) ",
            "sgd(weight_decay=1e-4, 0.1, nesterov = true, 0.9)",
        ] {
            assert_eq!(optimizer(text), Ok(Optimizer::Sgd(expected)), "{text}");
        }
        let kind = ScheduleKind::MultiStep { milestones: &[30, 60], factor: 0.5 };
        assert_eq!(
            schedule("multi_step([30, 60], factor = 0.5, warm_up = 2.5)"),
            Ok(Schedule { kind, warm_up: 2.5 })
        );
        assert_eq!(schedule("constant"), Ok(Schedule::CONSTANT));
    }

    #[test]
    fn mistakes_are_explained() {
        for (found, expected) in [
            (optimizer("adm").map(drop), "unknown optimizer 'adm'; there are sgd, adagrad,"),
            (optimizer("adam(lr = 0)").map(drop), "adam: lr must be a number above 0, found '0'"),
            (optimizer("adam(lr = inf)").map(drop), "adam: lr must be a number above 0, found 'inf'"),
            (
                optimizer("adam(beta3 = 1)").map(drop),
                "'beta3' is no setting or given twice; there are lr, beta1",
            ),
            (optimizer("adam(lr = 1, lr = 2)").map(drop), "adam: 'lr' is no setting or given twice"),
            (optimizer("adam(lr = 1").map(drop), "expected `)` at the end of 'adam(lr = 1'"),
            (optimizer("sgd(nesterov = true)").map(drop), "set momentum above 0"),
            (optimizer("sgd(nesterov = yes)").map(drop), "sgd: nesterov must be true or false, found 'yes'"),
            (schedule("cos").map(drop), "unknown schedule 'cos'; there are constant, step,"),
            (schedule("step").map(drop), "step: every is missing: a whole number of at least 1"),
            (
                schedule("step(every = 0)").map(drop),
                "step: every must be a whole number of at least 1, found '0'",
            ),
            (schedule("multi_step([])").map(drop), "multi_step: milestones must be ascending whole numbers"),
            (schedule("multi_step([3, 2])").map(drop), "found '[3, 2]'"),
            (schedule("cosine(warm_up = -1)").map(drop), "cosine: warm_up must be a number of at least 0"),
        ] {
            let message = found.expect_err(expected);
            assert!(message.contains(expected), "expected '{expected}', found '{message}'");
        }
    }
}
