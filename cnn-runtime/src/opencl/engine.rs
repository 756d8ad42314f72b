//! The engine: a network's memory on one device, and passes enqueued on its queue.

use std::{cell::RefCell, sync::Arc};

use cnn_core::Result;
use ocl::core::Context;

use super::{
    device::DeviceInfo,
    frame::Frame,
    kernels::{Kernels, Programs},
    loss,
    memory::{Buffers, Partial, Queue, Rows},
    staging::Staging,
    update,
};
use crate::{
    engine::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes},
    plan::{Map, Steps},
};

/// A network on an OpenCL device.
pub(super) struct ClEngine {
    pub(super) queue: Queue,
    pub(super) buffers: Buffers,
    pub(super) kernels: RefCell<Kernels>,
    pub(super) is_gpu: bool,
    /// Whether convolutions use tiles in local memory.
    pub(super) has_tiles: bool,
    pub(super) partial: Partial,
    maps: Staging,
    labels: Staging,
    /// The labels that the device gets, of which some losses need a mean.
    pub(super) host_labels: Vec<u32>,
    pub(super) sizes: Sizes,
}

impl ClEngine {
    pub(super) fn new(
        context: &Context,
        info: &DeviceInfo,
        programs: Arc<Programs>,
        has_tiles: bool,
        sizes: &Sizes,
    ) -> Result<ClEngine> {
        let queue = Queue::new(context, info.id())?;
        let buffers = Buffers::new(context, &queue, info, sizes)?;
        let kernels = RefCell::new(Kernels::new(programs));
        Ok(ClEngine {
            queue,
            buffers,
            kernels,
            is_gpu: info.is_gpu,
            has_tiles,
            partial: Partial::new(context),
            maps: Staging::new(context),
            labels: Staging::new(context),
            host_labels: vec![0; sizes.batch],
            sizes: *sizes,
        })
    }

    /// The places of a map in the slabs of a batch.
    fn rows(pass: &Pass, map: &Map) -> Rows {
        Rows { offset: map.offset, len: map.len(), pitch: pass.arena.slab, count: pass.batch }
    }
}

impl Engine for ClEngine {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.queue.write(self.buffers.class(class), offset, values)
    }

    fn finish(&mut self) -> Result<()> {
        self.queue.finish()
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.queue.read(self.buffers.class(class), offset, values)
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        self.maps.send(&self.queue, &self.buffers.arena, &Self::rows(pass, map), values)
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        self.queue.read_rows(&self.buffers.arena, &Self::rows(pass, map), values)
    }

    fn write_labels(&mut self, labels: &[u32]) -> Result<()> {
        self.host_labels[..labels.len()].copy_from_slice(labels);
        let row = Rows { offset: 0, len: labels.len(), pitch: labels.len(), count: 1 };
        self.labels.send(&self.queue, &self.buffers.labels, &row, labels)
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        let frame = Frame::new(self, pass);
        body(&frame);
        frame.finish()?;
        self.queue.flush()
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        loss::add(self, pass, losses)
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        loss::take(self)
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        update::run(self, pending)?;
        self.queue.flush()
    }

    fn stash_gradients(&mut self) -> Result<()> {
        self.buffers.stash_gradients(&self.queue, self.sizes.grads)
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        update::merge_stashed(self, share)
    }
}
