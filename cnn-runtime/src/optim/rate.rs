//! The learning rate of every update: a schedule laid over a training run.
//!
//! Updates count from 0. With `u` of `U` updates behind the warm-up and `S` updates in an epoch,
//! the formulas of [`ScheduleKind`] have `e = u / S` and `E = U / S`. The rate is a function of the
//! update and, for `plateau` alone, of the validation losses so far.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::{Schedule, ScheduleKind};

/// A schedule over a training run: the learning rate of each update.
///
/// With a schedule that [`Schedule`]'s text form allows and a finite learning rate of at least 0,
/// every rate is finite and at least 0, however few updates the run has.
///
/// ```
/// use cnn_runtime::optim::{Rate, Schedule};
///
/// let schedule: Schedule = "cosine(warm_up = 1)".parse()?;
/// let rate = Rate::new(schedule, 0.1, 100, 3);
/// assert_eq!(rate.at(49), 0.05);
/// assert_eq!(rate.at(100), 0.1);
/// assert_eq!(rate.at(200), 0.05);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    schedule: Schedule,
    lr: f32,
    per_epoch: u64,
    epochs: u64,
    plateau: Plateau,
}

/// The memory of the schedule `plateau`: all that a resumed run needs beside the number of updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plateau {
    /// The lowest validation loss so far.
    pub best: Option<f64>,
    /// Epochs since the lowest loss, or since the last change if that was later.
    pub waited: usize,
    /// Changes of the rate so far.
    pub changes: u32,
}

impl Rate {
    /// The course of a learning rate over `epochs` epochs of `updates_per_epoch` updates.
    pub fn new(schedule: Schedule, lr: f32, updates_per_epoch: usize, epochs: usize) -> Rate {
        let (per_epoch, epochs) = (updates_per_epoch.max(1) as u64, epochs as u64);
        Rate { schedule, lr, per_epoch, epochs, plateau: Plateau::default() }
    }

    /// The learning rate of an update, from 0.
    pub fn at(&self, update: u64) -> f32 {
        let warm_up = (f64::from(self.schedule.warm_up) * self.per_epoch as f64).round() as u64;
        let total = self.per_epoch.saturating_mul(self.epochs).saturating_sub(warm_up);
        let factor = self.factor(update.saturating_sub(warm_up), total);
        let risen = ((update as f64 + 1.0) / warm_up.max(1) as f64).min(1.0);
        (f64::from(self.lr) * factor * risen) as f32
    }

    /// Takes note of the validation loss after an epoch.
    pub fn observe(&mut self, val_loss: f64) {
        if let ScheduleKind::Plateau { patience, .. } = self.schedule.kind {
            self.plateau.observe(val_loss, patience);
        }
    }

    /// What the losses so far have led to.
    pub fn plateau(&self) -> Plateau {
        self.plateau
    }

    /// Goes on from what an earlier run's losses had led to.
    pub fn set_plateau(&mut self, plateau: Plateau) {
        self.plateau = plateau;
    }

    /// The factor of the rate at update `u` of `U` behind the warm-up.
    fn factor(&self, u: u64, total: u64) -> f64 {
        let whole_epochs = u / self.per_epoch;
        let epoch = u as f64 / self.per_epoch as f64;
        let share = if total == 0 { 0.0 } else { (u as f64 / total as f64).min(1.0) };
        let power = |factor: f32, exponent: f64| f64::from(factor).powf(exponent);
        match self.schedule.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Step { every, factor } => {
                power(factor, (whole_epochs / every.max(1) as u64) as f64)
            }
            ScheduleKind::MultiStep { milestones, factor } => {
                let passed = milestones.iter().filter(|&&epoch| epoch as u64 <= whole_epochs);
                power(factor, passed.count() as f64)
            }
            ScheduleKind::Exponential { factor } => power(factor, epoch),
            ScheduleKind::Cosine { end } => cosine(1.0, f64::from(end), share),
            ScheduleKind::OneCycle { rise, start_divisor, end_divisor } => {
                let start = 1.0 / f64::from(start_divisor);
                one_cycle([start, start / f64::from(end_divisor)], f64::from(rise), u as f64, total as f64)
            }
            ScheduleKind::Polynomial { power: exponent, end } => {
                let end = f64::from(end);
                end + (1.0 - end) * (1.0 - share).powf(f64::from(exponent))
            }
            ScheduleKind::Plateau { factor, .. } => power(factor, f64::from(self.plateau.changes)),
        }
    }
}

/// From one value to another along half a cosine; `share` is that of the way.
fn cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share.clamp(0.0, 1.0)).cos()) / 2.0
}

/// Up to 1 and down again; the top is reached one update before `rise * U`, as in torch. A run that
/// is too short to rise starts at the top, or behind it.
fn one_cycle([start, end]: [f64; 2], rise: f64, u: f64, total: f64) -> f64 {
    let top = rise * total - 1.0;
    if top > 0.0 && u <= top {
        return cosine(start, 1.0, u / top);
    }
    let way = total - 1.0 - top;
    cosine(1.0, end, if way > 0.0 { (u - top) / way } else { 1.0 })
}

impl Plateau {
    /// Takes note of an epoch's loss; one that is NaN is not lower.
    fn observe(&mut self, loss: f64, patience: usize) {
        if self.best.is_none_or(|best| loss < best) && !loss.is_nan() {
            (self.best, self.waited) = (Some(loss), 0);
            return;
        }
        self.waited = self.waited.saturating_add(1);
        if self.waited > patience {
            (self.waited, self.changes) = (0, self.changes.saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests;
