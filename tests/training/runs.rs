//! What a training run keeps in checkpoints, and how it ends, seen through callbacks of one's own.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cnn_runtime::{
    Device, Error, Network, Session,
    checkpoint::{Checkpoints, RunSettings},
    data::{Batches, Dataset, Image, Prepared, SkipPolicy, Target},
    network,
    train::{Callback, EpochReport, Fit, Flow, KeepWeights, Position, Start, best},
    weights,
};
use serde_json::Value;

use crate::{session, sgd};

network! {
    Tiny<[1, 6, 6] -> 2> { input -> conv1: conv(3, 3) -> relu -> flatten -> fc: dense(2) }
}

const IMAGES: usize = 20;
const BATCH: usize = 8;

/// Dark and bright images.
struct Shades;

impl Dataset for Shades {
    fn len(&self) -> usize {
        IMAGES
    }

    fn outputs(&self) -> usize {
        2
    }

    fn read(&self, index: usize, image: &mut Image) -> cnn_runtime::Result<Target> {
        let label = index % 2;
        image.reshape([1, 6, 6])?.fill((label * 128 + index) as f32 / 255.0);
        Ok(Target::Class(label as u32))
    }
}

/// A session and its images, for training and for validation.
fn parts<N: Network>() -> (Session, Batches, Batches) {
    let session = session::<N>(&Device::cpu().unwrap(), BATCH, sgd());
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let data = Prepared::fit(Arc::new(Shades), session.description(), &indices, SkipPolicy::none()).unwrap();
    let batches = || Batches::all(&data, BATCH).unwrap();
    (session, batches(), batches())
}

fn run_on<N: Network>(fit: &mut Fit) -> cnn_runtime::Result<Vec<EpochReport>> {
    let (mut session, mut training, mut validation) = parts::<N>();
    fit.run(&mut session, &mut training, &mut validation).map(<[EpochReport]>::to_vec)
}

fn run(fit: &mut Fit) -> cnn_runtime::Result<Vec<EpochReport>> {
    run_on::<Tiny>(fit)
}

fn kept_in(folder: &Path, epochs: usize) -> Fit<'static> {
    Fit::new(epochs, 0).checkpoints(Checkpoints::new(folder, RunSettings::default()))
}

fn resume(fit: &mut Fit, folder: &Path) -> cnn_runtime::Result<()> {
    fit.resume(&mut parts::<Tiny>().0, &Checkpoints::last_in(folder))
}

/// Counts epochs over all resumed runs.
struct Count {
    name: &'static str,
    epochs: u64,
}

impl Callback for Count {
    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> cnn_runtime::Result<Flow> {
        self.epochs += 1;
        assert_eq!(history.len() as u64, self.epochs);
        Ok(Flow::Continue)
    }

    fn saved_as(&self) -> Option<&str> {
        Some(self.name)
    }

    fn state(&self) -> Value {
        self.epochs.into()
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        self.epochs = state.as_u64().ok_or("no number")?;
        Ok(())
    }
}

fn count(name: &'static str) -> Count {
    Count { name, epochs: 0 }
}

#[test]
fn states_of_callbacks_go_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    run(&mut kept_in(folder.path(), 2).callback(count("a")).callback(count("b"))).unwrap();
    let mut both = kept_in(folder.path(), 4).callback(count("b")).callback(count("a"));
    resume(&mut both, folder.path()).unwrap();
    assert_eq!(run(&mut both).unwrap().len(), 4);

    let error = run(&mut kept_in(folder.path(), 1).callback(count("a")).callback(count("a"))).unwrap_err();
    assert!(matches!(error, Error::Usage(_)) && error.to_string().contains("`a`"), "{error}");
}

