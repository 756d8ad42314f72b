//! The gradient of a parametric ReLU's slopes (He et al. 2015); the rest of the layer is
//! element-wise.

use super::{
    frame::Frame,
    memory::Span,
    simd::Simd,
    totals::{Terms, Totals},
};
use crate::plan::{BLOCK, PreluSums};

/// Runs [`PreluSums`].
pub(super) fn sums(frame: &Frame, step: &'static PreluSums) {
    let grads = frame.memory.grads.from(step.slope);
    if !step.shared {
        return frame.each_block(&step.x, &|block, parallel| {
            let [sums] = of_block(frame, step, block, parallel);
            frame.write_channels(grads, &step.x, block, sums);
        });
    }
    let work = (2 * frame.pass.batch * step.x.len()) as u64;
    let mut total = [0.0; BLOCK];
    for block in 0..step.x.channels.div_ceil(BLOCK) {
        let [sums] = of_block(frame, step, block, frame.is_parallel(work));
        let channels = BLOCK.min(step.x.channels - block * BLOCK);
        total[0] += sums[..channels].iter().sum::<f64>();
    }
    grads.part(0, BLOCK).write(&total.map(|sum| sum as f32));
}

fn of_block(frame: &Frame, step: &PreluSums, block: usize, parallel: bool) -> Totals<1> {
    frame.totals(parallel, step.x.height * step.x.width * BLOCK, &|sample| Falling {
        x: frame.plane(sample, &step.x, block),
        dy: frame.plane(sample, &step.dy, block),
    })
}

/// `dy * min(x, 0)`
struct Falling<'a> {
    x: Span<'a>,
    dy: Span<'a>,
}

impl Terms<1> for Falling<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 1] {
        let below = simd.min(simd.splat(0.0), self.x.load(simd, position));
        [simd.mul(self.dy.load(simd, position), below)]
    }
}
