//! The passes between the typed graph and the schedule: each takes a whole graph and cannot fail.

pub mod autodiff;
pub mod fuse;
pub mod grad;
pub mod layout;
pub mod simplify;
