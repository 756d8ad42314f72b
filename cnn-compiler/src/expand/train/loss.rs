//! `loss = …`: what training makes small.

use cnn_plan::LossKind;

use crate::{ast::Integer, diag::Diagnostics, shape::Made};

/// Cross-entropy if none is chosen. Weights of classes must be one for each output.
pub(super) fn loss(chosen: Option<&Made<LossKind>>, outputs: Integer, errors: &mut Diagnostics) -> LossKind {
    let Some(Made { thing, args }) = chosen else { return LossKind::CROSS_ENTROPY };
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
