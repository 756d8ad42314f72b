//! `data { … }` and `augment { … }`: the stages between a stored image and the network's input.
//!
//! Each section has a table of its stages. Checked are the sizes from stage to stage, which must end in the declared input, and
//! that the stages suit its channels and elements.

mod augment;
mod errors;
mod prepare;
mod sizes;
mod values;

use super::{Diagnostics, section};
use crate::{
    ast,
    infer::{Args, Argument, Given, Spec, choose},
    ir::{Augment, Prepare},
};

/// A stage with the arguments it was made of, which know their places.
type Stage<T> = (T, Args);

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
    let prepare = arguments("data", data, &prepare::STAGES, &augment::STAGES, errors);
    let prepare: Vec<_> = prepare.into_iter().map(|args| (prepare::stage(&args), args)).collect();
    let augment = arguments("augment", augment, &augment::STAGES, &prepare::STAGES, errors);
    let augment: Vec<_> =
        augment.into_iter().filter_map(|args| Some((augment::stage(&args, errors)?, args))).collect();
    // With a stage missing, sizes would go wrong for no other reason.
    if let Some(shape) = shape.filter(|_| [prepare.len(), augment.len()] == written) {
        let input = Input { network: &network.name.to_string(), shape };
        values::check(&prepare, &augment, input, errors);
        sizes::check(&prepare, &augment, input, errors);
    }
    (data.map(|_| alone(prepare)), alone(augment))
}

fn alone<T>(stages: Vec<Stage<T>>) -> Vec<T> {
    stages.into_iter().map(|(stage, _)| stage).collect()
}

/// The stages of a section, with their arguments; `elsewhere` are those of the other section.
fn arguments(
    who: &str,
    given: Option<&[ast::Argument]>,
    stages: &[&'static Spec],
    elsewhere: &[&Spec],
    diagnostics: &mut Diagnostics,
) -> Vec<Args> {
    let given = section::arguments(who, given.unwrap_or_default(), diagnostics);
    let one = |argument: &Argument| {
        if let Some((key, span)) = &argument.key {
            diagnostics.error(*span, errors::keyed(who, key));
            return None;
        }
        match &argument.value {
            Given::Word { word, .. } | Given::Call { word, .. }
                if elsewhere.iter().any(|spec| spec.name == word) =>
            {
                diagnostics.error(argument.span, errors::elsewhere(who, word));
                None
            }
            _ => choose(stages, "stage", who, argument, diagnostics),
        }
    };
    given.iter().filter_map(one).collect()
}

/// The arguments `height` and `width`, or one size for both.
fn extent(args: &Args) -> [usize; 2] {
    let height = args.count("height");
    [height, args.given_count("width").unwrap_or(height)]
}

/// Names of all stages.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    prepare::STAGES.iter().chain(&augment::STAGES).map(|spec| spec.name)
}
