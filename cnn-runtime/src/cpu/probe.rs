//! What the processor can do at most: multiply-adds in registers, and copies between arrays that no
//! cache holds.

use std::{hint::black_box, time::Instant};

use cnn_core::Result;

use super::{
    Cpu,
    memory::Buffer,
    simd::{
        Kernel, Simd,
        blocks::{Blocks, Single},
    },
    split,
};
use crate::plan::BLOCK;

/// Limits of a device: no step is faster than its operations at the first and its bytes at the
/// second, unless caches held the bytes or an algorithm saved the operations.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Operations a second, a multiply-add counted as two.
    pub flops: f64,
    /// Bytes a second, read and written.
    pub bytes: f64,
}

/// Independent sums: enough to hide the latency of a multiply-add.
const CHAINS: usize = 12;
/// Multiply-adds of each chain in a run, which is so short that some run of many is not
/// interrupted.
const TERMS: usize = 1 << 14;
/// Floats of each array copied: 64 MiB.
const COPIED: usize = 1 << 24;
/// Runs of sums and of copies, of which the fastest counts.
const RUNS: [usize; 2] = [1000, 8];

impl Cpu {
    /// Measures the limits of all threads together, in a fraction of a second.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if there is no memory to copy.
    pub(super) fn measured(&self) -> Result<Limits> {
        let (from, to) = (Buffer::zeroed(COPIED, "probe")?, Buffer::zeroed(COPIED, "probe")?);
        from.span().fill(1.0);
        let (from, to) = (from.span(), to.span());
        let multiply = |_| self.isa.run(Sums);
        // A tile of many pixels is two registers wide.
        let blocks = self.isa.profile().blocks() / 2;
        let copy = |piece| {
            let part = split::part(COPIED, self.threads, piece);
            to.part(part.start, part.len()).copy_from(from.part(part.start, part.len()));
        };
        Ok(Limits {
            flops: (self.threads * 2 * blocks * BLOCK * CHAINS * TERMS) as f64
                / self.fastest(RUNS[0], &multiply),
            bytes: (2 * COPIED * size_of::<f32>()) as f64 / self.fastest(RUNS[1], &copy),
        })
    }

    /// Seconds of the fastest run of one piece a thread.
    fn fastest(&self, runs: usize, body: &(dyn Fn(usize) + Sync)) -> f64 {
        let seconds = |_| {
            let start = Instant::now();
            split::each(0..self.threads, body);
            start.elapsed().as_secs_f64()
        };
        self.enter(|| (0..runs).map(seconds).fold(f64::INFINITY, f64::min))
    }
}

/// Chains of multiply-adds in the widest registers.
struct Sums;

impl Kernel for Sums {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if S::Pair::VECTORS == 1 { chains::<S, S::Pair>(simd) } else { chains::<S, Single<S>>(simd) }
    }
}

#[inline(always)]
fn chains<S: Simd, W: Blocks<S>>(simd: S) {
    let factor = W::splat(simd, black_box(0.5));
    let mut sums = [W::splat(simd, 1.0); CHAINS];
    for _ in 0..TERMS {
        for sum in &mut sums {
            *sum = sum.fma(simd, factor, factor);
        }
    }
    let mut total = W::splat(simd, 0.0);
    for sum in sums {
        total = total.add(simd, sum);
    }
    let mut lanes = [0.0; 2 * BLOCK];
    // SAFETY: there are lanes for two blocks.
    unsafe { total.store(simd, lanes.as_mut_ptr(), BLOCK) };
    black_box(lanes);
}
