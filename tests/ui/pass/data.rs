//! The way from an image file to the network's input, and what training images go through besides.

use cnn_runtime::network;

network! {
    Photos<[3, 224, 224] -> 10> {
        input -> conv(8, 7, stride = 4) -> global_avg_pool -> flatten -> dense(10)

        data {
            resize(256),
            center_crop(224),
            scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }
        augment {
            random_resized_crop(224, area = (0.08, 1)),
            flip,
            flip_vertical(0.1),
            rotate(15),
            color_jitter(brightness = 0.4, contrast = 0.4, saturation = 0.4),
            cutout(16),
        }
    }
}

network! {
    Cifar<[3, 32, 32] -> 10> {
        input -> flatten -> dense(10)

        data { mean_subtract(per_pixel), scale(1 / 128), whiten(zca, epsilon = 1e-3) }
        augment { pad(4), random_crop(32), flip(0.5) }
    }
}

network! {
    Wide<[1, 32, 48] -> 10> {
        input -> flatten -> dense(10)

        data { resize(36, 52), center_crop(32, 48), standardise }
        augment { random_crop(32, 48) }
    }
}

network! {
    Digits<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        data { scale(1 / 255), normalise(mean = 0.1307, std = 0.3081) }
        augment { rotate(10) }
    }
}

#[test]
fn preparation_and_augmentation_are_those_declared() {
    use cnn_runtime::{
        Network,
        plan::{Augment, Per, Prepare, Whitening},
    };
    let [photos, cifar, wide, digits] =
        [Photos::DESCRIPTION, Cifar::DESCRIPTION, Wide::DESCRIPTION, Digits::DESCRIPTION];
    assert_eq!(
        photos.data.unwrap(),
        [
            Prepare::ResizeShorter(256),
            Prepare::CenterCrop([224, 224]),
            Prepare::Scale(1.0 / 255.0),
            Prepare::Normalise { mean: &[0.485, 0.456, 0.406], std: &[0.229, 0.224, 0.225] },
        ]
    );
    assert_eq!(photos.augment[0], Augment::RandomResizedCrop { size: [224, 224], area: [0.08, 1.0] });
    assert_eq!(
        photos.augment[1..3],
        [Augment::Flip { probability: 0.5 }, Augment::FlipVertical { probability: 0.1 }]
    );
    assert_eq!(photos.augment[3], Augment::Rotate { degrees: 15.0 });
    assert_eq!(photos.augment[4], Augment::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4 });
    assert_eq!(photos.augment[5], Augment::Cutout { size: 16 });
    assert_eq!(
        cifar.data.unwrap(),
        [
            Prepare::MeanSubtract(Per::Pixel),
            Prepare::Scale(1.0 / 128.0),
            Prepare::Whiten { kind: Whitening::Zca, epsilon: 1e-3 },
        ]
    );
    assert_eq!(cifar.augment[..2], [Augment::Pad(4), Augment::RandomCrop([32, 32])]);
    assert_eq!(
        wide.data.unwrap(),
        [Prepare::ResizeExact([36, 52]), Prepare::CenterCrop([32, 48]), Prepare::Standardise(Per::Channel)]
    );
    assert_eq!(digits.data.unwrap()[1], Prepare::Normalise { mean: &[0.1307], std: &[0.3081] });
}
