//! Every public method of sessions, models, devices, options and schedules, called with 0, the
//! largest numbers and sizes of other networks, on every device of this machine: the answer is `Ok`
//! or `Err`, and nothing panics.

mod calls;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cnn_runtime::{
    Device, DeviceChoice, DeviceError, Error, Metrics, Model, Options, Remedy, Session,
    device::Selection,
    network,
    optim::{Clip, Optimizer, Rate, Schedule, ScheduleKind, Update},
    weights::DataInfo,
};

network! {
    /// Weights, running statistics, dropout, momentum and a running average: all that a session
    /// holds.
    Small<[2, 6, 6] -> 3> {
        input -> conv1: conv(8, 3, pad = 1) -> bn1: batch_norm -> relu -> max_pool(2) -> dropout(0.5) -> flatten
            -> fc1: dense(3)

        train { loss = cross_entropy, optimizer = sgd(lr = 0.1, momentum = 0.9), average = 0.9, batch = 4, epochs = 1 }
    }
}

network! {
    /// Another input, other classes, more parameters.
    Foreign<[3, 9, 9] -> 7> {
        input -> conv1: conv(16, 3) -> conv2: conv(16, 3) -> flatten -> fc1: dense(20) -> fc2: dense(7)
    }
}

/// Floats of an image of [`Small`].
const IMAGE: usize = 2 * 6 * 6;
/// Samples in the largest batch of [`Small`].
const BATCH: usize = 4;

/// The CPU engine, and OpenCL where there is a driver.
fn devices() -> Vec<Device> {
    let cpu = Device::open(&DeviceChoice::Cpu, Some(2)).expect("two threads");
    let opencl = Device::open(&DeviceChoice::OpenCl(Selection::First), None);
    [cpu].into_iter().chain(opencl).collect()
}

/// What a call answers; a panic is a failure that names the call.
#[track_caller]
fn answered<T>(name: &str, call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| panic!("{name} panics"))
}

/// A call that no session can answer is refused as one that was used wrongly.
#[track_caller]
fn refused<T>(name: &str, call: impl FnOnce() -> cnn_runtime::Result<T>) {
    let error = answered(name, call).err().unwrap_or_else(|| panic!("{name} accepts what it cannot use"));
    assert!(matches!(error, Error::Usage(_)), "{name}: {error}");
    assert!(!error.to_string().contains("--"), "{name} knows a command line: {error}");
}

#[test]
fn sessions_refuse_what_is_not_theirs() {
    let model = Model::of::<Small>();
    for device in devices() {
        for options in [Options::train(&model), Options::infer(BATCH)] {
            let mut session = Session::new(model, &device, &options).expect("small enough");
            calls::foreign(&mut session);
            calls::any(&mut session);
        }
        // The same with gradients that wait, with state, and with averages in place.
        let mut session = Session::new(model, &device, &Options::train(&model)).expect("small enough");
        session.accumulate(&[0.5; IMAGE], &[1]).expect("a batch");
        calls::foreign(&mut session);
        session.update().expect("an update");
        session.train_step(&[0.5; 2 * IMAGE], &[0, 2]).expect("a batch");
        calls::foreign(&mut session);
        session.swap_average().expect("an average");
        calls::foreign(&mut session);
        session.swap_average().expect("an average");
        // Nothing of all that has left a trace.
        session.train_step(&[0.5; IMAGE], &[1]).expect("a batch");
        for index in 0..session.description().params.len() {
            let values = session.parameter(index).expect("a parameter");
            assert!(values.iter().all(|value| value.is_finite()), "parameter {index} of {device:?}");
        }
        calls::any(&mut session);
    }
}

#[test]
fn no_batch_is_too_large_to_be_refused() {
    for device in devices() {
        for model in [Model::of::<Small>(), Model::of::<Foreign>()] {
            let slab = model.description().infer.arena.slab;
            let largest = [usize::MAX / 4 / slab, isize::MAX as usize / 4 / slab];
            let powers = (40..64).map(|bits| 1 << bits);
            for batch in powers.chain(largest).chain([0, usize::MAX, usize::MAX - 1, isize::MAX as usize]) {
                for options in [Options::train(&model).batch(batch), Options::infer(batch)] {
                    let made = answered("Session::new", || Session::new(model, &device, &options));
                    let error = made.err().unwrap_or_else(|| panic!("a session of {batch} images"));
                    assert!(matches!(error, Error::Usage(_) | Error::Device(_)), "{batch}: {error}");
                    assert!(!error.to_string().contains("--"), "{error}");
                }
                for training in [false, true] {
                    answered("arena_len", || model.description().arena_len(training, batch));
                }
            }
        }
    }
}

