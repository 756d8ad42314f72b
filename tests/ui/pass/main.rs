//! What `network!` accepts: a file a feature.

mod activations;
mod attributes;
mod auxiliary_output;
mod chain;
mod data;
mod forbid_unsafe;
mod init_and_freeze;
mod joins;
mod layers;
mod loops_and_blocks;
mod losses;
mod names;
mod squeeze_and_excite;
mod training;
mod windows;
