//! The public methods of a session of [`Small`](crate::Small), called as nobody should.

use cnn_runtime::Session;

use crate::{BATCH, DataInfo, IMAGE, answered, refused};

/// Numbers of images, in floats, that are no batch.
const NO_BATCHES: [usize; 6] = [0, 1, IMAGE - 1, IMAGE + 1, (BATCH + 1) * IMAGE, 3 * 9 * 9];
/// Labels that do not fit two images of three classes.
const NO_LABELS: [&[u32]; 5] = [&[], &[0], &[0, 1, 2], &[0, 3], &[u32::MAX, 0]];
/// Learning rates that no update can be made with.
const NO_RATES: [f32; 4] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-9];

/// Calls with arguments of other sizes, all of which are refused.
pub(crate) fn foreign(session: &mut Session) {
    batches(session);
    labels(session);
    arrays(session);
    for rate in NO_RATES {
        refused("set_lr", || session.set_lr(rate));
    }
}

fn batches(session: &mut Session) {
    for len in NO_BATCHES {
        let images = vec![0.5; len];
        for labels in [&[][..], &[0], &[0; BATCH + 1]] {
            refused("train_step", || session.train_step(&images, labels));
            refused("accumulate", || session.accumulate(&images, labels));
            refused("forward_backward", || session.forward_backward(&images, labels));
            refused("watch", || session.watch(&images, Some(labels.into()), &mut |_| Ok(())));
        }
        for scores in [0, 3, 3 * (BATCH + 1)] {
            refused("infer", || session.infer(&images, &mut vec![0.0; scores]));
        }
        refused("watch", || session.watch(&images, None, &mut |_| Ok(())));
    }
    for scores in [0, 1, 5, 7, 1000] {
        refused("infer", || session.infer(&[0.5; 2 * IMAGE], &mut vec![0.0; scores]));
    }
}

fn labels(session: &mut Session) {
    let images = [0.5; 2 * IMAGE];
    for labels in NO_LABELS {
        refused("train_step", || session.train_step(&images, labels));
        refused("accumulate", || session.accumulate(&images, labels));
        refused("forward_backward", || session.forward_backward(&images, labels));
        refused("watch", || session.watch(&images, Some(labels.into()), &mut |_| Ok(())));
    }
}

fn arrays(session: &mut Session) {
    let (count, slots) = (session.description().params.len(), session.state_slots());
    for index in [count, count + 1, usize::MAX] {
        refused("parameter", || session.parameter(index));
        refused("gradient", || session.gradient(index));
        refused("set_parameter", || session.set_parameter(index, &[]));
        refused("state", || session.state(0, index));
        refused("set_state", || session.set_state(0, index, &[]));
        assert!(!answered("has_state", || session.has_state(0, index)));
    }
    for slot in [slots, slots + 1, usize::MAX] {
        refused("state", || session.state(slot, 0));
        refused("set_state", || session.set_state(slot, 0, &[0.0; 144]));
        assert!(!answered("has_state", || session.has_state(slot, 0)));
    }
    for len in [0, 1, 143, 145, 3 * 16 * 9] {
        refused("set_parameter", || session.set_parameter(0, &vec![0.0; len]));
        refused("set_state", || session.set_state(0, 0, &vec![0.0; len]));
    }
}

/// Calls that a session may answer either way, in an order that nobody planned.
pub(crate) fn any(session: &mut Session) {
    let (images, labels) = ([f32::MAX; BATCH * IMAGE], [2; BATCH]);
    for _ in 0..2 {
        let _ = answered("update", || session.update());
        let _ = answered("swap_average", || session.swap_average());
        let _ = answered("gradient", || session.gradient(0));
        let _ = answered("accumulate", || session.accumulate(&images, &labels));
        let _ = answered("forward_backward", || session.forward_backward(&images, &labels));
        let _ = answered("watch", || session.watch(&images, Some((&labels).into()), &mut |_| Ok(())));
        let _ = answered("watch", || session.watch(&images, None, &mut |mut seen| seen.output().map(drop)));
        let _ = answered("infer", || session.infer(&images, &mut [0.0; 3 * BATCH]));
        let _ = answered("train_step", || session.train_step(&images, &labels));
        let _ = answered("take_metrics", || session.take_metrics());
        let _ = answered("set_lr", || session.set_lr(f32::MAX));
        let _ = answered("set_parameter", || session.set_parameter(0, &[f32::NAN; 144]));
        let _ = answered("set_state", || session.set_state(0, 0, &[f32::INFINITY; 144]));
    }
    let info = DataInfo::new(Vec::new(), vec![String::new(); 1000]).expect("names of classes");
    answered("set_data_info", || session.set_data_info(info));
    assert_eq!(session.data_info().classes().len(), 1000);
    let numbers = (session.batch(), session.arena_bytes() > 0, session.is_averaged(), session.pending());
    let text = format!("{session:?} {numbers:?} {} {}", session.steps(), session.lr());
    assert!(text.contains("Small"), "{text}");
}
