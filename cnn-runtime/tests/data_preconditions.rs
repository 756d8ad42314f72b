//! Every public call about data, training and weights, with 0, with the largest numbers and with
//! what belongs to something else: it does what it says or is an error, and never panics.

#![cfg(all(feature = "data", feature = "curves", feature = "tensorboard", feature = "visualize"))]

use std::{
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cnn_runtime::{
    Device, Error, Model, Options, Result, Session, Targets,
    checkpoint::{self, Checkpoints, RunSettings, RunState},
    data::{
        Batches, Dataset, Folder, Image, ImageFiles, Preparation, Prepared, SkipPolicy, Target, decode,
        sample, split, with_class_order,
    },
    network,
    plan::{Description, Meaning, Port, TargetKind},
    train::{
        Assessment, Callback, Confusion, Curves, Details, EarlyStopping, Ensemble, EpochReport, Fit, Flow,
        KeepWeights, Position, Record, Start, TensorBoard, evaluate, infer_all, predictions,
    },
    visualize, weights,
    weights::{DataInfo, FloatType, Tensor, TensorFile, save_tensors},
};

network! {
    Tiny<[1, 4, 4] -> 3> { input -> conv1: conv(2, 3) -> relu -> flatten -> fc: dense(3) }
}

network! {
    /// The same number of values in another shape, and fitted statistics.
    Wide<[1, 2, 8] -> 3> {
        input -> conv1: conv(2, (1, 3)) -> relu -> flatten -> fc: dense(3)
        data { standardise(per_channel) }
    }
}

const BATCH: usize = 4;
const IMAGES: usize = 10;
const MAX: usize = usize::MAX;

/// Images whose labels count up to 2, and how often one was read.
#[derive(Default)]
struct Counted {
    reads: AtomicUsize,
}

impl Dataset for Counted {
    fn len(&self) -> usize {
        IMAGES
    }

    fn outputs(&self) -> usize {
        3
    }

    fn output_name(&self, class: usize) -> String {
        format!("kind{class}")
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        image.set_bytes([1, 4, 4], &[index as u8; 16])?;
        Ok(Target::Class((index % 3) as u32))
    }
}

fn session() -> Session {
    let model = Model::of::<Tiny>();
    let options = Options::train(&model).batch(BATCH);
    Session::new(model, &Device::cpu().unwrap(), &options).unwrap()
}

fn prepared(data: Arc<Counted>) -> Prepared {
    let preparation = Preparation::new(Model::of::<Tiny>().description(), vec![]).unwrap();
    Prepared::new(data, preparation, SkipPolicy::none())
}

/// Images of [`Wide`]'s shape.
fn wide() -> Prepared {
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let description = Model::of::<Wide>().description();
    Prepared::fit(Arc::new(Counted::default()), description, &indices, SkipPolicy::none()).unwrap()
}

/// What a call gives, which must not be a panic.
#[track_caller]
fn calm<T>(call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| panic!("a call panicked"))
}

/// The error of a call.
#[track_caller]
fn refused<T: Debug>(call: impl FnOnce() -> Result<T>) -> Error {
    calm(call).expect_err("what cannot be done is an error")
}

#[test]
fn images_have_the_values_that_their_shape_asks_for() {
    for shape in [[MAX; 3], [1, MAX, 1], [3, 1 << 40, 1 << 20], [1, 1, MAX / 4]] {
        refused(|| Image::new(shape));
        refused(|| Image::default().reshape(shape).map(|values| values.len()));
        refused(|| Image::default().set_bytes(shape, &[1, 2, 3]));
    }
    for shape in [[0; 3], [0, MAX, MAX], [MAX, MAX, 0], [MAX, 0, 1]] {
        let mut image = calm(|| Image::new(shape)).unwrap();
        assert_eq!((image.values().len(), image.values_mut().len()), (0, 0));
        assert_eq!(calm(|| (image.planes().count(), image.planes_mut().count())), (0, 0));
        refused(|| image.set_bytes(shape, &[1]));
    }
    for path in ["", "/", "/nowhere/image.png", "/dev/null"] {
        refused(|| decode(Path::new(path), &mut Image::default()));
    }
}

