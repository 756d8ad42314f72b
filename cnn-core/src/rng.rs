//! Random numbers as pure functions of a key and a counter.
//!
//! The same key gives the same numbers on every device and every thread count; nothing is stored to
//! repeat a dropout mask.

/// Golden-ratio increment of SplitMix64 (Steele, Lea and Flood 2014).
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64: a bijection whose output bits each depend on all input bits.
#[inline]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A key of its own for each (key, purpose).
#[inline]
pub const fn subkey(key: u64, purpose: u64) -> u64 {
    mix(key ^ mix(purpose.wrapping_add(GAMMA)))
}

/// 32 random bits of an element; `kernels/common.cl` computes the same. The constants are those of
/// the `lowbias32` hash (Wellons 2018).
#[inline(always)]
pub const fn element_bits(key: u32, element: u32) -> u32 {
    let mut bits = element ^ key;
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x7FEB_352D);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x846C_A68B);
    bits ^ (bits >> 16)
}

/// A dropout mask: element `e` is kept where `element_bits(key, e) >= threshold`; `e` is
/// `sample * map.len() + position`, modulo 2^32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    /// Key of the hash.
    pub key: u32,
    /// Bits below this are dropped.
    pub threshold: u32,
    /// Factor of what is kept, `1 / (1 - rate)`.
    pub scale: f32,
}

impl Mask {
    /// The mask of a dropout layer in one pass; without a key it keeps everything.
    pub fn new(pass_key: Option<u64>, stream: u32, rate: f32) -> Mask {
        match pass_key {
            None => Mask { key: 0, threshold: 0, scale: 1.0 },
            Some(key) => Mask {
                key: subkey(key, stream as u64) as u32,
                threshold: (rate as f64 * 4_294_967_296.0) as u32,
                scale: 1.0 / (1.0 - rate),
            },
        }
    }
}

/// A sequence of random numbers: SplitMix64.
#[derive(Clone, Debug)]
pub struct Stream(u64);

impl Stream {
    /// The sequence of a key.
    #[inline]
    pub const fn new(key: u64) -> Stream {
        Stream(key)
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// Uniform in `[0, 1)`.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Uniform in `0..bound`; `bound` must not be 0.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        ((self.bits() as u128 * bound as u128) >> 64) as usize
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
