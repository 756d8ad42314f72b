//! The compiler behind `cnn_runtime::network!`: tokens, syntax tree, typed graph, plan, Rust.
//!
//! Only this file names `proc_macro`; everything else works on `proc_macro2` and therefore in unit tests too.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "a macro crate exports no items; `pub` is what a stage offers to the next"
)]

mod ast;
mod diag;
mod driver;
mod emit;
mod eval;
mod infer;
#[cfg(test)]
mod interp;
mod ir;
mod memory;
mod parse;
mod passes;
mod report;
mod schedule;
#[cfg(test)]
mod testing;
mod trace;
#[cfg(test)]
mod zoo;

#[doc = include_str!("language.md")]
#[proc_macro]
pub fn network(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    driver::compile(tokens.into()).into()
}
