//! Storage: where one sample of a feature map lies and in which order.

use crate::source::plain;

/// Channels in a block: one AVX2 vector of f32, an OpenCL `float8`.
pub const BLOCK: usize = 8;

/// `count` rounded up to whole blocks.
#[inline]
pub const fn padded(count: usize) -> usize {
    count.div_ceil(BLOCK) * BLOCK
}

plain! {
    /// The order of a map's elements within one sample.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Layout {
        /// `[ceil(C/8)][H][W][8]`.
        Blocked,
        /// `[C][H][W]`; only the network's input.
        Planar,
    }
}

plain! {
    /// A feature map: where one sample of it lies in that sample's slab, its shape and its order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Map {
        /// Floats from the start of the sample's slab; a multiple of 8.
        pub offset: usize,
        /// Channels, without padding.
        pub channels: usize,
        /// Rows.
        pub height: usize,
        /// Columns.
        pub width: usize,
        /// Element order.
        pub layout: Layout,
    }
}

impl Map {
    /// Floats that one sample takes, padding lanes included.
    #[inline]
    pub const fn len(&self) -> usize {
        match self.layout {
            Layout::Blocked => padded(self.channels) * self.height * self.width,
            Layout::Planar => self.channels * self.height * self.width,
        }
    }

    /// True for a map without elements; the macro never plans one.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Position of an element within one sample of this map.
    #[inline]
    pub const fn index(&self, channel: usize, row: usize, column: usize) -> usize {
        match self.layout {
            Layout::Blocked => {
                (((channel / BLOCK) * self.height + row) * self.width + column) * BLOCK + channel % BLOCK
            }
            Layout::Planar => (channel * self.height + row) * self.width + column,
        }
    }
}
