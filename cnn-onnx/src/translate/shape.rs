//! What gives values other shapes: maxout, gates, frames, upsampling.

use cnn_core::Result;
use cnn_plan::Upsampling;

use super::Site;
use crate::builder::{Builder, Call};

/// The maximum over a dimension of its own.
pub(super) fn maxout(builder: &mut Builder, site: &Site, pieces: usize) -> Call {
    let (channels, area) = (site.node.shape[0], &site.shape()[1..]);
    let dims: Vec<i64> = [&[channels, pieces], area].concat().iter().map(|&side| side as i64).collect();
    let reshape = builder.reshape(site.layer(), site.x(), &dims);
    let pieces = builder.step(site.layer(), reshape);
    Call::new("ReduceMax", [pieces]).ints("axes", &[2]).int("keepdims", 0)
}

/// A factor for each channel, which gets rows and columns of one.
pub(super) fn gate(builder: &mut Builder, site: &Site) -> Call {
    let (factor, shape) = site.inputs[1];
    let missing = site.shape().len() - shape.len();
    if missing == 0 {
        return Call::new("Mul", site.names());
    }
    let axes = (0..missing).map(|axis| (shape.len() + 1 + axis) as i64).collect();
    let axes = builder.ints(site.layer(), "axes", axes);
    let factor = builder.step(site.layer(), Call::new("Unsqueeze", [factor.to_owned(), axes]));
    Call::new("Mul", [site.x().to_owned(), factor])
}

/// What negative numbers take away is a slice, and zeros come afterwards: many readers know no
/// negative padding. `sides` are those of rows, then of columns.
pub(super) fn pad(builder: &mut Builder, site: &Site, sides: [[isize; 2]; 2]) -> Result<Call> {
    let mut calls = Vec::new();
    let [starts, ends] = [0, 1].map(|end| {
        let taken = [0, 1].map(|axis| sides[axis][end].min(0).unsigned_abs());
        [0, 1].map(
            |axis| if end == 0 { taken[axis] } else { site.shape()[axis + 1].saturating_sub(taken[axis]) },
        )
    });
    if starts.iter().zip(ends).any(|(&start, end)| start >= end) {
        return Err(site.refused("more is taken away than there is, and ONNX has no map without pixels"));
    }
    if starts != [0; 2] || ends != site.shape()[1..] {
        let [starts, ends] = [("starts", starts), ("ends", ends)]
            .map(|(what, at)| builder.ints(site.layer(), what, at.iter().map(|&at| at as i64).collect()));
        let axes = builder.ints(site.layer(), "axes", vec![2, 3]);
        calls.push(("Slice", vec![starts, ends, axes]));
    }
    let zeros = sides.map(|sides| sides.map(|side| side.max(0) as i64));
    if zeros != [[0; 2]; 2] || calls.is_empty() {
        let [[top, bottom], [left, right]] = zeros;
        let pads = builder.ints(site.layer(), "pads", vec![0, 0, top, left, 0, 0, bottom, right]);
        calls.push(("Pad", vec![pads]));
    }
    let (mut x, mut last) = (site.x().to_owned(), None);
    for (operator, constants) in calls {
        if let Some(call) = last.take() {
            x = builder.step(site.layer(), call);
        }
        last = Some(Call::new(operator, [vec![x.clone()], constants].concat()));
    }
    Ok(last.expect("there is at least one"))
}

/// A pixel of the result lies in the middle of its part of a pixel, as torch has it without aligned
/// corners.
pub(super) fn upsample(builder: &mut Builder, site: &Site, scale: [usize; 2], mode: Upsampling) -> Call {
    let [down, across] = scale.map(|scale| scale as f32);
    let scales = builder.floats(site.layer(), "scales", &[4], vec![1.0, 1.0, down, across]);
    let resize = Call::new("Resize", [site.x().to_owned(), String::new(), scales]);
    match mode {
        Upsampling::Nearest => resize
            .text("coordinate_transformation_mode", "asymmetric")
            .text("mode", "nearest")
            .text("nearest_mode", "floor"),
        Upsampling::Bilinear => {
            resize.text("coordinate_transformation_mode", "half_pixel").text("mode", "linear")
        }
    }
}
