//! What pictures show, and which are refused.

use super::*;

/// How many pixels of a picture have a colour.
fn count(picture: &Picture, color: [u8; 3]) -> usize {
    let places = (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y)));
    places.filter(|&(x, y)| picture.pixel(x, y) == color).count()
}

#[test]
fn first_layers_are_in_colour_with_zero_in_the_middle() {
    let values = [0.0, 1.0, -1.0].into_iter().flat_map(|value| [value; 4]).collect::<Vec<f32>>();
    let picture = filter_grid("conv1", &values, [1, 3, 2, 2]).unwrap();
    assert_eq!(count(&picture, [128, 255, 0]), 64 * 64);
}

#[test]
fn signs_have_colours_and_large_values_do_not_pale_the_others() {
    let values = [1.0, -1.0, 0.0, 1.0].repeat(100);
    let found = filter_grid("conv1", &values, [100, 1, 2, 2]).unwrap();
    // A bar of all colours stands beside the tiles.
    let color = |value| Scale::around_zero(&values).color(value);
    for (value, share) in [(1.0, 2), (-1.0, 1), (0.0, 1)] {
        assert!(count(&found, color(value)) >= share * 100 * 32 * 32, "{value}");
    }
    let [positive, negative] = [1.0, -1.0].map(color);
    assert!(positive[2] > positive[0] && negative[0] > negative[2]);
    let mut extreme = values.clone();
    extreme[0] = 1e6;
    assert_eq!(Scale::around_zero(&extreme).marks()[0], "1.000");
}

#[test]
fn wide_layers_are_cut_and_as_high_as_wide() {
    let picture = filter_grid("conv2", &vec![0.5; 40 * 64 * 9], [40, 64, 3, 3]).unwrap();
    // 16 tiles of 3 pixels, 22 times as large.
    assert!(picture.width >= 16 * 66 && picture.height >= 16 * 66);
    assert!(picture.width < 2 * picture.height && picture.height < 2 * picture.width);
}

#[test]
fn maps_share_the_layer_s_scale() {
    let mut values = vec![0.0; 2 * 30 * 30];
    values[900..].fill(2.0);
    let picture = map_grid("relu1", &values, [2, 30, 30]).unwrap();
    let scale = Scale::of(&values);
    let tile = 90 * 90;
    for value in [0.0, 2.0] {
        assert!((tile..tile + 2000).contains(&count(&picture, scale.color(value))), "{value}");
    }
}

#[test]
fn nothing_and_what_is_not_a_number_can_be_drawn() {
    map_grid("conv1", &[f32::NAN, f32::INFINITY, 0.0, 1.0], [1, 2, 2]).unwrap();
    map_grid("conv1", &[f32::NAN; 4], [1, 2, 2]).unwrap();
    map_grid("größe", &[], [0, 2, 2]).unwrap();
    filter_grid("conv1", &[f32::NAN; 12], [1, 3, 2, 2]).unwrap();
}

#[test]
fn pictures_that_no_memory_takes_are_refused() {
    for [channels, height, width] in [[64, 16_000, 16_000], [2, 1, usize::MAX / 64]] {
        let error = map_grid("conv1", &[], [channels, height, width]).unwrap_err();
        assert!(error.to_string().starts_with("conv1: "), "{error}");
    }
}
