//! A network watched step by step computes what it computes in one go.

use cnn_runtime::{Device, Model, Options, Session, network};

network! {
    /// A region of several steps, and a convolution that stands outside of one.
    Small<[3, 12, 12] -> 10> {
        input -> conv1: conv(16, 3, pad = 1) -> relu -> conv2: conv(16, 3, pad = 1) -> relu -> max_pool(2)
              -> flatten -> dropout(0.5) -> fc: dense(10)
    }
}

fn session() -> Session {
    let model = Model::of::<Small>();
    Session::new(model, &Device::cpu().unwrap(), &Options::train(&model).batch(3).seed(5)).unwrap()
}

#[test]
fn feature_maps_and_scores_are_those_of_inference() {
    let images = cnn_tests::noise(1, 3 * 3 * 144);
    let mut session = session();
    let mut scores = vec![0.0; 30];
    session.infer(&images, &mut scores).unwrap();
    let mut layers = Vec::new();
    let mut last = Vec::new();
    let watched = session.watch(&images, None, &mut |mut seen| {
        layers.push(seen.layer());
        last = seen.output()?.expect("inference writes maps");
        Ok(())
    });
    watched.unwrap();
    assert_eq!(layers, ["conv1", "conv2", "max_pool1", "fc"]);
    assert_eq!(last, scores);
}

#[test]
fn a_watched_step_and_its_update_train_alike() {
    let (images, labels) = (cnn_tests::noise(2, 3 * 3 * 144), [1, 4, 9]);
    let (mut plain, mut watched) = (session(), session());
    plain.train_step(&images, &labels).unwrap();
    watched.watch(&images, Some((&labels).into()), &mut |_| Ok(())).unwrap();
    watched.update().unwrap();
    for index in 0..plain.description().params.len() {
        assert_eq!(plain.parameter(index).unwrap(), watched.parameter(index).unwrap());
    }
}

network! {
    /// Nothing to learn.
    Fixed<[4, 2, 2] -> 4> { input -> global_avg_pool -> flatten }
}

#[test]
fn networks_without_parameters_can_be_watched() {
    let model = Model::of::<Fixed>();
    let options = Options::infer(1);
    for device in cnn_tests::devices() {
        let mut session = Session::new(model, &device, &options).unwrap();
        let mut seen = Vec::new();
        let watched = session.watch(&[2.0; 16], None, &mut |mut step| {
            seen.extend(step.output()?);
            Ok(())
        });
        watched.unwrap();
        assert_eq!(seen.last(), Some(&vec![2.0; 4]));
    }
}
