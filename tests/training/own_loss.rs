//! Losses of a program's own, computed on the host.

use std::sync::Arc;

use cnn_runtime::{
    Answers, Device, Error, Model, Options, OwnLoss, Session,
    data::{Batches, InMemory, Prepared, SkipPolicy, TargetArray},
    network,
    train::Fit,
};

network! {
    Values<[1, 6, 6] -> values(3)> {
        let x = input -> conv: conv(5, 3) -> tanh -> flatten;
        x -> aux: dense(3) -> output(weight = 0.25);
        x -> dropout(0.3) -> fc: dense(3)
        data { scale(1) }
        train { loss = mse, optimizer = sgd(lr = 0.05, momentum = 0.9), batch = 7, epochs = 30 }
    }
}

/// The mean squared error, as the network declares it.
fn squared(answers: &Answers, gradient: &mut [f32]) -> f64 {
    let targets = answers.targets.values().unwrap();
    let count = targets.len() as f64;
    let mut sum = 0.0;
    for ((z, t), gradient) in answers.outputs.iter().zip(targets).zip(gradient) {
        sum += f64::from(z - t).powi(2);
        *gradient = (2.0 * f64::from(z - t) / count) as f32;
    }
    sum / count
}

fn session(device: &Device) -> Session {
    let model = Model::of::<Values>();
    Session::new(model, device, &Options::train(&model).seed(3)).unwrap()
}

fn data(count: usize) -> (Vec<f32>, Vec<f32>) {
    (cnn_tests::noise(1, count * 36), cnn_tests::noise(2, count * 3))
}

#[test]
fn the_declared_loss_written_anew_trains_alike() {
    let (images, targets) = data(7);
    for device in cnn_tests::devices() {
        let (mut declared, mut own) = (session(&device), session(&device));
        let mut loss = OwnLoss::new(squared);
        for count in [7, 4, 7] {
            let (images, targets) = (&images[..count * 36], &targets[..count * 3]);
            declared.train_step(images, targets).unwrap();
            own.train_step_by(images, targets, &mut loss).unwrap();
        }
        declared.accumulate(&images, &targets).unwrap();
        declared.accumulate(&images[..72], &targets[..6]).unwrap();
        declared.update().unwrap();
        own.accumulate_by(&images, &targets, &mut loss).unwrap();
        own.accumulate_by(&images[..72], &targets[..6], &mut loss).unwrap();
        own.update().unwrap();
        for index in 0..declared.description().params.len() {
            let expected = declared.parameter(index).unwrap();
            let distance = cnn_tests::relative_distance(&own.parameter(index).unwrap(), &expected);
            let name = declared.description().params[index].name;
            assert!(distance < 1e-5, "{}: {name}: {distance:.1e}", device.describe());
        }
        let [declared, own] = [declared, own].map(|mut session| session.take_metrics().unwrap());
        assert_eq!(declared.samples, own.samples);
        assert!((declared.loss - own.loss).abs() < 1e-5 * declared.loss, "{declared:?} {own:?}");
    }
}

fn refusal(loss: OwnLoss) -> String {
    let (images, targets) = data(7);
    let mut loss = loss;
    match session(&Device::cpu().unwrap()).train_step_by(&images, &targets, &mut loss) {
        Err(Error::Usage(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_gradient_that_is_none_is_refused() {
    let halved = OwnLoss::new(|answers, gradient| {
        let loss = squared(answers, gradient);
        gradient.iter_mut().for_each(|slope| *slope /= 2.0);
        loss
    });
    let message = refusal(halved);
    assert!(message.starts_with("the loss: its gradient by output 0 of image 0 is "), "{message}");
    assert!(message.contains("differences of the loss say"), "{message}");
    let forgotten = refusal(OwnLoss::new(|_, _| 1.0));
    assert_eq!(forgotten, "the loss: its gradient by output 0 of image 0 is not written, or NaN");
    // Right for the first image only.
    let partly = OwnLoss::new(|answers, gradient| {
        let loss = squared(answers, gradient);
        gradient[3..].fill(0.0);
        loss
    });
    assert!(refusal(partly).contains("output 0 of image 1 is 0.000000"));
}

/// By single outputs the loss hardly moves, and 32 bits do not show it.
#[test]
fn a_gradient_of_many_outputs_is_checked_too() {
    network! {
        Many<[1, 4, 4] -> values(2000)> { input -> flatten -> fc: dense(2000) train { loss = mse, batch = 32 } }
    }
    let (images, targets) = (cnn_tests::noise(1, 32 * 16), cnn_tests::noise(2, 32 * 2000));
    let refused = |factor: f32| {
        let model = Model::of::<Many>();
        let mut session = Session::new(model, &Device::cpu().unwrap(), &Options::train(&model)).unwrap();
        let mut loss = OwnLoss::new(|answers, gradient| {
            let loss = squared(answers, gradient) as f32;
            gradient.iter_mut().for_each(|slope| *slope *= factor);
            f64::from(loss)
        });
        session.train_step_by(&images, &targets, &mut loss).is_err()
    };
    assert_eq!([0.0, 0.5, 0.9, 1.0, 1.1, -1.0].map(refused), [true, true, true, false, true, true]);
}

#[test]
fn a_kink_is_no_mistake() {
    let targets = [0.5, -1.0, 0.0];
    // A distance of 0 has every slope from -1 to 1.
    let mut absolute = OwnLoss::new(|answers, gradient| {
        let mut sum = 0.0;
        for ((z, t), gradient) in answers.outputs.iter().zip(targets.iter()).zip(gradient) {
            sum += f64::from((z - t).abs());
            *gradient = if z == t { 0.0 } else { (z - t).signum() };
        }
        sum
    });
    let model = Model::of::<Values>();
    let mut session = Session::new(model, &Device::cpu().unwrap(), &Options::train(&model)).unwrap();
    let zero: Vec<Vec<f32>> =
        model
            .description()
            .params
            .iter()
            .map(|param| {
                if param.name == "fc.bias" {
                    targets.to_vec()
                } else {
                    vec![0.0; param.shape.iter().product()]
                }
            })
            .collect();
    for (index, values) in zero.iter().enumerate() {
        session.set_parameter(index, values).unwrap();
    }
    session.train_step_by(&[0.5; 36], &targets, &mut absolute).unwrap();
}

#[test]
fn a_run_trains_and_validates_by_it() {
    let (pixels, _) = data(40);
    let targets: Vec<f32> =
        pixels.chunks(36).flat_map(|image| [image[0], image[7] + image[8], image[20]]).collect();
    let data = InMemory::new([40, 1, 6, 6], pixels, TargetArray::Values(targets)).unwrap();
    let mut session = session(&Device::cpu().unwrap());
    let indices: Vec<u32> = (0..40).collect();
    let prepared =
        Prepared::fit(Arc::new(data), session.description(), &indices, SkipPolicy::none()).unwrap();
    let batches = || Batches::new(&prepared, indices.clone(), 7).unwrap();
    let (mut training, mut validation) = (batches(), batches());
    // A hundred times the squared error: both losses of a report are of its size.
    let loss = OwnLoss::new(|answers, gradient| {
        let loss = squared(answers, gradient);
        gradient.iter_mut().for_each(|slope| *slope /= 100.0);
        loss / 100.0
    });
    let mut fit = Fit::declared(&Model::of::<Values>(), 1).loss(loss);
    let history = fit.run(&mut session, &mut training, &mut validation).unwrap();
    let (first, last) = (&history[0], history.last().unwrap());
    assert!(last.val_loss < 0.9 * first.val_loss && first.val_loss < 0.02, "{first:?} {last:?}");
}
