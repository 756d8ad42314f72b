//! ResNet, GoogLeNet and DenseNet in small: each learns random images by heart.

use cnn_runtime::{
    Model, Network, Options, Session, network,
    optim::{Optimizer, Sgd, Update},
};

const IMAGES: usize = 16;

network! {
    SmallResNet<[3, 16, 16] -> 8> {
        block basic(x, planes, stride = 1) {
            let y = x
                -> conv1: conv(planes, 3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(planes, 3, pad = 1, bias = false) -> bn2: batch_norm;
            let shortcut = if stride != 1 || x.channels != planes {
                x -> downsample.0: conv(planes, 1, stride = stride, bias = false) -> downsample.1: batch_norm
            } else {
                x
            };
            add(y, shortcut) -> relu
        }

        let x = input -> conv1: conv(8, 3, pad = 1, bias = false) -> bn1: batch_norm -> relu;
        for (i, planes, stride) in [(1, 8, 1), (2, 16, 2), (3, 20, 2)] {
            x = x -> layer{i}.0: basic(planes, stride = stride) -> layer{i}.1: basic(planes);
        }
        x -> global_avg_pool -> flatten -> fc: dense(8)
    }
}

network! {
    SmallGoogLeNet<[3, 16, 16] -> 8> {
        block basic(x, channels, kernel, stride = 1, pad = 0) {
            x -> conv: conv(channels, kernel, stride = stride, pad = pad, bias = false)
              -> bn: batch_norm(eps = 1e-3) -> relu
        }

        block inception(x, width) {
            concat(
                x -> branch1: basic(width, 1),
                x -> branch2.0: basic(width, 1) -> branch2.1: basic(2 * width, 3, pad = 1),
                x -> branch3.0: basic(width, 1) -> branch3.1: basic(width, 3, pad = 1),
                x -> max_pool(3, stride = 1, pad = 1) -> branch4.1: basic(width, 1)
            )
        }

        let x = input -> conv1: basic(12, 3, pad = 1) -> max_pool(3, stride = 2, ceil = true)
            -> inception1: inception(5);
        x -> adaptive_avg_pool(3) -> flatten -> aux: dense(8) -> output(weight = 0.3);
        x -> max_pool(2, ceil = true) -> inception2: inception(6)
            -> global_avg_pool -> flatten -> fc: dense(8)
    }
}

network! {
    SmallDenseNet<[3, 16, 16] -> 8> {
        block layer(x) {
            x -> norm1: batch_norm -> relu -> conv1: conv(16, 1, bias = false)
              -> norm2: batch_norm -> relu -> conv2: conv(6, 3, pad = 1, bias = false)
        }

        let x = input -> conv0: conv(10, 3, pad = 1, bias = false) -> norm0: batch_norm -> relu -> max_pool(2);
        for i in 1..=2 {
            for j in 1..=3 {
                x = concat(x, x -> block{i}.layer{j}: layer);
            }
            if i < 2 {
                x = x -> norm: batch_norm -> relu -> conv: conv(x.channels / 2, 1, bias = false) -> avg_pool(2);
            }
        }
        x -> norm5: batch_norm -> relu -> global_avg_pool -> flatten -> classifier: dense(8)
    }
}

/// Trains until every image is classified right, by batch statistics and then by running ones.
fn learns_by_heart<N: Network>() {
    let model = Model::of::<N>();
    let sgd = Sgd { lr: 0.05, momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    let options = Options::train(&model).batch(IMAGES).update(Update::new(Optimizer::Sgd(sgd))).seed(7);
    let images = cnn_tests::noise(5, IMAGES * 3 * 16 * 16);
    let labels: Vec<u32> = (0..IMAGES as u32).map(|image| image * 5 % 8).collect();
    for device in cnn_tests::devices() {
        let mut session = Session::new(model, &device, &options).unwrap();
        let mut last = Default::default();
        for _ in 0..60 {
            session.train_step(&images, &labels).unwrap();
            last = session.take_metrics().unwrap();
        }
        assert_eq!(last.correct, IMAGES as u64, "{}: {last:?}", device.describe());
        let mut logits = vec![0.0; IMAGES * 8];
        session.infer(&images, &mut logits).unwrap();
        let right = logits
            .chunks(8)
            .zip(&labels)
            .filter(|(scores, label)| scores.iter().all(|&score| score <= scores[**label as usize]));
        assert_eq!(right.count(), IMAGES, "{}: in inference", device.describe());
    }
}

#[test]
fn resnet_learns_by_heart() {
    learns_by_heart::<SmallResNet>();
}

#[test]
fn googlenet_learns_by_heart() {
    learns_by_heart::<SmallGoogLeNet>();
}

#[test]
fn densenet_learns_by_heart() {
    learns_by_heart::<SmallDenseNet>();
}
