//! Raw memory: zeroed allocations and views of them that several threads may hold.
//!
//! A [`Span`] checks bounds on every access. What it cannot check is that threads do not write
//! where others read or write: that is the invariant of every step, which divides its output among
//! the threads before it starts them.

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    marker::PhantomData,
    ptr::NonNull,
};

use cnn_core::{DeviceError, Remedy, Result};

use super::simd::Simd;
use crate::plan::BLOCK;

/// Floats of a cache line, where a buffer starts.
const LINE: usize = 16;

/// Zeroed floats. The system maps pages when they are first touched, so what is never used costs
/// nothing.
///
/// That holds for an alignment that the system's allocator has by itself; for a greater one, the
/// standard library clears the memory by hand, every page of it. So the allocation is aligned to 16
/// bytes and a line longer, and the start rounded up.
pub(super) struct Buffer {
    base: NonNull<f32>,
    start: NonNull<f32>,
    len: usize,
}

impl Buffer {
    pub(super) fn zeroed(len: usize, purpose: &str) -> Result<Buffer> {
        if len == 0 {
            return Ok(Buffer { base: NonNull::dangling(), start: NonNull::dangling(), len });
        }
        // SAFETY: the layout is not empty.
        let allocate = |layout| NonNull::new(unsafe { alloc_zeroed(layout) }.cast::<f32>());
        match layout(len).and_then(allocate) {
            Some(base) => {
                let skipped = base.as_ptr().align_offset(LINE * size_of::<f32>());
                assert!(skipped < LINE, "the next line is less than a line away");
                // SAFETY: the allocation is a line longer than `len`.
                Ok(Buffer { base, start: unsafe { base.add(skipped) }, len })
            }
            None => {
                let bytes = len.saturating_mul(size_of::<f32>());
                let error = DeviceError::new(format!("no memory for the {purpose}: {bytes} bytes"));
                Err(error.with_remedy(Remedy::SmallerBatch { at_most: None }).into())
            }
        }
    }

    /// All of it.
    pub(super) fn span(&self) -> Span<'_> {
        Span { start: self.start, len: self.len, buffer: PhantomData }
    }
}

fn layout(len: usize) -> Option<Layout> {
    Layout::from_size_align(len.checked_add(LINE)?.checked_mul(size_of::<f32>())?, 16).ok()
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let (1.., Some(layout)) = (self.len, layout(self.len)) {
            // SAFETY: this is the layout that `zeroed` allocated with.
            unsafe { dealloc(self.base.as_ptr().cast(), layout) }
        }
    }
}

// SAFETY: a buffer owns its memory.
unsafe impl Send for Buffer {}
// SAFETY: its memory is accessed through spans only; see there. Engines that share parameters only
// read them: each refuses to write while there is another.
unsafe impl Sync for Buffer {}

/// Eight distances from a position, none negative.
pub(super) struct Places {
    each: [i32; BLOCK],
    last: i32,
}

impl Places {
    #[inline(always)]
    pub(super) fn new(each: [usize; BLOCK]) -> Places {
        let each = each.map(|place| place.min(i32::MAX as usize) as i32);
        Places { each, last: each.into_iter().fold(0, i32::max) }
    }
}

/// Part of a buffer.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    start: NonNull<f32>,
    len: usize,
    buffer: PhantomData<&'a Buffer>,
}

/// Vectors at even distances, whose bounds are checked once for all.
#[derive(Clone, Copy)]
pub(super) struct Vectors<'a> {
    span: Span<'a>,
    step: usize,
    count: usize,
}

impl Vectors<'_> {
    #[inline(always)]
    fn address(&self, number: usize) -> *mut f32 {
        assert!(number < self.count, "the vectors end");
        // SAFETY: `Span::vectors` checks the bounds of the last.
        unsafe { self.span.start.as_ptr().add(number * self.step) }
    }

    #[inline(always)]
    pub(super) fn load<S: Simd>(&self, simd: S, number: usize) -> S::V {
        // SAFETY: all vectors lie inside their span.
        unsafe { simd.load(self.address(number)) }
    }

    #[inline(always)]
    pub(super) fn store<S: Simd>(&self, simd: S, number: usize, value: S::V) {
        // SAFETY: as in `load`.
        unsafe { simd.store(self.address(number), value) }
    }
}

