//! The CPU engine: direct convolution on blocked maps, SIMD chosen at run time, and threads that
//! divide the batch.
//!
//! Results do not depend on the number of threads: every element is summed in one order, which
//! follows from shapes and batch alone. A training step allocates nothing.

mod add_gradient;
mod axis;
mod batch_norm;
mod batch_sum;
mod bias_grad;
mod conv;
mod conv_depthwise;
mod conv_filter_grad;
mod conv_gathered_grad;
mod conv_planar_grad;
mod conv_ragged;
mod conv_transpose;
mod copy;
mod correlation;
mod dense;
mod dense_grad;
mod dispatch;
mod elementwise;
mod engine;
mod epilogue;
mod frame;
mod gate;
mod loss;
mod lrn;
mod lrn_grad;
mod margins;
mod maxout;
mod memory;
mod pool;
mod pool_grad;
mod pool_window;
mod prelu;
mod probe;
mod sample_norm;
mod shift;
mod simd;
mod softmax;
mod split;
mod totals;
mod update;
mod upsample;
mod winograd;

use std::{fmt, sync::Arc};

use cnn_core::{DeviceError, Remedy, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{
    backend::Backend,
    engine::{Engine, Sizes},
};
use memory::{Buffer, Span};
pub use probe::Limits;
use simd::Isa;

/// Floats of scratch space that each thread has: panels of a dense layer.
const SCRATCH: usize = 1 << 15;

/// The processor as a device: a thread pool and the instruction set that its kernels use.
#[derive(Clone)]
pub struct Cpu {
    pool: Arc<ThreadPool>,
    /// Scratch space of each thread.
    scratches: Arc<Vec<Buffer>>,
    isa: Isa,
    threads: usize,
}

impl fmt::Debug for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.describe())
    }
}

impl Cpu {
    /// A pool of `threads`, or of as many as there are cores, with the best instruction set at
    /// hand, or with the one that the environment variable `CNN_ISA` names: `avx512`, `avx2`,
    /// `neon` or `portable`.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if threads cannot be started,
    /// [`Error::Usage`](crate::Error::Usage) if this processor lacks the instructions asked for.
    pub fn new(threads: Option<usize>) -> Result<Cpu> {
        Cpu::with_isa(threads, Isa::choose()?)
    }

    /// Devices as of [`Cpu::new`], one for each instruction set that this processor has, the
    /// fastest first. The last is plain Rust, as on a processor that has none that this crate
    /// knows.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if threads cannot be started.
    #[cfg(feature = "testing")]
    pub fn each_instruction_set(threads: Option<usize>) -> Result<Vec<Cpu>> {
        Isa::available().map(|isa| Cpu::with_isa(threads, isa)).collect()
    }

    fn with_isa(threads: Option<usize>, isa: Isa) -> Result<Cpu> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .thread_name(|number| format!("cnn-{number}"))
            .build()
            .map_err(|error| {
                DeviceError::new(format!("cannot start threads: {error}"))
                    .with_remedy(Remedy::FewerThreads)
                    .with_source(error)
            })?;
        let threads = pool.current_num_threads();
        // A thread allocates while it starts; after this all have.
        pool.broadcast(|_| ());
        let scratches: Result<_> = (0..threads).map(|_| Buffer::zeroed(SCRATCH, "threads")).collect();
        Ok(Cpu { pool: Arc::new(pool), scratches: Arc::new(scratches?), isa, threads })
    }

    /// Scratch space of the calling thread, at most [`SCRATCH`] floats, whose contents are
    /// unspecified. While it is held, nothing may be called that asks for it too, nor work be
    /// divided among threads (`rayon::join`): both would see the same memory.
    fn scratch(&self, len: usize) -> Span<'_> {
        self.scratches[rayon::current_thread_index().unwrap_or(0) % self.threads].span().part(0, len)
    }

    /// Runs `body` on a thread of the pool. Steps that run inside wake no thread to start with and
    /// allocate nothing.
    fn enter<R: Send>(&self, body: impl FnOnce() -> R + Send) -> R {
        self.pool.install(body)
    }
}

impl Backend for Cpu {
    fn kind(&self) -> &'static str {
        "cpu"
    }

    /// `cpu (AVX2+FMA, 2 threads)`
    fn describe(&self) -> String {
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("cpu ({}, {} thread{plural})", self.isa.profile().name, self.threads)
    }

    fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
        Ok(Box::new(engine::CpuEngine::new(self, sizes)?))
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn install(&self, work: &mut (dyn FnMut() + Send)) {
        self.enter(work);
    }

    fn limits(&self) -> Result<Option<Limits>> {
        self.measured().map(Some)
    }
}
