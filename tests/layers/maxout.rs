//! Maxout and its gradient.

use cnn_runtime::__testing::plan::{Layout, Maxout, MaxoutGrad, StepRef};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    /// Of the output.
    shape: [usize; 3],
    pieces: usize,
    tail: &'static [Tail],
}

const BASE: Case = Case { batch: 7, shape: [11, 5, 3], pieces: 2, tail: &[] };

impl Case {
    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let [channels, height, width] = self.shape;
        let values = scene.normal([self.batch, channels * self.pieces, height, width]);
        self.check_values(scene, values);
    }

    fn check_values(&self, mut scene: Scene, values: Tensor) {
        let [channels, height, width] = self.shape;
        let x = scene.given(&values, Layout::Blocked);
        let (dy, dy_values) = scene.input(self.shape, Layout::Blocked);
        let mut want = Tensor::zeros(dy_values.shape);
        let mut want_dx = Tensor::zeros(values.shape);
        for place in indices(want.shape) {
            let winner = self.winner(&values, place);
            want[place] = values[winner];
            want_dx[winner] = dy_values[place];
        }
        let (name, pieces) = ("maxout", self.pieces);
        let y = scene.place(self.shape, Layout::Blocked);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let step = &*Box::leak(Box::new(Maxout { name, x, y, pieces, epilogue }));
        let dx = scene.place([channels * pieces, height, width], Layout::Blocked);
        let epilogue = scene.tail(self.tail, dx, &mut want_dx);
        let grad = &*Box::leak(Box::new(MaxoutGrad { name, x, dy, dx, pieces, epilogue }));
        scene.region(move |steps| {
            steps.step(StepRef::Maxout(step));
            steps.step(StepRef::MaxoutGrad(grad));
        });
        scene.expect(y, want);
        scene.expect(dx, want_dx);
        scene.check(self);
    }

    /// The first maximum of a group; the first NaN if there is one.
    fn winner(&self, x: &Tensor, [sample, channel, row, column]: [usize; 4]) -> [usize; 4] {
        let wins = |new: f64, old: f64| new > old || (new.is_nan() && !old.is_nan());
        let group = (0..self.pieces).map(|piece| [sample, channel * self.pieces + piece, row, column]);
        group.reduce(|best, place| if wins(x[place], x[best]) { place } else { best }).expect("a piece")
    }
}

#[test]
fn pieces() {
    for pieces in [1, 2, 3, 4, 5, 8, 9] {
        for batch in [1, 7] {
            Case { batch, pieces, ..BASE }.check(1);
            Case { batch, pieces, shape: [16, 2, 2], ..BASE }.check(2);
            Case { batch, pieces, shape: [13, 1, 1], ..BASE }.check(3);
        }
    }
}

#[test]
fn the_first_of_equals_takes_the_gradient() {
    for pieces in [2, 3, 5] {
        let mut scene = Scene::new(4, BASE.batch);
        let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, 1.0, 0.0];
        let shape = [BASE.batch, BASE.shape[0] * pieces, BASE.shape[1], BASE.shape[2]];
        let values = Tensor::from_fn(shape, |_| special[scene.stream.below(special.len())]);
        Case { pieces, ..BASE }.check_values(scene, values);
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        Case { batch: 3, tail, ..BASE }.check(seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        batch in 1usize..4,
        shape in [1usize..20, 1usize..5, 1usize..5],
        pieces in 1usize..7,
        seed in any::<u64>(),
    ) {
        Case { batch, shape, pieces, tail: &[] }.check(seed);
    }
}
