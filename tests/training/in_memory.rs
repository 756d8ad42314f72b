//! Training from arrays, as a network's `train { }` declares it.

use std::sync::Arc;

use cnn_runtime::{
    Device, Error, Model, Options, Session, Targets,
    data::{Batches, InMemory, Prepared, SkipPolicy, TargetArray},
    network,
    train::{EpochReport, Fit},
};

network! {
    /// Learns the mean and the difference of two halves.
    Halves<[1, 4, 4] -> values(2)> {
        input -> flatten -> fc1: dense(32) -> relu -> fc2: dense(2)

        data { scale(1) }
        train {
            loss = mse, optimizer = adam(lr = 0.03), schedule = step(every = 40, factor = 0.1),
            batch = 8, accumulate = 2, epochs = 60,
        }
    }
}

const IMAGES: usize = 40;

/// Images with their targets, and batches over them for a session.
fn batches(session: &Session) -> Batches {
    let pixels = cnn_tests::noise(3, IMAGES * 16);
    let mean = |half: &[f32]| half.iter().sum::<f32>() / 8.0;
    let targets = pixels.chunks(16).flat_map(|image| {
        let [top, bottom] = [mean(&image[..8]), mean(&image[8..])];
        [(top + bottom) / 2.0, top - bottom]
    });
    let targets = TargetArray::Values(targets.collect());
    let data = InMemory::new([IMAGES, 1, 4, 4], pixels, targets).unwrap();
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let prepared =
        Prepared::fit(Arc::new(data), session.description(), &indices, SkipPolicy::none()).unwrap();
    Batches::new(&prepared, indices, session.batch()).unwrap()
}

fn session() -> Session {
    let model = Model::of::<Halves>();
    Session::new(model, &Device::cpu().unwrap(), &Options::train(&model).seed(1)).unwrap()
}

fn worst(outputs: &[f32], target: Targets) -> f64 {
    let pairs = outputs.iter().zip(target.values().unwrap());
    pairs.map(|(z, t)| f64::from((z - t).abs())).fold(0.0, f64::max)
}

#[test]
fn a_run_is_as_declared() {
    let mut session = session();
    let (mut training, mut validation) = (batches(&session), batches(&session));
    let mut fit = Fit::declared(&Model::of::<Halves>(), 5).metric("worst", worst);
    let history: Vec<EpochReport> = fit.run(&mut session, &mut training, &mut validation).unwrap().to_vec();
    assert_eq!(history.len(), 60);
    // 40 images are three updates of two batches of eight, the last of one.
    assert_eq!(session.steps(), 3 * 60);
    assert_eq!((history[0].lr, history[39].lr, history[40].lr), (0.03, 0.03, 0.003));
    let last = &history[59];
    assert_eq!((last.accuracy, last.val_accuracy), (None, None));
    assert!(last.metrics["val_r2"] > 0.95 && last.val_loss < history[0].val_loss, "{last:?}");
    // The largest of two errors is at least the root of their mean square, and at most its double.
    assert!(last.metrics["val_worst"] > 0.0 && last.metrics["val_worst"] < 2.0 * last.val_loss.sqrt());
}

#[test]
fn a_metric_that_is_no_number_ends_the_run() {
    let mut session = session();
    let (mut training, mut validation) = (batches(&session), batches(&session));
    let mut fit = Fit::new(1, 0).metric("odd", |_, _| f64::NAN);
    let error = fit.run(&mut session, &mut training, &mut validation).unwrap_err();
    assert!(matches!(&error, Error::Usage(message) if message.contains("val_odd is NaN")), "{error}");
}

#[test]
fn targets_of_another_kind_are_refused_before_training() {
    let mut session = session();
    let image = [0.5; 16];
    for (targets, message) in [
        (Targets::from(&[1]), "the targets are classes, and the network's outputs values"),
        (Targets::from(&[0.5]), "1 target values for 1 images of 2 values"),
        (Targets::from(&[0.5, f32::NAN]), "a target of NaN"),
    ] {
        let error = session.train_step(&image, targets).unwrap_err();
        assert!(matches!(&error, Error::Usage(found) if found.contains(message)), "{error}");
    }
    let labels = TargetArray::Classes { count: 2, labels: vec![0; 4] };
    let data = InMemory::new([4, 1, 4, 4], vec![0.5; 64], labels).unwrap();
    let indices: Vec<u32> = (0..4).collect();
    let prepared =
        Prepared::fit(Arc::new(data), session.description(), &indices, SkipPolicy::none()).unwrap();
    let both = || Batches::all(&prepared, 4).unwrap();
    let error = Fit::new(1, 0).run(&mut session, &mut both(), &mut both()).unwrap_err();
    assert!(error.to_string().contains("the images' targets are classes"), "{error}");
}
