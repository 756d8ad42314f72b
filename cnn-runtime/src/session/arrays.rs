//! The arrays that a session holds for each parameter, in torch order: as a whole, or part by part,
//! so that a large one is never on the host twice.

use cnn_core::{Error, Result};

use super::{PIECE, Session};
use crate::{
    engine::Class,
    params::{self, Packing},
    plan::Param,
};

/// An array that is as long as a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Array {
    /// The parameter or running statistic itself.
    Parameter,
    /// Its gradient.
    Gradient,
    /// The values that the optimizer or the running average keeps of it in a slot.
    State(usize),
}

impl Session {
    /// A parameter or a running statistic in torch order; `index` is its position in
    /// [`Description::params`](crate::network::Description::params).
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such parameter; [`Error::Device`] if the device fails.
    pub fn parameter(&mut self, index: usize) -> Result<Vec<f32>> {
        self.read(Array::Parameter, index)
    }

    /// The gradient of a trainable parameter in torch order, as the last backward pass left it:
    /// [`Session::forward_backward`], [`Session::accumulate`] or [`Session::watch`].
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such parameter, if this session does not train, or if the
    /// last pass was a [`Session::train_step`], which keeps no gradients; [`Error::Device`] if the
    /// device fails.
    pub fn gradient(&mut self, index: usize) -> Result<Vec<f32>> {
        self.rule()?;
        if !self.has_gradients {
            return Err(Error::Usage(
                "no gradients are kept; call forward_backward or accumulate first".into(),
            ));
        }
        self.read(Array::Gradient, index)
    }

    /// Sets a parameter or a running statistic from values in torch order.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such parameter, or if it has another number of values;
    /// [`Error::Device`] if the device fails.
    pub fn set_parameter(&mut self, index: usize, values: &[f32]) -> Result<()> {
        self.write(Array::Parameter, index, values)
    }

    /// Number of arrays of state of every parameter: the optimizer's, then the running average; 0
    /// if this session does not train.
    pub fn state_slots(&self) -> usize {
        self.update.map_or(0, |update| update.slots())
    }

    /// True if a slot holds something of a parameter: of those that are trained, and of running
    /// statistics their average. False if there is no such slot or parameter.
    pub fn has_state(&self, slot: usize, index: usize) -> bool {
        let Ok(&Param { trainable, buffer, .. }) = self.param(index) else { return false };
        let is_average = self.update.is_some_and(|update| slot == update.optimizer.slots());
        slot < self.state_slots() && (trainable || (buffer && is_average))
    }

    /// One of a parameter's arrays of state, in the parameter's torch order.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such slot or parameter; [`Error::Device`] if the device
    /// fails.
    pub fn state(&mut self, slot: usize, index: usize) -> Result<Vec<f32>> {
        self.read(Array::State(slot), index)
    }

    /// Sets one of a parameter's arrays of state from values in torch order.
    ///
    /// # Errors
    /// As [`Session::set_parameter`], and [`Error::Usage`] if there is no such slot.
    pub fn set_state(&mut self, slot: usize, index: usize, values: &[f32]) -> Result<()> {
        self.write(Array::State(slot), index, values)
    }

    /// Shows the values of an array, part by part in torch order.
    pub(crate) fn read_parts(
        &mut self,
        array: Array,
        index: usize,
        see: &mut dyn FnMut(&[f32]) -> Result<()>,
    ) -> Result<()> {
        let param = self.param_of(array, index)?;
        let (class, start) = self.place(array, param);
        let packing = Packing::of(param);
        let (mut packed, mut values) = (Vec::new(), Vec::new());
        for part in params::parts(param, PIECE) {
            packed.resize(part.packed.len(), 0.0);
            values.resize(part.elements.len(), 0.0);
            self.engine.read(class, start + part.packed.start, &mut packed)?;
            packing.unpack(&packed, &mut values);
            see(&values)?;
        }
        Ok(())
    }

    /// Sets the values of an array to what fills in its parts, one after the other in torch order.
    pub(crate) fn write_parts(
        &mut self,
        array: Array,
        index: usize,
        fill: &mut dyn FnMut(&mut [f32]) -> Result<()>,
    ) -> Result<()> {
        let param = self.param_of(array, index)?;
        let (class, start) = self.place(array, param);
        let packing = Packing::of(param);
        let (mut packed, mut values) = (Vec::new(), Vec::new());
        for part in params::parts(param, PIECE) {
            values.resize(part.elements.len(), 0.0);
            fill(&mut values)?;
            packing.pack(&values, &mut packed);
            self.engine.write(class, start + part.packed.start, &packed)?;
        }
        Ok(())
    }

    /// Where the engine has an array of a parameter: the class of memory, and the offset in it.
    fn place(&self, array: Array, param: &Param) -> (Class, usize) {
        match array {
            Array::Parameter => (Class::Params, param.offset),
            Array::Gradient => (Class::Grads, param.offset),
            Array::State(slot) => (Class::State, self.slot_offset(slot) + param.offset),
        }
    }

    /// Where a slot begins in the state: each is as long as the parameters.
    pub(super) fn slot_offset(&self, slot: usize) -> usize {
        slot * self.description().params_len
    }

    fn read(&mut self, array: Array, index: usize) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(self.param_of(array, index)?.shape.iter().product());
        self.read_parts(array, index, &mut |part| {
            values.extend_from_slice(part);
            Ok(())
        })?;
        Ok(values)
    }

    fn write(&mut self, array: Array, index: usize, values: &[f32]) -> Result<()> {
        let param = self.param_of(array, index)?;
        let expected: usize = param.shape.iter().product();
        if values.len() != expected {
            return Err(Error::Usage(format!(
                "{}: expected {expected} values, found {}",
                param.name,
                values.len()
            )));
        }
        let mut rest = values;
        self.write_parts(array, index, &mut |part| {
            let (next, later) = rest.split_at(part.len());
            part.copy_from_slice(next);
            rest = later;
            Ok(())
        })
    }
}
