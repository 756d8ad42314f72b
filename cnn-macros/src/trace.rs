//! Looks over the passes' shoulders: checks every stage in debug builds and prints the one that the environment variable
//! `CNN_DUMP` names, `graph`, `schedule`, `plan` or `time`, to stderr during the build.

use std::time::Instant;

use proc_macro2::TokenStream;

use crate::{
    ir::{self, Graph},
    memory::{self, Program},
};

pub struct Trace {
    wanted: Option<String>,
    since: Instant,
}

impl Trace {
    pub fn from_env() -> Trace {
        Trace { wanted: std::env::var("CNN_DUMP").ok(), since: Instant::now() }
    }

    /// A graph after its passes.
    pub fn graph(&mut self, mode: &str, graph: Graph) -> Graph {
        if cfg!(debug_assertions) {
            ir::verify::graph(&graph);
        }
        self.show("graph", mode, || ir::print::graph(&graph));
        self.time("graph", mode);
        graph
    }

    /// A mode's steps with their addresses.
    pub fn program(&mut self, mode: &str, graph: &Graph, program: Program) -> Program {
        if cfg!(debug_assertions) {
            memory::verify::program(&program);
        }
        self.show("schedule", mode, || memory::print::schedule(graph, &program.schedule));
        self.show("plan", mode, || memory::print::plan(graph, &program));
        self.time("plan", mode);
        program
    }

    /// The end.
    pub fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        self.time("tokens", "all");
        tokens
    }

    fn show(&self, stage: &str, mode: &str, text: impl FnOnce() -> String) {
        if self.wanted.as_deref() == Some(stage) {
            eprintln!("{stage} of {mode}\n{}", text());
        }
    }

    fn time(&mut self, stage: &str, mode: &str) {
        self.show("time", mode, || format!("{stage}: {:?}", self.since.elapsed()));
        self.since = Instant::now();
    }
}
