//! What is frozen stays as it is, bit for bit, running statistics included, on every device.

use cnn_runtime::{Model, Network, Options, Session, network};

network! {
    /// A body that was trained elsewhere, with a norm in the middle, and a head.
    Tuned<[3, 10, 10] -> 5> {
        block unit(x, planes) { x -> conv: conv(planes, 3, pad = same, bias = false) -> bn: batch_norm -> relu }

        input
            -> early: unit(8, freeze = true)
            -> middle: conv(8, 1, bias = false) -> norm: batch_norm(freeze = true) -> relu
            -> late: unit(8)
            -> max_pool(2) -> flatten -> fc: dense(5)

        train { optimizer = sgd(lr = 0.1, momentum = 0.9, weight_decay = 0.01), batch = 4 }
    }
}

#[test]
fn what_is_frozen_stays_and_the_rest_learns() {
    let model = Model::of::<Tuned>();
    let (images, labels) = (cnn_tests::noise(9, 4 * 300), [0, 3, 1, 4]);
    for device in cnn_tests::devices() {
        let mut session = Session::new(model, &device, &Options::train(&model).seed(2)).unwrap();
        let params = Tuned::DESCRIPTION.params;
        // Statistics that are not at their neutral start.
        for (index, param) in params.iter().enumerate().filter(|(_, param)| param.buffer) {
            let centre = if param.name.ends_with("running_var") { 0.5 } else { 0.0 };
            let values = cnn_tests::noise(index as u64, param.shape[0]).into_iter();
            let values: Vec<f32> = values.map(|value| centre + 0.25 * value).collect();
            session.set_parameter(index, &values).unwrap();
        }
        let all = |session: &mut Session| -> Vec<Vec<f32>> {
            (0..params.len()).map(|index| session.parameter(index).unwrap()).collect()
        };
        let before = all(&mut session);
        let first = session.forward_backward(&images, &labels).unwrap();
        for _ in 0..30 {
            session.train_step(&images, &labels).unwrap();
        }
        let last = session.forward_backward(&images, &labels).unwrap();
        assert!(last < 0.5 * first, "{first} -> {last}");
        for ((param, before), after) in params.iter().zip(before).zip(all(&mut session)) {
            let is_frozen = param.name.starts_with("early") || param.name.starts_with("norm");
            assert_eq!(before == after, is_frozen, "{} on {}", param.name, device.kind());
        }
    }
}

/// In inference and in training a network whose norms are all frozen computes the same.
#[test]
fn frozen_norms_are_those_of_inference() {
    network! {
        Fixed<[2, 6, 6] -> 3> {
            input -> conv1: conv(6, 3) -> bn1: batch_norm(freeze = true) -> relu -> flatten -> fc: dense(3)

            train { loss = mse, batch = 3 }
        }
    }
    let model = Model::of::<Fixed>();
    let images = cnn_tests::noise(4, 3 * 72);
    for device in cnn_tests::devices() {
        let mut session = Session::new(model, &device, &Options::train(&model).seed(1)).unwrap();
        let mean =
            Fixed::DESCRIPTION.params.iter().position(|param| param.name == "bn1.running_mean").unwrap();
        session.set_parameter(mean, &[0.25, -0.5, 0.125, 0.0, 0.5, 1.0]).unwrap();
        let mut outputs = [0.0; 9];
        session.infer(&images, &mut outputs).unwrap();
        let squares = |sample: usize, class: usize| {
            (0..3)
                .map(|output| {
                    (f64::from(outputs[3 * sample + output]) - f64::from(u8::from(output == class))).powi(2)
                })
                .sum::<f64>()
        };
        let expected = (squares(0, 1) + squares(1, 2) + squares(2, 0)) / 9.0;
        let found = session.forward_backward(&images, &[1, 2, 0]).unwrap();
        approx::assert_relative_eq!(found, expected, max_relative = 1e-5);
    }
}
