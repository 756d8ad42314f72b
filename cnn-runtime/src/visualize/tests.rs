//! What pictures show, and which are refused.

use super::*;

#[test]
fn first_layers_are_in_colour_with_zero_in_the_middle() {
    let values = [0.0, 1.0, -1.0].into_iter().flat_map(|value| [value; 4]).collect::<Vec<f32>>();
    let picture = filter_grid("conv1", &values, [1, 3, 2, 2]).unwrap();
    let last = picture.pixel(2, picture.height - 3);
    assert_eq!(last, [128, 255, 0]);
}

#[test]
fn wide_layers_are_cut_and_say_so() {
    let picture = filter_grid("conv2", &vec![0.5; 40 * 64 * 9], [40, 64, 3, 3]).unwrap();
    // 32 tiles of 3 pixels, 4 times as large, 2 pixels apart, below a line of text.
    assert_eq!(picture.height, 12 + 32 * 14);
    assert!(picture.width >= 2 + 32 * 14);
}

#[test]
fn maps_share_the_layer_s_scale() {
    let mut values = vec![0.0; 2 * 30 * 30];
    values[900..].fill(2.0);
    let picture = map_grid("relu1", &values, [2, 30, 30]).unwrap();
    let bottom = picture.height - 3;
    assert_eq!(picture.pixel(2, bottom), [0; 3]);
    assert_eq!(picture.pixel(2 + 32, bottom), [255; 3]);
}

#[test]
fn nothing_and_what_is_not_a_number_can_be_drawn() {
    map_grid("conv1", &[f32::NAN, f32::INFINITY, 0.0, 1.0], [1, 2, 2]).unwrap();
    map_grid("conv1", &[f32::NAN; 4], [1, 2, 2]).unwrap();
    map_grid("größe", &[], [0, 2, 2]).unwrap();
}

#[test]
fn pictures_that_no_memory_takes_are_refused() {
    for [channels, height, width] in [[usize::MAX, 2, 2], [64, 16_000, 16_000], [2, 1, usize::MAX / 64]] {
        let error = map_grid("conv1", &[], [channels, height, width]).unwrap_err();
        assert!(error.to_string().starts_with("conv1: "), "{error}");
    }
}
