//! Convolutions and their gradients. All three walk the same triples of input, weight and output.

use cnn_runtime::plan::{
    BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Map, Shaped, TransposeFilters, Window, padded,
};

use crate::{
    machine::Machine,
    values::{Place, Values, places},
};

/// The shapes of a convolution from `x` to `y`.
struct Geometry<'a> {
    x: &'a Map,
    y: &'a Map,
    window: &'a Window,
    groups: usize,
}

/// A weight of a filter.
#[derive(Clone, Copy)]
struct Weight {
    output: usize,
    /// Channel of the input within its group.
    input: usize,
    tap: usize,
}

impl Geometry<'_> {
    /// Input channels that one output sees.
    fn inputs(&self) -> usize {
        self.x.channels / self.groups
    }

    /// Calls `visit(x, weight, y)` for each product.
    fn products(&self, mut visit: impl FnMut(Place, Weight, Place)) {
        let per_group = self.y.channels / self.groups;
        for [output, row, column] in places(self.y.shape()) {
            for tap in 0..self.window.taps() {
                let Some([x_row, x_column]) = self.under(tap, [row, column]) else { continue };
                for input in 0..self.inputs() {
                    let channel = output / per_group * self.inputs() + input;
                    visit([channel, x_row, x_column], Weight { output, input, tap }, [output, row, column]);
                }
            }
        }
    }

    /// Row and column of the input under a tap of the kernel, if it is not padding.
    fn under(&self, tap: usize, at: [usize; 2]) -> Option<[usize; 2]> {
        let [height, width] = [self.x.height, self.x.width];
        let row = covered(self.window, 0, at[0], tap / self.window.kernel[1], height)?;
        Some([row, covered(self.window, 1, at[1], tap % self.window.kernel[1], width)?])
    }

    /// All weights.
    fn weights(&self) -> impl Iterator<Item = Weight> {
        let shape = [self.y.channels, self.inputs(), self.window.taps()];
        places(shape).map(|[output, input, tap]| Weight { output, input, tap })
    }

    /// A weight's place among packed filters, `[ceil(O/8)][I/groups][KH][KW][8]`.
    fn packed(&self, Weight { output, input, tap }: Weight) -> usize {
        ((output / BLOCK * self.inputs() + input) * self.window.taps() + tap) * BLOCK + output % BLOCK
    }

    /// A weight's place among filters in plain order, `[O][I/groups][KH][KW]`.
    fn plain(&self, Weight { output, input, tap }: Weight) -> usize {
        (output * self.inputs() + input) * self.window.taps() + tap
    }

    /// Floats of packed filters.
    fn packed_len(&self) -> usize {
        padded(self.y.channels) * self.inputs() * self.window.taps()
    }
}

/// The input under a tap along one axis, 0 for rows; `None` if that is padding.
pub(crate) fn covered(
    window: &Window,
    axis: usize,
    output: usize,
    tap: usize,
    inputs: usize,
) -> Option<usize> {
    let place = output * window.stride[axis] + tap * window.dilation[axis];
    place.checked_sub(window.pad[axis]).filter(|&place| place < inputs)
}

pub(crate) fn forward(machine: &Machine, step: &Conv) {
    let geometry = Geometry { x: &step.x, y: &step.y, window: &step.window, groups: step.groups };
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let bias = |output| step.bias.map_or(0.0, |bias| machine.param(bias + output));
        let mut y = Values::of(step.y.shape(), |[output, ..]| bias(output));
        geometry.products(|from, weight, to| {
            y.add(to, x.at(from) * machine.param(step.filter + geometry.packed(weight)));
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

/// Copies the filters in plain order, which [`input_grad`] reads.
pub(crate) fn transpose_filters(machine: &Machine, step: &TransposeFilters) {
    let geometry = Geometry { x: &step.dx, y: &step.dy, window: &step.window, groups: step.groups };
    let area = machine.area(step.filters);
    for weight in geometry.weights() {
        area[geometry.plain(weight)].set(machine.params[step.filter + geometry.packed(weight)].get());
    }
}

pub(crate) fn input_grad(machine: &Machine, step: &ConvInputGrad) {
    let geometry = Geometry { x: &step.dx, y: &step.dy, window: &step.window, groups: step.groups };
    let filters = machine.area(step.filters);
    for sample in machine.samples() {
        let dy = machine.load(sample, &step.dy);
        let mut dx = Values::zeros(step.dx.shape());
        geometry.products(|to, weight, from| {
            dx.add(to, dy.at(from) * f64::from(filters[geometry.plain(weight)].get()));
        });
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}

pub(crate) fn filter_grad(machine: &Machine, step: &ConvFilterGrad) {
    let geometry = Geometry { x: &step.x, y: &step.dy, window: &step.window, groups: step.groups };
    let mut sums = vec![0.0; geometry.packed_len()];
    for sample in machine.samples() {
        let (x, dy) = (machine.load(sample, &step.x), machine.load(sample, &step.dy));
        geometry.products(|input, weight, output| {
            sums[geometry.packed(weight)] += x.at(input) * dy.at(output);
        });
    }
    machine.set_grads(step.filter, &sums);
    if let Some(bias) = step.bias {
        bias_grad(machine, &step.dy, bias);
    }
}

/// The gradient of a bias: the sum of `dy` over the batch and all positions of each channel.
pub(crate) fn bias_grad(machine: &Machine, dy: &Map, bias: usize) {
    let mut sums = vec![0.0; padded(dy.channels)];
    for sample in machine.samples() {
        places(dy.shape()).for_each(|place| sums[place[0]] += machine.get(sample, dy, place));
    }
    machine.set_grads(bias, &sums);
}
