//! The engine: a network's memory on one device, and passes enqueued on its queue.

use std::{cell::RefCell, sync::Arc};

use ocl::core::Context;

use super::{
    device::DeviceInfo,
    frame::Frame,
    kernels::{Arg, Kernels, Programs, Source},
    memory::{Buffers, Queue, Rows},
};
use crate::{
    engine::{Class, Engine, Pass, Sizes},
    error::Result,
    optim::{Optimizer, Update},
    plan::{BLOCK, Map, Param, Steps},
};

/// See [`Engine`].
pub(super) struct ClEngine {
    pub(super) queue: Queue,
    pub(super) buffers: Buffers,
    pub(super) kernels: RefCell<Kernels>,
    pub(super) is_gpu: bool,
    sizes: Sizes,
}

impl ClEngine {
    pub(super) fn new(
        context: &Context,
        info: &DeviceInfo,
        programs: Arc<Programs>,
        sizes: &Sizes,
    ) -> Result<ClEngine> {
        let queue = Queue::new(context, info.id())?;
        let buffers = Buffers::new(context, &queue, info, sizes)?;
        let kernels = RefCell::new(Kernels::new(programs));
        Ok(ClEngine { queue, buffers, kernels, is_gpu: info.is_gpu, sizes: *sizes })
    }

    /// The places of a map in the slabs of a batch.
    fn rows(pass: &Pass, map: &Map) -> Rows {
        Rows { offset: map.offset, len: map.len(), pitch: pass.arena.slab, count: pass.batch }
    }

    /// Updates the parameters in `start..end`.
    fn update_run(&self, update: &Update, start: usize, end: usize) -> Result<()> {
        let Buffers { params, grads, state, .. } = &self.buffers;
        let blocks = (end - start) / BLOCK;
        let (offset, count) = (Arg::Uint(start as u32), Arg::Uint(blocks as u32));
        let mut args = vec![Arg::Buffer(params), Arg::Buffer(grads), Arg::Buffer(state), offset, count];
        let name = match update.optimizer {
            Optimizer::Sgd(rule) => {
                let nesterov = Arg::Uint(rule.nesterov as u32);
                args.extend([
                    Arg::Float(rule.lr),
                    Arg::Float(rule.momentum),
                    nesterov,
                    Arg::Float(rule.weight_decay),
                ]);
                "sgd"
            }
            Optimizer::Adadelta(rule) => {
                args.push(Arg::Uint(self.sizes.params as u32));
                args.extend([rule.lr, rule.rho, rule.epsilon, rule.weight_decay].map(Arg::Float));
                "adadelta"
            }
        };
        let mut kernels = self.kernels.borrow_mut();
        kernels.get(0, name, Source::Layers, String::new)?.launch(&self.queue, &args, [blocks, 1, 1])
    }
}

impl Engine for ClEngine {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.queue.write(self.buffers.class(class), offset, values)
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.queue.read(self.buffers.class(class), offset, values)
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        self.queue.write_rows(&self.buffers.arena, &Self::rows(pass, map), values)
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        self.queue.read_rows(&self.buffers.arena, &Self::rows(pass, map), values)
    }

    fn write_labels(&mut self, labels: &[u32]) -> Result<()> {
        self.queue.write(&self.buffers.labels, 0, labels)
    }

    fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        assert!(
            pass.batch <= self.sizes.batch && pass.arena.len(pass.batch) <= self.sizes.arena,
            "pass exceeds arena"
        );
        let frame = Frame::new(self, pass);
        body(&frame);
        frame.finish()
    }

    fn update(&mut self, update: &Update, params: &'static [Param]) -> Result<()> {
        runs(params).into_iter().try_for_each(|(start, end)| self.update_run(update, start, end))
    }
}

/// The trainable parameters as ranges of the packed array, neighbours joined.
fn runs(params: &[Param]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for param in params.iter().filter(|param| param.trainable) {
        match runs.last_mut() {
            Some((_, end)) if *end == param.offset => *end += param.len,
            _ => runs.push((param.offset, param.offset + param.len)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Init, Role};

    fn param(offset: usize, trainable: bool) -> Param {
        let (name, shape, role, init) = ("", &[8][..], Role::Vector, Init::Constant(0.0));
        Param { name, shape, role, offset, len: 8, init, fan_in: 1, fan_out: 1, trainable }
    }

    #[test]
    fn neighbours_are_updated_together_and_frozen_parameters_not() {
        assert_eq!(runs(&[]), []);
        let params = [param(0, true), param(8, true), param(16, false), param(24, true), param(40, true)];
        assert_eq!(runs(&params), [(0, 16), (24, 32), (40, 48)]);
    }
}
