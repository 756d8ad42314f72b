//! The queue and the buffers: transfers that wait, and one buffer for each class of memory.

use std::cell::RefCell;

use cnn_core::{DeviceError, Error, Remedy, Result};
use ocl::core::{self, CommandQueue, Context, DeviceId, Event, Mem, MemFlags};

use super::{bounds, device_info::DeviceInfo, failure::failure};
use crate::engine::{Class, Sizes};

const FLOAT: usize = size_of::<f32>();

/// One in-order queue.
pub(super) struct Queue(CommandQueue);

impl Drop for Queue {
    /// A driver may still be at work when the process ends.
    fn drop(&mut self) {
        let _ = core::finish(&self.0);
    }
}

/// No event to wait for.
pub(super) const NO_EVENTS: Option<&Event> = None;
/// No event wanted.
pub(super) const NO_EVENT: Option<&mut Event> = None;

impl Queue {
    pub(super) fn new(context: &Context, device: DeviceId) -> Result<Queue> {
        let queue = core::create_command_queue(context, device, None);
        queue.map(Queue).map_err(|error| failure("create a command queue", error))
    }

    pub(super) fn raw(&self) -> &CommandQueue {
        &self.0
    }

    /// Writes values at an element offset; returns when they are copied.
    pub(super) fn write<T: ocl::OclPrm>(&self, buffer: &Mem, offset: usize, values: &[T]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        // SAFETY: a blocking write has copied `values` when it returns; the driver checks the
        // buffer's bounds.
        unsafe { core::enqueue_write_buffer(&self.0, buffer, true, offset, values, NO_EVENTS, NO_EVENT) }
            .map_err(|error| failure("write to the device", error))
    }

    /// Reads values from an element offset, after all work before.
    pub(super) fn read<T: ocl::OclPrm>(&self, buffer: &Mem, offset: usize, values: &mut [T]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        // SAFETY: a blocking read is done with `values` when it returns; the driver checks the
        // buffer's bounds.
        unsafe { core::enqueue_read_buffer(&self.0, buffer, true, offset, values, NO_EVENTS, NO_EVENT) }
            .map_err(|error| failure("read from the device", error))
    }

    /// Enqueues a write of rows, one after the other in `values`, to places that are `rows.pitch`
    /// apart.
    ///
    /// # Safety
    /// `values` may not change or end before the event.
    pub(super) unsafe fn enqueue_rows<T: ocl::OclPrm>(
        &self,
        buffer: &Mem,
        rows: &Rows,
        values: &[T],
    ) -> ocl::core::Result<Event> {
        assert_eq!(values.len(), rows.count * rows.len, "one row a sample");
        let mut written = Event::null();
        // SAFETY: `values` lives and stays until the event, as the caller promises, and has exactly
        // the rows that are read; the driver checks the buffer's bounds.
        unsafe {
            core::enqueue_write_buffer_rect(
                &self.0,
                buffer,
                false,
                [rows.offset, 0, 0],
                [0; 3],
                [rows.len, rows.count, 1],
                rows.pitch * size_of::<T>(),
                0,
                rows.len * size_of::<T>(),
                0,
                values,
                NO_EVENTS,
                Some(&mut written),
            )
        }?;
        Ok(written)
    }

    /// The inverse of [`Queue::enqueue_rows`]; returns when the values are there.
    pub(super) fn read_rows(&self, buffer: &Mem, rows: &Rows, values: &mut [f32]) -> Result<()> {
        assert_eq!(values.len(), rows.count * rows.len, "one row a sample");
        // SAFETY: as in `read`; `values` has exactly the rows that are written.
        unsafe {
            core::enqueue_read_buffer_rect(
                &self.0,
                buffer,
                true,
                [rows.offset, 0, 0],
                [0; 3],
                [rows.len, rows.count, 1],
                rows.pitch * FLOAT,
                0,
                rows.len * FLOAT,
                0,
                values,
                NO_EVENTS,
                NO_EVENT,
            )
        }
        .map_err(|error| failure("read from the device", error))
    }

