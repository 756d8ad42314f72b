//! What training promises: it learns, and it repeats itself byte for byte on any number of threads.

mod architectures;
mod frozen;
mod fused_update;
mod gradient_norm;
mod in_memory;
mod own_loss;
mod reused;
mod runs;
mod updates;

use cnn_runtime::{
    Device, DeviceChoice, Model, Network, Options, Session, network,
    optim::{Clip, Optimizer, Sgd, Update},
};

network! {
    Convnet<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> conv2: conv(20, 3, pad = 1) -> relu -> max_pool(2) -> dropout(0.25)
            -> flatten -> fc1: dense(33) -> relu -> dropout(0.5) -> fc2: dense(10)

        train { loss = cross_entropy, optimizer = adadelta(lr = 1.0), batch = 19, epochs = 1 }
    }
}

network! {
    /// Without dropout, so that nothing keeps it from learning its images by heart.
    Learner<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> max_pool(2) -> flatten -> fc1: dense(32) -> tanh -> fc2: dense(10)
    }
}

fn session<N: Network>(device: &Device, batch: usize, training: Update) -> Session {
    let model = Model::of::<N>();
    Session::new(model, device, &Options::train(&model).batch(batch).update(training).seed(7)).unwrap()
}

fn batch(count: usize) -> (Vec<f32>, Vec<u32>) {
    (cnn_tests::noise(1, count * 144), (0..count as u32).map(|sample| sample % 10).collect())
}

fn sgd() -> Update {
    Update::new(Optimizer::Sgd(Sgd { lr: 0.05, momentum: 0.9, nesterov: true, weight_decay: 1e-4 }))
}

/// All parameters after some steps, one of them on a short batch.
fn trained(device: &Device, update: Update) -> Vec<u32> {
    let (images, labels) = batch(19);
    let mut session = session::<Convnet>(device, 19, update);
    for step in 0..20 {
        let count = if step == 9 { 5 } else { 19 };
        session.train_step(&images[..count * 144], &labels[..count]).unwrap();
    }
    (0..session.description().params.len())
        .flat_map(|index| session.parameter(index).unwrap())
        .map(f32::to_bits)
        .collect()
}

#[test]
fn bytes_do_not_depend_on_threads_or_run() {
    let full = Update { clip: Some(Clip::Norm(1.0)), average: Some(0.9), ..sgd() };
    for update in [sgd(), full, Model::of::<Convnet>().description().training.update] {
        let with = |threads| trained(&Device::open(&DeviceChoice::Cpu, Some(threads)).unwrap(), update);
        let expected = with(1);
        for threads in [1, 2, 3, 8] {
            assert!(with(threads) == expected, "{threads} threads differ from one, {update:?}");
        }
    }
}

#[test]
fn devices_agree_through_dropout() {
    let runs: Vec<Vec<u32>> = cnn_tests::devices().iter().map(|device| trained(device, sgd())).collect();
    for other in &runs[1..] {
        let values = |run: &[u32]| run.iter().map(|&bits| f32::from_bits(bits)).collect::<Vec<f32>>();
        let distance = cnn_tests::relative_distance(&values(other), &values(&runs[0]));
        assert!(
            distance < 1e-3,
            "parameters differ by {distance:.2e} after 20 steps: are the masks the same?"
        );
    }
}

#[test]
fn overfits_32_images() {
    let (images, labels) = batch(32);
    for device in cnn_tests::devices() {
        let mut session = session::<Learner>(&device, 32, sgd());
        let mut last = Default::default();
        for _ in 0..150 {
            session.train_step(&images, &labels).unwrap();
            last = session.take_metrics().unwrap();
        }
        assert_eq!(last.correct, 32, "{}: {last:?}", device.describe());
    }
}
