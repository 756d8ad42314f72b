//! Copies between maps of different order or alignment.

use std::ops::Range;

use super::frame::Frame;
use crate::plan::{BLOCK, CopyElements, Layout, Map};

/// Runs [`CopyElements`].
pub(super) fn run(frame: &Frame, step: &'static CopyElements) {
    frame.touch_each(1, step.count, &|sample, _| {
        let (x, y) = (frame.map(sample, &step.x), frame.map(sample, &step.y));
        let mut done = 0;
        while done < step.count {
            let (from, from_room) = stretch(&step.x, step.x_start + done);
            let (to, to_room) = stretch(&step.y, step.y_start + done);
            let count = from_room.min(to_room).min(step.count - done);
            let (from_step, to_step) = (unit(&step.x), unit(&step.y));
            (0..count).for_each(|at| y.set(to + at * to_step, x.get(from + at * from_step)));
            done += count;
        }
    });
}

/// Where an element in `[C, H, W]` order is stored, and how many from it on are evenly spaced: the
/// rest of its channel.
fn stretch(map: &Map, element: usize) -> (usize, usize) {
    let area = map.height * map.width;
    let (channel, pixel) = (element / area, element % area);
    (map.index(channel, pixel / map.width, pixel % map.width), area - pixel)
}

/// Floats between neighbours of a channel.
fn unit(map: &Map) -> usize {
    match map.layout {
        Layout::Blocked => BLOCK,
        Layout::Planar => 1,
    }
}

/// Copies the elements of `y` in a range of its blocked storage from a planar map of the same
/// shape.
pub(super) fn blocks_from_planar(frame: &Frame, sample: usize, [x, y]: [&Map; 2], range: Range<usize>) {
    let (from, to) = (frame.map(sample, x), frame.map(sample, y));
    let area = y.height * y.width;
    for at in range {
        let (channel, pixel) = (at / (area * BLOCK) * BLOCK + at % BLOCK, at / BLOCK % area);
        if channel < y.channels {
            to.set(at, from.get(channel * area + pixel));
        }
    }
}
