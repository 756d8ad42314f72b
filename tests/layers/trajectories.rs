//! 20 updates by every optimizer, and 20 rates of every schedule, against those that PyTorch makes
//! in float64.
//!
//! `tests/goldens/torch_optimizers.py` wrote the numbers and says how gradients follow from
//! weights.

use cnn_runtime::{
    __testing::{
        engine::{Class, Engine, PendingUpdate, Sizes},
        plan::Param,
    },
    optim::{Clip, Rate, Update},
};
use serde::Deserialize;

use crate::backend::backends;

const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Golden {
    start: Vec<f32>,
    curvature: Vec<f32>,
    noise: Vec<Vec<f32>>,
    updates: Vec<Trajectory>,
    lr: f32,
    updates_per_epoch: usize,
    epochs: usize,
    losses: Vec<f64>,
    schedules: Vec<Course>,
}

#[derive(Deserialize)]
struct Trajectory {
    optimizer: String,
    clip_norm: Option<f32>,
    clip_value: Option<f32>,
    weights: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Course {
    schedule: String,
    rates: Vec<f64>,
}

const SIZE: usize = 8;

static PARAMS: [Param; 1] = [Param::vector("weight", &[SIZE])];

fn golden() -> Golden {
    serde_json::from_str(include_str!("../goldens/optimizers.json")).expect("the script's structure")
}

fn follow(engine: &mut dyn Engine, golden: &Golden, trajectory: &Trajectory, context: &str) {
    let clip = trajectory.clip_norm.map(Clip::Norm).or(trajectory.clip_value.map(Clip::Value));
    let update = Update { clip, ..Update::new(trajectory.optimizer.parse().expect("an optimizer")) };
    let mut weights = golden.start.clone();
    engine.write(Class::Params, 0, &weights).expect("parameters written");
    for (number, (noise, expected)) in (1..).zip(golden.noise.iter().zip(&trajectory.weights)) {
        let slopes = weights.iter().zip(&golden.curvature).map(|(w, curvature)| curvature * w);
        let gradient: Vec<f32> = slopes.zip(noise).map(|(slope, noise)| slope + noise).collect();
        engine.write(Class::Grads, 0, &gradient).expect("gradients written");
        let pending = PendingUpdate::new(update, number, &PARAMS);
        let norm = Some(engine.gradient_norm(&pending).expect("a norm"));
        engine.update(&PendingUpdate { norm, ..pending }).expect("update");
        engine.read(Class::Params, 0, &mut weights).expect("parameters read");
        let distance: f64 =
            weights.iter().zip(expected).map(|(&w, expected)| (w as f64 - expected).powi(2)).sum();
        let length: f64 = expected.iter().map(|expected| expected.powi(2)).sum();
        let relative = (distance / length).sqrt();
        assert!(relative < TOLERANCE, "update {number} is off by {relative:.1e}: {context}");
    }
}

#[test]
fn every_optimizer_goes_the_way_it_goes_in_torch() {
    let golden = golden();
    for trajectory in &golden.updates {
        for backend in backends() {
            let sizes = Sizes { params: SIZE, grads: SIZE, state: 3 * SIZE, arena: 8, batch: 1, targets: 0 };
            let mut engine = backend.variants[0](&sizes).expect("engine");
            let limit = trajectory.clip_norm.or(trajectory.clip_value);
            let context = format!("{} limit {limit:?} on {}", trajectory.optimizer, backend.name);
            follow(&mut *engine, &golden, trajectory, &context);
        }
    }
}

#[test]
fn every_schedule_has_the_rates_it_has_in_torch() {
    let golden = golden();
    for Course { schedule, rates } in &golden.schedules {
        let course = schedule.parse().expect("a schedule");
        let mut rate = Rate::new(course, golden.lr, golden.updates_per_epoch, golden.epochs);
        for (update, &expected) in rates.iter().enumerate() {
            if update > 0 && update % golden.updates_per_epoch == 0 {
                rate.observe(golden.losses[update / golden.updates_per_epoch - 1]);
            }
            let found = rate.at(update as u64) as f64;
            assert!(
                (found - expected).abs() <= TOLERANCE * expected,
                "{schedule}: update {update} has rate {found}, in torch {expected}"
            );
        }
    }
}
