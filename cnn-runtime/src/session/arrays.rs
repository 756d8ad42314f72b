//! What a session holds of its parameters, in torch order: as a whole, or part by part, so that a large one is never on the
//! host twice.

use super::{PIECE, Session};
use crate::{
    engine::Class,
    error::{Error, Result},
    params,
    plan::Param,
};

/// One of the arrays that are as long as a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Array {
    /// The parameter or running statistic itself.
    Parameter,
    /// Its gradient.
    Gradient,
    /// What the optimizer or the running average keeps in a slot.
    State(usize),
}

impl Session {
    /// A parameter or a running statistic in torch order; `index` is its position in [`crate::plan::Description::params`].
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn parameter(&mut self, index: usize) -> Result<Vec<f32>> {
        self.read(Array::Parameter, index)
    }

    /// The gradient of a trainable parameter in torch order, as the last backward pass left it:
    /// [`Session::forward_backward`], [`Session::accumulate`] or [`Session::watch`].
    ///
    /// # Errors
    /// [`Error::Usage`] if this session does not train, or if the last pass was a [`Session::train_step`], which keeps no gradients;
    /// [`Error::Device`] if the device fails.
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
    /// [`Error::Usage`] if their number is wrong; [`Error::Device`] if the device fails.
    pub fn set_parameter(&mut self, index: usize, values: &[f32]) -> Result<()> {
        self.write(Array::Parameter, index, values)
    }

    /// Arrays of state of every parameter, the optimizer's and then the running average; 0 if this session does not train.
    pub fn state_slots(&self) -> usize {
        self.update.map_or(0, |update| update.slots())
    }

    /// True if a slot holds something of a parameter: of those that are trained, and of running statistics their average.
    pub fn has_state(&self, slot: usize, index: usize) -> bool {
        let Param { trainable, buffer, .. } = *self.param(index);
        let is_average = self.update.is_some_and(|update| slot == update.optimizer.slots());
        slot < self.state_slots() && (trainable || (buffer && is_average))
    }

    /// One of a parameter's arrays of state, in the parameter's torch order.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn state(&mut self, slot: usize, index: usize) -> Result<Vec<f32>> {
        self.read(Array::State(slot), index)
    }

    /// Sets one of a parameter's arrays of state from values in torch order.
    ///
    /// # Errors
    /// As [`Session::set_parameter`].
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
        let (param, (class, start)) = (self.param(index), self.place(array, index));
        let (mut packed, mut values) = (Vec::new(), Vec::new());
        for part in params::parts(param, PIECE) {
            packed.resize(part.packed.len(), 0.0);
            values.resize(part.elements.len(), 0.0);
            self.engine.read(class, start + part.packed.start, &mut packed)?;
            params::unpack(param, &packed, &mut values);
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
        let (param, (class, start)) = (self.param(index), self.place(array, index));
        let mut values = Vec::new();
        for part in params::parts(param, PIECE) {
            values.resize(part.elements.len(), 0.0);
            fill(&mut values)?;
            self.engine.write(class, start + part.packed.start, &params::pack(param, &values))?;
        }
        Ok(())
    }

    /// Where the engine has an array.
    fn place(&self, array: Array, index: usize) -> (Class, usize) {
        let offset = self.param(index).offset;
        match array {
            Array::Parameter => (Class::Params, offset),
            Array::Gradient => (Class::Grads, offset),
            Array::State(slot) => (Class::State, self.slot_offset(slot) + offset),
        }
    }

    fn read(&mut self, array: Array, index: usize) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(self.param(index).shape.iter().product());
        self.read_parts(array, index, &mut |part| {
            values.extend_from_slice(part);
            Ok(())
        })?;
        Ok(values)
    }

    fn write(&mut self, array: Array, index: usize, values: &[f32]) -> Result<()> {
        let param = self.param(index);
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
