//! What the updates of a session promise: several passes for one are one batch, averages can be
//! swapped in and out.

use cnn_runtime::{Device, Error, Metrics, Model, Options, Session, network, optim::Update};

use crate::{Convnet, batch, session, sgd};

network! {
    /// Without dropout, whose masks depend on the pass.
    Plain<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> conv2: conv(20, 3, freeze = true) -> relu -> max_pool(2) -> flatten
            -> fc1: dense(33) -> relu -> fc2: dense(10)
    }
}

network! {
    /// With running statistics.
    Normalised<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> bn1: batch_norm -> relu -> max_pool(2) -> flatten -> fc1: dense(10)
    }
}

fn parameters(session: &mut Session) -> Vec<f32> {
    (0..session.description().params.len()).flat_map(|index| session.parameter(index).unwrap()).collect()
}

fn averaging(decay: f32) -> Update {
    Update { average: Some(decay), ..sgd() }
}

#[test]
fn several_passes_are_one_batch() {
    let (images, labels) = batch(32);
    for device in cnn_tests::devices() {
        let mut whole = session::<Plain>(&device, 32, sgd());
        let mut parts = session::<Plain>(&device, 12, sgd());
        for sizes in [[8, 8, 8, 8], [12, 1, 7, 12], [12, 12, 4, 4]] {
            whole.train_step(&images, &labels).unwrap();
            let mut start = 0;
            for size in sizes {
                let (images, labels) = (&images[start * 144..], &labels[start..]);
                parts.accumulate(&images[..size * 144], &labels[..size]).unwrap();
                start += size;
            }
            assert_eq!(parts.pending(), 4);
            parts.update().unwrap();
        }
        let (whole_sums, part_sums) = (whole.take_metrics().unwrap(), parts.take_metrics().unwrap());
        assert_eq!(part_sums.samples, whole_sums.samples);
        approx::assert_relative_eq!(part_sums.loss, whole_sums.loss, max_relative = 1e-5);
        let distance = cnn_tests::relative_distance(&parameters(&mut parts), &parameters(&mut whole));
        assert!(distance < 1e-6, "{}: parameters differ by {distance:.2e}", device.describe());
    }
}

#[test]
fn passes_of_an_update_drop_differently() {
    let (images, labels) = batch(19);
    let losses = |pass: u64| {
        let mut session = session::<Convnet>(&Device::cpu().unwrap(), 19, sgd());
        (0..=pass).for_each(|_| session.accumulate(&images, &labels).unwrap());
        session.take_metrics().unwrap().loss
    };
    assert_ne!(losses(1) - losses(0), losses(0));
}

#[test]
fn nothing_is_updated_without_gradients() {
    let mut session = session::<Plain>(&Device::cpu().unwrap(), 4, sgd());
    assert!(matches!(session.update(), Err(Error::Usage(_))));
}

#[test]
fn averages_are_those_of_the_parameters_after_each_update() {
    let (images, labels) = batch(8);
    for device in cnn_tests::devices() {
        let mut session = session::<Normalised>(&device, 8, averaging(0.15));
        session.swap_average().unwrap();
        assert!(!session.is_averaged(), "there is no average before the first update");
        let mut average = Vec::new();
        for step in 0..4 {
            session.train_step(&images, &labels).unwrap();
            let live = parameters(&mut session);
            // 2 / 11 and 3 / 12 are above the decay.
            let decay = if step == 0 { 0.0 } else { 0.15 };
            average.resize(live.len(), 0.0);
            average.iter_mut().zip(&live).for_each(|(mean, w)| *mean = decay * *mean + (1.0 - decay) * w);
        }
        let live = parameters(&mut session);
        session.swap_average().unwrap();
        assert!(
            session.is_averaged() && matches!(session.train_step(&images, &labels), Err(Error::Usage(_)))
        );
        let distance = cnn_tests::relative_distance(&parameters(&mut session), &average);
        assert!(distance < 1e-6, "{}: averages differ by {distance:.2e}", device.describe());
        session.swap_average().unwrap();
        assert_eq!(parameters(&mut session), live, "{}: not the live parameters", device.describe());
    }
}

