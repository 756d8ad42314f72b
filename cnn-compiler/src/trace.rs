//! Observes the passes: checks every stage in debug builds and prints the one that the
//! environment variable `CNN_DUMP` names, `graph`, `schedule`, `plan` or `time`, to stderr during
//! the build. `time` is a line for each stage, from the tokens that come to those that go, and
//! their total.

use std::time::Instant;

use proc_macro2::TokenStream;

use crate::{
    ast,
    ir::{self, Graph},
    memory::{self, Program},
};

/// What the environment asks for, and the clock of the stages.
pub struct Trace {
    wanted: Option<String>,
    start: Instant,
    /// The end of the last stage.
    since: Instant,
}

impl Trace {
    /// Reads `CNN_DUMP` and starts the clock.
    pub fn from_env() -> Trace {
        let now = Instant::now();
        Trace { wanted: std::env::var("CNN_DUMP").ok(), start: now, since: now }
    }

    /// The syntax tree, after `parse`.
    pub fn parsed(&mut self, network: ast::Network) -> ast::Network {
        self.time("parse");
        network
    }

    /// The typed network, after `expand`.
    pub fn expanded(&mut self, network: ir::Network) -> ir::Network {
        self.time("expand");
        network
    }

    /// A graph after its passes.
    pub fn graph(&mut self, mode: &str, graph: Graph) -> Graph {
        if cfg!(debug_assertions) {
            ir::verify::graph(&graph);
        }
        self.show("graph", mode, || ir::print::graph(&graph));
        self.time(&format!("graph of {mode}"));
        graph
    }

    /// A mode's steps with their addresses.
    pub fn program(&mut self, mode: &str, graph: &Graph, program: Program) -> Program {
        if cfg!(debug_assertions) {
            memory::verify::program(&program);
        }
        self.show("schedule", mode, || memory::print::schedule(graph, &program.schedule));
        self.show("plan", mode, || memory::print::plan(graph, &program));
        self.time(&format!("plan of {mode}"));
        program
    }

    /// The generated code; prints what all stages took together.
    pub fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        self.time("tokens");
        self.since = self.start;
        self.time("total");
        tokens
    }

    fn show(&self, stage: &str, mode: &str, text: impl FnOnce() -> String) {
        if self.wanted.as_deref() == Some(stage) {
            eprintln!("{stage} of {mode}\n{}", text());
        }
    }

    /// Prints what passed since the last stage.
    fn time(&mut self, stage: &str) {
        if self.wanted.as_deref() == Some("time") {
            eprintln!("{stage}: {:?}", self.since.elapsed());
        }
        self.since = Instant::now();
    }
}
