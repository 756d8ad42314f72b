//! Identifiers of the generated tables: the layer's path in capitals and what the step does, `LAYER1_0_CONV1_INPUT_GRAD`.

use indexmap::IndexSet;
use proc_macro2::Ident;
use quote::format_ident;

use crate::{
    ir::Graph,
    schedule::{
        Schedule,
        step::{Anchor, Step},
    },
};

/// A name for each step of a schedule, in order, all different.
pub struct Names(IndexSet<String>);

impl Names {
    pub fn of(schedule: &Schedule, graph: &Graph) -> Names {
        let mut names = IndexSet::new();
        for step in schedule.steps() {
            let base = base(&graph.layers[step.layer.0].name, step);
            let numbered = (2..).map(|number| format!("{base}_{number}"));
            let name = std::iter::once(base.clone()).chain(numbered).find(|name| !names.contains(name));
            names.insert(name.expect("numbers do not end"));
        }
        Names(names)
    }

    pub fn iter(&self) -> impl Iterator<Item = Ident> {
        self.0.iter().map(|name| format_ident!("{name}"))
    }
}

fn base(layer: &str, step: &Step) -> String {
    let path = layer.replace(|letter: char| !letter.is_alphanumeric(), "_").to_uppercase();
    let suffix = match step.anchor {
        Anchor::Conv { .. } | Anchor::Dense { .. } | Anchor::Pool { .. } => "",
        Anchor::Elementwise { .. } => "",
        Anchor::ConvInputGrad { .. } | Anchor::DenseInputGrad { .. } => "_INPUT_GRAD",
        Anchor::ConvFilterGrad { .. } => "_FILTER_GRAD",
        Anchor::DenseWeightGrad { .. } => "_WEIGHT_GRAD",
        Anchor::PoolGrad { .. } => "_GRAD",
        Anchor::Copy { .. } => "_COPY",
        Anchor::CrossEntropy { .. } => "_LOSS",
    };
    let first_is_digit = path.starts_with(|letter: char| letter.is_numeric());
    format!("{}{path}{suffix}", if first_is_digit { "_" } else { "" })
}