    /// Sets the first `len` 4-byte elements to 0.
    pub(super) fn fill_zero(&self, buffer: &Mem, len: usize) -> ocl::core::Result<()> {
        core::enqueue_fill_buffer(&self.0, buffer, 0.0f32, 0, len, NO_EVENTS, NO_EVENT, None)
    }

    /// Waits for all that is enqueued.
    pub(super) fn finish(&self) -> Result<()> {
        core::finish(&self.0).map_err(|error| failure("finish the work of the device", error))
    }

    /// Has the device start on what is enqueued.
    pub(super) fn flush(&self) -> Result<()> {
        core::flush(&self.0).map_err(|error| failure("start the work of the device", error))
    }
}

/// Equal pieces of a buffer at equal distances, in floats.
pub(super) struct Rows {
    pub(super) offset: usize,
    pub(super) len: usize,
    pub(super) pitch: usize,
    pub(super) count: usize,
}

/// A network's memory on the device.
pub(super) struct Buffers {
    pub(super) params: Mem,
    pub(super) grads: Mem,
    /// Gradients of earlier passes, once there are some.
    pub(super) stashed: Option<Mem>,
    pub(super) state: Mem,
    pub(super) arena: Mem,
    pub(super) targets: Mem,
    /// `Sums` in `kernels/loss.cl`, one for each sample of the largest batch.
    pub(super) sums: Mem,
    context: Context,
}

/// Words of a `Sums`.
pub(super) const SUMS: usize = 3;

impl Buffers {
    /// Takes the memory; parameters, gradients and state start as zero.
    pub(super) fn new(context: &Context, queue: &Queue, info: &DeviceInfo, sizes: &Sizes) -> Result<Buffers> {
        let largest = [sizes.params, sizes.grads, sizes.state, sizes.arena, sizes.targets]
            .into_iter()
            .fold(0, usize::max);
        if needed(sizes) > info.memory.into() || bytes(largest) > info.max_buffer.into() {
            return Err(too_large(info, sizes));
        }
        bounds::check(sizes)?;
        let take = |len: usize, zero: bool| match zero {
            true => zeroed(context, queue, len),
            false => create::<f32>(context, MemFlags::READ_WRITE, len, None),
        };
        let take = |len, zero| take(len, zero).map_err(|error| allocation_failure(error, info, sizes));
        let [params, grads, state] = [sizes.params, sizes.grads, sizes.state].map(|len| take(len, true));
        let (params, grads, state) = (params?, grads?, state?);
        Ok(Buffers {
            params,
            grads,
            stashed: None,
            state,
            context: context.clone(),
            arena: take(sizes.arena, false)?,
            targets: take(sizes.targets, true)?,
            sums: take(sizes.batch * SUMS, true)?,
        })
    }

    /// Exchanges the gradients with those stashed, whose memory is taken the first time.
    pub(super) fn stash_gradients(&mut self, queue: &Queue, len: usize) -> Result<()> {
        let other = match self.stashed.take() {
            Some(other) => other,
            None => zeroed(&self.context, queue, len)
                .map_err(|error| failure("take memory for the gradients of several passes", error))?,
        };
        self.stashed = Some(std::mem::replace(&mut self.grads, other));
        Ok(())
    }

    pub(super) fn class(&self, class: Class) -> &Mem {
        match class {
            Class::Params => &self.params,
            Class::Grads => &self.grads,
            Class::State => &self.state,
        }
    }
}

/// Memory for partial sums between two kernels of a step, taken when a step first needs it; later
/// steps share it.
pub(super) struct Partial {
    context: Context,
    held: RefCell<Option<(usize, Mem)>>,
}

impl Partial {
    pub(super) fn new(context: &Context) -> Partial {
        Partial { context: context.clone(), held: RefCell::new(None) }
    }

