//! Small sets in the real layout, and one test for each way a file can be wrong.

use cnn_core::rng::Stream;

use super::*;

/// Records whose labels count up from 0 and whose pixels are all the label's; CIFAR-100's coarse
/// label is 19.
fn records(kind: CifarKind, count: u8) -> Vec<u8> {
    let coarse: &[u8] = if kind == CifarKind::Cifar100 { &[19] } else { &[] };
    (0..count).flat_map(|label| [coarse, &[label], &[label; PIXELS]].concat()).collect()
}

fn folder(kind: CifarKind, counts: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path().join(kind.folder());
    fs::create_dir(&unpacked).unwrap();
    for (name, &count) in kind.files(Part::Train).iter().zip(counts) {
        fs::write(unpacked.join(name), records(kind, count)).unwrap();
    }
    folder
}

#[track_caller]
fn assert_error(folder: &Path, kind: CifarKind, expected: &str) {
    let error = Cifar::load(folder, kind, Part::Train).unwrap_err();
    assert!(matches!(error, crate::Error::Data { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn files_follow_each_other() {
    let folder = folder(CifarKind::Cifar10, &[1, 2, 1, 1, 3]);
    let unpacked = folder.path().join("cifar-10-batches-bin");
    for folder in [folder.path(), &unpacked] {
        let data = Cifar::load(folder, CifarKind::Cifar10, Part::Train).unwrap();
        assert_eq!((data.len(), data.output_name(3)), (8, "3".into()));
        let mut image = Image::default();
        assert_eq!(data.read(7, &mut image).unwrap(), Target::Class(2));
        assert_eq!((image.shape(), image.values()), ([3, 32, 32], &[2.0; PIXELS][..]));
    }
    fs::write(unpacked.join("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n").unwrap();
    let data = Cifar::load(&unpacked, CifarKind::Cifar10, Part::Train).unwrap();
    assert_eq!(data.output_name(3), "d");
}

#[test]
fn the_fine_label_counts() {
    let folder = folder(CifarKind::Cifar100, &[100]);
    let data = Cifar::load(folder.path(), CifarKind::Cifar100, Part::Train).unwrap();
    assert_eq!(data.read(99, &mut Image::default()).unwrap(), Target::Class(99));
    assert_eq!((data.len(), data.outputs()), (100, 100));
}

#[test]
fn what_is_wrong_is_named() {
    let kind = CifarKind::Cifar10;
    let path = folder(kind, &[1; 4]);
    assert_error(path.path(), kind, "data_batch_5.bin: cannot read");
    assert_error(path.path(), CifarKind::Cifar100, "of the unpacked cifar-100-binary");
    assert_error(
        folder(kind, &[1, 1, 1, 0, 1]).path(),
        kind,
        "data_batch_4.bin: 0 bytes, expected records of 3073",
    );
    assert_error(folder(kind, &[1, 11, 1, 1, 1]).path(), kind, "label 10 of image 10 is none of 10 classes");
    let file = path.path().join("cifar-10-batches-bin/data_batch_5.bin");
    fs::write(&file, &records(kind, 2)[1..]).unwrap();
    assert_error(path.path(), kind, "6145 bytes, expected records of 3073: truncated");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_error(path.path(), kind, "data_batch_5.bin");
}

#[test]
fn mutated_files_are_read_or_refused() {
    let kind = CifarKind::Cifar100;
    let folder = folder(kind, &[3]);
    let file = folder.path().join("cifar-100-binary/train.bin");
    let mut stream = Stream::new(5);
    for _ in 0..200 {
        let mut bytes = records(kind, 3);
        for _ in 0..50 {
            let at = stream.below(bytes.len());
            bytes[at] = stream.bits() as u8;
        }
        if stream.below(4) == 0 {
            bytes.truncate(stream.below(bytes.len()));
        }
        fs::write(&file, bytes).unwrap();
        if let Ok(data) = Cifar::load(folder.path(), kind, Part::Train) {
            (0..data.len()).for_each(|index| {
                let target = data.read(index, &mut Image::default()).unwrap();
                assert!(matches!(target, Target::Class(..100)), "{target:?}");
            });
        }
    }
}
