//! Steps that move elements: copies, shifts and upsampling.

use cnn_runtime::plan::{CopyElements, Shaped, Shift, Upsample, UpsampleGrad, Upsampling};

use crate::{
    machine::Machine,
    values::{Place, Values, place, places},
};

pub(crate) fn copy_elements(machine: &Machine, step: &CopyElements) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        for element in 0..step.count {
            let value = x.at(place(step.x.shape(), step.x_start + element));
            machine.set(sample, &step.y, place(step.y.shape(), step.y_start + element), value);
        }
    }
}

pub(crate) fn shift(machine: &Machine, step: &Shift) {
    let within =
        |at: usize, start: isize, len: usize| at.checked_add_signed(-start).filter(|&place| place < len);
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let y = Values::of(step.y.shape(), |[channel, row, column]| {
            let row = within(row, step.top, step.x.height);
            let column = within(column, step.left, step.x.width);
            row.zip(column).map_or(0.0, |(row, column)| x.at([channel, row, column]))
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

/// The two elements of a line that one of a line `scale` times as long depends on, with their
/// shares.
fn line(mode: Upsampling, scale: usize, inputs: usize, output: usize) -> [(usize, f64); 2] {
    match mode {
        Upsampling::Nearest => [(output / scale, 1.0), (0, 0.0)],
        Upsampling::Bilinear => {
            let last = inputs - 1;
            let at = ((output as f64 + 0.5) / scale as f64 - 0.5).clamp(0.0, last as f64);
            let before = at as usize;
            [(before, 1.0 - at.fract()), ((before + 1).min(last), at.fract())]
        }
    }
}

/// The elements of the smaller map that one of the larger depends on, with their shares.
fn blend(
    (mode, scale): (Upsampling, [usize; 2]),
    [_, height, width]: [usize; 3],
    [channel, row, column]: Place,
) -> impl Iterator<Item = (Place, f64)> {
    let rows = line(mode, scale[0], height, row);
    let columns = line(mode, scale[1], width, column);
    rows.into_iter()
        .flat_map(move |(row, down)| columns.map(|(column, across)| ([channel, row, column], down * across)))
}

pub(crate) fn upsample(machine: &Machine, step: &Upsample) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let y = Values::of(step.y.shape(), |place| {
            let parts = blend((step.mode, step.scale), x.shape(), place);
            parts.map(|(place, share)| share * x.at(place)).sum()
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn upsample_grad(machine: &Machine, step: &UpsampleGrad) {
    for sample in machine.samples() {
        let dy = machine.load(sample, &step.dy);
        let mut dx = Values::zeros(step.dx.shape());
        for from in places(step.dy.shape()) {
            for (to, share) in blend((step.mode, step.scale), step.dx.shape(), from) {
                dx.add(to, share * dy.at(from));
            }
        }
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}
