//! The threads that prepare images: apart from the engine's, so that neither waits in the other's
//! queue.

use std::{
    sync::{LazyLock, mpsc},
    thread,
};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads at most: more would read and decode more than a device consumes.
const MOST: usize = 16;

/// The pool of threads. If the system gives none, work is done where it is asked for. A panic in a
/// data set ends its batch only, whose receiver then reports it.
static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let count = thread::available_parallelism().map_or(1, usize::from).min(MOST);
    let name = |nth| format!("data-{nth}");
    ThreadPoolBuilder::new().num_threads(count).thread_name(name).panic_handler(|_| {}).build().ok()
});

/// Runs work on the threads and waits for its result.
pub(super) fn install<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match &*POOL {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Starts work on the threads, in order of the calls, and returns where its result will arrive.
pub(super) fn start<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> mpsc::Receiver<R> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // A receiver that is gone wants no result.
    let work = move || drop(sender.send(work()));
    match &*POOL {
        Some(pool) => pool.spawn_fifo(work),
        None => work(),
    }
    receiver
}
