//! Every kind of pixel that files hold, orientation, and files that are damaged or not what they
//! say.

mod strips;

use std::{fs, io::Cursor};

use cnn_core::rng::Stream;
use image::{
    ColorType, DynamicImage, ImageEncoder, ImageFormat,
    codecs::{self, pnm},
};

use super::*;

fn encode(format: ImageFormat, pixels: DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    if format == ImageFormat::Pnm {
        // By itself the library chooses the form P7.
        let subtype = match pixels.color().has_color() {
            true => pnm::PnmSubtype::Pixmap(pnm::SampleEncoding::Binary),
            false => pnm::PnmSubtype::Graymap(pnm::SampleEncoding::Binary),
        };
        pixels.write_with_encoder(pnm::PnmEncoder::new(&mut bytes).with_subtype(subtype)).unwrap();
    } else {
        pixels.write_to(&mut bytes, format).unwrap();
    }
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
    let mut files = [vec![include_bytes!("cmyk.jpg").to_vec()], bitmaps()].concat();
    for (format, images) in [
        (ImageFormat::Jpeg, [&rgb, &grey].as_slice()),
        (ImageFormat::Png, &[&rgb, &grey, &with_alpha, &wide]),
        (ImageFormat::WebP, &[&rgb, &with_alpha]),
        (ImageFormat::Bmp, &[&rgb, &grey, &with_alpha]),
        (ImageFormat::Gif, &[&rgb]),
        (ImageFormat::Pnm, &[&rgb, &grey]),
        #[cfg(feature = "formats")]
        (ImageFormat::Tiff, &[&rgb, &grey, &with_alpha, &wide]),
        #[cfg(feature = "formats")]
        (ImageFormat::Qoi, &[&rgb, &with_alpha]),
    ] {
        files.extend(images.iter().map(|&image| encode(format, image.clone())));
    }
    for bytes in files {
        let expected = image::load_from_memory(&bytes).unwrap();
        let image = decoded(&bytes).unwrap();
        let channels = image.shape()[0];
        assert!(channels == 3 || !expected.color().has_color());
        // Wide samples of 257 times a byte are that byte again.
        let expected: Vec<f32> = match channels {
            1 => expected.to_luma8().iter().map(|&sample| sample.into()).collect(),
            _ => expected.to_rgb8().iter().map(|&sample| sample.into()).collect(),
        };
        let wide_or_few = bytes.starts_with(b"BM") && bytes[28] > 8;
        let pixels = image.values().len() / channels;
        let interleaved = (0..pixels).flat_map(|pixel| image.planes().map(move |plane| plane[pixel]));
        // Of bits that are no byte the library rounds some otherwise.
        let far =
            interleaved.zip(&expected).position(|(a, b)| (a - b).abs() > if wide_or_few { 1.0 } else { 0.0 });
        assert_eq!(
            (far, image.values().len()),
            (None, expected.len()),
            "{:?}",
            &bytes[..bytes.len().min(64)]
        );
    }
}

/// Bmp files without compression of so many bits a pixel, from the lowest row up and from the highest
/// down; of 16 and 32 bits with masks, too.
fn bitmaps() -> Vec<Vec<u8>> {
    let (mut files, mut stream) = (Vec::new(), Stream::new(3));
    for (bits, masks) in [
        (1u32, None),
        (4, None),
        (8, None),
        (16, None),
        (16, Some([0xf800, 0x07e0, 0x001f])),
        (24, None),
        (32, None),
        (32, Some([0x3ff0_0000u32, 0x000f_fc00, 0x0000_03ff])),
    ] {
        for (width, height) in [(13i32, 5i32), (8, -4), (1, 1)] {
            let colors = if bits < 16 { 1 << bits } else { 0 };
            let start = 54 + 4 * colors + if masks.is_some() { 12 } else { 0 };
            let pixels = (width as u32 * bits).div_ceil(32) * 4 * height.unsigned_abs();
            let mut file = [b"BM".to_vec(), (start + pixels).to_le_bytes().to_vec(), vec![0; 4]].concat();
            let compression = if masks.is_some() { 3 } else { 0 };
            let words = [
                start,
                40,
                width as u32,
                height as u32,
                1 | bits << 16,
                compression,
                pixels,
                0,
                0,
                colors,
                0,
            ];
            file.extend(words.iter().chain(masks.iter().flatten()).flat_map(|word| word.to_le_bytes()));
            file.extend((0..4 * colors).map(|_| stream.bits() as u8));
            file.extend((0..pixels).map(|_| stream.bits() as u8));
            files.push(file);
        }
    }
    files
}

