//! Floats as files hold them: the lowest byte first, of four bytes each or of the types that are
//! converted.

use std::io::{self, Read};

pub(crate) use cnn_core::floats::Sink;
use cnn_core::{Result, floats::FloatType};
use safetensors::Dtype;

/// Floats that are converted at a time.
const COUNT: usize = 1024;

/// Hands out the bytes of floats.
pub(crate) fn put(values: &[f32], out: &mut Sink) -> Result<()> {
    // Floats of 32 bits are never too large, so that no error names what they belong to.
    FloatType::F32.put(values, "", out)
}

/// True of the types that [`fill`] reads.
pub(super) fn is_read(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16 | Dtype::F64)
}

/// Fills in floats from the next bytes of a reader, which hold numbers of a type.
pub(super) fn fill(values: &mut [f32], dtype: Dtype, source: &mut impl Read) -> io::Result<()> {
    match dtype {
        Dtype::F16 => convert(values, source, |bytes| half(u16::from_le_bytes(bytes))),
        Dtype::BF16 => convert(values, source, |[low, high]| f32::from_le_bytes([0, 0, low, high])),
        Dtype::F64 => convert(values, source, |bytes| f64::from_le_bytes(bytes) as f32),
        _ => convert(values, source, f32::from_le_bytes),
    }
}

fn convert<const N: usize>(
    values: &mut [f32],
    source: &mut impl Read,
    value: impl Fn([u8; N]) -> f32,
) -> io::Result<()> {
    values.chunks_mut(COUNT).try_for_each(|values| {
        let mut bytes = [[0; N]; COUNT];
        let bytes = &mut bytes[..values.len()];
        source.read_exact(bytes.as_flattened_mut())?;
        values.iter_mut().zip(bytes).for_each(|(to, bytes)| *to = value(*bytes));
        Ok(())
    })
}

/// The value of IEEE 754's number of 16 bits: a sign, 5 bits of exponent and 10 of fraction.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        // Below the smallest exponent the fraction counts in steps of 2^-24.
        0 => fraction as f32 / (1 << 24) as f32,
        0x1f => f32::from_bits(0xff << 23 | fraction << 13),
        _ => f32::from_bits((exponent + 127 - 15) << 23 | fraction << 13),
    };
    f32::from_bits(sign | magnitude.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_16_bits() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 2f32.powi(-14)),
            (0x0001, 2f32.powi(-24)),
            (0x83ff, -1023.0 * 2f32.powi(-24)),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:04x}");
        }
        assert_eq!(half(0x8000).to_bits(), (-0.0f32).to_bits());
        assert!(half(0x7e00).is_nan());
        // Between neighbours of one exponent the steps are equal, and every number is above the last.
        assert!((0..0x7c00u16).all(|bits| half(bits) < half(bits + 1)));
    }

    #[test]
    fn other_types_become_floats() {
        let read = |dtype, bytes: &[u8]| {
            let mut values = [0.0; 2];
            fill(&mut values, dtype, &mut &*bytes).unwrap();
            values
        };
        assert_eq!(read(Dtype::BF16, &[0x80, 0x3f, 0x20, 0xc0]), [1.0, -2.5]);
        assert_eq!(read(Dtype::F16, &[0, 0x3c, 0, 0xc1]), [1.0, -2.5]);
        assert_eq!(read(Dtype::F64, &[1f64.to_le_bytes(), (-2.5f64).to_le_bytes()].concat()), [1.0, -2.5]);
        assert_eq!(read(Dtype::F32, &[1f32.to_le_bytes(), (-2.5f32).to_le_bytes()].concat()), [1.0, -2.5]);
    }
}
