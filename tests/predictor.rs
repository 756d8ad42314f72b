//! One set of weights and many threads that ask at once: each gets the bytes that a session alone would give.

use std::path::Path;

use cnn_runtime::{Error, Model, Options, Predictor, Session, data::Image, network, weights};

network! {
    /// Convolutions by several algorithms, and statistics of batches.
    Net<[3, 20, 20] -> 7> {
        input
            -> conv1: conv(16, 3, pad = same) -> bn1: batch_norm -> relu
            -> conv2: conv(16, 3, pad = same) -> relu -> max_pool(2)
            -> conv3: conv(24, 1) -> relu
            -> flatten -> fc: dense(7)

        data { scale(1 / 255), normalise(mean = [0.5, 0.4, 0.3], std = [0.2, 0.25, 0.3]) }
    }
}

const IMAGE: usize = 3 * 20 * 20;

/// A file of weights, and what a session with them answers to so many images, on a device.
fn answers(device: &cnn_runtime::Device, folder: &Path, images: &[f32]) -> (std::path::PathBuf, Vec<f32>) {
    let path = folder.join("w.safetensors");
    let mut session = Session::new(Model::of::<Net>(), device, &Options::infer(1).seed(3)).unwrap();
    weights::save(&mut session, &path).unwrap();
    let mut outputs = vec![0.0; images.len() / IMAGE * 7];
    for (image, outputs) in images.chunks(IMAGE).zip(outputs.chunks_mut(7)) {
        session.infer(image, outputs).unwrap();
    }
    (path, outputs)
}

#[test]
fn eight_threads_get_the_answers_of_one_session() {
    let folder = tempfile::tempdir().unwrap();
    let images = cnn_tests::noise(5, 8 * IMAGE);
    for device in cnn_tests::devices() {
        let (path, expected) = answers(&device, folder.path(), &images);
        let bytes = std::fs::read(&path).unwrap();
        let opened = Predictor::open(Model::of::<Net>(), &device, &path).unwrap();
        let embedded = Predictor::from_bytes(Model::of::<Net>(), &device, &bytes).unwrap();
        for predictor in [opened, embedded] {
            std::thread::scope(|scope| {
                for (image, expected) in images.chunks(IMAGE).zip(expected.chunks(7)) {
                    let predictor = predictor.clone();
                    scope.spawn(move || {
                        for _ in 0..25 {
                            assert_eq!(predictor.infer(image).unwrap(), expected);
                        }
                    });
                }
            });
        }
    }
}

#[test]
fn an_image_is_prepared_as_the_network_declares() {
    let folder = tempfile::tempdir().unwrap();
    let device = cnn_runtime::Device::cpu().unwrap();
    let prepared: Vec<f32> = [(0.5, 0.2), (0.4, 0.25), (0.3, 0.3)]
        .iter()
        .flat_map(|(mean, std)| [(0.6 - mean) / std; 400])
        .collect();
    let (path, expected) = answers(&device, folder.path(), &prepared);
    let predictor = Predictor::open(Model::of::<Net>(), &device, &path).unwrap();
    // Of another size, and of one colour, so that resizing changes nothing.
    let mut image = Image::default();
    image.reshape([3, 33, 47]).unwrap().fill(0.6 * 255.0);
    let prediction = predictor.predict(&mut image).unwrap();
    let best = (0..7).fold(0, |best, class| if expected[class] > expected[best] { class } else { best });
    assert_eq!(prediction.first(1)[0].0, best.to_string());
    let total: f64 = prediction.outputs().iter().map(|(_, share)| share).sum();
    approx::assert_relative_eq!(total, 1.0, max_relative = 1e-9);
}

#[test]
fn shared_parameters_do_not_change() {
    for device in cnn_tests::devices() {
        let model = Model::of::<Net>();
        let mut session = Session::new(model, &device, &Options::infer(2)).unwrap();
        let values = session.parameter(0).unwrap();
        let mut other = session.share().unwrap();
        for shared in [&mut session, &mut other] {
            let error = shared.set_parameter(0, &values).unwrap_err();
            assert!(matches!(&error, Error::Usage(message) if message.contains("shared")), "{error}");
        }
        assert_eq!(other.parameter(0).unwrap(), values);
        drop(session);
        other.set_parameter(0, &vec![0.25; values.len()]).unwrap();
        let training = Session::new(model, &device, &Options::train(&model).batch(2)).unwrap();
        assert!(matches!(training.share(), Err(Error::Usage(_))));
        assert!(matches!(Predictor::new(training), Err(Error::Usage(_))));
    }
}

#[test]
fn what_cannot_be_used_is_said() {
    let (model, device) = (Model::of::<Net>(), cnn_runtime::Device::cpu().unwrap());
    let error = Predictor::from_bytes(model, &device, b"no weights").unwrap_err();
    assert!(error.to_string().contains("not a whole safetensors file"), "{error}");
    let session = Session::new(model, &device, &Options::infer(2)).unwrap();
    let predictor = Predictor::new(session).unwrap();
    for images in [0, 1, IMAGE - 1, IMAGE + 1, 3 * IMAGE] {
        assert!(matches!(predictor.infer(&vec![0.0; images]), Err(Error::Usage(_))), "{images}");
    }
    assert_eq!(predictor.infer(&vec![0.0; 2 * IMAGE]).unwrap().len(), 14);
}