#[test]
fn batches_are_of_images_that_there_are() {
    let source = prepared(Arc::default());
    for batch in [0, 1, IMAGES, MAX] {
        let all = calm(|| Batches::all(&source, batch));
        assert_eq!(all.is_err(), batch == 0);
        let Ok(mut all) = all else { continue };
        calm(|| all.shuffle(u64::MAX, MAX));
        calm(|| (0..3).for_each(|_| all.skip(MAX)));
        assert!(calm(|| all.next_batch()).unwrap().is_none());
        calm(|| all.rewind());
        let first = calm(|| all.next_batch()).unwrap().unwrap().targets.len();
        assert_eq!(first, batch.min(IMAGES));
    }
    for indices in [vec![IMAGES as u32], vec![0, u32::MAX]] {
        refused(|| Batches::new(&source, indices.clone(), 1));
        refused(|| {
            let description = Model::of::<Wide>().description();
            Prepared::fit(Arc::new(Counted::default()), description, &indices, SkipPolicy::none())
        });
    }
    let mut none = calm(|| Batches::new(&source, vec![], MAX)).unwrap();
    assert!(none.is_empty() && calm(|| none.next_batch()).unwrap().is_none());
    refused(|| {
        let description = Model::of::<Wide>().description();
        Prepared::fit(Arc::new(Counted::default()), description, &[], SkipPolicy::none())
    });
    refused(|| sample(MAX, 1, 0));
    assert!(calm(|| sample(0, MAX, u64::MAX)).unwrap().is_empty());
    for share in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
        refused(|| split(vec![], Some(share), 0));
        refused(|| split(vec![1, 2], Some(share), 0));
    }
}

#[test]
fn data_sets_have_no_other_images() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/1.png"), b"").unwrap();
    let names = ["kind2", "kind1", "kind0"].map(String::from);
    let sets: [Arc<dyn Dataset>; 3] = [
        Arc::new(Folder::open(folder.path()).unwrap()),
        Arc::new(ImageFiles::new(vec![])),
        with_class_order(Arc::new(Folder::open(folder.path()).unwrap()), &["b".into(), "a".into()]).unwrap(),
    ];
    for set in sets {
        for index in [set.len(), MAX] {
            refused(|| set.read(index, &mut Image::default()));
            assert_eq!(calm(|| set.output_name(MAX)), MAX.to_string());
        }
    }
    assert!(calm(|| with_class_order(Arc::new(Counted::default()), &names)).is_ok());
    assert!(calm(|| with_class_order(Arc::new(Counted::default()), &names[..1])).is_err());
    let error = || Error::Data { path: "a".into(), message: "damaged".into() };
    calm(|| SkipPolicy::up_to(MAX).skip(error())).unwrap();
    refused(|| SkipPolicy::up_to(0).skip(error()));
}

#[test]
fn preparation_takes_images_of_any_size_and_no_others() {
    let statistics = wide().preparation().statistics().to_vec();
    let description = Model::of::<Wide>().description();
    let twice = [statistics.clone(), statistics.clone()].concat();
    let misshapen = vec![Tensor::new("data.mean", &[2], vec![0.0; 2]).unwrap()];
    for statistics in [vec![], statistics[..1].to_vec(), twice, misshapen] {
        refused(|| Preparation::new(description, statistics.clone()));
    }
    let preparation = calm(|| Preparation::new(description, statistics)).unwrap();
    for shape in [[0; 3], [1, 0, 5], [2, 4, 4], [4, 1, 1]] {
        refused(|| preparation.per_image(&mut Image::new(shape).unwrap(), None));
    }
    for shape in [[1, 1, 1], [3, 1, 5000], [1, 5000, 1], [3, 2, 8]] {
        let mut image = Image::new(shape).unwrap();
        calm(|| preparation.per_image(&mut image, Some(u64::MAX))).unwrap();
        assert_eq!(image.shape(), [1, 2, 8]);
    }
    for len in [1, 15, 17] {
        refused(|| preparation.per_batch(&mut vec![0.0; len]));
    }
    for len in [0, 16, 160] {
        calm(|| preparation.per_batch(&mut vec![0.0; len])).unwrap();
    }
}

