//! Inverted dropout of elements or of whole channels; masks are hashes, see [`crate::rng`].

use super::{BlockOp, VectorOp};
use crate::{cpu::simd::Simd, plan::BLOCK, rng::Mask};

/// Of elements, of which the map's first has number `first`.
pub(super) struct Drop {
    pub(super) mask: Mask,
    pub(super) first: u32,
}

impl<S: Simd> VectorOp<S> for Drop {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, at: usize) -> S::V {
        drop(simd, &self.mask, self.first.wrapping_add(at as u32), value)
    }
}

/// Of channels, of which the map's first has number `first`.
pub(super) struct DropChannels {
    pub(super) mask: Mask,
    pub(super) first: u32,
}

impl<S: Simd> BlockOp<S> for DropChannels {
    type Op = DropBlock;

    #[inline(always)]
    fn of_block(&self, _: S, block: usize) -> DropBlock {
        DropBlock { mask: self.mask, first: self.first.wrapping_add((block * BLOCK) as u32) }
    }
}

/// One mask for all positions.
pub(super) struct DropBlock {
    mask: Mask,
    first: u32,
}

impl<S: Simd> VectorOp<S> for DropBlock {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, _: usize) -> S::V {
        drop(simd, &self.mask, self.first, value)
    }
}

#[inline(always)]
fn drop<S: Simd>(simd: S, mask: &Mask, first: u32, value: S::V) -> S::V {
    let kept = simd.kept(mask, first);
    simd.select(kept, simd.mul(value, simd.splat(mask.scale)), simd.splat(0.0))
}
