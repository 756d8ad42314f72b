//! What is read strip by strip against the same of all values at once.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::F32,
};

use super::*;
use crate::{
    decode::header::Color,
    geometry::{Region, fit, resize, window},
};

/// Values of a strip of a random image, at most.
const STRIP: usize = 1 << 18;

/// An image of random samples that is more than one strip, turned in one of eight ways.
fn random(stream: &mut Stream, exif: u16, color: Color) -> Image {
    let size = [801 + stream.below(200), 801 + stream.below(200)];
    let bytes = size[0] * size[1] * color.stored * if color.is_wide { 2 } else { 1 };
    let samples = (0..bytes).map(|_| stream.bits() as u8).collect();
    let orientation = Orientation::from_exif(exif).unwrap();
    let mut image = Image::default();
    image.set_pixels(Pixels::new(samples, size, color, orientation));
    image
}

/// Resamples whole planes by one call of the library.
fn resized_at_once(image: &Image, region: Region, size: [usize; 2]) -> Vec<f32> {
    let mut resized = Image::new([image.shape()[0], size[0], size[1]]).unwrap();
    let [height, width] = image.size().map(|side| side as u32);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
        region.left,
        region.top,
        region.width,
        region.height,
    );
    for (from, to) in image.planes().zip(resized.planes_mut()) {
        let from = TypedImageRef::<F32>::new(width, height, bytemuck::cast_slice(from)).unwrap();
        let to = bytemuck::cast_slice_mut(to);
        let mut to = TypedImage::from_pixels_slice(size[1] as u32, size[0] as u32, to).unwrap();
        Resizer::new().resize_typed(&from, &mut to, &options).unwrap();
    }
    resized.into_values().unwrap()
}

#[test]
fn decoded_images_are_resized_and_cut_as_their_values_are() {
    let mut stream = Stream::new(5);
    let colors = [(3, false), (1, false), (4, false), (2, true), (3, true)];
    for (exif, (stored, is_wide)) in (1..=8).zip(colors.into_iter().cycle()) {
        let mut decoded = random(&mut stream, exif, Color::new(stored, is_wide));
        // A file of colours may be wanted grey, a grey one in colours.
        if exif % 2 == 0 {
            decoded.set_channels(if stored < 3 { 3 } else { 1 }).unwrap();
        }
        let whole = {
            let mut whole = decoded.clone();
            whole.values_mut();
            whole
        };
        let [height, width] = whole.size().map(|side| side as f64);
        let all = Region { top: 0.0, left: 0.0, height, width };
        let part = Region { top: 301.0, left: 17.0, height: 400.5, width: 333.25 };
        for (region, size) in
            [(all, [96, 131]), (all, [1100, 90]), (part, [64, 65]), (part, [500, 700]), (all, whole.size())]
        {
            let expected = resized_at_once(&whole, region, size);
            for mut image in [decoded.clone(), whole.clone()] {
                resize(&mut image, region, size).unwrap();
                let far = image.values().iter().zip(&expected).filter(|(a, b)| (**a - **b).abs() > 1e-4);
                assert_eq!((image.size(), far.count()), (size, 0), "{exif}: {region:?}");
            }
        }
        for (corner, size) in [([-3, 5], [40, 50]), ([700, -9], [300, 1200]), ([5000, 0], [2, 2])] {
            let [mut decoded, mut whole] = [decoded.clone(), whole.clone()];
            window(&mut decoded, corner, size).unwrap();
            window(&mut whole, corner, size).unwrap();
            assert!(decoded == whole, "{exif}: {corner:?}");
        }
        let [mut decoded, mut whole] = [decoded, whole];
        fit(&mut decoded, [60, 50]).unwrap();
        fit(&mut whole, [60, 50]).unwrap();
        assert!(decoded == whole, "{exif}");
    }
}

#[test]
fn grey_stays_grey_whatever_follows() {
    let mut decoded = random(&mut Stream::new(6), 1, Color::new(3, false));
    let mut whole = decoded.clone();
    whole.values_mut();
    for channels in [1, 3] {
        // Values that were asked for before are not those afterwards.
        assert_eq!(decoded.values(), whole.values());
        decoded.set_channels(channels).unwrap();
        whole.set_channels(channels).unwrap();
    }
    assert!(decoded == whole);
    assert!(decoded.set_channels(2).is_err());
}

#[test]
fn strips_are_small() {
    let decoded = random(&mut Stream::new(7), 6, Color::new(3, false));
    let mut next = 100;
    decoded
        .for_each_strip(next..700, |strip| {
            let values: usize = strip.planes.iter().map(|plane| plane.len()).sum();
            assert!(strip.rows.start == next && values <= STRIP, "{values} values");
            next = strip.rows.end;
        })
        .unwrap();
    assert_eq!(next, 700);
}
