//! Pooling by `kernels/pool.cl`: each step's arguments in the kernel's order.

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{Pool, PoolGrad, PoolKind},
};

/// See [`Pool`].
pub(super) fn forward(frame: &Frame, step: &'static Pool) -> Result<()> {
    let (x, y, window) = (words::map(&step.x), words::map(&step.y), words::window(&step.window));
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let items = frame.blocks(&step.y);
    let maps = [Arg::Words(&x), Arg::Words(&y)];
    match flags(step.kind) {
        None => frame.launch_chain(step, Launch::of(Source::Layers, "adaptive_pool"), end, &maps, items),
        Some([is_max, count_pad]) => {
            let args = [maps[0], maps[1], Arg::Words(&window), is_max, count_pad];
            frame.launch_chain(step, Launch::of(Source::Layers, "pool"), end, &args, items)
        }
    }
}

/// See [`PoolGrad`].
pub(super) fn grad(frame: &Frame, step: &'static PoolGrad) -> Result<()> {
    // An average does not look at its input; `dx` has the same shape.
    let x = step.x.as_ref().unwrap_or(&step.dx);
    let [x, dy, dx] = [x, &step.dy, &step.dx].map(words::map);
    let window = words::window(&step.window);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let items = frame.blocks(&step.dx);
    let maps = [Arg::Words(&dy), Arg::Words(&dx)];
    match flags(step.kind) {
        None => frame.launch_chain(step, Launch::of(Source::Layers, "adaptive_pool_grad"), end, &maps, items),
        Some([is_max, count_pad]) => {
            let args = [Arg::Words(&x), maps[0], maps[1], Arg::Words(&window), is_max, count_pad];
            frame.launch_chain(step, Launch::of(Source::Layers, "pool_grad"), end, &args, items)
        }
    }
}

/// `is_max` and `count_pad` in `kernels/pool.cl`; none for a kind without a window.
fn flags(kind: PoolKind) -> Option<[Arg<'static>; 2]> {
    let flags = match kind {
        PoolKind::AdaptiveAvg => return None,
        PoolKind::Max => [1, 0],
        PoolKind::Avg { count_include_pad } => [0, count_include_pad as u32],
    };
    Some(flags.map(Arg::Uint))
}