    /// A buffer of at least `len` floats.
    pub(super) fn at_least(&self, len: usize) -> Result<Mem> {
        let mut held = self.held.borrow_mut();
        match &*held {
            Some((size, buffer)) if *size >= len => Ok(buffer.clone()),
            _ => {
                let buffer = create::<f32>(&self.context, MemFlags::READ_WRITE, len, None)
                    .map_err(|error| failure("allocate device memory", error))?;
                *held = Some((len, buffer.clone()));
                Ok(buffer)
            }
        }
    }
}

/// A buffer with these values.
pub(super) fn upload(context: &Context, values: &[f32]) -> Result<Mem> {
    create(context, MemFlags::READ_WRITE | MemFlags::COPY_HOST_PTR, values.len(), Some(values))
        .map_err(|error| failure("allocate device memory", error))
}

fn zeroed(context: &Context, queue: &Queue, len: usize) -> ocl::core::Result<Mem> {
    let buffer = create::<f32>(context, MemFlags::READ_WRITE, len, None)?;
    queue.fill_zero(&buffer, len.max(1))?;
    core::finish(queue.raw())?;
    Ok(buffer)
}

/// A buffer of at least one element: OpenCL has no empty ones.
fn create<T: ocl::OclPrm>(
    context: &Context,
    flags: MemFlags,
    len: usize,
    values: Option<&[T]>,
) -> ocl::core::Result<Mem> {
    // SAFETY: without USE_HOST_PTR the driver keeps no reference to `values`.
    unsafe { core::create_buffer(context, flags, len.max(1), values) }
}

fn allocation_failure(error: ocl::core::Error, info: &DeviceInfo, sizes: &Sizes) -> Error {
    use ocl::core::Status;
    match error.api_status() {
        Some(
            Status::CL_MEM_OBJECT_ALLOCATION_FAILURE
            | Status::CL_INVALID_BUFFER_SIZE
            | Status::CL_OUT_OF_RESOURCES
            | Status::CL_OUT_OF_HOST_MEMORY,
        ) => too_large(info, sizes),
        _ => failure("allocate device memory", error),
    }
}

/// Bytes of a number of floats, however large.
fn bytes(floats: usize) -> u128 {
    floats as u128 * FLOAT as u128
}

/// Bytes of all buffers.
fn needed(sizes: &Sizes) -> u128 {
    let Sizes { params, grads, state, arena, batch, targets } = *sizes;
    let sums = bytes(batch) * SUMS as u128;
    [params, grads, state, arena, targets].map(bytes).into_iter().sum::<u128>() + sums
}

/// Names what is needed, what there is and a batch that fits.
fn too_large(info: &DeviceInfo, sizes: &Sizes) -> Error {
    let constant: u128 = [sizes.params, sizes.grads, sizes.state].map(bytes).into_iter().sum();
    let (activations, needed) = (bytes(sizes.arena), needed(sizes));
    // The activations have a buffer of their own; what else a batch takes shares the memory with them.
    let in_all = needed - constant;
    let of_sample = |bytes: u128| bytes.div_ceil(sizes.batch.max(1) as u128).max(1);
    let in_memory = u128::from(info.memory).saturating_sub(constant) / of_sample(in_all);
    let in_buffer = u128::from(info.max_buffer) / of_sample(activations);
    // A driver that refuses what it claims to have gets half of what it refused.
    let fits = in_memory.min(in_buffer).min(sizes.batch as u128 / 2);
    let remedy = match fits {
        0 => Remedy::LargerDevice,
        batch => Remedy::SmallerBatch { at_most: Some(batch as u64) },
    };
    let error = DeviceError::new(format!(
        "{info}: the network needs {needed} bytes, {activations} of them for activations; the device has {} and gives \
         {} to a buffer",
        info.memory, info.max_buffer
    ));
    error.with_remedy(remedy).into()
}
