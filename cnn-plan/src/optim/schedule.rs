//! Learning-rate schedules: a factor of the optimizer's learning rate as a function of training's progress.
//!
//! Time is counted in epochs. `step`, `multi_step` and `plateau` change between epochs; the others at every update. What
//! comes of it for each update of a training run is a [`super::Rate`].

use crate::source::plain;

plain! {
    /// A schedule.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Schedule {
        /// The factor's course.
        pub kind: ScheduleKind,
        /// Epochs over which the factor first rises linearly from 0 to the course's start; the course begins behind them, and its own
        /// epochs are counted from there, as with torch's `SequentialLR`.
        pub warm_up: f32,
    }
}

impl Schedule {
    /// The learning rate as it is.
    pub const CONSTANT: Schedule = Schedule { kind: ScheduleKind::Constant, warm_up: 0.0 };
}

plain! {
    /// The course of a schedule: the factor at epoch `e` of `E`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum ScheduleKind {
        /// 1.
        Constant,
        /// `factor^floor(e / every)`.
        Step {
            /// Epochs between two changes.
            every: usize,
            /// Of each change.
            factor: f32,
        },
        /// `factor^(number of milestones <= e)`.
        MultiStep {
            /// Epochs at which the rate changes, ascending.
            milestones: &'static [usize],
            /// Of each change.
            factor: f32,
        },
        /// `factor^e`.
        Exponential {
            /// Of one epoch.
            factor: f32,
        },
        /// `end + (1 - end) (1 + cos(pi e / E)) / 2` (Loshchilov and Hutter 2017).
        Cosine {
            /// The last factor.
            end: f32,
        },
        /// Cosine from `1 / start_divisor` up to 1 over `rise * E`, then down to `1 / (start_divisor * end_divisor)` (Smith 2018, as torch has it).
        OneCycle {
            /// Share of the epochs in which the rate rises.
            rise: f32,
            /// Start: the rate divided by this.
            start_divisor: f32,
            /// End: the start divided by this.
            end_divisor: f32,
        },
        /// `end + (1 - end) (1 - e / E)^power`.
        Polynomial {
            /// 1 falls linearly.
            power: f32,
            /// The last factor.
            end: f32,
        },
        /// `factor^(number of times the validation loss stood still)`, as torch's `ReduceLROnPlateau` with threshold 0.
        Plateau {
            /// Of each change.
            factor: f32,
            /// Epochs without a lower loss that are allowed; the rate changes after one more.
            patience: usize,
        },
    }
}