/// Netpbm's six forms of one picture, whose first pixel looks like white space.
#[test]
fn netpbm_as_text_and_as_bytes() {
    let grey = [32u8, 10, 255, 0];
    for (file, expected) in [
        (b"P5 2 2 255\n\x20\x0a\xff\0".to_vec(), grey),
        (b"P2\n# by hand\n2 2\n255\n32 10\n255 0\n".to_vec(), grey),
        (b"P5\n2 2 # of 4 bits\n15\n\x02\x0f\0\x01".to_vec(), [34, 255, 0, 17]),
        (b"P5 2 2 65535\n\x20\x20\x0a\x0a\xff\xff\0\0".to_vec(), grey),
        (b"P1 2 2\n01\n1 0".to_vec(), [255, 0, 0, 255]),
        (b"P4 2 2\n\x40\x80".to_vec(), [255, 0, 0, 255]),
    ] {
        let image = decoded(&file).unwrap();
        assert_eq!((image.shape(), image.values()), ([1, 2, 2], &expected.map(f32::from)[..]), "{file:?}");
    }
    let color = decoded(b"P3 1 1 255 1 2 3").unwrap();
    assert_eq!((color.shape(), color.values()), ([3, 1, 1], &[1.0, 2.0, 3.0][..]));
    assert_error(b"P5 2 2 255\n\x20\x0a\xff", "ends before its last pixel");
    assert_error(b"P5 2 2 15\n\x20\x0a\x0f\0", "a sample of 32, and its largest is 15");
    assert_error(b"P5 2 2 0\n\0\0\0\0", "its largest sample is 0");
    assert_error(b"P6 99999 99999 255\n", "pixels are more than the");
    assert_error(b"P6 2 -2 255\n", "no height");
}

#[test]
fn images_without_pixels_are_damaged() {
    let mut bitmap = bitmaps().swap_remove(0);
    bitmap[22..26].fill(0);
    for file in [&bitmap[..], b"P5 0 2 255\n"] {
        assert_error(file, "damaged: it has no pixels");
    }
}

/// A picture that lies in a part of its canvas.
#[test]
fn gif_on_its_canvas() {
    let mut file = Vec::new();
    let palette = [0, 0, 0, 200, 100, 50];
    let mut encoder = ::gif::Encoder::new(&mut file, 4, 3, &palette).unwrap();
    let frame = ::gif::Frame {
        left: 3,
        top: 1,
        width: 2,
        height: 1,
        buffer: vec![1, 1].into(),
        ..::gif::Frame::default()
    };
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    let image = decoded(&file).unwrap();
    assert_eq!(image.shape(), [3, 3, 4]);
    let red = image.planes().next().unwrap();
    assert_eq!((red[7], red.iter().sum::<f32>()), (200.0, 200.0));
}

/// Files are looked at before they are needed: whole ones by their ends, others by decoding them.
#[test]
fn damage_is_found_without_decoding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let looks = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        check(&path)
    };
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif]
    {
        let whole = encode(format, photograph());
        looks(&whole).unwrap();
        // Data that others append is no damage.
        looks(&[&whole[..], &[7; 40]].concat()).unwrap();
        let error = looks(&whole[..whole.len() / 2]).unwrap_err();
        assert!(matches!(error, crate::Error::Data { .. }), "{format:?}: {error}");
    }
    assert!(looks(b"").is_err() && looks(b"<html>404</html>").is_err());
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
    assert_error(b"", "no image: expected png, jpeg, webp");
    assert_error(b"GIF89a\x01\0\x01\0", "damaged");
    assert_error(b"\0\0\0\x18ftypheic", "not supported: heic; convert it to png or jpeg");
    assert_error(b"<html>404</html>", "no image: expected png, jpeg, webp");
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
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Gif,
        ImageFormat::Pnm,
        #[cfg(feature = "formats")]
        ImageFormat::Tiff,
    ] {
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
