//! Batch norm: statistics, running statistics, normalisation, and the gradients of all three
//! operands.

use cnn_runtime::__testing::plan::{
    BatchNormSums, BatchStats, Elementwise, Elt, Layout, Normalize, NormalizeGrad, StepRef, padded,
};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::Norm,
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    shape: [usize; 3],
    /// Mean of the input, whose deviation is about 1.
    mean: f64,
    eps: f32,
    momentum: f32,
}

const BASE: Case = Case { batch: 7, shape: [11, 5, 3], mean: 0.5, eps: 1e-5, momentum: 0.1 };

/// Sums over the batch and all positions.
fn sums(shape: [usize; 4], mut term: impl FnMut([usize; 4]) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; shape[1]];
    indices(shape).for_each(|place| sums[place[1]] += term(place));
    sums
}

fn vector(data: Vec<f64>) -> Tensor {
    Tensor { shape: [data.len(), 1, 1, 1], data }
}

impl Case {
    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let [channels, height, width] = self.shape;
        let count = (self.batch * height * width) as f64;
        let mut x_values = scene.normal([self.batch, channels, height, width]);
        x_values.data.iter_mut().for_each(|value| *value = (*value + self.mean) as f32 as f64);

        let means = sums(x_values.shape, |place| x_values[place] / count);
        let variances = sums(x_values.shape, |place| (x_values[place] - means[place[1]]).powi(2) / count);
        let deviations = variances.iter().map(|var| 1.0 / (var + self.eps as f64).sqrt()).collect();
        let [gamma, beta] = [0; 2].map(|_| scene.normal([channels, 1, 1, 1]));
        let norm = Norm { mean: vector(means), deviation: vector(deviations), gamma, beta };

        let unbiased = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
        let variances = vector(variances.iter().map(|variance| variance * unbiased).collect());
        let running_mean = self.running(&mut scene, &norm.mean);
        let running_var = self.running(&mut scene, &variances);

        let x = scene.given(&x_values, Layout::Blocked);
        let stats = scene.scratch(2 * padded(channels));
        let [(_, gamma), (_, beta)] = [&norm.gamma, &norm.beta].map(|values| scene.vector(values));
        // Gradients need not lie where their parameters do.
        let [(dgamma_number, dgamma_at), (dbeta_number, dbeta_at)] =
            [&norm.gamma, &norm.beta].map(|values| scene.vector(values));
        let (eps, momentum) = (self.eps, self.momentum);
        let step = BatchStats { name: "bn", x, stats, eps, momentum, running_mean, running_var };
        let step = &*Box::leak(Box::new(step));
        scene.step(StepRef::BatchStats(step));

        let y = scene.place(self.shape, Layout::Blocked);
        let ops = Box::leak(Box::new([Elt::Normalize(Normalize { stats, gamma, beta })]));
        let step = &*Box::leak(Box::new(Elementwise { name: "bn", x, y, epilogue: &ops[..] }));
        scene.step(StepRef::Elementwise(step));
        let mut want = x_values.clone();
        norm.apply(&mut want);
        scene.expect(y, want);

        let (dy, dy_values) = scene.input(self.shape, Layout::Blocked);
        let sums_of = BatchNormSums { name: "bn", x, dy, stats, gamma: dgamma_at, beta: dbeta_at };
        let step = &*Box::leak(Box::new(sums_of));
        scene.step(StepRef::BatchNormSums(step));
        let dbeta = vector(sums(x_values.shape, |place| dy_values[place]));
        let dgamma = vector(sums(x_values.shape, |place| {
            let channel = place[1];
            dy_values[place] * (x_values[place] - norm.mean.data[channel]) * norm.deviation.data[channel]
        }));
        scene.expect_sums(dbeta_number, dbeta.clone(), count as usize);
        scene.expect_sums(dgamma_number, dgamma.clone(), count as usize);

        let dx = scene.place(self.shape, Layout::Blocked);
        let through = NormalizeGrad { stats, gamma, dgamma: dgamma_at, dbeta: dbeta_at };
        let ops = Box::leak(Box::new([Elt::NormalizeGrad(through, x)]));
        let step = &*Box::leak(Box::new(Elementwise { name: "bn", x: dy, y: dx, epilogue: &ops[..] }));
        scene.step(StepRef::Elementwise(step));
        let mut want = dy_values;
        norm.chain_rule(&mut want, &x_values, [&dgamma, &dbeta]);
        scene.expect(dx, want);
        scene.check(self);
    }

    /// Plans running statistics and expects them to move towards those of the batch.
    fn running(&self, scene: &mut Scene, batch: &Tensor) -> usize {
        let before = scene.normal(batch.shape);
        let (number, offset) = scene.vector(&before);
        let momentum = self.momentum as f64;
        let moved = before
            .data
            .iter()
            .zip(&batch.data)
            .map(|(before, batch)| (1.0 - momentum) * before + momentum * batch);
        scene.expect_param(number, vector(moved.collect()));
        offset
    }
}

#[test]
fn channels_that_do_not_fill_blocks() {
    for channels in [1, 3, 8, 13, 24] {
        Case { shape: [channels, 5, 3], ..BASE }.check(1);
        Case { batch: 1, shape: [channels, 5, 3], ..BASE }.check(2);
    }
}

#[test]
fn large_maps_on_several_threads() {
    Case { shape: [16, 57, 61], ..BASE }.check(3);
    Case { shape: [70, 31, 33], batch: 5, ..BASE }.check(4);
}

#[test]
fn a_large_mean_costs_no_accuracy() {
    for mean in [30.0, -200.0] {
        Case { shape: [9, 29, 31], mean, ..BASE }.check(5);
    }
}

#[test]
fn hyper_parameters() {
    for (eps, momentum) in [(1e-3, 0.01), (1.0, 1.0), (1e-5, 0.0)] {
        Case { eps, momentum, ..BASE }.check(6);
    }
}

#[test]
fn a_single_value_keeps_its_biased_variance() {
    Case { batch: 1, shape: [5, 1, 1], eps: 0.1, ..BASE }.check(7);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        batch in 2usize..9,
        shape in [1usize..30, 1usize..9, 1usize..9],
        mean in -2.0..2.0,
        seed in any::<u64>(),
    ) {
        Case { batch, shape, mean, eps: 1e-2, ..BASE }.check(seed);
    }
}