#[test]
fn batches_that_do_not_fit_the_session_are_refused_before_any_work() {
    let mut session = session();
    let data = Arc::new(Counted::default());
    let batches = |batch| Batches::all(&prepared(data.clone()), batch).unwrap();
    for mut wrong in [batches(BATCH + 1), batches(MAX), Batches::all(&wide(), BATCH).unwrap()] {
        let before = data.reads.load(Ordering::Relaxed);
        refused(|| evaluate(&mut session, &mut wrong));
        refused(|| infer_all(&mut session, &mut wrong, |_, _| panic!("nothing is inferred")));
        let mut fit = Fit::new(1, 0).callback(NeverCalled);
        refused(|| fit.run(&mut session, &mut batches(BATCH), &mut wrong).map(<[_]>::to_vec));
        refused(|| fit.run(&mut session, &mut wrong, &mut batches(BATCH)).map(<[_]>::to_vec));
        assert_eq!((data.reads.load(Ordering::Relaxed), session.steps()), (before, 0));
    }
    // No batch has more images than there are.
    let mut few = Batches::new(&prepared(data.clone()), vec![0, 1], MAX).unwrap();
    assert_eq!(calm(|| evaluate(&mut session, &mut few)).unwrap().images, 2);
}

/// A callback of a run that does not begin.
struct NeverCalled;

impl Callback for NeverCalled {
    fn on_start(&mut self, _: &mut Session, _: &Start) -> Result<Flow> {
        panic!("the run begins");
    }
}

#[test]
fn runs_have_images_batches_and_finite_weights() {
    let mut session = session();
    let source = prepared(Arc::default());
    let all = || Batches::all(&source, BATCH).unwrap();
    let none = || Batches::new(&source, vec![], BATCH).unwrap();
    let mut run = |fit: &mut Fit, mut train: Batches, mut validation: Batches| {
        fit.run(&mut session, &mut train, &mut validation).map(<[EpochReport]>::to_vec)
    };
    refused(|| run(&mut Fit::new(1, 0), none(), all()));
    refused(|| run(&mut Fit::new(1, 0), all(), none()));
    refused(|| run(&mut Fit::new(1, 0).accumulate(0), all(), all()));
    assert!(calm(|| run(&mut Fit::new(0, 0), all(), all())).unwrap().is_empty());
    assert_eq!(calm(|| run(&mut Fit::new(1, u64::MAX).accumulate(MAX), all(), all())).unwrap().len(), 1);
    session.set_parameter(0, &[f32::NAN; 2 * 9]).unwrap();
    let error = refused(|| Fit::new(1, 0).run(&mut session, &mut all(), &mut all()).map(<[_]>::to_vec));
    assert!(error.to_string().starts_with("conv1.weight holds NaN before training"), "{error}");
}

/// A network of so many classes, and nothing else of it.
fn answering(classes: usize) -> Description {
    let shape = vec![classes].leak();
    let outputs = vec![Port { name: "output", shape, meaning: Meaning::Answer(TargetKind::Class) }].leak();
    Description { outputs, ..Description::EMPTY }
}

#[test]
fn figures_are_of_the_classes_that_there_are() {
    let kind = Model::of::<Tiny>().description().training.loss;
    refused(|| Confusion::new(MAX));
    refused(|| Assessment::new(&answering(1 << 40), 1));
    refused(|| Ensemble::new(kind, MAX, MAX));
    for classes in [0, 3] {
        let mut confusion = calm(|| Confusion::new(classes)).unwrap();
        for (label, answer) in [(classes, 0), (0, classes), (MAX, MAX)] {
            refused(|| confusion.add(label, answer));
        }
        assert_eq!(calm(|| confusion.rows().count()), classes);
        assert_eq!(calm(|| confusion.class_scores().len()), classes);
        for top in [0, MAX] {
            let mut assessment = calm(|| Assessment::new(&answering(classes), top)).unwrap();
            refused(|| assessment.add(&[0.0; 2], Targets::Classes(&[0])));
            let outputs = vec![0.0; classes];
            for targets in [&[classes as u32][..], &[u32::MAX], &[], &[0, 0]] {
                refused(|| assessment.add(&outputs, targets.into()));
            }
            refused(|| assessment.add(&outputs, Targets::Values(&outputs)));
            assert_eq!(calm(|| assessment.score().images), 0);
            let details = calm(|| assessment.details());
            assert!(matches!(details, Details::Classes { top_accuracy: 0.0, .. }), "{details:?}");
        }
        let mut ensemble = calm(|| Ensemble::new(kind, classes, 2)).unwrap();
        refused(|| ensemble.logits());
        refused(|| ensemble.add(&[0.0; 5]));
        calm(|| ensemble.add(&vec![0.0; 2 * classes])).unwrap();
        assert_eq!(calm(|| ensemble.logits()).unwrap().len(), 2 * classes);
        calm(|| predictions(kind, &vec![0.0; classes]));
    }
    refused(|| EarlyStopping::new(0));
    calm(|| EarlyStopping::new(MAX)).unwrap();
}

