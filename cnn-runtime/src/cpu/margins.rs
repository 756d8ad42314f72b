//! Small maps with zeros beside their rows, so that all outputs of a row see the same taps, and a
//! row is a single tile. They wait in the thread's scratch.

use super::{axis::Axis, frame::Frame, memory::Span};
use crate::plan::{BLOCK, Layout, Map};

/// Floats of the largest map that gains margins.
const LIMIT: usize = 4096;

/// How a map gains margins.
pub(super) struct Margins {
    from: Map,
    widths: [usize; 2],
    /// The map with its margins.
    pub(super) map: Map,
    /// Its columns.
    pub(super) columns: Axis,
}

impl Margins {
    /// For a map that needs margins, if it is small.
    pub(super) fn of(from: &Map, columns: &Axis) -> Option<Margins> {
        let widths = columns.margins();
        let map = Map { width: widths[0] + from.width + widths[1], ..*from };
        let applies = widths != [0, 0] && map.len() <= LIMIT;
        applies.then(|| Margins { from: *from, widths, map, columns: columns.widened(widths) })
    }

    /// Gives `body` the map `x` with its margins.
    pub(super) fn with(&self, frame: &Frame, x: Span, body: impl FnOnce(Span)) {
        let wide = frame.cpu.scratch(self.map.len());
        wide.fill(0.0);
        let unit = if self.from.layout == Layout::Blocked { BLOCK } else { 1 };
        let [from, to] = [self.from.width, self.map.width].map(|width| width * unit);
        for row in 0..self.from.len() / from {
            wide.part(row * to + self.widths[0] * unit, from).copy_from(x.from(row * from));
        }
        body(wide);
    }
}
