//! The training loop runs on the interpreter as on any device.

use std::sync::Arc;

use cnn_door_tests::Naive;
use cnn_runtime::{
    Device, Model, Options, Session,
    data::{Batches, InMemory, Prepared, SkipPolicy, TargetArray},
    network,
    train::Fit,
};

use crate::noise;

network! {
    /// Which quarter of an image is bright.
    Quarters<[1, 8, 8] -> 4> {
        input -> conv1: conv(8, 3, pad = same, bias = false) -> bn1: batch_norm -> relu -> max_pool(2)
            -> dropout(0.1) -> flatten -> fc: dense(4)

        data { scale(1) }
        train { optimizer = adam(lr = 0.01), batch = 16, epochs = 5 }
    }
}

/// Noise with a bright spot in a quarter of each image.
fn batches(session: &Session, seed: u64, images: usize) -> Batches {
    let mut pixels = noise(seed, images * 64);
    let labels: Vec<u32> = (0..images as u32).map(|image| (image * 7 + image / 5) % 4).collect();
    for (image, &label) in pixels.chunks_mut(64).zip(&labels) {
        let corner = (label / 2 * 4 * 8 + label % 2 * 4) as usize;
        for spot in [9, 10, 17, 18] {
            image[corner + spot] += 2.0;
        }
    }
    let targets = TargetArray::Classes { count: 4, labels };
    let data = InMemory::new([images, 1, 8, 8], pixels, targets).unwrap();
    let indices: Vec<u32> = (0..images as u32).collect();
    let prepared =
        Prepared::fit(Arc::new(data), session.description(), &indices, SkipPolicy::none()).unwrap();
    Batches::new(&prepared, indices, session.batch()).unwrap()
}

#[test]
fn a_network_learns_where_a_spot_is() {
    let model = Model::of::<Quarters>();
    let mut session = Session::new(model, &Device::new(Naive), &Options::train(&model).seed(1)).unwrap();
    let (mut training, mut validation) = (batches(&session, 1, 160), batches(&session, 2, 80));
    let mut fit = Fit::declared(&model, 5);
    let history = fit.run(&mut session, &mut training, &mut validation).unwrap();
    let accuracy = history.last().unwrap().val_accuracy;
    assert!(accuracy.is_some_and(|accuracy| accuracy > 0.9), "{accuracy:?}");
}
