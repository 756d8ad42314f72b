//! Pooling by `kernels/pool.cl`: the arguments of each step's kernels.

use cnn_core::Result;
use cnn_kernels::PoolCode;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{Pool, PoolGrad, Window, padded};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::Layers, name)
}

/// Pooling: [`Pool`].
pub(super) fn forward(frame: &Frame, step: &'static Pool) -> Result<()> {
    let ([x, y], window) = (words::maps([&step.x, &step.y])?, words::window(&step.window)?);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let items = frame.blocks(&step.y);
    let [x, y] = [&x, &y].map(|words| Arg::Words(words));
    match PoolCode::of(step.kind) {
        None => frame.launch_chain(step, kernel("adaptive_pool"), end, &[x, y], items),
        Some(code) => {
            let args = [x, y, Arg::Words(&window), Arg::Code(code as u32)];
            frame.launch_chain(step, kernel("pool"), end, &args, items)
        }
    }
}

/// Gradient of the input: [`PoolGrad`]. For a maximum, a first kernel notes the tap that wins each
/// window.
pub(super) fn grad(frame: &Frame, step: &'static PoolGrad) -> Result<()> {
    let ([dy, dx], window) = (words::maps([&step.dy, &step.dx])?, words::window(&step.window)?);
    let [down, across] = [meeting(&step.window, 0)?, meeting(&step.window, 1)?];
    let [down, across] = [Arg::Words(&down), Arg::Words(&across)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let items = frame.blocks(&step.dx);
    let (dy, dx, window) = (Arg::Words(&dy), Arg::Words(&dx), Arg::Words(&window));
    match PoolCode::of(step.kind) {
        None => frame.launch_chain(step, kernel("adaptive_pool_grad"), end, &[dy, dx], items),
        Some(PoolCode::Max) => {
            let len = padded(step.dy.channels) * step.dy.height * step.dy.width;
            let winners = frame.engine.partial.at_least(frame.pass.batch * len)?;
            let ([arena, slab], winners) = (frame.arena(), Arg::Buffer(&winners));
            let x = words::map(step.x.as_ref().unwrap_or(&step.dx))?;
            let args = [arena, slab, Arg::Words(&x), dy, window, winners];
            frame.launch(step, kernel("pool_winners"), &args, frame.blocks(&step.dy))?;
            let args = [dy, dx, window, down, across, winners];
            frame.launch_chain(step, kernel("pool_max_grad"), end, &args, items)
        }
        Some(code @ (PoolCode::AvgPadded | PoolCode::AvgInside)) => {
            let args = [dy, dx, window, Arg::Code(code as u32), down, across];
            frame.launch_chain(step, kernel("pool_avg_grad"), end, &args, items)
        }
    }
}

/// `Meeting` in `kernels/pool.cl` along an axis: Euclid's algorithm keeps `inverse * dilation =
/// common` modulo the stride.
fn meeting(window: &Window, axis: usize) -> Result<[u32; 3]> {
    let stride = window.stride[axis] as i64;
    let (mut common, mut rest) = (stride, window.dilation[axis] as i64);
    let (mut inverse, mut next) = (0, 1);
    while rest != 0 {
        let quotient = common / rest;
        (common, rest) = (rest, common - quotient * rest);
        (inverse, next) = (next, inverse - quotient * next);
    }
    let step = stride / common;
    words::words([common, step, inverse.rem_euclid(step)].map(|value| value as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tap_that_meets_a_position_is_found_by_its_meeting() {
        let sizes = [1, 2, 3, 4, 6, 9, 10, 35];
        for (stride, dilation) in sizes.into_iter().flat_map(|stride| sizes.map(|other| (stride, other))) {
            let window = Window {
                kernel: [1; 2],
                stride: [stride; 2],
                pad: [0; 2],
                pad_end: [0; 2],
                dilation: [dilation; 2],
            };
            let [common, step, inverse] = meeting(&window, 0).expect("small").map(|word| word as usize);
            for position in 0..80 {
                let first = position / common % step * inverse % step;
                let meets = |tap: usize| (tap * dilation) % stride == position % stride;
                let found = |tap: usize| position % common == 0 && tap % step == first;
                assert!((0..80).all(|tap| meets(tap) == found(tap)), "{stride} {dilation} {position}");
            }
        }
    }
}
