//! `data { … }` and `augment { … }`: the stages between a stored image and the network's input.
//!
//! Each section has a table of its stages. Checked are the sizes from stage to stage, which must end in the declared input, and that
//! the values' stages suit its channels.

mod augment;
mod errors;
mod prepare;
mod sizes;
mod values;

use super::{Diagnostics, section};
use crate::{
    ast::{self, Span},
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
    let data = section::find(network, "data");
    let prepare = given("data", data, &prepare::STAGES, &augment::STAGES, errors);
    let prepare: Vec<_> = prepare.into_iter().map(|args| (prepare::stage(&args), args)).collect();
    let given =
        given("augment", section::find(network, "augment"), &augment::STAGES, &prepare::STAGES, errors);
    let augment: Vec<_> =
        given.into_iter().filter_map(|args| Some((augment::stage(&args, errors)?, args))).collect();
    // With a stage missing, sizes would go wrong for no other reason.
    if let Some(shape) = shape.filter(|_| errors.is_empty()) {
        let input = Input { network: &network.name.to_string(), shape };
        values::check(&prepare, &augment, input, errors);
        sizes::check(&prepare, &augment, input, errors);
    }
    let alone = |stages: Vec<Stage<Prepare>>| stages.into_iter().map(|(stage, _)| stage).collect();
    (data.map(|_| alone(prepare)), augment.into_iter().map(|(stage, _)| stage).collect())
}

/// The stages of a section, with their arguments; `elsewhere` are those of the other section.
fn given(
    who: &str,
    section: Option<(&[ast::Argument], Span)>,
    stages: &[&'static Spec],
    elsewhere: &[&Spec],
    diagnostics: &mut Diagnostics,
) -> Vec<Args> {
    let (given, _) = section.unwrap_or((&[], Span::from(proc_macro2::Span::call_site())));
    let arguments = section::arguments(who, given, diagnostics);
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
    arguments.iter().filter_map(one).collect()
}

/// The arguments `height` and `width`, or one size for both.
fn extent(args: &Args) -> [usize; 2] {
    let height = args.count("height");
    [height, args.given_count("width").unwrap_or(height)]
}
