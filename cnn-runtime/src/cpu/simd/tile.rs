//! The register tile: the one inner loop of convolutions, dense layers and all their gradients.
//!
//! `y[b][p] = start + sum over channels, rows, columns of x[p] * w[b]`, where `y[b][p]` and `w[b]`
//! are vectors of eight outputs, `x[p]` is a scalar, and all three are addressed by strides. Terms
//! are added in that order, whatever the tile's size, so a result does not depend on how an output
//! is cut into tiles.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the register of a sum; loops of constant length unroll"
)]

use super::{
    Isa, Kernel, Simd,
    blocks::{Blocks, Single},
};
use crate::{cpu::memory::Span, plan::BLOCK};

/// One loop of the sum: how many terms, and how far apart they lie.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Level {
    pub(in crate::cpu) count: usize,
    pub(in crate::cpu) x: isize,
    pub(in crate::cpu) w: isize,
}

impl Level {
    /// A loop over a single term.
    pub(in crate::cpu) const ONE: Level = Level { count: 1, x: 0, w: 0 };
}

/// The outermost loop of the sum; channel `c` of `x` lies at `c / 2^shift * block + c % 2^shift`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Channels {
    pub(in crate::cpu) first: usize,
    pub(in crate::cpu) count: usize,
    pub(in crate::cpu) shift: u32,
    pub(in crate::cpu) block: usize,
    pub(in crate::cpu) w: usize,
}

impl Channels {
    /// A single channel.
    pub(in crate::cpu) const ONE: Channels = Channels { first: 0, count: 1, shift: 0, block: 0, w: 0 };

    #[inline(always)]
    fn place(&self, channel: usize) -> usize {
        (channel >> self.shift) * self.block + (channel & ((1 << self.shift) - 1))
    }
}

/// What a sum starts from.
#[derive(Clone, Copy)]
pub(in crate::cpu) enum Start<'a> {
    Zero,
    /// What `y` holds.
    Sum,
    /// A vector for each block.
    Bias(Span<'a>),
}

/// Any number of blocks by any number of pixels, computed in near-equal groups that fit the
/// registers.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Tile<'a> {
    pub(in crate::cpu) pixels: usize,
    pub(in crate::cpu) blocks: usize,
    pub(in crate::cpu) start: Start<'a>,
    pub(in crate::cpu) channels: Channels,
    pub(in crate::cpu) rows: Level,
    pub(in crate::cpu) columns: Level,
    pub(in crate::cpu) x_pixel: usize,
    pub(in crate::cpu) w_block: usize,
    pub(in crate::cpu) y_pixel: usize,
    pub(in crate::cpu) y_block: usize,
}

/// Memory and the position in it of pixel 0, block 0, term 0.
pub(in crate::cpu) type Operand<'a> = (Span<'a>, isize);

