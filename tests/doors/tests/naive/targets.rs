//! Losses against each kind of target: classes, real numbers, sets of labels.

use cnn_runtime::{Network, Targets, network, plan::TargetKind};

use crate::{Pair, noise, sgd};

const BATCH: usize = 7;
const IMAGE: usize = 2 * 5 * 5;

/// A batch of all its samples and a shorter one.
fn agree<N: Network>(targets: Targets) {
    let images = noise(11, BATCH * IMAGE);
    let mut pair = Pair::new::<N>(BATCH, sgd());
    let numbers = targets.len() / BATCH;
    assert_eq!(numbers, N::DESCRIPTION.target().len(N::DESCRIPTION.output_len()));
    pair.assert_gradients(&images, targets, 1e-5);
    for count in [BATCH, 3, BATCH] {
        let part = match targets {
            Targets::Classes(classes) => Targets::Classes(&classes[..count * numbers]),
            Targets::Values(values) => Targets::Values(&values[..count * numbers]),
        };
        pair.each(|session| session.train_step(&images[..count * IMAGE], part).unwrap());
    }
    pair.assert_parameters(1e-5);
    pair.assert_answers(&images, 1e-5);
    let [naive, cpu] = [&mut pair.naive, &mut pair.cpu].map(|session| session.take_metrics().unwrap());
    assert_eq!(naive.correct, cpu.correct);
}

/// Targets for so many outputs.
fn with<N: Network>() {
    let outputs = N::DESCRIPTION.output_len();
    let values = noise(13, BATCH * outputs);
    match N::DESCRIPTION.target() {
        TargetKind::Class => {
            let classes: Vec<u32> = (0..BATCH as u32).map(|sample| sample % outputs as u32).collect();
            agree::<N>(Targets::from(&classes));
        }
        TargetKind::Values => agree::<N>(Targets::from(&values)),
        TargetKind::Labels => {
            let labels: Vec<f32> = values.iter().map(|&value| f32::from(u8::from(value > 0.3))).collect();
            agree::<N>(Targets::from(&labels));
        }
    }
}

#[test]
fn real_numbers() {
    network! {
        Squares<[2, 5, 5] -> values(2)> {
            let x = input -> conv1: conv(9, 2) -> tanh -> flatten;
            x -> aux: dense(2) -> output(weight = 0.5);
            x -> fc: dense(2)

            train { loss = mse }
        }
    }
    network! {
        Distances<[2, 5, 5] -> values(9)> {
            input -> conv1: conv(9, 2) -> tanh -> flatten -> fc: dense(9)

            train { loss = mae }
        }
    }
    network! {
        Near<[2, 5, 5] -> values(2)> {
            input -> conv1: conv(9, 2) -> tanh -> flatten -> fc: dense(2)

            train { loss = huber(delta = 0.25) }
        }
    }
    with::<Squares>();
    with::<Distances>();
    with::<Near>();
}

#[test]
fn sets_of_labels() {
    network! {
        Labels<[2, 5, 5] -> labels(5)> {
            let x = input -> conv1: conv(9, 2) -> tanh -> flatten;
            x -> aux: dense(5) -> output(weight = 0.5);
            x -> fc: dense(5)

            train { loss = binary_cross_entropy }
        }
    }
    with::<Labels>();
}

#[test]
fn classes() {
    network! {
        Likely<[2, 5, 5] -> 3> { input -> conv1: conv(9, 2) -> tanh -> flatten -> fc: dense(3) }
    }
    network! {
        Each<[2, 5, 5] -> 3> {
            input -> conv1: conv(9, 2) -> tanh -> flatten -> fc: dense(3)

            train { loss = binary_cross_entropy }
        }
    }
    network! {
        Squares<[2, 5, 5] -> 3> {
            input -> conv1: conv(9, 2) -> tanh -> flatten -> fc: dense(3)

            train { loss = mse }
        }
    }
    with::<Likely>();
    with::<Each>();
    with::<Squares>();
}
