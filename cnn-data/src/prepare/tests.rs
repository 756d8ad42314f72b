//! Statistics against numpy, whitening against its definition, geometry against torchvision, and
//! what is stored.

use std::sync::Arc;

use cnn_core::rng::Stream;
use cnn_plan::{Meaning, Per, Port, Whitening};
use safetensors::SafeTensors;

use super::*;
use crate::{Batches, Dataset, Mnist, Part, Prepared, SkipPolicy};

/// A network that is nothing but its input.
pub(crate) fn network(
    input: [usize; 3],
    data: Option<&'static [Prepare]>,
    augment: &'static [Augment],
) -> Description {
    let port = Port { name: "input", shape: input.to_vec().leak(), meaning: Meaning::Image };
    Description { inputs: vec![port].leak(), data, augment, ..Description::EMPTY }
}

fn subset(part: Part) -> Arc<dyn Dataset> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist");
    Arc::new(Mnist::load(folder.as_ref(), part).unwrap())
}

/// All images of the digits' subset as this `data { }` makes them, fitted on themselves, and what
/// fitted them.
fn prepared(input: [usize; 3], data: &'static [Prepare]) -> (Vec<f32>, Prepared) {
    let digits = subset(Part::Train);
    let indices: Vec<u32> = (0..digits.len() as u32).collect();
    let description = network(input, Some(data), &[]);
    let prepared = Prepared::fit(digits, &description, &indices, SkipPolicy::none()).unwrap();
    assert_eq!(prepared.fitted_on(), 10_000);
    let mut batches = Batches::all(&prepared, 512).unwrap();
    let mut images = Vec::new();
    while let Some(batch) = batches.next_batch().unwrap() {
        images.extend_from_slice(batch.images);
    }
    (images, prepared)
}

/// Mean of each element, and covariance of any two, of images one after the other.
fn moments(images: &[f32], size: usize) -> (Vec<f64>, Vec<f64>) {
    let count = (images.len() / size) as f64;
    let mut mean = vec![0.0; size];
    let mut covariance = vec![0.0; size * size];
    for image in images.chunks(size) {
        for (row, &a) in image.iter().enumerate() {
            mean[row] += f64::from(a) / count;
            for (column, &b) in image.iter().enumerate() {
                covariance[row * size + column] += f64::from(a) * f64::from(b) / count;
            }
        }
    }
    for row in 0..size {
        for column in 0..size {
            covariance[row * size + column] -= mean[row] * mean[column];
        }
    }
    (mean, covariance)
}

#[test]
fn whitened_digits_have_the_identity_as_covariance() {
    const SIZE: usize = 49;
    const PCA: &[Prepare] = &[
        Prepare::ResizeExact([7, 7]),
        Prepare::Scale(1.0 / 255.0),
        Prepare::Whiten { kind: Whitening::Pca, epsilon: 1e-9 },
    ];
    const ZCA: &[Prepare] = &[
        Prepare::ResizeExact([7, 7]),
        Prepare::MeanSubtract(Per::Channel),
        Prepare::Whiten { kind: Whitening::Zca, epsilon: 1e-5 },
    ];
    for data in [PCA, ZCA] {
        let (images, prepared) = prepared([1, 7, 7], data);
        let (mean, covariance) = moments(&images, SIZE);
        assert!(mean.iter().all(|mean| mean.abs() < 1e-4), "{mean:?}");
        for (at, value) in covariance.iter().enumerate() {
            let expected = if at / SIZE == at % SIZE { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-2, "{at}: {value}");
        }
        assert!(prepared.preparation().statistics().iter().any(|tensor| tensor.name() == "data.whiten"));
    }
}

#[test]
fn stored_statistics_prepare_the_same_bytes() {
    const STAGES: &[Prepare] = &[
        Prepare::Scale(1.0 / 255.0),
        Prepare::Standardise(Per::Channel),
        Prepare::ResizeExact([5, 5]),
        Prepare::Whiten { kind: Whitening::Zca, epsilon: 0.1 },
        Prepare::Standardise(Per::Pixel),
    ];
    let (images, first) = prepared([1, 5, 5], STAGES);
    let statistics = first.preparation().statistics().to_vec();
    let names: Vec<_> = statistics.iter().map(|tensor| tensor.name()).collect();
    assert_eq!(names, ["data.mean", "data.std", "data.mean.2", "data.whiten", "data.mean.3", "data.std.2"]);

    let description = network([1, 5, 5], Some(STAGES), &[]);
    let again = Preparation::new(&description, statistics.clone()).unwrap();
    let again = Prepared::new(subset(Part::Train), again, SkipPolicy::none());
    // In batches of another size too: an image does not depend on its neighbours.
    let mut batches = Batches::all(&again, 7).unwrap();
    assert_eq!(batches.next_batch().unwrap().unwrap().images, &images[..7 * 25]);

    // The last stage was fitted to what the stages before it give.
    let (mean, covariance) = moments(&images, 25);
    assert!(mean.iter().all(|mean| mean.abs() < 1e-4), "{mean:?}");
    assert!((0..25).all(|at| (covariance[at * 26] - 1.0).abs() < 1e-2), "{covariance:?}");

    let error = Preparation::new(&description, statistics[1..].to_vec()).unwrap_err().to_string();
    assert_eq!(error, "data.mean is missing, a statistic that training writes with the weights");
    let error = Preparation::new(&network([1, 5, 6], Some(STAGES), &[]), statistics).unwrap_err();
    assert_eq!(error.to_string(), "data.mean.2 is [1, 5, 5], expected [1, 5, 6]");
}