#[test]
fn a_state_that_nothing_takes_is_an_error_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    run(&mut kept_in(folder.path(), 1).callback(count("a"))).unwrap();
    let fails = |mut fit: Fit, words: &str| {
        let error = resume(&mut fit, folder.path()).unwrap_err();
        assert!(matches!(error, Error::Weights { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("last.ckpt: ") && message.contains(words), "{message}");
    };
    fails(kept_in(folder.path(), 2), "no callback of this run takes the state `a`");
    struct Texts;
    impl Callback for Texts {
        fn saved_as(&self) -> Option<&str> {
            Some("a")
        }

        fn restore(&mut self, state: &Value) -> Result<(), String> {
            state.as_str().map(drop).ok_or_else(|| "no text".into())
        }
    }
    fails(kept_in(folder.path(), 2).callback(Texts), "the state `a` is no text");
    // One that is new to the run has nothing to take.
    resume(&mut kept_in(folder.path(), 2).callback(count("a")).callback(count("new")), folder.path())
        .unwrap();
}

network! {
    /// With a head that only training uses.
    TwoHeads<[1, 6, 6] -> 2> {
        let x = input -> flatten;
        x -> head: dense(2) -> output(weight = 0.3);
        x -> fc: dense(2)
    }
}

/// Answers once, when this run is where it says, and counts its calls.
struct Answer {
    place: &'static str,
    flow: Flow,
    calls: usize,
}

impl Answer {
    fn at(&mut self, place: &str) -> cnn_runtime::Result<Flow> {
        let now = self.place == place && self.calls == 0;
        self.calls += usize::from(self.place == place);
        Ok(if now { self.flow } else { Flow::Continue })
    }
}

impl Callback for Answer {
    fn on_start(&mut self, _session: &mut Session, _start: &Start) -> cnn_runtime::Result<Flow> {
        self.at("start")
    }

    fn on_batch(&mut self, _session: &mut Session, _position: &Position) -> cnn_runtime::Result<Flow> {
        self.at("batch")
    }

    fn on_epoch_end(
        &mut self,
        _session: &mut Session,
        _history: &[EpochReport],
    ) -> cnn_runtime::Result<Flow> {
        self.at("epoch end")
    }
}

/// Fails a run that has an update, so that only what was saved before stays.
struct Fail {
    place: &'static str,
}

impl Fail {
    fn at(&self, place: &str) -> cnn_runtime::Result<Flow> {
        if self.place == place { Err(Error::Usage("failed on purpose".into())) } else { Ok(Flow::Continue) }
    }
}

impl Callback for Fail {
    fn on_batch(&mut self, _session: &mut Session, position: &Position) -> cnn_runtime::Result<Flow> {
        self.at(if position.done > BATCH { "second batch" } else { "first batch" })
    }
}

#[test]
fn every_answer_is_acted_upon() {
    for (place, failure) in [("start", "first batch"), ("batch", "second batch"), ("epoch end", "never")] {
        // A run that is to stop saves and ends.
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer { place, flow: Flow::Stop, calls: 0 };
        let history = run(&mut kept_in(folder.path(), 3).callback(answer)).unwrap();
        assert_eq!(history.len(), usize::from(place == "epoch end"), "{place}");
        resume(&mut kept_in(folder.path(), 3), folder.path()).unwrap();

        // A run that is to save has saved before anything else happens.
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer { place, flow: Flow::Save, calls: 0 };
        let saved = run(&mut kept_in(folder.path(), 1).callback(answer).callback(Fail { place: failure }));
        assert_eq!(saved.is_err(), failure != "never");
        resume(&mut kept_in(folder.path(), 1), folder.path()).unwrap();

        // A run that goes on saves nothing before its first epoch has ended.
        if failure != "never" {
            let folder = tempfile::tempdir().unwrap();
            let answer = Answer { place, flow: Flow::Continue, calls: 0 };
            run(&mut kept_in(folder.path(), 1).callback(answer).callback(Fail { place: failure }))
                .unwrap_err();
            assert!(!Checkpoints::last_in(folder.path()).exists());
        }
    }
}

/// Shades of which only the first can be read.
struct Torn;

impl Dataset for Torn {
    fn len(&self) -> usize {
        IMAGES
    }

    fn outputs(&self) -> usize {
        2
    }

    fn read(&self, index: usize, image: &mut Image) -> cnn_runtime::Result<Target> {
        if index > 0 {
            return Err(Error::Data { path: index.to_string().into(), message: "torn".into() });
        }
        Shades.read(index, image)
    }
}

#[test]
fn an_update_that_bad_images_end_is_one_of_those_that_callbacks_see() {
    struct Steps(Arc<AtomicUsize>);
    impl Callback for Steps {
        fn on_batch(&mut self, session: &mut Session, _position: &Position) -> cnn_runtime::Result<Flow> {
            assert_eq!(session.steps() as usize, 1 + self.0.fetch_add(1, Ordering::Relaxed));
            Ok(Flow::Stop)
        }
    }
    let mut session = parts::<Tiny>().0;
    let policy = SkipPolicy::up_to(IMAGES);
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let data = Prepared::fit(Arc::new(Torn), session.description(), &indices, policy).unwrap();
    let batches = || Batches::all(&data, 1).unwrap();
    let (folder, calls) = (tempfile::tempdir().unwrap(), Arc::new(AtomicUsize::new(0)));
    // An update needs more batches than there are: only the end of the epoch leads to it.
    let mut fit = kept_in(folder.path(), 2).accumulate(100).callback(Steps(calls.clone()));
    let history = fit.run(&mut session, &mut batches(), &mut batches()).unwrap();
    assert_eq!((history.len(), calls.load(Ordering::Relaxed), session.steps()), (0, 1, 1));
    assert!(Checkpoints::last_in(folder.path()).exists());
}

#[test]
fn a_run_cannot_end_before_its_checkpoint() {
    struct Stop;
    impl Callback for Stop {
        fn on_batch(&mut self, _session: &mut Session, position: &Position) -> cnn_runtime::Result<Flow> {
            Ok(if position.epoch == 2 { Flow::Stop } else { Flow::Continue })
        }
    }
    let folder = tempfile::tempdir().unwrap();
    run(&mut kept_in(folder.path(), 3).callback(Stop)).unwrap();
    let error = resume(&mut kept_in(folder.path(), 1), folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("last.ckpt: saved within epoch 2, and this run ends after 1"),
        "{error}"
    );
    resume(&mut kept_in(folder.path(), 2), folder.path()).unwrap();
}

#[test]
fn a_parameter_that_is_no_number_is_named_and_not_kept() {
    struct Spoil;
    impl Callback for Spoil {
        fn on_batch(&mut self, session: &mut Session, position: &Position) -> cnn_runtime::Result<Flow> {
            let head = session.description().params.iter().position(|param| param.name == "head.bias");
            if (position.epoch, position.done) == (2, IMAGES) {
                session.set_parameter(head.unwrap(), &[f32::INFINITY, 0.0])?;
            }
            Ok(Flow::Continue)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut fit = kept_in(folder.path(), 3).callback(Spoil).callback(KeepWeights::new(folder.path()));
    let error = run_on::<TwoHeads>(&mut fit).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(error.to_string().starts_with("training diverged: head.bias is inf in epoch 2"), "{error}");
    let mut session = parts::<TwoHeads>().0;
    weights::load(&mut session, &folder.path().join("last.safetensors")).unwrap();
    let count = session.description().params.len();
    assert!((0..count).all(|index| session.parameter(index).unwrap().iter().all(|value| value.is_finite())));
}

#[test]
fn an_interrupted_validation_is_repeated() {
    /// Ends the run within the validation of an epoch, after a batch.
    struct Interrupt {
        epoch: usize,
        now: usize,
        asked: AtomicUsize,
    }
    impl Callback for Interrupt {
        fn on_batch(&mut self, _session: &mut Session, position: &Position) -> cnn_runtime::Result<Flow> {
            self.now = position.epoch;
            Ok(Flow::Continue)
        }

        fn is_interrupted(&self) -> bool {
            self.now == self.epoch && self.asked.fetch_add(1, Ordering::Relaxed) > 0
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let [whole, interrupted] = ["whole", "interrupted"].map(|name| folder.path().join(name));
    let fit = |folder: &Path| {
        std::fs::create_dir_all(folder).unwrap();
        kept_in(folder, 3).callback(KeepWeights::new(folder)).callback(count("epochs"))
    };
    let scores = |history: Vec<EpochReport>| -> Vec<_> {
        history.iter().map(|epoch| (epoch.loss, epoch.accuracy, epoch.val_loss, epoch.lr)).collect()
    };
    let expected = scores(run(&mut fit(&whole)).unwrap());
    let signal = Interrupt { epoch: 2, now: 0, asked: AtomicUsize::new(0) };
    assert_eq!(run(&mut fit(&interrupted).callback(signal)).unwrap().len(), 1);

    let (mut session, mut training, mut validation) = parts::<Tiny>();
    let mut resumed = fit(&interrupted);
    resumed.resume(&mut session, &Checkpoints::last_in(&interrupted)).unwrap();
    let history = resumed.run(&mut session, &mut training, &mut validation).unwrap().to_vec();
    assert_eq!(scores(history), expected);
    for name in ["last.safetensors", "best.safetensors"] {
        assert!(std::fs::read(interrupted.join(name)).unwrap() == std::fs::read(whole.join(name)).unwrap());
    }
}

#[test]
fn the_best_weights_survive_a_change_of_folder() {
    /// Always gives the first answer after the first epoch, which stays the best.
    struct Unlearn;
    impl Callback for Unlearn {
        fn on_epoch_end(&mut self, session: &mut Session, _: &[EpochReport]) -> cnn_runtime::Result<Flow> {
            let params = session.description().params.iter().enumerate();
            for (index, param) in params.filter(|(_, param)| param.name.starts_with("fc.")) {
                let mut values = vec![0.0; param.shape.iter().product()];
                values[0] = if param.name == "fc.bias" { 1e3 } else { 0.0 };
                session.set_parameter(index, &values)?;
            }
            session.set_lr(0.0)?;
            Ok(Flow::Continue)
        }
    }
    let parent = tempfile::tempdir().unwrap();
    let [first, second, alone] = ["first", "second", "alone"].map(|name| parent.path().join(name));
    let weights_in = |folder: &Path| std::fs::read(folder.join("best.safetensors")).unwrap();
    let fit = |folder: &Path, earlier: Option<&Path>, epochs| {
        std::fs::create_dir_all(folder).unwrap();
        kept_in(folder, epochs).callback(KeepWeights::new(folder).after(earlier)).callback(Unlearn)
    };
    let history = run(&mut fit(&first, None, 2)).unwrap();
    assert_eq!(best(&history).unwrap().epoch, 1, "{history:?}");
    let goes_on = |output: &Path, checkpoint: &Path, earlier: Option<&Path>| {
        let mut fit = fit(output, earlier, 3);
        let (mut session, mut training, mut validation) = parts::<Tiny>();
        fit.resume(&mut session, checkpoint).unwrap();
        fit.run(&mut session, &mut training, &mut validation).unwrap();
    };
    let checkpoint = Checkpoints::last_in(&first);
    goes_on(&second, &checkpoint, Some(&first));
    assert!(weights_in(&second) == weights_in(&first));
    // Without the earlier run's folder, the best is one of the epochs from here on.
    goes_on(&alone, &checkpoint, None);
    assert!(weights_in(&alone) != weights_in(&first));
}
