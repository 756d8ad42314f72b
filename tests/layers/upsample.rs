//! More rows and columns, and the gradient.

use cnn_runtime::__testing::plan::{Layout, StepRef, Upsample, UpsampleGrad, Upsampling};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    /// Of the input.
    shape: [usize; 3],
    scale: [usize; 2],
    mode: Upsampling,
    tail: &'static [Tail],
}

const BASE: Case = Case { batch: 3, shape: [11, 4, 3], scale: [2, 2], mode: Upsampling::Nearest, tail: &[] };

impl Case {
    /// The rows or columns that `at` depends on, with their shares.
    fn parts(&self, axis: usize, at: usize) -> Vec<(usize, f64)> {
        let (scale, last) = (self.scale[axis] as f64, self.shape[axis + 1] - 1);
        match self.mode {
            Upsampling::Nearest => vec![(at / self.scale[axis], 1.0)],
            Upsampling::Bilinear => {
                let place = ((at as f64 + 0.5) / scale - 0.5).clamp(0.0, last as f64);
                let before = place.floor() as usize;
                vec![(before, 1.0 - place.fract()), ((before + 1).min(last), place.fract())]
            }
        }
    }

    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let [channels, height, width] = self.shape;
        let larger = [channels, height * self.scale[0], width * self.scale[1]];
        let (x, x_values) = scene.input(self.shape, Layout::Blocked);
        let (dy, dy_values) = scene.input(larger, Layout::Blocked);
        let mut want = Tensor::zeros(dy_values.shape);
        let mut want_dx = Tensor::zeros(x_values.shape);
        for place @ [sample, channel, row, column] in indices(want.shape) {
            for (r, down) in self.parts(0, row) {
                for (c, across) in self.parts(1, column) {
                    let from = [sample, channel, r, c];
                    want[place] += down * across * x_values[from];
                    want_dx[from] += down * across * dy_values[place];
                }
            }
        }
        let (name, scale, mode) = ("upsample", self.scale, self.mode);
        let y = scene.place(larger, Layout::Blocked);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let step = &*Box::leak(Box::new(Upsample { name, x, y, scale, mode, epilogue }));
        let dx = scene.place(self.shape, Layout::Blocked);
        let epilogue = scene.tail(self.tail, dx, &mut want_dx);
        let grad = &*Box::leak(Box::new(UpsampleGrad { name, dy, dx, scale, mode, epilogue }));
        scene.region(move |steps| {
            steps.step(StepRef::Upsample(step));
            steps.step(StepRef::UpsampleGrad(grad));
        });
        scene.expect(y, want);
        scene.expect(dx, want_dx);
        scene.check(self);
    }
}

#[test]
fn scales() {
    for mode in [Upsampling::Nearest, Upsampling::Bilinear] {
        for scale in [[1, 1], [2, 2], [3, 1], [1, 4], [5, 2]] {
            Case { scale, mode, ..BASE }.check(1);
            Case { scale, mode, shape: [8, 1, 1], ..BASE }.check(2);
            Case { scale, mode, shape: [3, 13, 9], batch: 1, ..BASE }.check(3);
        }
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        Case { mode: Upsampling::Bilinear, tail, ..BASE }.check(seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        batch in 1usize..4,
        shape in [1usize..20, 1usize..6, 1usize..6],
        scale in [1usize..5, 1usize..5],
        bilinear in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mode = if bilinear { Upsampling::Bilinear } else { Upsampling::Nearest };
        Case { batch, shape, scale, mode, tail: &[] }.check(seed);
    }
}