#[test]
fn averages_leave_training_and_frozen_parameters_alone() {
    let (images, labels) = batch(8);
    let device = Device::cpu().unwrap();
    let run = |update: Update| {
        let mut session = session::<Plain>(&device, 8, update);
        for _ in 0..3 {
            session.train_step(&images, &labels).unwrap();
            session.swap_average().unwrap();
            session.swap_average().unwrap();
        }
        session
    };
    let mut averaging = run(averaging(0.9));
    assert_eq!(parameters(&mut averaging), parameters(&mut run(sgd())));
    let frozen =
        averaging.description().params.iter().position(|param| param.name == "conv2.weight").unwrap();
    let before = averaging.parameter(frozen).unwrap();
    averaging.swap_average().unwrap();
    assert_eq!(averaging.parameter(frozen).unwrap(), before);
}

#[test]
fn a_slot_of_state_says_what_it_holds() {
    let session = session::<Normalised>(&Device::cpu().unwrap(), 4, averaging(0.9));
    let held = |slot| {
        let params = session.description().params.iter().enumerate();
        params
            .filter(|(index, _)| session.has_state(slot, *index))
            .map(|(_, param)| param.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(session.state_slots(), 2);
    assert!(held(0).contains(&"bn1.weight") && !held(0).contains(&"bn1.running_mean"));
    assert!(held(1).contains(&"bn1.weight") && held(1).contains(&"bn1.running_mean"));
    assert!(held(2).is_empty());
}

/// They are summed on the device, and read once.
#[test]
fn metrics_of_many_steps_are_the_sum_of_each() {
    let (images, labels) = batch(19);
    for device in cnn_tests::devices() {
        let (mut once, mut each) =
            (session::<Convnet>(&device, 19, sgd()), session::<Convnet>(&device, 19, sgd()));
        let mut sums = Metrics::default();
        for count in [19, 7, 19, 1, 12] {
            let (images, labels) = (&images[..count * 144], &labels[..count]);
            once.train_step(images, labels).unwrap();
            each.train_step(images, labels).unwrap();
            let step = each.take_metrics().unwrap();
            assert_eq!(step.samples, count as u64);
            sums += step;
        }
        let found = once.take_metrics().unwrap();
        assert_eq!((found.correct, found.samples), (sums.correct, sums.samples), "{}", device.describe());
        approx::assert_relative_eq!(found.loss, sums.loss, max_relative = 1e-6);
        assert_eq!(once.take_metrics().unwrap(), Metrics::default(), "what was taken is gone");
    }
}

network! {
    /// A norm over what is one value a channel for each image.
    Flat<[1, 6, 6] -> 3> {
        input -> conv1: conv(4, 3) -> bn1: batch_norm -> relu -> flatten -> fc1: dense(8) -> bn2: batch_norm -> relu -> fc2: dense(3)
    }
}

network! {
    FlatFrozen<[1, 6, 6] -> 3> {
        input -> flatten -> fc1: dense(8) -> bn2: batch_norm(freeze = true) -> relu -> fc2: dense(3)
    }
}

#[test]
fn a_batch_norm_of_single_values_is_not_trained() {
    for device in cnn_tests::devices() {
        let make = |model: Model, options: Options| Session::new(model, &device, &options);
        let flat = Model::of::<Flat>();
        let train = |batch| make(flat, Options::train(&flat).batch(batch));
        let Err(Error::Usage(message)) = train(1) else { panic!("a variance of one value") };
        assert!(message.starts_with("bn2: a batch of 1 has one value for each channel"), "{message}");
        // A short last batch among others is another matter.
        train(2).unwrap().train_step(&[0.5; 36], &[1]).unwrap();
        make(flat, Options::infer(1)).unwrap();
        let frozen = Model::of::<FlatFrozen>();
        make(frozen, Options::train(&frozen).batch(1)).unwrap().train_step(&[0.5; 36], &[1]).unwrap();
    }
}
