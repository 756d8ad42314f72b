//! The compiler behind `cnn_runtime::network!`.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "a macro crate exports nothing but its macro: `pub` means the whole crate"
)]

mod driver;
mod emit;
#[cfg(test)]
mod interp;
mod ir;
mod memory;
mod passes;
mod report;
mod schedule;
#[cfg(test)]
mod testing;
mod trace;
