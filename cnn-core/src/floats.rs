//! Floats as files hold them, the lowest byte first: of 32 bits as they are, or narrowed to 16.

use crate::{Error, Result};

/// Takes the next bytes of a file.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// Floats that are converted at a time.
const COUNT: usize = 1024;

/// The type of floats in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FloatType {
    /// 32 bits, as they are computed with.
    #[default]
    F32,
    /// 16 bits as IEEE 754 has them: 11 significant bits, up to 65504.
    F16,
    /// The upper 16 bits of 32: 8 significant bits, and the same range.
    Bf16,
}

impl FloatType {
    /// The type in one word: `f16`.
    pub const fn name(self) -> &'static str {
        match self {
            FloatType::F32 => "f32",
            FloatType::F16 => "f16",
            FloatType::Bf16 => "bf16",
        }
    }

    /// Bytes of a float.
    pub const fn size(self) -> usize {
        match self {
            FloatType::F32 => 4,
            FloatType::F16 | FloatType::Bf16 => 2,
        }
    }

    /// Hands out the bytes of floats, each rounded to the nearest one of this type, and to the even
    /// one between two. `tensor` is what they belong to.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] naming the tensor and a finite number that would become infinite; the first
    /// error of `out`.
    pub fn put(self, values: &[f32], tensor: &str, out: &mut Sink) -> Result<()> {
        match self {
            FloatType::F32 => write(values, out, |value| Ok(value.to_le_bytes())),
            FloatType::F16 => {
                write(values, out, |value| self.fitting(value, half(value), INFINITE_HALF, tensor))
            }
            FloatType::Bf16 => {
                write(values, out, |value| self.fitting(value, brain(value), INFINITE_BRAIN, tensor))
            }
        }
    }

    /// The bytes of what a number was rounded to, unless that is infinite and the number is not.
    fn fitting(self, value: f32, bits: u16, infinite: u16, tensor: &str) -> Result<[u8; 2]> {
        if bits & !SIGN == infinite && value.is_finite() {
            let name = self.name();
            return Err(Error::Usage(format!("{tensor} holds {value}, which is too large for {name}")));
        }
        Ok(bits.to_le_bytes())
    }
}

const SIGN: u16 = 0x8000;
const INFINITE_HALF: u16 = 0x7c00;
const INFINITE_BRAIN: u16 = 0x7f80;

fn write<const N: usize>(
    values: &[f32],
    out: &mut Sink,
    bytes_of: impl Fn(f32) -> Result<[u8; N]>,
) -> Result<()> {
    values.chunks(COUNT).try_for_each(|values| {
        let mut bytes = [[0; N]; COUNT];
        for (bytes, &value) in bytes.iter_mut().zip(values) {
            *bytes = bytes_of(value)?;
        }
        out(bytes[..values.len()].as_flattened())
    })
}

/// The nearest of IEEE 754's numbers of 16 bits: a sign, 5 bits of exponent and 10 of fraction.
fn half(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) as u16 & SIGN;
    let magnitude = value.abs().to_bits();
    let bits = if value.is_nan() {
        u32::from(INFINITE_HALF) | 1 << 9
    } else if magnitude < (127 - 14) << 23 {
        // The sum with 1/2 is rounded to steps of 2^-24, in which numbers below 2^-14 are counted.
        (value.abs() + 0.5).to_bits() - 0.5f32.to_bits()
    } else {
        (round(magnitude, 13) - ((127 - 15) << 10)).min(INFINITE_HALF.into())
    };
    sign | bits as u16
}

/// The nearest of the numbers whose lower 16 bits are 0.
fn brain(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) as u16 & SIGN;
    let magnitude = value.abs().to_bits();
    let bits = if value.is_nan() { u32::from(INFINITE_BRAIN) | 1 << 6 } else { round(magnitude, 16) };
    sign | bits as u16
}

/// A number without some of its lower bits, to the nearest one and to the even one between two. A
/// fraction that overflows raises the exponent.
fn round(bits: u32, dropped: u32) -> u32 {
    let odd = bits >> dropped & 1;
    (bits + (1 << (dropped - 1)) - 1 + odd) >> dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(dtype: FloatType, values: &[f32]) -> Result<Vec<u16>> {
        let mut bytes = Vec::new();
        dtype.put(values, "a.weight", &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes.as_chunks().0.iter().map(|&bytes| u16::from_le_bytes(bytes)).collect())
    }

    /// The value of a finite number of 16 bits.
    fn value(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
        match exponent {
            0 => fraction * 2f64.powi(-24),
            _ => (fraction + 1024.0) * 2f64.powi(exponent - 25),
        }
    }

    /// Every number is its own, and between two neighbours the middle goes to the even one.
    #[test]
    fn halves_are_the_nearest() {
        for bits in 0..INFINITE_HALF - 1 {
            let [here, next] = [bits, bits + 1].map(value);
            assert_eq!(half(here as f32), bits);
            assert_eq!(half(-here as f32), bits | SIGN);
            let middle = ((here + next) / 2.0) as f32;
            assert_eq!(f64::from(middle), (here + next) / 2.0, "f32 holds it");
            assert_eq!(half(middle), bits + bits % 2, "{bits:04x}");
            assert_eq!([half(middle.next_down()), half(middle.next_up())], [bits, bits + 1], "{bits:04x}");
        }
    }

    #[test]
    fn the_upper_halves_are_the_nearest() {
        for (value, bits) in [
            (1.0, 0x3f80),
            (-2.5, 0xc020),
            (f32::from_bits(0x3f80_8000), 0x3f80),
            (f32::from_bits(0x3f80_8001), 0x3f81),
            (f32::from_bits(0x3f81_8000), 0x3f82),
            (f32::from_bits(0x3fff_ffff), 0x4000),
            (f32::MIN_POSITIVE / 2.0, 0x0040),
        ] {
            assert_eq!(put(FloatType::Bf16, &[value]).unwrap(), [bits], "{value}");
        }
    }

    #[test]
    fn what_is_no_number_stays_so_and_nothing_becomes_infinite() {
        let values = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0];
        assert_eq!(put(FloatType::F16, &values).unwrap(), [0x7c00, 0xfc00, 0x7e00, 0x8000]);
        assert_eq!(put(FloatType::Bf16, &values).unwrap(), [0x7f80, 0xff80, 0x7fc0, 0x8000]);
        assert_eq!(put(FloatType::F16, &[65519.0]).unwrap(), [0x7bff]);
        for (dtype, value) in
            [(FloatType::F16, -65520.0), (FloatType::F16, 1e30), (FloatType::Bf16, f32::MAX)]
        {
            let error = put(dtype, &[0.5, value]).unwrap_err().to_string();
            let expected = format!("a.weight holds {value}, which is too large for {}", dtype.name());
            assert_eq!(error, expected);
        }
    }
}
