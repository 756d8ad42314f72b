//! Every kind of pixel that files hold, orientation, and files that are damaged or not what they
//! say.

use std::{fs, io::Cursor};

use cnn_core::rng::Stream;
use image::{ColorType, DynamicImage, ImageEncoder, ImageFormat, codecs};

use super::*;

fn encode(format: ImageFormat, pixels: DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decoded(bytes: &[u8]) -> Result<Image> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.jpg");
    fs::write(&path, bytes).unwrap();
    let mut image = Image::default();
    decode(&path, &mut image).map(|()| image)
}

#[track_caller]
fn assert_error(bytes: &[u8], expected: &str) {
    let error = decoded(bytes).unwrap_err();
    assert!(matches!(error, crate::Error::Data { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("image.jpg: ") && message.contains(expected), "{message}");
}

/// A smooth image of 24x16.
fn photograph() -> DynamicImage {
    image::RgbImage::from_fn(24, 16, |x, y| image::Rgb([x as u8 * 8, y as u8 * 12, 100])).into()
}

#[test]
fn png_of_every_kind() {
    let pixels = [(1u16, 10u16, 255u16, 7u16), (2, 20, 200, 0)];
    let wide = |value: u16| value * 257;
    let png = |color: ColorType, bytes: Vec<u8>| {
        let mut file = Vec::new();
        codecs::png::PngEncoder::new(&mut file).write_image(&bytes, 2, 1, color.into()).unwrap();
        decoded(&file).unwrap()
    };
    let rgb = [1.0, 2.0, 10.0, 20.0, 255.0, 200.0];
    for (channels, narrow, wider) in [
        (1, ColorType::L8, ColorType::L16),
        (2, ColorType::La8, ColorType::La16),
        (3, ColorType::Rgb8, ColorType::Rgb16),
        (4, ColorType::Rgba8, ColorType::Rgba16),
    ] {
        let samples = pixels.iter().flat_map(|&(r, g, b, a)| match channels {
            1 => vec![r],
            2 => vec![r, a],
            3 => vec![r, g, b],
            _ => vec![r, g, b, a],
        });
        let samples: Vec<u16> = samples.collect();
        let expected = if channels < 3 { &rgb[..2] } else { &rgb[..] };
        let image = png(narrow, samples.iter().map(|&sample| sample as u8).collect());
        assert_eq!((image.shape()[0], image.values()), (expected.len() / 2, expected), "{narrow:?}");
        let image = png(wider, samples.iter().flat_map(|&sample| wide(sample).to_ne_bytes()).collect());
        assert_eq!(image.values(), expected, "{wider:?}");
    }
    let half = png(ColorType::L16, [128u16, 0].iter().flat_map(|sample| sample.to_ne_bytes()).collect());
    approx::assert_relative_eq!(half.values()[0], 128.0 / 257.0);
}

#[test]
fn formats_are_found_by_content() {
    let exact = decoded(&encode(ImageFormat::Png, photograph())).unwrap();
    assert_eq!(exact.shape(), [3, 16, 24]);
    assert_eq!(decoded(&encode(ImageFormat::WebP, photograph())).unwrap(), exact);
    let jpeg = decoded(&encode(ImageFormat::Jpeg, photograph())).unwrap();
    let differences = jpeg.values().iter().zip(exact.values()).map(|(a, b)| (a - b).abs());
    assert!(differences.sum::<f32>() / (exact.values().len() as f32) < 6.0);
    let grey = decoded(&encode(ImageFormat::Jpeg, photograph().into_luma8().into())).unwrap();
    assert_eq!(grey.shape(), [1, 16, 24]);
}

#[test]
fn values_are_those_of_the_library() {
    let rgb = photograph();
    let with_alpha = DynamicImage::from(rgb.to_rgba8());
    let [grey, wide] = [rgb.to_luma8().into(), rgb.to_rgb16().into()];
    let mut files = vec![include_bytes!("cmyk.jpg").to_vec()];
    for (format, images) in [
        (ImageFormat::Jpeg, [&rgb, &grey].as_slice()),
        (ImageFormat::Png, &[&rgb, &grey, &with_alpha, &wide]),
        (ImageFormat::WebP, &[&rgb, &with_alpha]),
    ] {
        files.extend(images.iter().map(|&image| encode(format, image.clone())));
    }
    for bytes in files {
        let expected = image::load_from_memory(&bytes).unwrap();
        let channels = if expected.color().has_color() { 3 } else { 1 };
        // Wide samples of 257 times a byte are that byte again.
        let expected: Vec<f32> = match channels {
            1 => expected.to_luma8().iter().map(|&sample| sample.into()).collect(),
            _ => expected.to_rgb8().iter().map(|&sample| sample.into()).collect(),
        };
        let image = decoded(&bytes).unwrap();
        let pixels = image.values().len() / channels;
        let interleaved = (0..pixels).flat_map(|pixel| image.planes().map(move |plane| plane[pixel]));
        assert_eq!(interleaved.collect::<Vec<f32>>(), expected);
    }
}

#[test]
fn cmyk_becomes_rgb() {
    let image = decoded(include_bytes!("cmyk.jpg")).unwrap();
    assert_eq!(image.shape(), [3, 16, 16]);
    // PIL's conversion of the same file.
    for (plane, expected) in image.planes().zip([200.0, 100.0, 50.0]) {
        assert!(plane.iter().all(|value| (value - expected).abs() < 12.0), "{} not {expected}", plane[0]);
    }
}

#[test]
fn images_stand_upright() {
    let image = photograph();
    let stored = image.rotate270().into_rgb8();
    let upright = decoded(&encode(ImageFormat::Png, image)).unwrap();
    let (mut png, mut webp, mut jpeg) = (Vec::new(), Vec::new(), Vec::new());
    write_turned(codecs::png::PngEncoder::new(&mut png), &stored);
    write_turned(codecs::webp::WebPEncoder::new_lossless(&mut webp), &stored);
    write_turned(codecs::jpeg::JpegEncoder::new(&mut jpeg), &stored);
    assert_eq!(decoded(&png).unwrap(), upright);
    assert_eq!(decoded(&webp).unwrap(), upright);
    assert_eq!(decoded(&jpeg).unwrap().shape(), upright.shape());
}

/// Writes an image with an EXIF block of one entry: orientation 6, to be turned clockwise by 90
/// degrees.
fn write_turned(mut encoder: impl ImageEncoder, image: &image::RgbImage) {
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder.write_image(image, image.width(), image.height(), ColorType::Rgb8.into()).unwrap();
}

#[test]
fn damage_is_said() {
    assert_error(b"", "neither png, jpeg nor webp");
    assert_error(b"GIF89a\x01\0\x01\0", "not supported");
    assert_error(b"<html>404</html>", "neither png, jpeg nor webp");
    let png = encode(ImageFormat::Png, photograph());
    assert_error(&png[..png.len() / 2], "damaged");
    let jpeg = encode(ImageFormat::Jpeg, photograph());
    assert_error(&jpeg[..jpeg.len() - 40], "truncated: the jpeg has no end");
    assert_error(&jpeg[..4], "damaged");
    let webp = encode(ImageFormat::WebP, photograph());
    assert_error(&webp[..webp.len() / 2], "damaged");
    // What follows the end, as in photographs with a film behind them, is nobody's business.
    assert!(decoded(&[&jpeg[..], b"\xff\xdaMP4"].concat()).is_ok());
}

/// What libjpeg passes over with a warning.
#[test]
fn jpegs_of_sloppy_writers_are_read() {
    let jpeg = encode(ImageFormat::Jpeg, photograph());
    let expected = decoded(&jpeg).unwrap();
    let tables = jpeg.windows(2).position(|pair| pair == [0xff, 0xdb]).unwrap();
    let between = |bytes: &[u8]| [&jpeg[..tables], bytes, &jpeg[tables..]].concat();
    let without_end = &jpeg[..jpeg.len() - 2];
    for (what, file) in [
        ("bytes between segments", between(b"\0\x11\x22")),
        ("fill bytes", between(b"\xff\xff\xff")),
        ("zeros for the end", [without_end, &[0; 2]].concat()),
        ("more zeros for the end", [without_end, &[0; 40]].concat()),
    ] {
        let image = decoded(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((image.shape(), image.values()), (expected.shape(), expected.values()), "{what}");
    }
    // A download that was given its length and never its bytes.
    assert_error(&[&jpeg[..jpeg.len() - 60], &[0; 5000]].concat(), "truncated");
    assert_error(without_end, "truncated");
}

#[test]
fn bombs_are_not_unfolded() {
    let mut png = encode(ImageFormat::Png, photograph());
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let checksum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert_error(&png, "65535x65535 pixels are more than the");
}

/// PNG's checksum of a chunk.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn mutated_files_are_read_or_refused() {
    let mut stream = Stream::new(7);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = encode(format, photograph());
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..1 + stream.below(20) {
                let at = stream.below(bytes.len());
                bytes[at] = stream.bits() as u8;
            }
            if stream.below(4) == 0 {
                bytes.truncate(stream.below(bytes.len()));
            }
            let mut planar = Image::default();
            if unfold(&bytes, &mut planar).is_ok() {
                assert!(!planar.values().is_empty());
            }
        }
    }
}
