//! Order, threads and bad files; images are counted, not decoded.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cnn_core::Error;
use cnn_plan::{Augment, Prepare};

use super::*;
use crate::{Dataset, Image, Mnist, Part, Preparation, SkipPolicy, prepare::tests::network};

/// Image i holds i twice and has label i; files named in `bad` cannot be read.
struct Counting {
    len: usize,
    in_memory: bool,
    bad: Vec<usize>,
    reads: AtomicUsize,
}

impl Dataset for Counting {
    fn len(&self) -> usize {
        self.len
    }

    fn outputs(&self) -> usize {
        self.len
    }

    fn in_memory(&self) -> bool {
        self.in_memory
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.bad.contains(&index) {
            return Err(Error::Data { path: index.to_string().into(), message: "damaged".into() });
        }
        assert_ne!(index, 1000, "a bug of the data set");
        image.reshape([1, 1, 2])?.fill(index as f32 * 255.0);
        Ok(Target::Class(index as u32))
    }
}

fn counting(len: usize, in_memory: bool) -> Counting {
    Counting { len, in_memory, bad: Vec::new(), reads: AtomicUsize::new(0) }
}

fn prepared(data: Counting, policy: SkipPolicy) -> Prepared {
    let description = network([1, 1, 2], None, &[]);
    Prepared::new(Arc::new(data), Preparation::new(&description, vec![]).unwrap(), policy)
}

fn batches(len: usize, in_memory: bool, batch: usize) -> Batches {
    Batches::all(&prepared(counting(len, in_memory), SkipPolicy::none()), batch).unwrap()
}

fn labels(batches: &mut Batches) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    while let Some(batch) = batches.next_batch().unwrap() {
        let Targets::Classes(labels) = batch.targets else { panic!("{:?}", batch.targets) };
        assert_eq!(batch.images.len(), 2 * labels.len());
        assert!(batch.images.chunks(2).zip(labels).all(|(image, &label)| image == [label as f32; 2]));
        all.push(labels.to_vec());
    }
    all
}

#[test]
fn the_last_batch_is_short() {
    for in_memory in [true, false] {
        let mut batches = batches(5, in_memory, 2);
        assert_eq!(labels(&mut batches), [vec![0, 1], vec![2, 3], vec![4]]);
        assert!(batches.next_batch().unwrap().is_none());
        assert_eq!(batches.done(), 5);
        batches.rewind();
        assert_eq!((batches.done(), labels(&mut batches).len()), (0, 3));
    }
}

#[test]
fn the_order_depends_on_seed_and_epoch_alone() {
    let order = |in_memory, earlier: &[usize], seed, epoch| {
        let mut batches = batches(64, in_memory, 5);
        earlier.iter().for_each(|&epoch| batches.shuffle(seed, epoch));
        batches.shuffle(seed, epoch);
        labels(&mut batches)
    };
    assert_eq!(order(true, &[], 3, 2), order(false, &[1, 5], 3, 2));
    assert_ne!(order(true, &[], 3, 2), order(true, &[], 3, 1));
    assert_ne!(order(true, &[], 3, 2), order(true, &[], 4, 2));
}

#[test]
fn a_pass_goes_on_where_another_one_stood() {
    let mut whole = batches(20, false, 3);
    whole.shuffle(1, 1);
    whole.next_batch().unwrap();
    let mut resumed = batches(20, false, 3);
    resumed.shuffle(1, 1);
    resumed.skip(whole.done());
    assert_eq!(labels(&mut resumed), labels(&mut whole));
    resumed.skip(usize::MAX);
    resumed.skip(usize::MAX);
    assert!(resumed.next_batch().unwrap().is_none());
}

#[test]
fn no_more_is_read_than_two_batches_ahead() {
    let source = prepared(counting(100, false), SkipPolicy::none());
    let data = Arc::new(counting(100, false));
    let mut batches = Batches::all(&source.with_data(data.clone()), 4).unwrap();
    batches.next_batch().unwrap();
    drop(batches);
    assert!(data.reads.load(Ordering::Relaxed) <= (1 + AHEAD) * 4);
}

#[test]
fn bad_files_are_skipped_and_counted_once() {
    let source = |limit| {
        let data = Counting { bad: vec![0, 4, 5], ..counting(7, false) };
        prepared(data, SkipPolicy::up_to(limit))
    };
    let mut batches = Batches::all(&source(3), 2).unwrap();
    for _ in 0..2 {
        batches.rewind();
        assert_eq!(labels(&mut batches), [vec![1], vec![2, 3], vec![6]]);
        assert_eq!(batches.done(), 7);
    }
    let mut batches = Batches::all(&source(2), 7).unwrap();
    assert!(batches.next_batch().unwrap_err().to_string().starts_with("5: damaged; 2 skipped before"));
}

#[test]
fn a_panic_in_a_data_set_is_an_error() {
    let mut batches =
        Batches::new(&prepared(counting(1001, false), SkipPolicy::none()), vec![1, 1000], 1).unwrap();
    assert!(batches.next_batch().unwrap().is_some());
    assert!(batches.next_batch().unwrap_err().to_string().contains("panicked"));
}

#[test]
fn threads_change_nothing() {
    const AUGMENT: &[Augment] = &[
        Augment::RandomResizedCrop { size: [14, 14], area: [0.2, 1.0] },
        Augment::Flip { probability: 0.5 },
        Augment::Rotate { degrees: 20.0 },
        Augment::ColorJitter { brightness: 0.3, contrast: 0.3, saturation: 0.0 },
        Augment::Cutout { size: 3 },
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist");
    let digits = Arc::new(Mnist::load(folder.as_ref(), Part::Test).unwrap());
    let description = network([1, 14, 14], Some(&[Prepare::Scale(1.0 / 255.0)]), AUGMENT);
    let preparation = Preparation::new(&description, vec![]).unwrap();
    let source = Prepared::new(digits, preparation, SkipPolicy::none());
    let mut batches = Batches::new(&source, (0..300).collect(), 64).unwrap();
    batches.shuffle(9, 4);
    let (order, key) = (batches.order.clone(), batches.key);
    let mut found = Vec::new();
    while let Some(batch) = batches.next_batch().unwrap() {
        found.extend_from_slice(batch.images);
    }
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut expected = vec![0.0; found.len()];
    alone.install(|| source.prepare(&order, key, &mut expected));
    assert!(found == expected);
    batches.shuffle(9, 5);
    let other = batches.next_batch().unwrap().unwrap().images.to_vec();
    assert!(found[..other.len()] != other, "another epoch, other changes");
}

#[test]
fn batches_without_images_are_refused() {
    let source = prepared(counting(3, true), SkipPolicy::none());
    for (indices, batch) in [(vec![0], 0), (vec![3], 1), (vec![0, u32::MAX], usize::MAX)] {
        assert!(matches!(Batches::new(&source, indices, batch), Err(Error::Usage(_))));
    }
    let mut large = Batches::all(&source, usize::MAX).unwrap();
    assert_eq!((large.largest(), labels(&mut large)), (3, vec![vec![0, 1, 2]]));
    assert!(labels(&mut Batches::new(&source, vec![], 1).unwrap()).is_empty());
}
