//! Maximum and average pooling, and their gradients.

use cnn_runtime::__testing::plan::{Layout, Pool, PoolGrad, PoolKind, StepRef, Window};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    kind: PoolKind,
    channels: usize,
    size: [usize; 2],
    window: Window,
    /// Whether a window may begin inside the padded input and end beyond it.
    ceil: bool,
    tail: &'static [Tail],
}

const BASE: Case = Case {
    batch: 7,
    kind: PoolKind::Max,
    channels: 11,
    size: [8, 10],
    window: Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0], pad_end: [0, 0], dilation: [1, 1] },
    ceil: false,
    tail: &[],
};

const KINDS: [PoolKind; 4] = [
    PoolKind::Max,
    PoolKind::AdaptiveAvg,
    PoolKind::Avg { count_include_pad: true },
    PoolKind::Avg { count_include_pad: false },
];

impl Case {
    fn extent(&self, axis: usize) -> usize {
        let Window { kernel, stride, pad, pad_end, dilation } = self.window;
        let [kernel, stride, pad, pad_end, dilation] =
            [kernel, stride, pad, pad_end, dilation].map(|pair| pair[axis]);
        let span = dilation * (kernel - 1) + 1;
        let size = self.size[axis] + pad + pad_end;
        if size < span {
            return 0;
        }
        let down = (size - span) / stride + 1;
        let up = (size - span).div_ceil(stride) + 1;
        if self.ceil && (up - 1) * stride < self.size[axis] + pad { up } else { down }
    }

    /// Positions of a window along an axis, counted from the first of the padded input.
    fn positions(&self, axis: usize, output: usize) -> impl Iterator<Item = usize> {
        let Window { kernel, stride, dilation, .. } = self.window;
        (0..kernel[axis]).map(move |tap| output * stride[axis] + tap * dilation[axis])
    }

    /// Input positions of a window along an axis, and how many lie in the padded input.
    fn taps(&self, axis: usize, output: usize) -> (Vec<usize>, usize) {
        let (size, outputs) = (self.size[axis], self.extent(axis));
        if self.kind == PoolKind::AdaptiveAvg {
            let covered = output * size / outputs..((output + 1) * size).div_ceil(outputs);
            return (covered.clone().collect(), covered.len());
        }
        let Window { pad, pad_end, .. } = self.window;
        let inside = |at: usize| at.checked_sub(pad[axis]).filter(|&at| at < size);
        let padded = |at: &usize| *at < size + pad[axis] + pad_end[axis];
        let taps = self.positions(axis, output).filter_map(inside).collect();
        (taps, self.positions(axis, output).filter(padded).count())
    }

    /// The share that each input of a window has in its output.
    fn weights(&self, x: &Tensor, [sample, channel, row, column]: [usize; 4]) -> Vec<([usize; 4], f64)> {
        let ((rows, padded_rows), (columns, padded_columns)) = (self.taps(0, row), self.taps(1, column));
        let of_row = |&row: &usize| columns.iter().map(move |&column| [sample, channel, row, column]);
        let taps: Vec<_> = rows.iter().flat_map(of_row).collect();
        let count = match self.kind {
            PoolKind::Max => return vec![(winner(x, &taps), 1.0)],
            PoolKind::Avg { count_include_pad: true } => padded_rows * padded_columns,
            PoolKind::Avg { count_include_pad: false } | PoolKind::AdaptiveAvg => taps.len(),
        };
        taps.into_iter().map(|tap| (tap, 1.0 / count as f64)).collect()
    }

    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let values = scene.normal([self.batch, self.channels, self.size[0], self.size[1]]);
        self.check_values(scene, values);
    }

    fn check_values(&self, mut scene: Scene, values: Tensor) {
        let x = scene.given(&values, Layout::Blocked);
        let y = scene.place([self.channels, self.extent(0), self.extent(1)], Layout::Blocked);
        let mut want = Tensor::from_fn([self.batch, y.channels, y.height, y.width], |place| {
            self.weights(&values, place).iter().map(|(tap, weight)| values[*tap] * weight).sum()
        });
        let (dy, dy_values) = scene.input([y.channels, y.height, y.width], Layout::Blocked);
        let dx = scene.place([x.channels, x.height, x.width], Layout::Blocked);
        let mut want_dx = Tensor::zeros(values.shape);
        for place in indices(want.shape) {
            for (tap, weight) in self.weights(&values, place) {
                want_dx[tap] += dy_values[place] * weight;
            }
        }
        let (name, kind, window) = ("pool", self.kind, self.window);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let pool = &*Box::leak(Box::new(Pool { name, kind, x, y, window, epilogue }));
        let epilogue = scene.tail(self.tail, dx, &mut want_dx);
        let grad = &*Box::leak(Box::new(PoolGrad { name, kind, x: Some(x), dy, dx, window, epilogue }));
        scene.region(move |steps| {
            steps.step(StepRef::Pool(pool));
            steps.step(StepRef::PoolGrad(grad));
        });
        scene.expect(y, want);
        scene.expect(dx, want_dx);
        scene.check(self);
    }
}

/// The first maximum; the first NaN if there is one.
fn winner(x: &Tensor, taps: &[[usize; 4]]) -> [usize; 4] {
    let wins = |new: f64, old: f64| new > old || (new.is_nan() && !old.is_nan());
    taps.iter().copied().reduce(|best, tap| if wins(x[tap], x[best]) { tap } else { best }).expect("a tap")
}