#[test]
fn callbacks_take_any_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session();
    let mut callbacks: Vec<Box<dyn Callback>> = vec![
        Box::new(Record::new(folder.path())),
        Box::new(Curves::new(folder.path())),
        Box::new(TensorBoard::new(folder.path())),
        Box::new(KeepWeights::new(folder.path())),
        Box::new(EarlyStopping::new(1).unwrap()),
    ];
    let report = |epoch, value| {
        let mut report = EpochReport::default();
        (report.epoch, report.val_loss, report.val_accuracy) = (epoch, value, Some(value));
        report
    };
    let histories = [vec![], vec![report(0, f64::NAN)], vec![report(MAX, f64::INFINITY), report(0, 1.0)]];
    for callback in &mut callbacks {
        for history in &histories {
            calm(|| callback.on_epoch_end(&mut session, history)).unwrap();
        }
    }
}

#[test]
fn checkpoints_are_of_a_run_that_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    let mut session = session();
    let settings = RunSettings::default();
    for (epoch, done, reports) in [(MAX, 0, 0), (0, 0, 0), (1, 0, 1), (5, 0, 1), (1, MAX, 0)] {
        let mut position = Position::start();
        (position.epoch, position.done) = (epoch, done);
        position.history = vec![EpochReport::default(); reports];
        let mut run = RunState::default();
        run.position = position;
        calm(|| checkpoint::save(&mut session, &path, &run)).unwrap();
        let mut fit = Fit::new(MAX, 0).checkpoints(Checkpoints::new(folder.path(), settings.clone()));
        let resumed = calm(|| fit.resume(&mut session, &path));
        assert_eq!(resumed.is_err(), done == 0, "{epoch} {done} {reports}");
        if resumed.is_ok() {
            let batches = || Batches::all(&prepared(Arc::default()), BATCH).unwrap();
            refused(|| fit.run(&mut session, &mut batches(), &mut batches()).map(<[_]>::to_vec));
        }
    }
    let source = prepared(Arc::default());
    let batches = || Batches::all(&source, BATCH).unwrap();
    let kept = Checkpoints::new(folder.path(), settings).keep_epochs(MAX);
    let mut fit = Fit::new(2, 0).checkpoints(kept);
    assert_eq!(calm(|| fit.run(&mut session, &mut batches(), &mut batches())).unwrap().len(), 2);
}

#[test]
fn tensors_have_their_shape_and_a_name_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    for shape in [&[2][..], &[0], &[MAX, MAX], &[MAX, 2, 0]] {
        refused(|| Tensor::new("a", shape, vec![1.0]));
    }
    let tensor = |name: &str| Tensor::new(name, &[1], vec![1.0]).unwrap();
    refused(|| save_tensors(&path, &[tensor("a"), tensor("b"), tensor("a")]));
    refused(|| save_tensors(&path, &[tensor("__metadata__")]));
    assert!(!path.exists());
    for names in [&[][..], &["", "a"], &["data.mean"]] {
        let tensors: Vec<Tensor> = names.iter().map(|name| tensor(name)).collect();
        calm(|| save_tensors(&path, &tensors)).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        assert!(file.names().eq(names.iter().map(|&name| String::from(name))));
        refused(|| file.floats("missing"));
        assert_eq!((file.shape("missing"), file.metadata("missing")), (None, None));
    }
    refused(|| DataInfo::new(vec![tensor("mean")], vec![]));
    refused(|| DataInfo::new(vec![tensor("data.mean"), tensor("data.mean")], vec![]));

    let mut session = session();
    session.set_data_info(DataInfo::new(vec![tensor("data.mean")], vec!["cat".into()]).unwrap());
    calm(|| weights::save(&mut session, &path)).unwrap();
    calm(|| weights::load(&mut session, &path)).unwrap();
    assert_eq!(session.data_info().classes(), ["cat"]);
    assert_eq!(calm(|| weights::export(&mut session, &path, FloatType::F32)).unwrap(), 4);
    calm(|| save_tensors(&path, &[tensor("a")])).unwrap();
    refused(|| weights::load(&mut session, &path));
    refused(|| checkpoint::load(&mut session, &path, &RunSettings::default()));
    for len in [0, 1, 15, 32, 16 * (BATCH + 1)] {
        refused(|| visualize::feature_maps(&mut session, &vec![0.0; len], folder.path()));
    }
}
