//! Every optimizer, and what an update does before and after it.

use cnn_runtime::{
    network,
    optim::{Clip, Update},
};

use crate::{Pair, noise, sgd};

network! {
    /// Smooth, so that rounding decides nothing.
    Smooth<[1, 6, 6] -> 3> {
        input -> conv1: conv(5, 3, bias = false) -> bn1: batch_norm -> tanh
            -> conv2: conv(9, 2, lr_factor = 0.5) -> tanh
            -> flatten -> fc1: dense(7, decay = false) -> tanh -> fc2: dense(3)
    }
}

const BATCH: usize = 6;

/// Some updates, one of them by three batches.
fn agree(update: Update) {
    let (images, classes) = (noise(5, BATCH * 36), [0, 1, 2, 0, 1, 2]);
    let mut pair = Pair::new::<Smooth>(BATCH, update);
    pair.each(|session| {
        for _ in 0..3 {
            session.train_step(&images, &classes).unwrap();
        }
        for part in [0..3, 3..4, 4..6] {
            session.accumulate(&images[part.start * 36..part.end * 36], &classes[part]).unwrap();
        }
        session.update().unwrap();
        session.train_step(&images, &classes).unwrap();
    });
    pair.assert_parameters(1e-5);
    for (naive, cpu) in pair.naive.gradient_norm().into_iter().zip(pair.cpu.gradient_norm()) {
        assert!((naive - cpu).abs() < 1e-4 * cpu, "norm {naive}, not {cpu}");
    }
    pair.each(|session| session.swap_average().unwrap());
    pair.assert_parameters(1e-5);
    pair.assert_answers(&images, 1e-5);
}

/// One test for each rule, by its text.
macro_rules! rules {
    ($($name:ident: $($text:literal),+;)*) => {$(
        #[test]
        fn $name() {
            $(agree(Update::new($text.parse().unwrap()));)+
        }
    )*};
}

rules! {
    sgd_with_and_without_momentum:
        "sgd(lr = 0.1)", "sgd(lr = 0.1, weight_decay = 0.1)", "sgd(lr = 0.05, momentum = 0.9)",
        "sgd(lr = 0.05, momentum = 0.9, nesterov = true, weight_decay = 0.01)";
    adagrad: "adagrad(lr = 0.05)", "adagrad(lr = 0.05, epsilon = 0.01, weight_decay = 0.1)";
    adadelta: "adadelta", "adadelta(lr = 0.5, rho = 0.8, epsilon = 1e-3, weight_decay = 0.1)";
    rmsprop:
        "rmsprop(epsilon = 1e-3)", "rmsprop(alpha = 0.8, centered = true, epsilon = 0.01)",
        "rmsprop(momentum = 0.8, epsilon = 0.01, weight_decay = 0.1)",
        "rmsprop(momentum = 0.8, centered = true, epsilon = 0.01)";
    adam: "adam(lr = 0.01)", "adam(lr = 0.01, beta1 = 0.8, beta2 = 0.9, epsilon = 1e-3, weight_decay = 0.1)";
    adamw:
        "adamw(lr = 0.01)",
        "adamw(lr = 0.01, beta1 = 0.8, beta2 = 0.9, epsilon = 1e-3, weight_decay = 0.5)";
}

#[test]
fn limits_of_the_gradients() {
    for clip in [Clip::Norm(0.1), Clip::Norm(1e3), Clip::Value(0.01), Clip::Value(1e3)] {
        agree(Update { clip: Some(clip), ..sgd() });
    }
}

#[test]
fn averages_of_the_parameters() {
    for average in [0.1, 0.999] {
        agree(Update { average: Some(average), ..sgd() });
        let adam = Update::new("adam(lr = 0.01)".parse().unwrap());
        agree(Update { average: Some(average), clip: Some(Clip::Norm(0.5)), ..adam });
    }
}
