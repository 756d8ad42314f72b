//! Host memory that the device reads while the program goes on: values in, an enqueued write out.
//!
//! The memory is written anew only after the device has read it, so a program is at most one batch
//! ahead. It stays mapped, and is where a driver can copy from by itself.

use cnn_core::{Error, Result};
use ocl::core::{self, CommandQueue, Context, Event, MapFlags, Mem, MemFlags, MemMap};

use super::{
    failure::failure,
    memory::{NO_EVENT, NO_EVENTS, Queue, Rows},
};

/// Memory for transfers, as large as the largest so far.
pub(super) struct Staging {
    context: Context,
    piece: Option<Piece>,
}

struct Piece {
    queue: CommandQueue,
    memory: Mem,
    bytes: MemMap<u8>,
    len: usize,
    /// The transfer that reads it.
    transfer: Option<Event>,
}

impl Staging {
    pub(super) fn new(context: &Context) -> Staging {
        Staging { context: context.clone(), piece: None }
    }

    /// Enqueues a write of rows, one after the other in `values`; waits only for the transfer
    /// before.
    pub(super) fn send<T: ocl::OclPrm>(
        &mut self,
        queue: &Queue,
        buffer: &Mem,
        rows: &Rows,
        values: &[T],
    ) -> Result<()> {
        assert_eq!(values.len(), rows.count * rows.len, "one row a sample");
        if values.is_empty() {
            return Ok(());
        }
        let piece = self.at_least(queue, size_of_val(values))?;
        piece.wait().map_err(write_failure)?;
        // SAFETY: the piece is long enough, aligned for every type of OpenCL, and nothing else
        // accesses it after the wait.
        let staged = unsafe { std::slice::from_raw_parts_mut(piece.bytes.as_mut_ptr().cast(), values.len()) };
        staged.copy_from_slice(values);
        // SAFETY: nothing writes to the piece, or frees it, before the transfer is waited for.
        piece.transfer = Some(unsafe { queue.enqueue_rows(buffer, rows, staged) }.map_err(write_failure)?);
        Ok(())
    }

    fn at_least(&mut self, queue: &Queue, len: usize) -> Result<&mut Piece> {
        if self.piece.as_ref().is_none_or(|piece| piece.len < len) {
            let piece = Piece::new(&self.context, queue.raw(), len);
            self.piece = Some(piece.map_err(|error| failure("allocate memory for transfers", error))?);
        }
        Ok(self.piece.as_mut().expect("just made"))
    }
}

fn write_failure(error: core::Error) -> Error {
    failure("write to the device", error)
}

impl Piece {
    fn new(context: &Context, queue: &CommandQueue, len: usize) -> core::Result<Piece> {
        let (flags, access) = (MemFlags::ALLOC_HOST_PTR | MemFlags::READ_ONLY, MapFlags::WRITE);
        // SAFETY: the driver allocates; the mapping ends with the piece.
        let (memory, bytes) = unsafe {
            let memory = core::create_buffer::<_, u8>(context, flags, len, None)?;
            let bytes = core::enqueue_map_buffer(queue, &memory, true, access, 0, len, NO_EVENTS, NO_EVENT)?;
            (memory, bytes)
        };
        Ok(Piece { queue: queue.clone(), memory, bytes, len, transfer: None })
    }

    /// Returns when the device has read what was sent.
    fn wait(&mut self) -> core::Result<()> {
        self.transfer.take().map_or(Ok(()), |transfer| core::wait_for_event(&transfer))
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let _ = self.wait();
        let _ = core::enqueue_unmap_mem_object(&self.queue, &self.memory, &self.bytes, NO_EVENTS, NO_EVENT);
    }
}
