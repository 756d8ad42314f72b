//! A network on a device: its memory, its queue and its kernels.

use std::{cell::RefCell, sync::Arc};

use cnn_core::{Result, reserve::filled};
use ocl::core::Context;

use super::{
    device_info::DeviceInfo,
    kernels::{Kernels, Programs},
    memory::{Buffers, Partial, Queue},
    staging::Staging,
};
use crate::engine::Sizes;

/// A network on an OpenCL device.
pub(super) struct ClEngine {
    pub(super) queue: Queue,
    pub(super) buffers: Buffers,
    pub(super) kernels: RefCell<Kernels>,
    pub(super) is_gpu: bool,
    /// Whether convolutions use tiles in local memory.
    pub(super) has_tiles: bool,
    pub(super) partial: Partial,
    pub(super) maps: Staging,
    pub(super) targets: Staging,
    /// The targets that the device gets: of classes some losses need a mean.
    pub(super) host_targets: Vec<u32>,
    pub(super) sizes: Sizes,
    context: Context,
    info: DeviceInfo,
    programs: Arc<Programs>,
}

impl ClEngine {
    pub(super) fn new(
        context: &Context,
        info: &DeviceInfo,
        programs: Arc<Programs>,
        has_tiles: bool,
        sizes: &Sizes,
    ) -> Result<ClEngine> {
        let queue = Queue::new(context, info.id)?;
        let buffers = Buffers::new(context, &queue, info, sizes)?;
        let kernels = RefCell::new(Kernels::new(programs.clone()));
        Ok(ClEngine {
            queue,
            buffers,
            kernels,
            is_gpu: info.is_gpu,
            has_tiles,
            partial: Partial::new(context),
            maps: Staging::new(context),
            targets: Staging::new(context),
            host_targets: filled(sizes.targets, 0, "the targets of a batch")?,
            sizes: *sizes,
            context: context.clone(),
            info: info.clone(),
            programs,
        })
    }

    /// An engine for inference on the parameters of this one.
    pub(super) fn sharing(&self) -> Result<ClEngine> {
        // The other engine's queue knows nothing of what waits in this one.
        self.queue.finish()?;
        let sizes = Sizes { params: 0, grads: 0, state: 0, ..self.sizes };
        let programs = self.programs.clone();
        let mut other = ClEngine::new(&self.context, &self.info, programs, self.has_tiles, &sizes)?;
        other.buffers.params = self.buffers.params.clone();
        other.sizes.params = self.sizes.params;
        Ok(other)
    }
}
