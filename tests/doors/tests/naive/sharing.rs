//! Sessions on the same parameters, and what an engine refuses.

use cnn_door_tests::Naive;
use cnn_runtime::{Device, Error, Model, Options, Session, network};

use crate::noise;

network! {
    Tiny<[1, 6, 6] -> 3> {
        input -> conv1: conv(9, 3) -> relu -> flatten -> fc: dense(3)
    }
}

fn session() -> Session {
    Session::new(Model::of::<Tiny>(), &Device::new(Naive), &Options::infer(2).seed(3)).unwrap()
}

fn answers(session: &mut Session, images: &[f32]) -> [f32; 6] {
    let mut scores = [0.0; 6];
    session.infer(images, &mut scores).unwrap();
    scores
}

#[test]
fn threads_answer_by_the_same_parameters() {
    let images = noise(1, 72);
    let mut session = session();
    let expected = answers(&mut session, &images);
    let mut others: Vec<Session> = (0..3).map(|_| session.share().unwrap()).collect();
    std::thread::scope(|scope| {
        for other in &mut others {
            scope.spawn(|| assert_eq!(answers(other, &images), expected));
        }
    });
}

#[test]
fn shared_parameters_do_not_change() {
    let mut session = session();
    let other = session.share().unwrap();
    let bias = [1.0; 3];
    let error = session.set_parameter(3, &bias).unwrap_err();
    assert!(matches!(error, Error::Usage(_)), "{error}");
    drop(other);
    session.set_parameter(3, &bias).unwrap();
    assert_eq!(session.parameter(3).unwrap(), bias);
}

#[test]
fn weights_go_from_one_device_to_another() {
    let images = noise(1, 72);
    let mut session = session();
    let mut cpu = Session::new(Model::of::<Tiny>(), &Device::cpu().unwrap(), &Options::infer(2)).unwrap();
    for index in 0..session.description().params.len() {
        cpu.set_parameter(index, &session.parameter(index).unwrap()).unwrap();
    }
    crate::assert_close(&answers(&mut cpu, &images), &answers(&mut session, &images), 1e-5, "scores");
}
