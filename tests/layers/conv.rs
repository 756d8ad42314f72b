//! Convolution, and the gradients of its input, filters and bias.

use cnn_runtime::__testing::plan::{
    Act, Conv, ConvFilterGrad, ConvInputGrad, Layout, Role, StepRef, TransposeFilters, Window, Winograd,
    padded,
};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    window: Window,
    /// Rows and columns of padding below and on the right.
    end_pad: [usize; 2],
    groups: usize,
    layout: Layout,
    bias: bool,
    tail: &'static [Tail],
    /// Room for so many tiles, by Winograd's algorithm.
    tiles: Option<usize>,
}

const UNIT: Window =
    Window { kernel: [1, 1], stride: [1, 1], pad: [0, 0], pad_end: [0, 0], dilation: [1, 1] };

const BASE: Case = Case {
    batch: 7,
    inputs: 8,
    outputs: 16,
    size: [9, 11],
    window: Window { kernel: [3, 3], ..UNIT },
    end_pad: [0, 0],
    groups: 1,
    layout: Layout::Blocked,
    bias: true,
    tail: &[],
    tiles: None,
};

/// What the layer computes, once per output element and tap: `(output, filter, input)` positions
/// with the input inside.
fn taps(
    case: &Case,
    y: [usize; 4],
    x: [usize; 4],
    mut visit: impl FnMut([usize; 4], [usize; 4], [usize; 4]),
) {
    let Window { kernel, stride, pad, dilation, .. } = case.window;
    let (per_group, outputs_per_group) = (case.inputs / case.groups, case.outputs / case.groups);
    for place @ [sample, output, row, column] in indices(y) {
        for filter @ [_, input, tap_row, tap_column] in indices([1, per_group, kernel[0], kernel[1]]) {
            let channel = output / outputs_per_group * per_group + input;
            let in_row = (row * stride[0] + tap_row * dilation[0]).wrapping_sub(pad[0]);
            let in_column = (column * stride[1] + tap_column * dilation[1]).wrapping_sub(pad[1]);
            if in_row < x[2] && in_column < x[3] {
                visit(place, [output, filter[1], tap_row, tap_column], [sample, channel, in_row, in_column]);
            }
        }
    }
}

impl Case {
    /// Output rows or columns; none if the kernel does not fit.
    fn extent(&self, axis: usize) -> usize {
        let Window { kernel, stride, pad, dilation, .. } = self.window;
        let span = dilation[axis] * (kernel[axis] - 1) + 1;
        let size = self.size[axis] + pad[axis] + self.end_pad[axis];
        if size < span { 0 } else { (size - span) / stride[axis] + 1 }
    }

    fn filter_shape(&self) -> [usize; 4] {
        let [height, width] = self.window.kernel;
        [self.outputs, self.inputs / self.groups, height, width]
    }

    /// Room for Winograd's algorithm on a convolution between so many channels.
    fn room(&self, scene: &mut Scene, [from, to]: [usize; 2]) -> Option<Winograd> {
        let tiles = self.tiles?;
        // Sums are as exact as those of other algorithms. tanh passes on their absolute error,
        // which for sums of up to some 30 was 3e-5 at most, where its own results are no larger
        // than 1.
        if matches!(self.tail, [Tail::Act(Act::Tanh)]) {
            scene.set_tolerance(4e-5);
        }
        let filters = scene.scratch(Winograd::filters_len(from, to));
        let work = scene.scratch(Winograd::work_len(from, to, tiles));
        Some(Winograd { filters, work, tiles })
    }

    fn check(&self, seed: u64) {
        self.forward(seed);
        self.input_gradient(seed);
        self.filter_gradient(seed);
    }

    fn forward(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (x, x_values) = scene.input([self.inputs, self.size[0], self.size[1]], self.layout);
        let (_, filter, filters) = scene.param(leak(self.filter_shape()), Role::Filter);
        let (_, bias, biases) = scene.param(leak([self.outputs]), Role::Vector);
        let y = scene.place([self.outputs, self.extent(0), self.extent(1)], Layout::Blocked);
        let shape = [self.batch, y.channels, y.height, y.width];
        let mut want =
            Tensor::from_fn(shape, |place| if self.bias { biases[[place[1], 0, 0, 0]] } else { 0.0 });
        taps(self, shape, x_values.shape, |y, w, x| want[y] += filters[w] * x_values[x]);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let bias = self.bias.then_some(bias);
        let (window, groups) = (self.window, self.groups);
        let winograd = self.room(&mut scene, [self.inputs, self.outputs]);
        let step = Conv { name: "conv", x, y, window, groups, filter, bias, winograd, epilogue };
        let step = &*Box::leak(Box::new(step));
        scene.step(StepRef::Conv(step));
        scene.expect(y, want);
        scene.check_convolution(self);
    }

