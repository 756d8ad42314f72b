//! The compiler behind `cnn_runtime::network!`: tokens, syntax tree, typed graph, plan, Rust.
//!
//! All of it works on `proc_macro2`, so it also runs outside of rustc: in tests, fuzzers and build
//! scripts.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "`pub` is what a stage offers to the next; the crate exports what stands at the end of this file"
)]

mod ast;
mod diag;
mod driver;
mod emit;
mod expand;
#[cfg(test)]
mod interp;
mod ir;
mod memory;
mod parse;
mod passes;
mod report;
mod schedule;
mod shape;
mod stub;
#[cfg(test)]
mod testing;
mod trace;
#[cfg(test)]
mod zoo;

pub use driver::compile;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
