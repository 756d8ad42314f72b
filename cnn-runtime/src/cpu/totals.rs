//! Sums over the batch and all positions, eight channels at a time.
//!
//! Short runs are summed in f32, runs and samples in f64 in a tree that depends on the batch alone:
//! the result is exact to f32 for any batch, and the same for any number of threads.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the register of a sum; loops of constant length unroll"
)]

use super::{
    memory::Span,
    simd::{Kernel, Simd},
    split,
};
use crate::plan::BLOCK;

/// `N` sums for each of eight channels.
pub(super) type Totals<const N: usize> = [[f64; BLOCK]; N];

/// What is summed: `N` vectors for each position of one sample.
pub(super) trait Terms<const N: usize> {
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; N];
}

/// Sums of terms over `len` floats.
pub(super) struct Total<T, const N: usize> {
    pub(super) terms: T,
    pub(super) len: usize,
}

/// Interleaved sums, which hide the latency of additions.
const CHAINS: usize = 4;
/// Vectors that are summed in f32.
const RUN: usize = 64;

impl<T: Terms<N>, const N: usize> Kernel for Total<T, N> {
    type Output = Totals<N>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Totals<N> {
        let mut totals = [[0.0; BLOCK]; N];
        for start in (0..self.len).step_by(RUN * BLOCK) {
            let sums = self.sum_run(simd, start, self.len.min(start + RUN * BLOCK));
            for n in 0..N {
                let mut lanes = [0.0; BLOCK];
                Span::local(&mut lanes).store(simd, 0, sums[n]);
                for lane in 0..BLOCK {
                    totals[n][lane] += lanes[lane] as f64;
                }
            }
        }
        totals
    }
}

impl<T: Terms<N>, const N: usize> Total<T, N> {
    #[inline(always)]
    fn sum_run<S: Simd>(&self, simd: S, start: usize, end: usize) -> [S::V; N] {
        let mut chains = [[simd.splat(0.0); N]; CHAINS];
        let mut at = start;
        while at + CHAINS * BLOCK <= end {
            for chain in 0..CHAINS {
                self.add(simd, at + chain * BLOCK, &mut chains[chain]);
            }
            at += CHAINS * BLOCK;
        }
        let [mut sums, rest @ ..] = chains;
        while at < end {
            self.add(simd, at, &mut sums);
            at += BLOCK;
        }
        for chain in 0..CHAINS - 1 {
            for n in 0..N {
                sums[n] = simd.add(sums[n], rest[chain][n]);
            }
        }
        sums
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, at: usize, sums: &mut [S::V; N]) {
        let terms = self.terms.at(simd, at);
        for n in 0..N {
            sums[n] = simd.add(sums[n], terms[n]);
        }
    }
}

/// Sums over pieces, in halves of halves; 0 over none.
pub(super) fn tree<const N: usize>(
    pieces: std::ops::Range<usize>,
    parallel: bool,
    leaf: &(dyn Fn(usize) -> Totals<N> + Sync),
) -> Totals<N> {
    match pieces.len() {
        0 => return [[0.0; BLOCK]; N],
        1 => return leaf(pieces.start),
        _ => {}
    }
    let [low, high] = split::halves(pieces);
    let low = || tree(low, parallel, leaf);
    let high = || tree(high, parallel, leaf);
    let (mut sums, more) = if parallel { rayon::join(low, high) } else { (low(), high()) };
    sums.as_flattened_mut().iter_mut().zip(more.as_flattened()).for_each(|(sum, more)| *sum += more);
    sums
}

/// The vectors of a plane.
pub(super) struct Values<'a>(pub(super) Span<'a>);

impl Terms<1> for Values<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 1] {
        [self.0.load(simd, position)]
    }
}

/// The products of two planes.
pub(super) struct Products<'a>(pub(super) Span<'a>, pub(super) Span<'a>);

impl Terms<1> for Products<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 1] {
        [simd.mul(self.0.load(simd, position), self.1.load(simd, position))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_pieces_is_summed() {
        for count in [0, 1, 2, 3, 64, 1001] {
            for parallel in [false, true] {
                let [sums] = tree::<1>(7..7 + count, parallel, &|piece| [[piece as f64; BLOCK]]);
                let expected: usize = (7..7 + count).sum();
                assert_eq!(sums, [expected as f64; BLOCK]);
            }
        }
    }
}
