//! Learning-rate schedules: a factor of the optimizer's learning rate as a function of training's
//! progress.
//!
//! Time is counted in epochs. `step`, `multi_step` and `plateau` change between epochs; the others
//! at every update. The type `Rate` of `cnn-runtime` makes the learning rate of each update of it.

use crate::source::plain;

plain! {
    /// A schedule: a course of the learning rate, and the warm-up before it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Schedule {
        /// Course of the factor.
        pub kind: ScheduleKind,
        /// Epochs over which the factor first rises linearly from 0 to the course's start; the
        /// course begins after them, and its own epochs are counted from there, as with torch's
        /// `SequentialLR`.
        pub warm_up: f32,
    }
}

impl Schedule {
    /// The schedule that leaves the learning rate as it is.
    pub const CONSTANT: Schedule = Schedule { kind: ScheduleKind::Constant, warm_up: 0.0 };
}

plain! {
    /// The course of a schedule: the factor at epoch `e` of `E`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum ScheduleKind {
        /// The factor 1.
        Constant,
        /// `factor^floor(e / every)`.
        Step {
            /// Epochs between two changes.
            every: usize,
            /// Factor of each change.
            factor: f32,
        },
        /// `factor^(number of milestones <= e)`.
        MultiStep {
            /// Epochs at which the rate changes, ascending.
            milestones: &'static [usize],
            /// Factor of each change.
            factor: f32,
        },
        /// `factor^e`.
        Exponential {
            /// Factor of one epoch.
            factor: f32,
        },
        /// `end + (1 - end) (1 + cos(pi e / E)) / 2` (Loshchilov and Hutter 2017).
        Cosine {
            /// The last factor.
            end: f32,
        },
        /// Cosine from `1 / start_divisor` up to 1 over `rise * E`, then down to
        /// `1 / (start_divisor * end_divisor)` (Smith 2018, in torch's formulation).
        OneCycle {
            /// Share of the epochs in which the rate rises.
            rise: f32,
            /// Divisor of the rate at the start.
            start_divisor: f32,
            /// Divisor of the starting rate at the end.
            end_divisor: f32,
        },
        /// `end + (1 - end) (1 - e / E)^power`.
        Polynomial {
            /// Exponent; the factor falls linearly at 1.
            power: f32,
            /// The last factor.
            end: f32,
        },
        /// `factor^(number of times the validation loss stood still)`, as torch's
        /// `ReduceLROnPlateau` with threshold 0.
        Plateau {
            /// Factor of each change.
            factor: f32,
            /// Epochs without a lower loss that are allowed; the rate changes after one more.
            patience: usize,
        },
    }
}
