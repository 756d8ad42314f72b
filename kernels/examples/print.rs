//! Prints the text of a program, for compilers and analysers of OpenCL C:
//! `cargo run -p cnn-kernels --example print ConvIgemm`.

use std::{env, process::ExitCode};

use cnn_kernels::Source;

fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or_default();
    match Source::ALL.iter().find(|source| format!("{source:?}") == name) {
        Some(source) => {
            print!("{}", source.text());
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("unknown program '{name}'; expected one of {:?}", Source::ALL);
            ExitCode::from(2)
        }
    }
}
