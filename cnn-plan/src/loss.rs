//! Loss steps, each with its gradient.

mod kind;

pub use kind::{LOSSES, LossKind};

use super::Map;

/// A loss against the batch's labels, with its gradient.
///
/// Per sample: `weight * l` into element 0 of `loss`, 1.0 or 0.0 for a correct or wrong arg max into element 1, and
/// `grad = weight * g / batch`.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The layer's name.
    pub name: &'static str,
    /// What is computed.
    pub kind: LossKind,
    /// `[N, 1, 1]` class scores.
    pub logits: Map,
    /// `[2, 1, 1]`: loss and correctness of each sample.
    pub loss: Map,
    /// Where the gradient of the logits goes.
    pub grad: Option<Map>,
    /// Factor of this loss in the total.
    pub weight: f32,
}
