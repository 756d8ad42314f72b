//! Gradient of response normalisation: two windows, one over squares forward, and its mirror image
//! over what they weigh.

use super::{
    frame::Frame,
    lrn::{BUFFER, Cut, Entry, Reach, Squares, Strip, response, window},
    memory::Span,
    simd::{Kernel, Simd, math},
};
use crate::plan::{BLOCK, LrnGrad, Response};

/// Runs [`LrnGrad`].
pub(super) fn run(frame: &Frame, step: &'static LrnGrad) {
    let work = (2 * step.x.len() * (step.response.size + 8)) as u64;
    let cut = Cut::new(&step.x, &step.response, 2);
    frame.each_sample(cut.pieces(), work, &|sample, piece| {
        let [x, dy, dx] = [&step.x, &step.dy, &step.dx].map(|map| frame.map(sample, map));
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        let strip = cut.strip(piece);
        frame.isa().run(Backward { response: &step.response, strip: &strip, x, dy, dx });
        for block in strip.blocks.clone() {
            epilogue.apply((block * strip.area + strip.pixels.start) * BLOCK, BLOCK, strip.pixels.len());
        }
    });
}

struct Backward<'a> {
    response: &'a Response,
    strip: &'a Strip,
    x: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Backward { response: hyper, strip, x, dy, dx } = self;
        let (mut squares, mut weighed) = ([0.0; BUFFER], [0.0; BUFFER]);
        let (squares, weighed) = (Span::local(&mut squares), Span::local(&mut weighed));
        strip.fill(simd, squares, 0, Squares(x));
        strip.fill(simd, weighed, 1, Weighed { response: hyper, reach: strip.reach, squares, x, dy });
        let factor = simd.splat(-2.0 * hyper.alpha * hyper.beta / hyper.size as f32);
        for block in strip.blocks.clone() {
            for pixel in strip.pixels.clone() {
                let at = (block * strip.area + pixel) * BLOCK;
                let place = strip.place(block, pixel);
                let s = response(simd, squares, place, strip.reach, hyper);
                let direct = simd.mul(dy.load(simd, at), math::inverse_power(simd, s, hyper.beta));
                let through = window(simd, weighed, place, strip.reach.mirrored());
                dx.store(simd, at, simd.fma(simd.mul(factor, x.load(simd, at)), through, direct));
            }
        }
    }
}

/// `dy * x / s^(beta + 1)`
struct Weighed<'a> {
    response: &'a Response,
    reach: Reach,
    squares: Span<'a>,
    x: Span<'a>,
    dy: Span<'a>,
}

impl<S: Simd> Entry<S> for Weighed<'_> {
    #[inline(always)]
    fn entry(&self, simd: S, position: usize, at: usize) -> S::V {
        let s = response(simd, self.squares, at, self.reach, self.response);
        let power = simd.div(math::inverse_power(simd, s, self.response.beta), s);
        simd.mul(simd.mul(self.dy.load(simd, position), self.x.load(simd, position)), power)
    }
}
