//! The norm of all gradients: taken where an update limits it or a user asks, and the same without
//! a word changed of what is trained.

use cnn_runtime::{
    Device, Model, Options, Session, Targets,
    optim::{Clip, Update},
};

use crate::{Convnet, batch, sgd};

fn session(device: &Device, update: Update, is_taken: bool) -> Session {
    let model = Model::of::<Convnet>();
    let options = Options::train(&model).batch(19).update(update).seed(7).gradient_norm(is_taken);
    Session::new(model, device, &options).unwrap()
}

fn parameters(session: &mut Session) -> Vec<f32> {
    (0..session.description().params.len()).flat_map(|index| session.parameter(index).unwrap()).collect()
}

#[test]
fn it_is_that_of_the_gradients() {
    let (images, labels) = batch(19);
    for device in cnn_tests::devices() {
        let mut session = session(&device, sgd(), true);
        assert_eq!(session.gradient_norm(), None);
        session.accumulate(&images, &labels).unwrap();
        let trained = session.description().params.iter().enumerate().filter(|(_, param)| param.trainable);
        let trained: Vec<usize> = trained.map(|(index, _)| index).collect();
        let gradients: Vec<f32> =
            trained.into_iter().flat_map(|index| session.gradient(index).unwrap()).collect();
        let expected = gradients.iter().map(|&slope| f64::from(slope).powi(2)).sum::<f64>().sqrt();
        session.update().unwrap();
        let found = session.gradient_norm().unwrap();
        assert!((found - expected).abs() < 1e-6 * expected, "{}: {found}, not {expected}", device.describe());
        let metrics = session.take_metrics().unwrap();
        assert_eq!((metrics.normed_updates, metrics.gradient_norm()), (1, Some(found)));
        assert_eq!(session.take_metrics().unwrap().gradient_norm(), None);
    }
}

#[test]
fn to_take_it_changes_nothing() {
    let (images, labels) = batch(19);
    for device in cnn_tests::devices() {
        let [plain, watched] = [false, true].map(|is_taken| {
            let mut session = session(&device, sgd(), is_taken);
            for _ in 0..3 {
                session.train_step(&images, Targets::from(&labels)).unwrap();
            }
            assert_eq!(session.gradient_norm().is_some(), is_taken);
            parameters(&mut session)
        });
        assert!(plain == watched, "{}", device.describe());
    }
}

#[test]
fn a_limit_takes_it_too_and_tells_it_unlimited() {
    let (images, labels) = batch(19);
    let limited = Update { clip: Some(Clip::Norm(1e-3)), ..sgd() };
    for device in cnn_tests::devices() {
        let [free, limited] = [(sgd(), true), (limited, false)].map(|(update, is_taken)| {
            let mut session = session(&device, update, is_taken);
            session.train_step(&images, &labels).unwrap();
            session.gradient_norm().unwrap()
        });
        assert!(free > 1e-3 && free == limited, "{free} {limited}");
    }
}
