//! What a step works on: the engine's memory by the addresses of [`cnn_runtime::plan`].
//!
//! Cells, because generated code holds one machine for all its steps. Padding lanes of maps are
//! neither read nor written.

use std::{cell::Cell, ops::Range};

use cnn_runtime::{
    backend::Pass,
    plan::{Elt, Map, Shaped, padded},
};

use crate::{
    epilogue,
    values::{Place, Values, places},
};

/// The memory of one pass.
pub(crate) struct Machine<'a> {
    pub(crate) pass: Pass,
    pub(crate) params: &'a [Cell<f32>],
    pub(crate) grads: &'a [Cell<f32>],
    pub(crate) arena: &'a [Cell<f32>],
    pub(crate) targets: &'a [u32],
}

impl<'a> Machine<'a> {
    pub(crate) fn samples(&self) -> Range<usize> {
        0..self.pass.batch
    }

    fn element(&self, sample: usize, map: &Map, [channel, row, column]: Place) -> &'a Cell<f32> {
        &self.arena[sample * self.pass.arena.slab + map.offset + map.index(channel, row, column)]
    }

    pub(crate) fn get(&self, sample: usize, map: &Map, place: Place) -> f64 {
        self.element(sample, map, place).get().into()
    }

    pub(crate) fn set(&self, sample: usize, map: &Map, place: Place, value: f64) {
        self.element(sample, map, place).set(value as f32);
    }

    pub(crate) fn load(&self, sample: usize, map: &Map) -> Values {
        Values::of(map.shape(), |place| self.get(sample, map, place))
    }

    /// Applies the epilogue of a step to its result, and stores it. An operand of the epilogue may
    /// lie where the result goes.
    pub(crate) fn store(&self, sample: usize, y: &Map, epilogue: &[Elt], values: &Values) {
        for place in places(y.shape()) {
            let at = epilogue::At { machine: self, sample, map: y, place };
            let value = epilogue.iter().fold(values.at(place), |value, elt| at.apply(elt, value));
            self.set(sample, y, place, value);
        }
    }

    pub(crate) fn param(&self, at: usize) -> f64 {
        self.params[at].get().into()
    }

    pub(crate) fn grad(&self, at: usize) -> f64 {
        self.grads[at].get().into()
    }

    /// Overwrites the packed gradient of a parameter; padding is zero.
    pub(crate) fn set_grads(&self, at: usize, values: &[f64]) {
        write(&self.grads[at..], values);
    }

    /// Floats that belong to the batch as a whole: they begin behind the slabs of its samples.
    pub(crate) fn area(&self, offset: usize) -> &'a [Cell<f32>] {
        &self.arena[self.pass.batch * self.pass.arena.slab + offset..]
    }
}

/// Stores numbers.
pub(crate) fn write(cells: &[Cell<f32>], values: &[f64]) {
    cells[..values.len()].iter().zip(values).for_each(|(cell, value)| cell.set(*value as f32));
}

/// A number for each channel, as vectors over channels are packed: in whole blocks, with zeros.
pub(crate) fn by_channel(channels: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..padded(channels)).map(|channel| if channel < channels { value(channel) } else { 0.0 }).collect()
}
