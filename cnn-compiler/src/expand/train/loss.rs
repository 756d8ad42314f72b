//! `loss = …`: what training makes small.

use cnn_plan::{LOSSES, LossKind, settings::either};

use crate::{ast::Network, diag::Diagnostics, shape::Made};

/// That of the network's targets if none is chosen. It must be able to compare outputs with such
/// targets, and weights of classes must be one for each output.
pub(super) fn loss(chosen: Option<&Made<LossKind>>, network: &Network, errors: &mut Diagnostics) -> LossKind {
    let &Network { outputs, target, .. } = network;
    let Some(made @ Made { thing, args }) = chosen else { return LossKind::of(target) };
    if !thing.takes(target) {
        let takes = |name: &&str| LOSSES.parse(name).is_ok_and(|loss| loss.takes(target));
        let others: Vec<_> = LOSSES.names().into_iter().filter(takes).collect();
        let (loss, what, others) = (made.name(), target.outputs(), either(&others));
        let message = format!("{loss}: the outputs of {} are {what}; use {others}", network.name);
        errors.error(args.word, message);
    }
    if let LossKind::CrossEntropy { class_weights: Some(weights), .. } = thing
        && weights.len() as i64 != outputs.value
    {
        let (expected, found) = (outputs.value, weights.len());
        let message = format!(
            "cross_entropy: class_weights must be {expected} numbers, one for each output, found {found}"
        );
        errors.error(args.span("class_weights"), message);
    }
    *thing
}
