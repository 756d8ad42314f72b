//! The interpreter against the CPU engine: the same networks, seeds and batches, close results.

mod layers;
mod learning;
mod networks;
mod sharing;
mod targets;
mod updates;

use cnn_door_tests::Naive;
use cnn_runtime::{
    Device, Model, Network, Options, Session, Targets,
    backend::rng::Stream,
    optim::{Optimizer, Sgd, Update},
};

/// Reproducible values in -1..1.
fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed);
    (0..count).map(|_| (stream.unit() * 2.0 - 1.0) as f32).collect()
}

/// `|found - expected| <= limit * |expected|` by the Euclidean norm.
#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], limit: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    let distance = difference / norm(&mut expected.iter().map(|&b| f64::from(b))).max(1e-30);
    if std::env::var_os("SHOW").is_some() {
        println!("{distance:.1e} {limit:.0e} {what}");
    }
    assert!(distance <= limit, "{what}: off by {distance:.1e}");
}

/// The same network on the interpreter and on the CPU engine.
struct Pair {
    naive: Session,
    cpu: Session,
}

impl Pair {
    fn new<N: Network>(batch: usize, update: Update) -> Pair {
        let model = Model::of::<N>();
        let options = Options::train(&model).batch(batch).update(update).seed(7);
        let on = |device: &Device| Session::new(model, device, &options).unwrap();
        Pair { naive: on(&Device::new(Naive)), cpu: on(&Device::cpu().unwrap()) }
    }

    /// Calls `run` with the sessions, one after the other.
    fn each(&mut self, mut run: impl FnMut(&mut Session)) {
        run(&mut self.cpu);
        run(&mut self.naive);
    }

    /// The mean losses of a batch and the gradients of all trained parameters are close.
    #[track_caller]
    fn assert_gradients(&mut self, images: &[f32], targets: Targets, limit: f64) {
        let [naive, cpu] = [&mut self.naive, &mut self.cpu]
            .map(|session| session.forward_backward(images, targets).unwrap() as f32);
        assert_close(&[naive], &[cpu], limit, "loss");
        for (index, param) in self.cpu.description().params.iter().enumerate() {
            if param.trainable {
                let [naive, cpu] =
                    [&mut self.naive, &mut self.cpu].map(|session| session.gradient(index).unwrap());
                assert_close(&naive, &cpu, limit, &format!("gradient of {}", param.name));
            }
        }
    }

    /// All parameters and running statistics are close.
    #[track_caller]
    fn assert_parameters(&mut self, limit: f64) {
        for (index, param) in self.cpu.description().params.iter().enumerate() {
            let [naive, cpu] =
                [&mut self.naive, &mut self.cpu].map(|session| session.parameter(index).unwrap());
            assert_close(&naive, &cpu, limit, param.name);
        }
    }

    /// The answers to images are close.
    #[track_caller]
    fn assert_answers(&mut self, images: &[f32], limit: f64) {
        let description = self.cpu.description();
        let count = images.len() / description.image_shape().iter().product::<usize>();
        let [naive, cpu] = [&mut self.naive, &mut self.cpu].map(|session| {
            let mut scores = vec![0.0; count * description.output_len()];
            session.infer(images, &mut scores).unwrap();
            scores
        });
        assert_close(&naive, &cpu, limit, "scores");
    }
}

fn sgd() -> Update {
    Update::new(Optimizer::Sgd(Sgd { lr: 0.02, momentum: 0.9, nesterov: true, weight_decay: 1e-3 }))
}
