//! Whatever brings parameters into memory or to the disk holds a part of a large one at a time.
//! Alone in its file: the counter sees the whole process.

use cnn_runtime::{
    Device, Model, Options, Session,
    checkpoint::{self, RunSettings, RunState},
    network, onnx,
    train::{Callback, EpochReport, KeepWeights, Position},
    weights::{self, FloatType},
};
use cnn_tests::counting::{Counting, excess};

network! {
    /// The weights of `fc2` take 16 MiB, and the momentum as much.
    Large<[1, 8, 8] -> 10> {
        input -> flatten -> fc1: dense(2048) -> relu -> fc2: dense(2048) -> relu -> fc3: dense(10)

        train { loss = cross_entropy, optimizer = sgd(lr = 0.1, momentum = 0.9), batch = 1, epochs = 1 }
    }
}

/// A few parts of a tensor, and far less than a large one.
const MOST: usize = 4 << 20;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[track_caller]
fn bounded<T>(work: impl FnOnce() -> cnn_runtime::Result<T>) -> T {
    let (result, bytes) = excess(work);
    assert!(bytes <= MOST, "{bytes} bytes at a time");
    result.unwrap()
}

#[test]
fn no_large_tensor_is_copied_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (model, device) = (Model::of::<Large>(), Device::cpu().unwrap());
    let options = Options::train(&model).seed(7);
    let mut session = bounded(|| Session::new(model, &device, &options));
    session.train_step(&[0.5; 64], &[3]).unwrap();

    bounded(|| weights::save(&mut session, &path));
    bounded(|| weights::load(&mut session, &path));
    bounded(|| weights::export(&mut session, &path, FloatType::F16));
    bounded(|| weights::export_npz(&mut session, &path, FloatType::F32));
    bounded(|| onnx::export(&mut session, &path, &onnx::Options::default()));
    bounded(|| KeepWeights::new(folder.path()).on_epoch_end(&mut session, &[EpochReport::default()]));
    let settings = RunSettings::default();
    let mut run = RunState::default();
    (run.settings, run.steps, run.position) = (settings.clone(), session.steps(), Position::start());
    bounded(|| checkpoint::save(&mut session, &path, &run));
    bounded(|| checkpoint::load(&mut session, &path, &settings));
}
