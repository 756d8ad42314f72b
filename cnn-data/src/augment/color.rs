//! Brightness, contrast and saturation as PIL and torchvision define them:
//! `factor * x + (1 - factor) * other`, kept within 0 to 255, where `other` is black, the mean grey
//! of the image, or each pixel's grey.

use crate::Image;

/// Moves values towards black, or away from it.
pub(super) fn brightness(image: &mut Image, factor: f32) {
    image.values_mut().iter_mut().for_each(|value| *value = blend(*value, 0.0, factor));
}

/// Moves values towards the image's mean grey, or away from it.
pub(super) fn contrast(image: &mut Image, factor: f32) {
    if factor == 1.0 {
        return;
    }
    let grey = image.grey();
    let mean = grey.iter().map(|&value| f64::from(value)).sum::<f64>() / grey.len() as f64;
    image.values_mut().iter_mut().for_each(|value| *value = blend(*value, mean as f32, factor));
}

/// Moves values towards each pixel's grey, or away from it; a grey image stays as it is.
pub(super) fn saturation(image: &mut Image, factor: f32) {
    if factor == 1.0 || image.shape()[0] != 3 {
        return;
    }
    let grey = image.grey();
    for plane in image.planes_mut() {
        plane.iter_mut().zip(&grey).for_each(|(value, &grey)| *value = blend(*value, grey, factor));
    }
}

fn blend(value: f32, other: f32, factor: f32) -> f32 {
    (factor * value + (1.0 - factor) * other).clamp(0.0, 255.0)
}
