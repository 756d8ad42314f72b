//! The tensors of a checkpoint, each with its place in a session.

use crate::{error::Result, session::Session, weights::tensors::Tensor};

/// A parameter, or an array of its state: the optimizer's, or the running average.
pub(super) struct Entry {
    /// In the file.
    pub(super) name: String,
    shape: &'static [usize],
    /// Of the parameter.
    index: usize,
    /// Of the state; `None` for the parameter itself.
    slot: Option<usize>,
}

/// Every parameter and running statistic, then all that the optimizer and the average keep of them.
pub(super) fn entries(session: &Session) -> Vec<Entry> {
    let slots = std::iter::once(None).chain((0..session.state_slots()).map(Some));
    let params = || session.description().params.iter().enumerate();
    let entries = slots.flat_map(|slot| {
        let kept = params().filter(move |&(index, _)| slot.is_none_or(|slot| session.has_state(slot, index)));
        kept.map(move |(index, param)| {
            let name = slot.map_or(param.name.into(), |slot| format!("optimizer.{slot}.{}", param.name));
            Entry { name, shape: param.shape, index, slot }
        })
    });
    entries.collect()
}

impl Entry {
    pub(super) fn expected(&self) -> (&str, &[usize]) {
        (&self.name, self.shape)
    }

    pub(super) fn read(&self, session: &mut Session) -> Result<Tensor> {
        let values = match self.slot {
            None => session.parameter(self.index)?,
            Some(slot) => session.state(slot, self.index)?,
        };
        Ok(Tensor::new(&self.name, self.shape, values))
    }

    pub(super) fn write(&self, session: &mut Session, values: &[f32]) -> Result<()> {
        match self.slot {
            None => session.set_parameter(self.index, values),
            Some(slot) => session.set_state(slot, self.index, values),
        }
    }
}