#[test]
fn a_constant_element_becomes_zero() {
    // The digits' corners are black in every image.
    let (images, _) = prepared([1, 28, 28], &[Prepare::Standardise(Per::Pixel)]);
    assert!(images.iter().all(|value| value.is_finite()));
    assert!(images.chunks(784).all(|image| image[0] == 0.0));
}

/// A tensor that `tests/goldens/data_reference.py` wrote, of the same digits and of a pattern.
fn golden(name: &str) -> Vec<f32> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/data.safetensors");
    let file = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let values = tensors.tensor(name).unwrap().data();
    values.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[track_caller]
fn assert_close(found: &[f32], name: &str) {
    let expected = golden(name);
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{name}: {found}, not {expected}");
    }
}

#[test]
fn statistics_are_numpys() {
    const CROP: Prepare = Prepare::CenterCrop([4, 4]);
    const fn whiten(kind: Whitening) -> [Prepare; 3] {
        [CROP, Prepare::Scale(1.0 / 255.0), Prepare::Whiten { kind, epsilon: 1e-5 }]
    }
    const ZCA: [Prepare; 3] = whiten(Whitening::Zca);
    const PCA: [Prepare; 3] = whiten(Whitening::Pca);
    let fit = |data| prepared([1, 4, 4], data).1.preparation().statistics().to_vec();
    let channel = fit(&[CROP, Prepare::Standardise(Per::Channel)]);
    assert_close(channel[0].values(), "channel.mean");
    assert_close(channel[1].values(), "channel.std");
    let pixel = fit(&[CROP, Prepare::Standardise(Per::Pixel)]);
    assert_close(pixel[0].values(), "pixel.mean");
    assert_close(pixel[1].values(), "pixel.std");
    assert_close(fit(&ZCA)[1].values(), "zca");
    assert_close(fit(&PCA)[1].values(), "pca");
}

#[test]
fn resizing_is_torchvisions() {
    const EXACT: &[Prepare] = &[Prepare::ResizeExact([5, 4])];
    const SHORTER: &[Prepare] = &[Prepare::ResizeShorter(6), Prepare::CenterCrop([4, 5])];
    const LARGER: &[Prepare] = &[Prepare::ResizeExact([19, 20]), Prepare::CenterCrop([3, 3])];
    let pattern: Vec<u8> = (0..3 * 13 * 17).map(|at: u32| (at * at * 7 % 251) as u8).collect();
    for (stages, size, name) in
        [(EXACT, [5, 4], "exact"), (SHORTER, [4, 5], "shorter"), (LARGER, [3, 3], "larger")]
    {
        let mut image = Image::default();
        image.set_bytes([3, 13, 17], &pattern).unwrap();
        let description = network([3, size[0], size[1]], Some(stages), &[]);
        Preparation::new(&description, vec![]).unwrap().per_image(&mut image, None).unwrap();
        assert_eq!(image.size(), size);
        assert_close(image.values(), name);
    }
}

#[test]
fn augmentation_takes_the_place_of_the_crop() {
    const DATA: &[Prepare] = &[Prepare::ResizeShorter(12), Prepare::CenterCrop([8, 8])];
    const AUGMENT: &[Augment] = &[Augment::RandomCrop([8, 8])];
    let preparation = Preparation::new(&network([1, 8, 8], Some(DATA), AUGMENT), vec![]).unwrap();
    let arranged = |key| {
        let mut image = Image::default();
        subset(Part::Test).read(0, &mut image).unwrap();
        preparation.per_image(&mut image, key).unwrap();
        image
    };
    assert_eq!(arranged(Some(1)), arranged(Some(1)));
    assert_ne!(arranged(Some(1)), arranged(Some(2)));
    assert_ne!(arranged(Some(1)), arranged(None));
}

#[test]
fn whatever_size_comes_the_networks_size_results() {
    let mut stream = Stream::new(1);
    let preparation = Preparation::new(&network([1, 9, 6], None, &[]), vec![]).unwrap();
    for _ in 0..200 {
        let mut image = Image::new([1, 1 + stream.below(40), 1 + stream.below(40)]).unwrap();
        image.values_mut().fill(51.0);
        preparation.per_image(&mut image, None).unwrap();
        assert_eq!(image.shape(), [1, 9, 6]);
        assert!(image.values().iter().all(|value| (value - 51.0).abs() < 1e-3));
        preparation.per_batch(image.values_mut()).unwrap();
        assert!(image.values().iter().all(|value| (value - 0.2).abs() < 1e-5));
    }
}