impl Tile<'_> {
    /// Computes the tile.
    pub(in crate::cpu) fn run(&self, isa: Isa, x: Operand, w: Operand, y: Operand) {
        self.check(x, w, y);
        match self.pointwise() {
            Some((tile, first)) => tile.dispatch(isa, (x.0, x.1 + first as isize), w, y),
            None => self.dispatch(isa, x, w, y),
        }
    }

    /// A sum over whole blocks of channels through a single tap, as the two inner loops, which cost
    /// less: the same terms in the same order. Also the position of the first channel.
    fn pointwise(&self) -> Option<(Self, usize)> {
        let Channels { first, count, shift, block, w } = self.channels;
        let lanes = 1 << shift;
        let fits = first.is_multiple_of(lanes) && count.is_multiple_of(lanes);
        if lanes == 1 || !fits || self.rows.count != 1 || self.columns.count != 1 {
            return None;
        }
        let channels = Channels::ONE;
        let rows = Level { count: count / lanes, x: block as isize, w: (w * lanes) as isize };
        let columns = Level { count: lanes, x: 1, w: w as isize };
        Some((Tile { channels, rows, columns, ..*self }, self.channels.place(first)))
    }

    fn dispatch(&self, isa: Isa, x: Operand, w: Operand, y: Operand) {
        let profile = isa.profile();
        let mut first = 0;
        while first < self.blocks {
            let blocks = profile.blocks_of(self.blocks - first, self.pixels);
            let start = match self.start {
                Start::Bias(bias) => Start::Bias(bias.from(first * BLOCK)),
                other => other,
            };
            let w = (w.0, w.1 + (first * self.w_block) as isize);
            let y = (y.0, y.1 + (first * self.y_block) as isize);
            let tile = Tile { blocks, start, ..*self };
            match self.x_pixel {
                1 => tile.run_strided::<1>(isa, x, w, y),
                BLOCK => tile.run_strided::<BLOCK>(isa, x, w, y),
                _ => tile.run_strided::<0>(isa, x, w, y),
            }
            first += blocks;
        }
    }

    /// The distance of pixels is a constant, or any if that is 0.
    fn run_strided<const X: usize>(&self, isa: Isa, x: Operand, w: Operand, y: Operand) {
        let mut done = 0;
        for [groups, pixels] in near_equal(self.pixels, isa.profile().pixels(self.blocks)) {
            let x = (x.0, x.1 + (done * self.x_pixel) as isize);
            let y = (y.0, y.1 + (done * self.y_pixel) as isize);
            if groups > 0 {
                self.run_groups::<X>(isa, [groups, pixels], x, w, y);
            }
            done += groups * pixels;
        }
    }

    /// Some groups of equal size, side by side.
    fn run_groups<const X: usize>(
        &self,
        isa: Isa,
        [groups, pixels]: [usize; 2],
        x: Operand,
        w: Operand,
        y: Operand,
    ) {
        macro_rules! sized {
            ($($blocks:literal: $($pixels:literal)+),+) => {
                match (self.blocks, pixels) {
                    $($(($blocks, $pixels) => {
                        isa.run(Sized::<$blocks, $pixels, X> { tile: self, groups, x, w, y });
                    })+)+
                    (blocks, pixels) => unreachable!("a group of {blocks} blocks x {pixels} pixels"),
                }
            };
        }
        sized!(
            1: 1 2 3 4 5 6 7 8 9 10 11 12,
            2: 1 2 3 4 5 6 7 8 9 10 11 12,
            4: 1 2 3 4 5 6 7 8 9 10 11 12,
            8: 1 2 3 4 5 6
        )
    }

    /// Asserts that no term lies outside its memory.
    fn check(&self, x: Operand, w: Operand, y: Operand) {
        let last = |count: usize, step: usize| (count.max(1) - 1) as isize * step as isize;
        let low = |level: &Level, step: isize| (level.count.max(1) - 1) as isize * step.min(0);
        let high = |level: &Level, step: isize| (level.count.max(1) - 1) as isize * step.max(0);
        let Channels { first, count, shift, block, w: w_channel } = self.channels;
        if count * self.rows.count * self.columns.count > 0 {
            let last_block = ((first + count - 1) >> shift) * block + (1 << shift) - 1;
            let (x_low, x_high) = (
                low(&self.rows, self.rows.x) + low(&self.columns, self.columns.x),
                high(&self.rows, self.rows.x) + high(&self.columns, self.columns.x) + last_block as isize,
            );
            assert_inside(x, x_low, x_high + last(self.pixels, self.x_pixel));
            let w_low = low(&self.rows, self.rows.w) + low(&self.columns, self.columns.w);
            let w_high = high(&self.rows, self.rows.w) + high(&self.columns, self.columns.w);
            let w_last = w_high + last(count, w_channel) + last(self.blocks, self.w_block);
            assert_inside(w, w_low, w_last + BLOCK as isize - 1);
        }
        let y_last = last(self.pixels, self.y_pixel) + last(self.blocks, self.y_block);
        assert_inside(y, 0, y_last + BLOCK as isize - 1);
    }
}

/// Some pixels in as few groups of at most `limit` as can be, whose sizes differ by one: how many
/// groups, and of how many pixels each.
#[inline(always)]
pub(super) fn near_equal(pixels: usize, limit: usize) -> [[usize; 2]; 2] {
    let groups = pixels.div_ceil(limit);
    let (smaller, larger) = (pixels / groups.max(1), pixels % groups.max(1));
    [[groups - larger, smaller], [larger, smaller + 1]]
}

fn assert_inside((memory, position): Operand, low: isize, high: isize) {
    assert!(position + low >= 0 && position + high < memory.len() as isize, "a tile leaves its memory");
}

/// Groups of `P` pixels of `B` blocks.
struct Sized<'a, const B: usize, const P: usize, const X: usize> {
    tile: &'a Tile<'a>,
    groups: usize,
    x: Operand<'a>,
    w: Operand<'a>,
    y: Operand<'a>,
}

impl<const B: usize, const P: usize, const X: usize> Kernel for Sized<'_, B, P, X> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match B {
            1 => self.groups::<S, Single<S>, 1>(simd),
            2 => self.groups::<S, S::Pair, 1>(simd),
            4 => self.groups::<S, S::Pair, 2>(simd),
            _ => self.groups::<S, S::Pair, 4>(simd),
        }
    }
}

