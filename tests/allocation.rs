//! A training step allocates nothing. Alone in its file: the counter sees the whole process.

use cnn_runtime::{
    Device, Model, Options, Session, network,
    optim::{AdamW, Clip, Optimizer, Update},
};
use cnn_tests::counting::{self, Counting};

network! {
    /// Every kind of step that this crate knows; the weights of `fc3` are updated where their
    /// gradient is computed.
    Convnet<[1, 12, 12] -> 10> {
        let x = input -> conv1: conv(8, 3) -> relu;
        let y = x -> conv2: conv(20, 3, pad = 1) -> tanh;
        let z = x -> conv3: conv(5, 3, stride = 2, pad = 1) -> max_pool(2) -> dropout(0.25) -> flatten;
        concat(y -> avg_pool(2) -> flatten, z) -> fc1: dense(33) -> relu -> dropout(0.5)
            -> fc2: dense(1024) -> relu -> fc3: dense(1024) -> fc4: dense(10)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of 200 updates of two passes each, after one that takes what is taken once.
fn allocations(update: Update) -> usize {
    let (images, labels) =
        (cnn_tests::noise(1, 16 * 144), (0..16).map(|sample| sample % 10).collect::<Vec<u32>>());
    let device = Device::cpu().unwrap();
    let model = Model::of::<Convnet>();
    let options = Options::train(&model).batch(16).update(update).seed(7);
    let mut session = Session::new(model, &device, &options).unwrap();
    device.install(move || {
        let mut step = || {
            session.accumulate(&images, &labels).unwrap();
            session.train_step(&images, &labels).unwrap();
        };
        step();
        let before = counting::allocations();
        (0..200).for_each(|_| step());
        counting::allocations() - before
    })
}

#[test]
fn a_training_step_allocates_nothing() {
    let plain = Model::of::<Convnet>().description().training.update;
    let full = Update {
        optimizer: Optimizer::AdamW(AdamW::DEFAULT),
        clip: Some(Clip::Norm(1.0)),
        average: Some(0.99),
    };
    for update in [plain, full] {
        assert_eq!(allocations(update), 0, "{update:?}");
    }
}