#[test]
fn mnist() {
    for kind in KINDS {
        Case { kind, channels: 64, size: [24, 24], batch: 3, ..BASE }.check(1);
    }
}

#[test]
fn rows_that_no_window_reaches() {
    for kind in KINDS {
        Case { kind, size: [9, 11], ..BASE }.check(2);
        let window = Window { kernel: [1, 2], stride: [3, 4], ..BASE.window };
        Case { kind, batch: 1, window, ..BASE }.check(3);
    }
}

#[test]
fn overlap_and_padding() {
    let window = Window { kernel: [3, 3], stride: [2, 2], pad: [1, 1], pad_end: [1, 1], dilation: [1, 1] };
    for (kind, ceil) in KINDS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        Case { kind, window, ceil, ..BASE }.check(4);
        Case { kind, window: Window { pad_end: [0, 0], ..window }, ceil, size: [7, 6], ..BASE }.check(12);
        Case { kind, window: Window { stride: [1, 1], ..window }, batch: 1, ..BASE }.check(5);
        Case { kind, window: Window { dilation: [2, 3], ..window }, ceil, size: [12, 12], ..BASE }.check(6);
    }
}

#[test]
fn whole_maps() {
    for kind in KINDS {
        let window = Window { kernel: [7, 9], stride: [7, 9], ..BASE.window };
        Case { kind, window, size: [7, 9], ..BASE }.check(13);
    }
}

/// Windows far larger than their map, strides and dilations beyond it: what is outside costs
/// nothing.
#[test]
fn arguments_beyond_the_map() {
    let far =
        Window { kernel: [32767; 2], stride: [1; 2], pad: [16383; 2], pad_end: [16383; 2], dilation: [1; 2] };
    let windows = [
        far,
        Window { stride: [32768, 3], ..far },
        Window { kernel: [3; 2], pad: [1; 2], pad_end: [1; 2], dilation: [8; 2], ..far },
        Window { kernel: [2; 2], pad: [0; 2], pad_end: [0; 2], stride: [32768; 2], ..far },
        Window { kernel: [4; 2], pad: [1; 2], pad_end: [2; 2], stride: [4, 6], dilation: [4, 4] },
    ];
    for (kind, window) in KINDS.into_iter().flat_map(|kind| windows.map(|window| (kind, window))) {
        Case { batch: 1, channels: 2, kind, size: [16, 16], window, ..BASE }.check(14);
    }
}

/// The gradient of one window over a large map looks at that window alone.
#[test]
fn one_window_over_a_large_map() {
    for kind in KINDS {
        let window = Window { kernel: [300, 400], stride: [300, 400], ..BASE.window };
        Case { batch: 1, channels: 2, kind, size: [300, 400], window, ..BASE }.check(15);
    }
}

#[test]
fn the_first_of_equals_takes_the_gradient() {
    for (kernel, stride) in [(2, 2), (3, 2), (3, 1)] {
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], ..BASE.window };
        let mut scene = Scene::new(7, BASE.batch);
        let shape = [BASE.batch, BASE.channels, BASE.size[0], BASE.size[1]];
        let values = Tensor::from_fn(shape, |_| scene.stream.below(3) as f64);
        Case { window, ..BASE }.check_values(scene, values);
    }
}

#[test]
fn nan_and_infinity_win() {
    for (kernel, stride) in [(2, 2), (3, 2)] {
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], ..BASE.window };
        let mut scene = Scene::new(8, BASE.batch);
        let special = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 1.0, -1.0];
        let shape = [BASE.batch, BASE.channels, BASE.size[0], BASE.size[1]];
        let values = Tensor::from_fn(shape, |_| special[scene.stream.below(special.len())]);
        Case { window, ..BASE }.check_values(scene, values);
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        for kind in KINDS {
            Case { kind, batch: 3, tail, ..BASE }.check(seed as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        kind in prop::sample::select(KINDS.to_vec()),
        batch in prop::sample::select(vec![1usize, 2, 7]),
        channels in 1usize..20,
        size in [1usize..14, 1usize..14],
        kernel in [1usize..5, 1usize..5],
        stride in [1usize..5, 1usize..5],
        dilation in [1usize..3, 1usize..3],
        pads in [0usize..2, 0usize..2],
        ends in [0usize..2, 0usize..2],
        ceil in any::<bool>(),
        seed in any::<u64>(),
    ) {
        // As everywhere, padding is at most half the kernel, so that no window lies in padding
        // alone.
        let pad = [pads[0].min(kernel[0] / 2), pads[1].min(kernel[1] / 2)];
        let pad_end = [ends[0].min(kernel[0] / 2), ends[1].min(kernel[1] / 2)];
        let window = Window { kernel, stride, pad, pad_end, dilation };
        let case = Case { batch, kind, channels, size, window, ceil, tail: &[] };
        prop_assume!(case.extent(0) > 0 && case.extent(1) > 0);
        let reaches = |axis| (0..case.extent(axis)).all(|output| !case.taps(axis, output).0.is_empty());
        prop_assume!(reaches(0) && reaches(1));
        case.check(seed);
    }
}
