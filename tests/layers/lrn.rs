//! Local response normalisation and its gradient.

use cnn_runtime::__testing::plan::{Layout, Lrn, LrnGrad, Response, StepRef};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    shape: [usize; 3],
    response: Response,
    tail: &'static [Tail],
}

const ALEXNET: Response = Response { size: 5, alpha: 1e-4, beta: 0.75, k: 2.0 };
const STRONG: Response = Response { size: 5, alpha: 0.7, beta: 0.75, k: 1.0 };
const BASE: Case = Case { batch: 7, shape: [19, 5, 3], response: STRONG, tail: &[] };

impl Case {
    /// The channels that a channel's window holds.
    fn window(&self, channel: usize) -> std::ops::Range<usize> {
        let size = self.response.size;
        channel.saturating_sub(size / 2)..(channel + (size - 1) / 2 + 1).min(self.shape[0])
    }

    /// `s` of each element.
    fn sums(&self, x: &Tensor) -> Tensor {
        let Response { size, alpha, k, .. } = self.response;
        Tensor::from_fn(x.shape, |[sample, channel, row, column]| {
            let squares = self.window(channel).map(|other| x[[sample, other, row, column]].powi(2));
            k as f64 + alpha as f64 / size as f64 * squares.sum::<f64>()
        })
    }

    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let Response { size, alpha, beta, .. } = self.response;
        let (alpha, beta) = (alpha as f64, beta as f64);
        let (x, x_values) = scene.input(self.shape, Layout::Blocked);
        let (dy, dy_values) = scene.input(self.shape, Layout::Blocked);
        let s = self.sums(&x_values);
        let mut want = Tensor::from_fn(s.shape, |place| x_values[place] / s[place].powf(beta));
        let mut want_dx = Tensor::from_fn(s.shape, |place| dy_values[place] / s[place].powf(beta));
        for place @ [sample, channel, row, column] in indices(s.shape) {
            let weighed = dy_values[place] * x_values[place] / s[place].powf(beta + 1.0);
            for other in self.window(channel) {
                let seen = [sample, other, row, column];
                want_dx[seen] -= 2.0 * alpha * beta / size as f64 * x_values[seen] * weighed;
            }
        }
        let (name, response) = ("lrn", self.response);
        let [y, dx] = [0; 2].map(|_| scene.place(self.shape, Layout::Blocked));
        let epilogue = scene.tail(self.tail, y, &mut want);
        let step = &*Box::leak(Box::new(Lrn { name, x, y, response, epilogue }));
        let epilogue = scene.tail(self.tail, dx, &mut want_dx);
        let grad = &*Box::leak(Box::new(LrnGrad { name, x, dy, dx, response, epilogue }));
        scene.region(move |steps| {
            steps.step(StepRef::Lrn(step));
            steps.step(StepRef::LrnGrad(grad));
        });
        scene.expect(y, want);
        scene.expect(dx, want_dx);
        scene.check(self);
    }
}

#[test]
fn alexnet() {
    Case { batch: 2, shape: [96, 27, 27], response: ALEXNET, ..BASE }.check(1);
    Case { batch: 1, shape: [256, 13, 13], response: ALEXNET, ..BASE }.check(2);
}

#[test]
fn more_channels_than_a_strip_holds() {
    Case { batch: 1, shape: [531, 3, 3], ..BASE }.check(3);
}

#[test]
fn windows() {
    for size in [1, 2, 3, 4, 8, 9, 16, 17, 18, 40, 100, 32767] {
        Case { response: Response { size, ..STRONG }, ..BASE }.check(size as u64);
    }
}

#[test]
fn exponents() {
    for beta in [0.5, 0.6, 0.75, 1.0, 1.7] {
        Case { response: Response { beta, ..STRONG }, ..BASE }.check(4);
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
        shape in [1usize..40, 1usize..5, 1usize..5],
        size in 1usize..12,
        (beta, k) in (0.1f32..1.5, 0.5f32..3.0),
        seed in any::<u64>(),
    ) {
        Case { batch, shape, response: Response { size, alpha: 0.5, beta, k }, tail: &[] }.check(seed);
    }
}
