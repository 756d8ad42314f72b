//! Maximum and average pooling, and their gradients.

use cnn_runtime::plan::{Layout, Pool, PoolGrad, PoolKind, Window};
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
    end_pad: [usize; 2],
    tail: &'static [Tail],
}

const BASE: Case = Case {
    batch: 7,
    kind: PoolKind::Max,
    channels: 11,
    size: [8, 10],
    window: Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0], dilation: [1, 1] },
    end_pad: [0, 0],
    tail: &[],
};

const KINDS: [PoolKind; 3] =
    [PoolKind::Max, PoolKind::Avg { count_include_pad: true }, PoolKind::Avg { count_include_pad: false }];

impl Case {
    fn extent(&self, axis: usize) -> usize {
        let Window { kernel, stride, pad, dilation } = self.window;
        let span = dilation[axis] * (kernel[axis] - 1) + 1;
        let size = self.size[axis] + pad[axis] + self.end_pad[axis];
        if size < span { 0 } else { (size - span) / stride[axis] + 1 }
    }

    /// Input positions of a window, in row-major order.
    fn taps(&self, [sample, channel, row, column]: [usize; 4]) -> Vec<[usize; 4]> {
        let Window { kernel, stride, pad, dilation } = self.window;
        let tap = |[_, _, tap_row, tap_column]: [usize; 4]| {
            let in_row = (row * stride[0] + tap_row * dilation[0]).wrapping_sub(pad[0]);
            let in_column = (column * stride[1] + tap_column * dilation[1]).wrapping_sub(pad[1]);
            (in_row < self.size[0] && in_column < self.size[1])
                .then_some([sample, channel, in_row, in_column])
        };
        indices([1, 1, kernel[0], kernel[1]]).filter_map(tap).collect()
    }

    /// The share that each input of a window has in its output.
    fn weights(&self, x: &Tensor, y: [usize; 4]) -> Vec<([usize; 4], f64)> {
        let taps = self.taps(y);
        match self.kind {
            PoolKind::Max => vec![(winner(x, &taps), 1.0)],
            PoolKind::Avg { count_include_pad } => {
                let area = self.window.kernel[0] * self.window.kernel[1];
                let count = if count_include_pad { area } else { taps.len() };
                taps.into_iter().map(|tap| (tap, 1.0 / count as f64)).collect()
            }
        }
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
        let grad = &*Box::leak(Box::new(PoolGrad { name, kind, x, dy, dx, window, epilogue }));
        scene.sample_step(move |steps| {
            steps.pool(pool);
            steps.pool_grad(grad);
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
    let window = Window { kernel: [3, 3], stride: [2, 2], pad: [1, 1], dilation: [1, 1] };
    for kind in KINDS {
        Case { kind, window, end_pad: [1, 1], ..BASE }.check(4);
        Case { kind, window: Window { stride: [1, 1], ..window }, batch: 1, ..BASE }.check(5);
        Case { kind, window: Window { dilation: [2, 3], ..window }, size: [12, 12], ..BASE }.check(6);
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
        seed in any::<u64>(),
    ) {
        // As everywhere, padding is at most half the kernel, so that no window lies in padding alone.
        let pad = [pads[0].min(kernel[0] / 2), pads[1].min(kernel[1] / 2)];
        let window = Window { kernel, stride, pad, dilation };
        let case = Case { batch, kind, channels, size, window, end_pad: pad, tail: &[] };
        prop_assume!(case.extent(0) > 0 && case.extent(1) > 0);
        prop_assume!(indices([1, 1, case.extent(0), case.extent(1)]).all(|place| !case.taps(place).is_empty()));
        case.check(seed);
    }
}
