//! Each stage on images whose pixels say where they come from.

use super::*;

/// Element at `[c, y, x]` is `100 c + 10 y + x + 1`.
fn numbered(shape: [usize; 3]) -> Image {
    let mut image = Image::new(shape).unwrap();
    let [_, height, width] = shape;
    for (at, value) in image.values_mut().iter_mut().enumerate() {
        let (rest, x) = (at / width, at % width);
        *value = (100 * (rest / height) + 10 * (rest % height) + x + 1) as f32;
    }
    image
}

fn applied(stage: Augment, shape: [usize; 3], key: u64) -> Image {
    let mut image = numbered(shape);
    apply(&stage, &mut image, &mut Stream::new(key)).unwrap();
    image
}

#[test]
fn pad_surrounds_with_zeros() {
    let image = applied(Augment::Pad(2), [2, 3, 4], 0);
    assert_eq!(image.shape(), [2, 7, 8]);
    assert_eq!(image.values().iter().filter(|&&value| value != 0.0).count(), 24);
    assert_eq!(image.values()[2 * 8 + 2], 1.0);
}

#[test]
fn crops_are_windows_from_everywhere() {
    let corners: Vec<_> = (0..200)
        .map(|key| {
            let image = applied(Augment::RandomCrop([2, 3]), [1, 4, 4], key);
            let corner = image.values()[0];
            let expected = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0].map(|offset| corner + offset);
            assert_eq!(image.values(), expected);
            corner as u32
        })
        .collect();
    for corner in [1, 2, 11, 12, 21, 22] {
        assert!(corners.contains(&corner), "{corner}");
    }
    let larger = applied(Augment::RandomCrop([6, 2]), [1, 4, 4], 3);
    assert_eq!(larger.values().iter().filter(|&&value| value != 0.0).count(), 8);
}

#[test]
fn resized_crops_have_the_size_and_stay_within() {
    for key in 0..100 {
        let stage = Augment::RandomResizedCrop { size: [5, 6], area: [0.08, 1.0] };
        let image = applied(stage, [1, 9, 8], key);
        assert_eq!(image.shape(), [1, 5, 6]);
        assert!(image.values().iter().all(|value| (0.99..=88.01).contains(value)), "{image:?}");
        let whole = applied(Augment::RandomResizedCrop { size: [9, 8], area: [4.0, 4.0] }, [1, 9, 8], key);
        assert_eq!(whole, numbered([1, 9, 8]), "no part of four times the area: the middle, which is all");
    }
}

#[test]
fn flips_mirror_as_often_as_declared() {
    let always = applied(Augment::Flip { probability: 1.0 }, [1, 2, 3], 0);
    assert_eq!(always.values(), [3.0, 2.0, 1.0, 13.0, 12.0, 11.0]);
    let always = applied(Augment::FlipVertical { probability: 1.0 }, [1, 3, 2], 0);
    assert_eq!(always.values(), [21.0, 22.0, 11.0, 12.0, 1.0, 2.0]);
    let flipped = |key| applied(Augment::Flip { probability: 0.3 }, [1, 1, 2], key).values()[0] == 2.0;
    let share = (0..2000).filter(|&key| flipped(key)).count();
    assert!((500..700).contains(&share), "{share}");
    assert_eq!(applied(Augment::Flip { probability: 0.0 }, [1, 2, 3], 0), numbered([1, 2, 3]));
}

#[test]
fn rotation_turns_counter_clockwise() {
    let mut image = numbered([1, 3, 3]);
    rotate::rotate(&mut image, 90.0).unwrap();
    let expected = [3.0, 13.0, 23.0, 2.0, 12.0, 22.0, 1.0, 11.0, 21.0];
    image.values().iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-4, "{image:?}"));
    let mut image = numbered([1, 9, 9]);
    rotate::rotate(&mut image, 45.0).unwrap();
    assert_eq!(image.values()[0], 0.0, "beyond the edge");
    assert_eq!(applied(Augment::Rotate { degrees: 0.0 }, [2, 4, 3], 1), numbered([2, 4, 3]));
}

#[test]
fn colors_are_torchvisions() {
    // torchvision.transforms.v2.functional.adjust_*(…, 1.5) of one row of two pixels, in floats of
    // 0 to 1, times 255; its weights of red, green and blue are rounded to four digits.
    let with = |change: fn(&mut Image, f32)| {
        let mut image = Image::default();
        image.set_bytes([3, 1, 2], &[10, 200, 20, 100, 30, 50]).unwrap();
        change(&mut image, 1.5);
        image.values().to_vec()
    };
    for (found, expected) in [
        (with(color::brightness), [15.0, 255.0, 30.0, 150.0, 45.0, 75.0]),
        (with(color::contrast), [0.0, 255.0, 0.0, 114.4178, 9.4177, 39.4178]),
        (with(color::saturation), [5.9255, 237.91, 20.9255, 87.91, 35.9255, 12.91]),
    ] {
        found.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 0.02, "{found:?}"));
    }
    let none = Augment::ColorJitter { brightness: 0.0, contrast: 0.0, saturation: 0.0 };
    assert_eq!(applied(none, [3, 2, 3], 4), numbered([3, 2, 3]));
    let grey = Augment::ColorJitter { brightness: 0.0, contrast: 0.0, saturation: 0.9 };
    assert_eq!(applied(grey, [1, 2, 3], 4), numbered([1, 2, 3]));
}

#[test]
fn cutout_blanks_a_square_of_every_channel() {
    let blank = |key| {
        let image = applied(Augment::Cutout { size: 4 }, [2, 8, 8], key);
        let zeros = |plane: &[f32]| plane.iter().filter(|&&value| value == 0.0).count();
        let counts: Vec<_> = image.planes().map(zeros).collect();
        assert_eq!(counts[0], counts[1]);
        counts[0]
    };
    let counts: Vec<_> = (0..100).map(blank).collect();
    assert!(counts.contains(&16) && counts.iter().all(|count| (4..=16).contains(count)), "{counts:?}");
}

#[test]
fn extremes_do_not_panic() {
    let stages = [
        Augment::Pad(0),
        Augment::RandomCrop([1, 1]),
        Augment::RandomResizedCrop { size: [1, 1], area: [0.0, 0.0] },
        Augment::Rotate { degrees: 180.0 },
        Augment::Cutout { size: 1000 },
        Augment::Cutout { size: 0 },
        Augment::ColorJitter { brightness: 9.0, contrast: 9.0, saturation: 9.0 },
    ];
    for (stage, shape) in
        stages.into_iter().flat_map(|stage| [[1, 1, 1], [3, 1, 7]].map(|shape| (stage, shape)))
    {
        (0..20).for_each(|key| {
            assert!(applied(stage, shape, key).values().iter().all(|value| value.is_finite()))
        });
    }
}
