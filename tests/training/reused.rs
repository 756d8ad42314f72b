//! Parameters with several readers: whatever the threads, the passes and the size of a layer.

use cnn_runtime::{
    Device, DeviceChoice, Model, Options, Session, network,
    optim::{Clip, Update},
};

use crate::sgd;

network! {
    /// Whether two halves are the same picture; the dense layer is large enough to be updated
    /// where its gradient is computed, if it had one reader.
    Twins<[1, 24, 20] -> 2> {
        block trunk(x) {
            x -> conv1: conv(16, 3, pad = 1) -> bn1: batch_norm -> relu -> max_pool(2)
              -> flatten -> embed: dense(1100) -> tanh
        }

        let above = input -> crop((0, 12, 0, 0)) -> trunk: trunk;
        let below = input -> crop((12, 0, 0, 0)) -> trunk: trunk(reuse = true);
        mul(above, below) -> fc: dense(2)
    }
}

/// Pairs of which every other one is twice the same.
fn pairs(count: usize) -> (Vec<f32>, Vec<u32>) {
    let mut images = cnn_tests::noise(5, count * 480);
    for pair in images.chunks_mut(480).step_by(2) {
        pair.copy_within(..240, 240);
    }
    (images, (0..count as u32).map(|pair| 1 - pair % 2).collect())
}

fn session(device: &Device, update: Update) -> Session {
    let model = Model::of::<Twins>();
    Session::new(model, device, &Options::train(&model).batch(16).update(update).seed(4)).unwrap()
}

fn parameters(session: &mut Session) -> Vec<f32> {
    (0..session.description().params.len()).flat_map(|index| session.parameter(index).unwrap()).collect()
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let (images, labels) = pairs(16);
    for update in [sgd(), Update { clip: Some(Clip::Norm(1.0)), ..sgd() }] {
        let [one, others @ ..] = [1, 2, 3, 8].map(|threads| {
            let device = Device::open(&DeviceChoice::Cpu, Some(threads)).unwrap();
            let mut session = session(&device, update);
            for _ in 0..3 {
                session.train_step(&images, &labels).unwrap();
            }
            parameters(&mut session)
        });
        assert!(others.iter().all(|other| *other == one), "{update:?}");
    }
}

#[test]
fn a_large_layer_is_updated_by_the_whole_gradient() {
    let description = Model::of::<Twins>().description();
    let embed = description.params.iter().find(|param| param.name == "trunk.embed.weight").unwrap();
    assert!(embed.len > 1 << 20 && !embed.fused_update, "{embed:?}");
    let (images, labels) = pairs(16);
    for device in cnn_tests::devices() {
        let mut at_once = session(&device, sgd());
        at_once.train_step(&images, &labels).unwrap();
        let mut in_passes = session(&device, sgd());
        in_passes.accumulate(&images, &labels).unwrap();
        in_passes.update().unwrap();
        assert!(parameters(&mut at_once) == parameters(&mut in_passes), "{}", device.describe());
    }
}

#[test]
fn passes_are_averaged_over_all_readers() {
    // Half a batch twice is the whole, where no norm looks at the batch.
    network! {
        Again<[1, 6, 6] -> 2> {
            let x = input -> a: conv(4, 3, pad = 1) -> tanh;
            x -> b: conv(4, 3, pad = 1) -> tanh -> b: conv(4, 3, pad = 1, reuse = true) -> flatten -> fc: dense(2)
        }
    }
    let (images, labels) = (cnn_tests::noise(1, 8 * 36), [0, 1, 1, 0, 1, 0, 0, 1]);
    let model = Model::of::<Again>();
    for device in cnn_tests::devices() {
        let make = || Session::new(model, &device, &Options::train(&model).batch(8).seed(1)).unwrap();
        let (mut whole, mut halves) = (make(), make());
        whole.forward_backward(&images, &labels).unwrap();
        halves.accumulate(&images[..108], &labels[..3]).unwrap();
        halves.accumulate(&images[108..], &labels[3..]).unwrap();
        for index in 0..model.description().params.len() {
            let expected = whole.gradient(index).unwrap();
            let distance = cnn_tests::relative_distance(&halves.gradient(index).unwrap(), &expected);
            assert!(distance < 1e-5, "{}: {index}: {distance:.1e}", device.describe());
        }
    }
}

#[test]
fn twins_are_told_from_strangers() {
    let (images, labels) = pairs(16);
    let mut session = session(&Device::cpu().unwrap(), sgd());
    let mut last = Default::default();
    for _ in 0..60 {
        session.train_step(&images, &labels).unwrap();
        last = session.take_metrics().unwrap();
    }
    assert_eq!(last.correct, 16, "{last:?}");
}
