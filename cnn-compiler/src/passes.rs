//! The passes between the typed graph and the schedule: each takes a whole graph and cannot fail.

pub mod algorithm;
pub mod autodiff;
pub mod fuse;
pub mod fused_update;
pub mod grad;
pub mod layout;
pub mod lower;
pub mod simplify;

/// What the graph is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Train,
    Infer,
}
