//! Large weights are updated where their gradients are computed, which changes no byte of the
//! result.

use cnn_runtime::{
    Device, DeviceChoice, Error, Model, Network, Session, network,
    optim::{Adadelta, Adagrad, Adam, AdamW, Clip, Optimizer, RmsProp, Sgd, Update},
};

use crate::{batch, session, sgd};

network! {
    /// Dense layers of more than a million weights, with attributes of their own; outputs are no
    /// multiple of a block.
    Dense<[1, 12, 12] -> 10> {
        input -> conv1: conv(24, 3) -> relu -> flatten -> fc1: dense(437, lr_factor = 2, decay = false) -> relu -> dropout(0.5)
            -> fc2: dense(2400) -> relu -> fc3: dense(437, freeze = true) -> relu -> fc4: dense(10)
    }
}

network! {
    /// More than a million filter elements for Winograd's algorithm, behind a direct convolution.
    Wide<[1, 12, 12] -> 10> {
        input -> conv1: conv(342, 1) -> relu -> conv2: conv(341, 3, pad = 1) -> relu -> global_avg_pool -> flatten -> fc1: dense(10)
    }
}

const SGD: Sgd = Sgd { momentum: 0.9, weight_decay: 1e-3, ..Sgd::DEFAULT };

/// Every rule, every limit, with and without an average.
fn updates() -> [Update; 9] {
    let rmsprop = RmsProp { momentum: 0.9, centered: true, weight_decay: 1e-3, ..RmsProp::DEFAULT };
    let adam = Update::new(Optimizer::Adam(Adam::DEFAULT));
    [
        Update::new(Optimizer::Sgd(Sgd::DEFAULT)),
        Update { clip: Some(Clip::Value(1e-3)), ..Update::new(Optimizer::Sgd(SGD)) },
        Update { clip: Some(Clip::Norm(0.1)), ..sgd() },
        Update::new(Optimizer::Adagrad(Adagrad { weight_decay: 1e-3, ..Adagrad::DEFAULT })),
        Update::new(Optimizer::Adadelta(Adadelta::DEFAULT)),
        Update::new(Optimizer::RmsProp(rmsprop)),
        adam,
        Update { average: Some(0.9), ..adam },
        Update { average: Some(0.9), ..Update::new(Optimizer::AdamW(AdamW::DEFAULT)) },
    ]
}

/// Bits of all parameters and of their state.
fn bits(session: &mut Session) -> Vec<u32> {
    let mut values = Vec::new();
    for index in 0..session.description().params.len() {
        values.extend(session.parameter(index).unwrap());
        for slot in
            (0..session.state_slots()).filter(|&slot| session.has_state(slot, index)).collect::<Vec<_>>()
        {
            values.extend(session.state(slot, index).unwrap());
        }
    }
    values.into_iter().map(f32::to_bits).collect()
}

/// Steps on batches of these sizes, against passes and updates one after the other, on another
/// number of threads.
fn compare<N: Network>(update: Update, sizes: &[usize]) {
    let largest = sizes.iter().copied().max().unwrap_or(1);
    let (images, labels) = batch(largest);
    let device = |threads| Device::open(&DeviceChoice::Cpu, Some(threads)).unwrap();
    let [mut whole, mut apart] = [3, 1].map(|threads| session::<N>(&device(threads), largest, update));
    for &size in sizes {
        let (images, labels) = (&images[..size * 144], &labels[..size]);
        whole.train_step(images, labels).unwrap();
        apart.accumulate(images, labels).unwrap();
        apart.update().unwrap();
    }
    assert_eq!(whole.steps(), apart.steps());
    assert!(bits(&mut whole) == bits(&mut apart), "{update:?}: bytes differ");
}

fn fused_updates<N: Network>() -> Vec<&'static str> {
    let params = Model::of::<N>().description().params.iter();
    params.filter(|param| param.fused_update).map(|param| param.name).collect()
}

#[test]
fn dense_weights_are_updated_as_after_the_pass() {
    assert_eq!(fused_updates::<Dense>(), ["fc1.weight", "fc2.weight"]);
    // More samples than a tile sums up at once, too.
    updates().into_iter().for_each(|update| compare::<Dense>(update, &[130, 5, 128]));
}

#[test]
fn filters_are_updated_as_after_the_pass() {
    assert_eq!(fused_updates::<Wide>(), ["conv2.weight"]);
    compare::<Wide>(updates()[8], &[3, 1, 3]);
}

#[test]
fn a_training_step_keeps_no_gradients() {
    let (images, labels) = batch(2);
    let mut session = session::<Dense>(&Device::cpu().unwrap(), 2, sgd());
    session.train_step(&images, &labels).unwrap();
    assert!(matches!(session.gradient(0), Err(Error::Usage(_))));
    session.forward_backward(&images, &labels).unwrap();
    assert!(session.gradient(0).unwrap().iter().any(|&value| value != 0.0));
}