#[test]
fn updates_with_impossible_numbers_make_no_session() {
    let (model, device) = (Model::of::<Small>(), Device::cpu().expect("a processor"));
    let declared = model.description().training.update;
    let with = |text: &str| Update { optimizer: text.parse().expect(text), ..declared };
    let session = |update: Update| Session::new(model, &device, &Options::train(&model).update(update));
    for text in
        ["sgd", "sgd(momentum = 0.9, nesterov = true)", "adagrad", "adadelta", "rmsprop", "adam", "adamw"]
    {
        assert!(session(with(text)).is_ok(), "{text}");
        assert!(session(Update::new(with(text).optimizer.with_lr(0.0))).is_ok(), "{text} that stands still");
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
            let optimizer = with(text).optimizer;
            refused("lr", || session(Update::new(optimizer.with_lr(wrong))));
            refused("weight_decay", || session(Update::new(optimizer.with_weight_decay(wrong))));
        }
    }
    for wrong in [f32::NAN, f32::INFINITY, 0.0, -1.0] {
        refused("clip", || session(Update { clip: Some(Clip::Norm(wrong)), ..declared }));
        refused("clip", || session(Update { clip: Some(Clip::Value(wrong)), ..declared }));
    }
    for wrong in [f32::NAN, f32::INFINITY, 1.0, -1.0] {
        refused("average", || session(Update { average: Some(wrong), ..declared }));
    }
    let Optimizer::Sgd(sgd) = with("sgd").optimizer else { panic!("sgd is SGD") };
    for momentum in [f32::NAN, f32::INFINITY, 1.0, -0.5] {
        let rule = cnn_runtime::optim::Sgd { momentum, ..sgd };
        refused("momentum", || session(Update::new(Optimizer::Sgd(rule))));
    }
}

#[test]
fn devices_that_are_not_there_are_errors() {
    for threads in [0, usize::MAX, 1 << 40] {
        refused("Device::open", || Device::open(&DeviceChoice::Cpu, Some(threads)));
    }
    let nowhere = Selection::At { platform: usize::MAX, device: usize::MAX };
    let error = answered("Device::open", || Device::open(&DeviceChoice::OpenCl(nowhere), None)).err();
    assert!(matches!(error, Some(Error::Device(_))), "{error:?}");
    for text in
        ["", "gpu", "opencl:", "opencl:1", "opencl:a.b", "opencl:99999999999999999999.0", "\u{0}", "ü"]
    {
        refused(text, || text.parse::<DeviceChoice>());
    }
    for device in devices() {
        assert!(device.threads() >= 1 && ["cpu", "opencl"].contains(&device.kind()));
        assert!(format!("{device:?}").contains(&device.describe()));
        assert_eq!(answered("install", || device.install(|| 7)), 7);
        answered("limits", || device.limits()).expect("measured or unknown");
    }
}

#[test]
fn schedules_answer_for_every_run() {
    let extremes = [0.0, -1.0, f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE];
    for x in extremes {
        for y in extremes {
            for kind in [
                ScheduleKind::Constant,
                ScheduleKind::Step { every: 0, factor: x },
                ScheduleKind::Step { every: usize::MAX, factor: x },
                ScheduleKind::MultiStep { milestones: &[], factor: x },
                ScheduleKind::MultiStep { milestones: &[usize::MAX, 0], factor: x },
                ScheduleKind::Exponential { factor: x },
                ScheduleKind::Cosine { end: x },
                ScheduleKind::OneCycle { rise: x, start_divisor: y, end_divisor: y },
                ScheduleKind::Polynomial { power: x, end: y },
                ScheduleKind::Plateau { factor: x, patience: 0 },
                ScheduleKind::Plateau { factor: x, patience: usize::MAX },
            ] {
                for (updates, epochs) in [(0, 0), (1, 1), (usize::MAX, usize::MAX), (0, usize::MAX)] {
                    let schedule = Schedule { kind, warm_up: y };
                    answered("Rate", || {
                        let mut rate = Rate::new(schedule, x, updates, epochs);
                        rate.observe(f64::from(y));
                        rate.set_plateau(rate.plateau());
                        [0, 1, u64::MAX].map(|update| rate.at(update))
                    });
                }
            }
        }
    }
}

#[test]
fn values_say_what_they_are() {
    let model = Model::of::<Small>();
    assert!(format!("{model:?}").contains("Small"));
    assert_eq!(model.description().parameter_count(), 8 * 2 * 9 + 8 + 16 + 3 * 72 + 3);
    assert_eq!(Options::default(), Options::infer(1));
    assert_eq!(
        Options::train(&model).batch(0).seed(u64::MAX),
        Options::train(&model).seed(u64::MAX).batch(0)
    );
    let mut most = Metrics::default();
    (most.loss, most.correct, most.samples) = (f64::MAX, u64::MAX, u64::MAX);
    answered("Metrics", || most += most);
    let error = Error::from(DeviceError::new("").with_remedy(Remedy::CpuEngine).with_source("cause"));
    assert_eq!((error.to_string().as_str(), error.remedies()), ("", &[Remedy::CpuEngine][..]));
}
