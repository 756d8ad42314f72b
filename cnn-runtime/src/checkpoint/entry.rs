//! The tensors of a checkpoint, each with its place in a session.

use super::Source;
use crate::{
    session::{Array, Session},
    weights::layout::Planned,
};

/// A tensor of a checkpoint: a parameter, or an array of its state (the optimizer's, or the running
/// average).
pub(super) struct Entry {
    /// The tensor's name in the file.
    pub(super) name: String,
    shape: &'static [usize],
    /// The array of the session that it holds.
    pub(super) array: Array,
    /// The index of the parameter.
    pub(super) index: usize,
}

/// Every parameter and running statistic, then all that the optimizer and the average keep of them.
pub(super) fn entries(session: &Session) -> Vec<Entry> {
    let slots = std::iter::once(None).chain((0..session.state_slots()).map(Some));
    let params = || session.description().params.iter().enumerate();
    let entries = slots.flat_map(|slot| {
        let kept = params().filter(move |&(index, _)| slot.is_none_or(|slot| session.has_state(slot, index)));
        kept.map(move |(index, param)| {
            let name = slot.map_or(param.name.into(), |slot| format!("optimizer.{slot}.{}", param.name));
            Entry { name, shape: param.shape, array: slot.map_or(Array::Parameter, Array::State), index }
        })
    });
    entries.collect()
}

impl Entry {
    /// The name and the shape that a file must have.
    pub(super) fn expected(&self) -> (&str, &[usize]) {
        (&self.name, self.shape)
    }

    /// The tensor as it is to be written.
    pub(super) fn planned(&self) -> Planned<Source<'_>> {
        Planned::floats(&self.name, self.shape, Source::Entry(self))
    }
}
