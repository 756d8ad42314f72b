//! Targets that a command holds for a batch or for a data set.

use cnn_core::{Result, Targets, reserve::filled, rng::Stream};

use crate::plan::{Description, TargetKind};

/// Targets of samples, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TargetList {
    Classes(Vec<u32>),
    Values(Vec<f32>),
}

impl TargetList {
    /// No targets of a kind.
    pub(super) fn new(kind: TargetKind) -> TargetList {
        match kind {
            TargetKind::Class => TargetList::Classes(Vec::new()),
            TargetKind::Values | TargetKind::Labels => TargetList::Values(Vec::new()),
        }
    }

    /// Random ones for a batch.
    pub(super) fn random(description: &Description, batch: usize, stream: &mut Stream) -> Result<TargetList> {
        let (kind, outputs) = (description.target(), description.output_len());
        let (len, what) = (batch.saturating_mul(kind.len(outputs)), "the random targets");
        Ok(match kind {
            TargetKind::Class => {
                let mut classes = filled(len, 0, what)?;
                classes.fill_with(|| stream.below(outputs) as u32);
                TargetList::Classes(classes)
            }
            TargetKind::Values => {
                let mut values = filled(len, 0.0, what)?;
                values.fill_with(|| stream.unit() as f32);
                TargetList::Values(values)
            }
            TargetKind::Labels => {
                let mut labels = filled(len, 0.0, what)?;
                labels.fill_with(|| stream.below(2) as f32);
                TargetList::Values(labels)
            }
        })
    }

    /// Appends more of the same kind; others are of no use here, and left out.
    pub(super) fn extend(&mut self, more: Targets) {
        match (self, more) {
            (TargetList::Classes(classes), Targets::Classes(more)) => classes.extend_from_slice(more),
            (TargetList::Values(values), Targets::Values(more)) => values.extend_from_slice(more),
            (TargetList::Classes(_) | TargetList::Values(_), _) => {}
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Targets<'_> {
        match self {
            TargetList::Classes(classes) => Targets::Classes(classes),
            TargetList::Values(values) => Targets::Values(values),
        }
    }
}