impl<const B: usize, const P: usize, const X: usize> Sized<'_, B, P, X> {
    /// All groups, with sums of `N` times what a `W` holds.
    #[inline(always)]
    fn groups<S: Simd, W: Blocks<S>, const N: usize>(self, simd: S) {
        if N * W::VECTORS * P > S::SUMS {
            unreachable!("larger than any group that is asked for");
        }
        let Sized { tile, groups, x, w, y } = self;
        let x_pixel = if X == 0 { tile.x_pixel } else { X };
        // Wrapping: a sum without terms has no position in its memory.
        let (x, w) = (x.0.address().wrapping_offset(x.1), w.0.address().wrapping_offset(w.1));
        for group in 0..groups {
            // SAFETY: `Tile::check` asserts that every position lies in its memory.
            unsafe {
                let y = y.0.address().offset(y.1).add(group * P * tile.y_pixel);
                let mut sums = begin::<S, W, N, P>(simd, tile, y);
                let x = x.wrapping_add(group * P * x_pixel);
                accumulate::<S, W, N, P, X>(simd, tile, x, w, &mut sums);
                for n in 0..N {
                    for p in 0..P {
                        let y = y.add(n * W::COUNT * tile.y_block + p * tile.y_pixel);
                        sums[n][p].store(simd, y, tile.y_block);
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn begin<S: Simd, W: Blocks<S>, const N: usize, const P: usize>(
    simd: S,
    tile: &Tile,
    y: *const f32,
) -> [[W; P]; N] {
    let mut sums = [[W::splat(simd, 0.0); P]; N];
    match tile.start {
        Start::Zero => {}
        Start::Bias(bias) => {
            for n in 0..N {
                let bias = bias.part(n * W::COUNT * BLOCK, W::COUNT * BLOCK);
                // SAFETY: the part holds all blocks.
                sums[n] = [unsafe { W::load(simd, bias.address(), BLOCK) }; P];
            }
        }
        Start::Sum => {
            for n in 0..N {
                for p in 0..P {
                    // SAFETY: the caller checked the tile's positions.
                    sums[n][p] = unsafe {
                        W::load(simd, y.add(n * W::COUNT * tile.y_block + p * tile.y_pixel), tile.y_block)
                    };
                }
            }
        }
    }
    sums
}

#[inline(always)]
unsafe fn accumulate<S: Simd, W: Blocks<S>, const N: usize, const P: usize, const X: usize>(
    simd: S,
    tile: &Tile,
    x: *const f32,
    w: *const f32,
    sums: &mut [[W; P]; N],
) {
    let Tile { channels, rows, columns, w_block, .. } = *tile;
    let x_pixel = if X == 0 { tile.x_pixel } else { X };
    for channel in 0..channels.count {
        let mut x_row = x.wrapping_add(channels.place(channels.first + channel));
        let mut w_row = w.wrapping_add(channel * channels.w);
        for _ in 0..rows.count {
            let (mut x, mut w) = (x_row, w_row);
            for _ in 0..columns.count {
                // SAFETY: the caller checked the tile's positions.
                unsafe { term(simd, (x, x_pixel), (w, w_block), sums) }
                x = x.wrapping_offset(columns.x);
                w = w.wrapping_offset(columns.w);
            }
            x_row = x_row.wrapping_offset(rows.x);
            w_row = w_row.wrapping_offset(rows.w);
        }
    }
}

/// Adds the products of a scalar for each pixel with a vector for each block, both any distance
/// apart.
///
/// # Safety
/// All of them must be readable.
#[inline(always)]
pub(super) unsafe fn term<S: Simd, W: Blocks<S>, const N: usize, const P: usize>(
    simd: S,
    (x, x_pixel): (*const f32, usize),
    (w, w_block): (*const f32, usize),
    sums: &mut [[W; P]; N],
) {
    let mut weights = [W::splat(simd, 0.0); N];
    for n in 0..N {
        // SAFETY: the caller's promise.
        weights[n] = unsafe { W::load(simd, w.add(n * W::COUNT * w_block), w_block) };
    }
    for p in 0..P {
        // SAFETY: as above.
        let pixel = W::splat(simd, unsafe { *x.add(p * x_pixel) });
        for n in 0..N {
            sums[n][p] = pixel.fma(simd, weights[n], sums[n][p]);
        }
    }
}
