//! Convolution and the gradient of its input, both as a correlation.
//!
//! The input's gradient takes the output's gradient as its input, filters transposed to
//! `[ceil(I/8)][O/groups][KH][KW][8]`, and the phases of the stride one by one.

use super::{
    axis::Axis,
    conv_depthwise, conv_ragged, conv_transpose,
    correlation::{CACHED, Correlation, Groups},
    epilogue::Epilogue,
    frame::Frame,
    margins::Margins,
    memory::Span,
    split, winograd,
};
use crate::plan::{BLOCK, Conv, ConvInputGrad, Map, Window};

/// Runs [`Conv`].
pub(super) fn forward(frame: &Frame, step: &'static Conv) {
    if let Some(scratch) = step.winograd {
        return winograd::forward(frame, step, scratch);
    }
    let (inputs, outputs) = (step.x.channels / step.groups, step.y.channels / step.groups);
    let params = frame.memory.params;
    let [x, y] = folded(&step.window, &step.x, &step.y);
    let correlation = Correlation {
        isa: frame.isa(),
        x,
        y,
        inputs,
        outputs,
        kernel: step.window.kernel,
        filters: params.from(step.filter),
        bias: step.bias.map(|bias| params.from(bias)),
    };
    let rows = Axis::forward(&step.window, 0, x.height, y.height);
    let columns = Axis::forward(&step.window, 1, x.width, y.width);
    let chunks = correlation.chunks(rows.out_count);
    let margins = Margins::of(&x, &columns);
    frame.each_sample(chunks * correlation.parts(), correlation.work(), &|sample, piece| {
        let epilogue = frame.epilogue(step.epilogue, &step.y, sample);
        let x = frame.map(sample, &step.x);
        correlate(&correlation, margins.as_ref(), [chunks, piece], (&rows, &columns), x, &epilogue);
    });
}

/// Runs [`ConvInputGrad`] with the filters of [`conv_transpose::run`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad) {
    if let Some(scratch) = step.winograd {
        return winograd::input_grad(frame, step, scratch);
    }
    let (inputs, outputs) = (step.dx.channels / step.groups, step.dy.channels / step.groups);
    let [dy, dx] = folded(&step.window, &step.dy, &step.dx);
    let correlation = Correlation {
        isa: frame.isa(),
        x: dy,
        y: dx,
        inputs: outputs,
        outputs: inputs,
        kernel: step.window.kernel,
        filters: frame
            .fixed(step.filters, conv_transpose::len(&step.dx, &step.dy, &step.window, step.groups)),
        bias: None,
    };
    // A stride longer than the map leaves phases without a pixel.
    let [row_phases, column_phases] =
        [step.window.stride[0].min(dx.height), step.window.stride[1].min(dx.width)];
    let chunks = correlation.chunks(dx.height / row_phases);
    let work = correlation.work() / (row_phases * column_phases) as u64;
    let columns = Axis::transpose(&step.window, 1, dy.width, dx.width, 0);
    let margins = if step.window.stride[1] == 1 { Margins::of(&dy, &columns) } else { None };
    frame.each_sample(chunks * correlation.parts(), work, &|sample, piece| {
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        for phase in 0..row_phases * column_phases {
            let (row, column) = (phase / column_phases, phase % column_phases);
            let rows = Axis::transpose(&step.window, 0, dy.height, dx.height, row);
            let columns = Axis::transpose(&step.window, 1, dy.width, dx.width, column);
            let dy = frame.map(sample, &step.dy);
            correlate(&correlation, margins.as_ref(), [chunks, piece], (&rows, &columns), dy, &epilogue);
        }
    });
}

/// A piece of a correlation, of an input that has margins while it is seen or of one that needs
/// none.
fn correlate(
    correlation: &Correlation,
    margins: Option<&Margins>,
    piece: [usize; 2],
    (rows, columns): (&Axis, &Axis),
    x: Span,
    epilogue: &Epilogue,
) {
    match margins {
        None => route(correlation, piece, (rows, columns), x, epilogue),
        Some(margins) => {
            let correlation = Correlation { x: margins.map, ..*correlation };
            let axes = (rows, &margins.columns);
            margins.with(epilogue.frame, x, |x| route(&correlation, piece, axes, x, epilogue));
        }
    }
}

/// One part of the channels of one of `chunks` parts of the rows, by what computes such groups.
fn route(
    correlation: &Correlation,
    [chunks, piece]: [usize; 2],
    axes: (&Axis, &Axis),
    x: Span,
    epilogue: &Epilogue,
) {
    let (chunk, part) = (piece / correlation.parts(), piece % correlation.parts());
    let lines = split::part(axes.0.out_count, chunks, chunk);
    match correlation.groups() {
        Groups::Depthwise => conv_depthwise::correlate(correlation, part, lines, axes, x, epilogue),
        Groups::Ragged => conv_ragged::correlate(correlation, lines, axes, x, epilogue),
        Groups::Blocks => correlation.run(part, lines, axes, x, epilogue),
    }
}

/// Both maps with several rows as one, where a kernel sees single pixels: longer rows fill tiles
/// better.
fn folded(window: &Window, x: &Map, y: &Map) -> [Map; 2] {
    let Map { height, width, .. } = *y;
    if window.kernel != [1, 1] || window.stride != [1, 1] || [x.height, x.width] != [height, width] {
        return [*x, *y];
    }
    // Of the input, or of a few blocks of a longer output.
    let bytes = (x.len() / height).max(4 * BLOCK * width) * size_of::<f32>();
    let fits = |rows: &usize| height.is_multiple_of(*rows) && rows * bytes <= CACHED;
    let rows = (1..=height).rev().find(fits).unwrap_or(1);
    [*x, *y].map(|map| Map { height: height / rows, width: width * rows, ..map })
}
