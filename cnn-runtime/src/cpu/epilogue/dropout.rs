//! Inverted dropout of elements or of whole channels; masks are hashes, see [`cnn_core::rng`].

use cnn_core::rng::Mask;

use super::Pass;
use crate::{
    cpu::simd::Simd,
    plan::{BLOCK, padded},
};

impl Pass<'_> {
    #[inline(always)]
    pub(super) fn drop<S: Simd>(&self, simd: S, rate: f32, stream: u32, channelwise: bool) {
        let (epilogue, places) = (self.epilogue, self.places);
        let mask = Mask::new(epilogue.frame.pass.key, stream, rate);
        let (scale, zero) = (simd.splat(mask.scale), simd.splat(0.0));
        let map = &epilogue.map;
        if channelwise {
            let first = epilogue.sample * padded(map.channels);
            self.by_block(|block, vectors| {
                let kept = simd.kept(&mask, (first + block * BLOCK) as u32);
                self.each(simd, vectors, |_, v| simd.select(kept, simd.mul(v, scale), zero));
            });
        } else {
            let first = epilogue.sample * map.len() + places.position;
            self.each(simd, 0..places.count, |at, v| {
                let kept = simd.kept(&mask, (first + at * places.step) as u32);
                simd.select(kept, simd.mul(v, scale), zero)
            });
        }
    }
}