// SAFETY: floats can be read and written from any thread; steps keep threads off each other's
// elements, see above.
unsafe impl Send for Span<'_> {}
// SAFETY: as for Send.
unsafe impl Sync for Span<'_> {}

impl<'a> Span<'a> {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// `len` floats from `offset` on.
    #[inline(always)]
    pub(super) fn part(&self, offset: usize, len: usize) -> Span<'a> {
        assert!(offset <= self.len && len <= self.len - offset, "the plan leaves its memory");
        // SAFETY: the part lies inside.
        Span { start: unsafe { self.start.add(offset) }, len, buffer: PhantomData }
    }

    /// Everything from `offset` on.
    #[inline(always)]
    pub(super) fn from(&self, offset: usize) -> Span<'a> {
        self.part(offset, self.len - offset)
    }

    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> f32 {
        // SAFETY: `part` checks the bounds.
        unsafe { self.part(at, 1).start.read() }
    }

    #[inline(always)]
    pub(super) fn set(&self, at: usize, value: f32) {
        // SAFETY: `part` checks the bounds.
        unsafe { self.part(at, 1).start.write(value) }
    }

    #[inline(always)]
    pub(super) fn load<S: Simd>(&self, simd: S, at: usize) -> S::V {
        // SAFETY: `part` checks the bounds.
        unsafe { simd.load(self.part(at, BLOCK).start.as_ptr()) }
    }

    #[inline(always)]
    pub(super) fn store<S: Simd>(&self, simd: S, at: usize, value: S::V) {
        // SAFETY: `part` checks the bounds.
        unsafe { simd.store(self.part(at, BLOCK).start.as_ptr(), value) }
    }

    /// `count` vectors, `step` floats apart from `position` on.
    #[inline(always)]
    pub(super) fn vectors(&self, position: usize, step: usize, count: usize) -> Vectors<'a> {
        let len = if count == 0 { 0 } else { (count - 1) * step + BLOCK };
        Vectors { span: self.part(position, len), step, count }
    }

    /// Eight floats, each at a place of its own from `at` on.
    #[inline(always)]
    pub(super) fn gather<S: Simd>(&self, simd: S, at: usize, places: &Places) -> S::V {
        // SAFETY: `part` checks the bounds, and no place is greater than the last.
        unsafe { simd.gather(self.part(at, places.last as usize + 1).start.as_ptr(), &places.each) }
    }

    pub(super) fn fill(&self, value: f32) {
        // SAFETY: all positions lie inside.
        (0..self.len).for_each(|at| unsafe { self.start.add(at).write(value) });
    }

    /// Sets the lanes of a block of channels that lie past the last channel to 0: sums there took what
    /// padding lanes of their operands hold.
    pub(super) fn clear_padding(&self, channels: usize, block: usize) {
        let lanes = BLOCK.min(channels - block * BLOCK);
        if lanes < BLOCK {
            for vector in (0..self.len).step_by(BLOCK) {
                self.part(vector + lanes, BLOCK - lanes).fill(0.0);
            }
        }
    }

    pub(super) fn write(&self, values: &[f32]) {
        let part = self.part(0, values.len());
        // SAFETY: `part` checks the bounds, and a borrowed slice is no part of a buffer.
        unsafe { part.start.as_ptr().copy_from_nonoverlapping(values.as_ptr(), values.len()) }
    }

    pub(super) fn read(&self, values: &mut [f32]) {
        let part = self.part(0, values.len());
        // SAFETY: as in `write`.
        unsafe { part.start.as_ptr().copy_to_nonoverlapping(values.as_mut_ptr(), values.len()) }
    }

    /// Copies between parts of buffers that may overlap.
    pub(super) fn copy_from(&self, other: Span) {
        let other = other.part(0, self.len);
        // SAFETY: both are `len` long.
        unsafe { self.start.as_ptr().copy_from(other.start.as_ptr(), self.len) }
    }

    /// The address of an element, for kernels that check their reach once.
    #[inline(always)]
    pub(super) fn address(&self) -> *mut f32 {
        self.start.as_ptr()
    }

    /// A view of a local array.
    #[inline(always)]
    pub(super) fn local(values: &'a mut [f32]) -> Span<'a> {
        let start = NonNull::new(values.as_mut_ptr()).unwrap_or(NonNull::dangling());
        Span { start, len: values.len(), buffer: PhantomData }
    }
}
