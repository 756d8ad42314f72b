//! Optimizers and schedules as text, in full: what [`std::str::FromStr`] reads back as the same.

use core::fmt::{Display, Formatter, Result};

use super::{Adadelta, Adagrad, Adam, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd};

impl Display for Optimizer {
    fn fmt(&self, out: &mut Formatter) -> Result {
        write!(out, "{}(lr = {}, ", self.name(), self.lr())?;
        match *self {
            Optimizer::Sgd(Sgd { momentum, nesterov, .. }) => {
                write!(out, "momentum = {momentum}, nesterov = {nesterov}")?;
            }
            Optimizer::Adagrad(Adagrad { epsilon, .. }) => write!(out, "epsilon = {epsilon}")?,
            Optimizer::Adadelta(Adadelta { rho, epsilon, .. }) => {
                write!(out, "rho = {rho}, epsilon = {epsilon}")?;
            }
            Optimizer::RmsProp(RmsProp { alpha, epsilon, momentum, centered, .. }) => {
                write!(
                    out,
                    "alpha = {alpha}, epsilon = {epsilon}, momentum = {momentum}, centered = {centered}"
                )?;
            }
            Optimizer::Adam(Adam { beta1, beta2, epsilon, .. }) => {
                write!(out, "beta1 = {beta1}, beta2 = {beta2}, epsilon = {epsilon}")?;
            }
        }
        write!(out, ", weight_decay = {})", self.weight_decay())
    }
}

impl Display for Schedule {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self.kind {
            ScheduleKind::Constant => write!(out, "constant(")?,
            ScheduleKind::Step { every, factor } => write!(out, "step(every = {every}, factor = {factor}, ")?,
            ScheduleKind::MultiStep { milestones, factor } => {
                write!(out, "multi_step(milestones = {milestones:?}, factor = {factor}, ")?;
            }
            ScheduleKind::Exponential { factor } => write!(out, "exponential(factor = {factor}, ")?,
            ScheduleKind::Cosine { end } => write!(out, "cosine(end = {end}, ")?,
            ScheduleKind::OneCycle { rise, start_divisor, end_divisor } => {
                let divisors = format_args!("start_divisor = {start_divisor}, end_divisor = {end_divisor}");
                write!(out, "one_cycle(rise = {rise}, {divisors}, ")?;
            }
            ScheduleKind::Polynomial { power, end } => {
                write!(out, "polynomial(power = {power}, end = {end}, ")?
            }
            ScheduleKind::Plateau { factor, patience } => {
                write!(out, "plateau(factor = {factor}, patience = {patience}, ")?;
            }
        }
        write!(out, "warm_up = {})", self.warm_up)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in [
            "sgd(lr = 0.1, momentum = 0.9, nesterov = true)",
            "adagrad",
            "adadelta(rho = 0.9)",
            "rmsprop(centered = true, momentum = 0.5)",
            "adam(lr = 3e-5)",
            "adamw",
        ] {
            let optimizer: Optimizer = text.parse().expect(text);
            assert_eq!(optimizer.to_string().parse(), Ok(optimizer), "{optimizer}");
        }
        for text in [
            "constant",
            "step(30)",
            "multi_step([30, 60])",
            "exponential(0.9)",
            "cosine(warm_up = 2.5)",
            "one_cycle",
            "polynomial(2)",
            "plateau",
        ] {
            let schedule: Schedule = text.parse().expect(text);
            assert_eq!(schedule.to_string().parse(), Ok(schedule), "{schedule}");
        }
    }
}
