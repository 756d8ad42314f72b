//! Identifiers of the generated tables: the layer's path in capitals and what the step does,
//! `LAYER1_0_CONV1_INPUT_GRAD`.

use indexmap::IndexSet;
use proc_macro2::Ident;
use quote::format_ident;

use crate::{
    ir::Graph,
    report::Row,
    schedule::{Schedule, step::Step},
};

/// A name for each step of a schedule, in order, all different.
pub struct Names(IndexSet<String>);

impl Names {
    pub fn of(schedule: &Schedule, graph: &Graph) -> Names {
        Names::distinct(
            schedule.steps().map(|step| base(&graph.layers[step.described().name().0].name, step)),
        )
    }

    /// A name for each layer.
    pub fn of_layers(rows: &[Row]) -> Names {
        Names::distinct(rows.iter().map(|row| capitals(&row.name)))
    }

    /// Numbers the second and later of equal names.
    fn distinct(bases: impl Iterator<Item = String>) -> Names {
        let mut names = IndexSet::new();
        for base in bases {
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

/// The layer, and what the step is beside the layer itself.
fn base(layer: &str, step: &Step) -> String {
    let words: Vec<&str> = step.described().kind().split('_').collect();
    let aside = match words[0] {
        "copy" | "loss" | "transpose" => &words[..],
        _ => &words[1..],
    };
    aside.iter().fold(capitals(layer), |name, word| name + "_" + &word.to_ascii_uppercase())
}

/// A layer's path as a constant's name: whatever the letters of the path, Rust takes it as an
/// identifier.
fn capitals(layer: &str) -> String {
    let path = layer.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_").to_ascii_uppercase();
    if path.starts_with(|letter: char| letter.is_ascii_digit()) {
        format!("_{path}")
    } else if path.chars().all(|letter| letter == '_') {
        format!("LAYER{path}")
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, capitals};

    #[test]
    fn paths_become_constants() {
        let paths = ["layer1.0.conv1", "1x1", "größe", "ü", "日本", "self", "_x"];
        let constants = ["LAYER1_0_CONV1", "_1X1", "GR__E", "LAYER_", "LAYER__", "SELF", "_X"];
        assert_eq!(paths.map(capitals), constants);
    }

    #[test]
    fn equal_names_are_numbered() {
        let names = Names::distinct(["A", "A_2", "A", "B", "A"].map(String::from).into_iter());
        assert!(names.iter().eq(["A", "A_2", "A_3", "B", "A_4"]));
    }
}