    fn input_gradient(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (dy, dy_values) = scene.input([self.outputs, self.extent(0), self.extent(1)], Layout::Blocked);
        let (_, filter, filters) = scene.param(leak(self.filter_shape()), Role::Filter);
        let dx = scene.place([self.inputs, self.size[0], self.size[1]], Layout::Blocked);
        let [_, _, height, width] = self.filter_shape();
        let winograd = self.room(&mut scene, [self.outputs, self.inputs]);
        let transposed = padded(self.inputs) * self.outputs / self.groups * height * width;
        let scratch = winograd.map_or_else(|| scene.scratch(transposed), |winograd| winograd.filters);
        let mut want = Tensor::zeros([self.batch, dx.channels, dx.height, dx.width]);
        let shape = want.shape;
        taps(self, dy_values.shape, shape, |y, w, x| want[x] += filters[w] * dy_values[y]);
        let epilogue = scene.tail(self.tail, dx, &mut want);
        let (window, groups) = (self.window, self.groups);
        let filters = scratch;
        let transposed = TransposeFilters {
            name: "conv",
            filter,
            filters,
            dy,
            dx,
            window,
            groups,
            winograd: winograd.is_some(),
        };
        scene.step(StepRef::TransposeFilters(Box::leak(Box::new(transposed))));
        let step = ConvInputGrad { name: "conv", dy, filters, dx, window, groups, winograd, epilogue };
        let step = &*Box::leak(Box::new(step));
        scene.step(StepRef::ConvInputGrad(step));
        scene.expect(dx, want);
        scene.check_convolution(self);
    }

    fn filter_gradient(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (x, x_values) = scene.input([self.inputs, self.size[0], self.size[1]], self.layout);
        let (dy, dy_values) = scene.input([self.outputs, self.extent(0), self.extent(1)], Layout::Blocked);
        let (filter_number, filter, _) = scene.param(leak(self.filter_shape()), Role::Filter);
        let (bias_number, bias, _) = scene.param(leak([self.outputs]), Role::Vector);
        let mut want = Tensor::zeros(self.filter_shape());
        taps(self, dy_values.shape, x_values.shape, |y, w, x| want[w] += dy_values[y] * x_values[x]);
        scene.expect_gradient(filter_number, want);
        if self.bias {
            let mut want = Tensor::zeros([self.outputs, 1, 1, 1]);
            indices(dy_values.shape).for_each(|place| want[[place[1], 0, 0, 0]] += dy_values[place]);
            scene.expect_sums(bias_number, want, self.batch * dy.height * dy.width);
        }
        let bias = self.bias.then_some(bias);
        let (window, groups) = (self.window, self.groups);
        let winograd = self.room(&mut scene, [self.inputs, self.outputs]);
        let step = ConvFilterGrad { name: "conv", x, dy, window, groups, filter, bias, winograd };
        let step = &*Box::leak(Box::new(step));
        scene.step(StepRef::ConvFilterGrad(step));
        scene.check_convolution(self);
    }
}

fn leak<const N: usize>(shape: [usize; N]) -> &'static [usize] {
    Box::leak(Box::new(shape))
}

#[test]
fn mnist() {
    let conv1 = Case { inputs: 1, outputs: 32, size: [28, 28], layout: Layout::Planar, ..BASE };
    conv1.check(1);
    Case { batch: 3, inputs: 32, outputs: 64, size: [26, 26], ..BASE }.check(2);
}

/// One of each kind, small enough for an interpreter of kernels.
#[test]
fn small_shapes() {
    let window = Window { kernel: [2, 1], pad: [1, 0], ..UNIT };
    let small = Case { batch: 2, inputs: 9, outputs: 10, size: [2, 3], window, ..BASE };
    small.check(19);
    Case { inputs: 1, layout: Layout::Planar, ..small }.check(20);
    Case { inputs: 16, outputs: 16, groups: 2, window: Window { stride: [2, 2], ..UNIT }, ..small }.check(21);
    Case { inputs: 4, outputs: 4, groups: 2, ..small }.check(22);
}

#[test]
fn planar_images() {
    let window = Window { kernel: [5, 5], stride: [2, 2], pad: [2, 1], ..UNIT };
    let image = Case { inputs: 3, size: [15, 13], layout: Layout::Planar, window, ..BASE };
    image.check(3);
    Case { batch: 1, outputs: 5, end_pad: [2, 2], bias: false, ..image }.check(4);
}

#[test]
fn every_width_of_the_register_tile() {
    for width in 1..=14 {
        let window = Window { kernel: [1, 3], pad: [0, 1], ..UNIT };
        Case { batch: 2, size: [2, width], end_pad: [0, 1], window, ..BASE }.check(width as u64);
    }
}

