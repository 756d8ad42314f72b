//! The system's allocator, counting. It sees the whole process, so a test that asks it is alone in
//! its file.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

/// To be the process's `#[global_allocator]`.
pub struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `place` came from `alloc` above, that is from the system.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Allocations so far.
pub fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// What some work results in, and the most bytes that it held at a time beyond those that it
/// leaves.
pub fn excess<T>(work: impl FnOnce() -> T) -> (T, usize) {
    MOST.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
    let result = work();
    // Another thread may allocate between the two.
    (result, MOST.load(Ordering::Relaxed).saturating_sub(HELD.load(Ordering::Relaxed)))
}
