//! `data { … }` and `augment { … }`: the stages between a stored image and the network's input.
//!
//! The tables of `cnn_plan` say which stages there are. Checked here are the sizes from stage to
//! stage, which must end in the declared input, and that the stages suit its channels and elements.

mod errors;
mod size;
mod sizes;
mod values;

use cnn_plan::{AUGMENTATIONS, Augment, PREPARATIONS, Prepare, settings::Table};

use super::{Diagnostics, section};
use crate::{
    ast,
    shape::{self, Argument, Given, Made, choose},
};

/// The network's input, for checks.
#[derive(Clone, Copy)]
struct Input<'a> {
    network: &'a str,
    shape: [usize; 3],
}

impl Input<'_> {
    fn size(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }

    /// A line for errors about sizes, where the input's are probably in another order.
    fn help(&self) -> String {
        shape::transposed(&self.shape).map_or_else(String::new, |help| format!("\nhelp: {help}"))
    }
}

/// Evaluates both sections; `shape` is the input's, if that is sound.
pub(super) fn stages(
    network: &ast::Network,
    shape: Option<[usize; 3]>,
    errors: &mut Diagnostics,
) -> (Option<Vec<Prepare>>, Vec<Augment>) {
    let [data, augment] =
        ["data", "augment"].map(|name| section::find(network, name).map(|(given, _)| given));
    let written = [data, augment].map(|given| given.unwrap_or_default().len());
    let prepare = made("data", data, &PREPARATIONS, &AUGMENTATIONS, errors);
    let augment = made("augment", augment, &AUGMENTATIONS, &PREPARATIONS, errors);
    // With a stage missing, sizes would go wrong for no other reason.
    if let Some(shape) = shape.filter(|_| [prepare.len(), augment.len()] == written) {
        let input = Input { network: &network.name.to_string(), shape };
        values::check(&prepare, &augment, input, errors);
        sizes::check(&prepare, &augment, input, errors);
    }
    (data.map(|_| alone(prepare)), alone(augment))
}

fn alone<T>(stages: Vec<Made<T>>) -> Vec<T> {
    stages.into_iter().map(|stage| stage.thing).collect()
}

/// The stages of a section; `elsewhere` has those of the other section.
fn made<T, U>(
    who: &str,
    given: Option<&[ast::Argument]>,
    table: &Table<T>,
    elsewhere: &Table<U>,
    diagnostics: &mut Diagnostics,
) -> Vec<Made<T>> {
    let given = section::arguments(who, given.unwrap_or_default(), diagnostics);
    let one = |argument: &Argument| {
        if let Some((key, span)) = &argument.key {
            let message = match table.find(key) {
                Some(_) => errors::keyed(who, key),
                None => format!("{who}: {}", table.unknown(key)),
            };
            diagnostics.error(*span, message);
            return None;
        }
        match &argument.value {
            Given::Word { word, .. } | Given::Call { word, .. } if elsewhere.find(word).is_some() => {
                diagnostics.error(argument.span, errors::elsewhere(who, word));
                None
            }
            _ => choose(table, who, argument, diagnostics),
        }
    };
    given.iter().filter_map(one).collect()
}

/// The section that a stage stands in.
pub(super) fn section_of(stage: &str) -> Option<&'static str> {
    if PREPARATIONS.find(stage).is_some() {
        Some("data")
    } else {
        AUGMENTATIONS.find(stage).map(|_| "augment")
    }
}

/// Names of all stages.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PREPARATIONS.names().into_iter().chain(AUGMENTATIONS.names())
}