#[test]
fn padding_on_all_sides() {
    let window = Window { kernel: [3, 3], pad: [1, 1], ..UNIT };
    let same = Case { end_pad: [1, 1], window, ..BASE };
    same.check(5);
    Case { size: [1, 1], ..same }.check(6);
    let wide = Window { kernel: [5, 5], pad: [4, 4], ..UNIT };
    Case { size: [2, 3], end_pad: [4, 4], window: wide, ..BASE }.check(7);
}

#[test]
fn stride_beyond_the_kernel() {
    let window = Window { kernel: [2, 1], stride: [3, 4], ..UNIT };
    Case { window, ..BASE }.check(8);
    Case { window: Window { kernel: [1, 1], stride: [2, 2], ..UNIT }, batch: 1, ..BASE }.check(9);
}

#[test]
fn dilation_and_groups() {
    let window = Window { kernel: [3, 2], pad: [2, 1], dilation: [2, 3], ..UNIT };
    let dilated = Case { end_pad: [2, 2], window, ..BASE };
    dilated.check(10);
    Case { inputs: 16, outputs: 32, groups: 2, ..dilated }.check(11);
    Case { inputs: 12, outputs: 6, groups: 3, ..dilated }.check(12);
    Case { inputs: 9, outputs: 9, groups: 9, window: Window { stride: [2, 1], ..window }, ..dilated }
        .check(13);
}

#[test]
fn pointwise() {
    let case = Case { inputs: 24, outputs: 40, window: UNIT, ..BASE };
    case.check(15);
    Case { inputs: 32, outputs: 48, groups: 2, ..case }.check(16);
    Case { window: Window { stride: [2, 2], pad: [1, 1], ..UNIT }, end_pad: [1, 1], ..case }.check(17);
}

#[test]
fn channels_that_do_not_fill_blocks() {
    for (inputs, outputs) in [(1, 1), (5, 3), (17, 9), (10, 25), (8, 7)] {
        Case { inputs, outputs, ..BASE }.check(14);
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        let window = Window { kernel: [3, 3], pad: [1, 0], ..UNIT };
        let case = Case { batch: 3, inputs: 9, outputs: 20, window, tail, ..BASE };
        case.forward(seed as u64);
        case.input_gradient(seed as u64);
    }
}

#[test]
fn winograd() {
    let same = Window { kernel: [3, 3], pad: [1, 1], ..UNIT };
    let case = Case { window: same, end_pad: [1, 1], tiles: Some(4), ..BASE };
    for (seed, size) in [[9, 11], [4, 8], [1, 1], [2, 13], [8, 3], [14, 14]].into_iter().enumerate() {
        Case { size, ..case }.check(seed as u64);
    }
    for (inputs, outputs) in [(1, 1), (5, 3), (17, 9), (10, 25), (32, 48)] {
        Case { inputs, outputs, tiles: Some(7), ..case }.check(50);
    }
    for pad in 0..3 {
        let window = Window { pad: [pad, 2 - pad], ..same };
        Case { window, end_pad: [2 - pad, pad], batch: 1, tiles: Some(1), ..case }.check(60 + pad as u64);
    }
    Case { inputs: 256, outputs: 64, size: [14, 14], batch: 1, tiles: Some(48), ..case }.check(70);
    for (seed, &tail) in TAILS.iter().enumerate() {
        let case = Case { batch: 3, inputs: 9, outputs: 20, tail, ..case };
        case.forward(seed as u64);
        case.input_gradient(seed as u64);
    }
}

prop_compose! {
    fn windows()(
        kernel in [1usize..5, 1usize..5],
        stride in [1usize..4, 1usize..4],
        pad in [0usize..3, 0usize..3],
        dilation in [1usize..3, 1usize..3],
    ) -> Window {
        Window { kernel, stride, pad, dilation, ..UNIT }
    }
}

prop_compose! {
    fn cases()(
        window in windows(),
        end_pad in [0usize..3, 0usize..3],
        size in [1usize..14, 1usize..20],
        batch in prop::sample::select(vec![1usize, 2, 7]),
        groups in prop::sample::select(vec![1usize, 1, 2, 3]),
        (inputs, outputs) in (1usize..12, 1usize..12),
        (planar, bias) in (any::<bool>(), any::<bool>()),
        tail in prop::sample::select(TAILS.to_vec()),
    ) -> Case {
        let layout = if planar { Layout::Planar } else { Layout::Blocked };
        let (inputs, outputs) = (inputs * groups, outputs * groups);
        Case { batch, inputs, outputs, size, window, end_pad, groups, layout, bias, tail, tiles: None }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(case in cases(), seed in any::<u64>()) {
        prop_assume!(case.extent(0) > 0 && case.extent(1) > 0);
        case.check(seed);
    }
}
