//! Storage order: how one sample of a value is laid out, without saying where.
//!
//! A form is a `cnn_plan::Map` without its offset.

use cnn_plan::Map;
pub use cnn_plan::{BLOCK, Layout, padded};

/// How a value is stored: a flat value may keep the shape of the map that it was flattened from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    pub shape: [usize; 3],
    pub layout: Layout,
}

impl Form {
    /// Blocked storage of a `[C, H, W]` or `[N]` value in its own shape.
    pub fn of(shape: &[usize]) -> Form {
        let shape = match *shape {
            [channels, height, width] => [channels, height, width],
            [features] => [features, 1, 1],
            _ => panic!("only maps and flat values are stored in the arena, not {shape:?}"),
        };
        Form { shape, layout: Layout::Blocked }
    }

    /// The same shape in the order in which all but the network's input is stored.
    pub fn blocked(self) -> Form {
        Form { layout: Layout::Blocked, ..self }
    }

    /// Elements, without padding.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Floats of one sample, padding lanes included.
    pub fn len(&self) -> usize {
        self.at(0).len()
    }

    /// A map of this form, `offset` floats from the start of a sample's slab.
    pub fn at(&self, offset: usize) -> Map {
        let [channels, height, width] = self.shape;
        Map { offset, channels, height, width, layout: self.layout }
    }
}
