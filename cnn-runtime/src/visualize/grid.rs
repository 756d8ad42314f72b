//! Tiles of one size, each over its name, under a title and beside a bar of their colours.

use cnn_core::{Error, Result};

use super::{
    picture::{Color, Picture},
    text::Text,
    tile::Scale,
};

const PAPER: Color = [255; 3];
const TITLE: Text = Text { height: 20, color: [20, 24, 36] };
const NAME: Text = Text { height: 14, color: [70, 76, 92] };

/// Pixels between tiles, and around all.
const GAP: usize = 6;
const MARGIN: usize = 16;

/// Pixels of the longer side of a tile, at least.
const LEGIBLE: usize = 64;

/// Pixels of the bar of colours.
const BAR: usize = 18;

/// Pixels of the largest picture.
const MOST_PIXELS: u64 = 1 << 28;

/// Tiles of one size, from left to right and from top to bottom.
pub(super) struct Grid {
    pub(super) title: String,
    /// What is said below the title.
    pub(super) note: String,
    /// The colours of the tiles, if they are those of one value.
    pub(super) scale: Option<Scale>,
    pub(super) tiles: Vec<Tile>,
    /// How many tiles there are in a row.
    pub(super) columns: usize,
}

/// A picture and what stands below it.
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) picture: Picture,
}

/// The number of columns that makes a grid of so many tiles about as high as wide.
pub(super) fn near_square(count: usize) -> usize {
    (1..).find(|side| side * side >= count).unwrap_or(1)
}

/// Refuses tiles that make a picture which no memory or viewer takes.
///
/// # Errors
///
/// [`Error::Usage`] naming the layer.
pub(super) fn check_size(layer: &str, tiles: usize, tile: [usize; 2]) -> Result<()> {
    let side = |pixels: usize| pixels.max(LEGIBLE) as u64 * 2;
    let pixels = (tiles as u64).checked_mul(side(tile[0])).and_then(|rows| rows.checked_mul(side(tile[1])));
    if pixels.is_some_and(|pixels| pixels <= MOST_PIXELS) {
        return Ok(());
    }
    let [height, width] = tile;
    Err(Error::Usage(format!(
        "{layer}: {tiles} tiles of {height}x{width} make a picture of more than {MOST_PIXELS} pixels"
    )))
}

impl Grid {
    pub(super) fn draw(&self) -> Picture {
        let (width, height) =
            self.tiles.first().map_or((1, 1), |tile| (tile.picture.width, tile.picture.height));
        let zoom = LEGIBLE.div_ceil(width.max(height).max(1));
        let names = self.tiles.iter().map(|tile| NAME.width(&tile.name)).max().unwrap_or(0);
        let cell = [(width * zoom).max(names) + GAP, height * zoom + NAME.height + GAP];
        let note = if self.note.is_empty() { 0 } else { NAME.height + GAP };
        let top = MARGIN + TITLE.height + note + MARGIN;
        let rows = self.tiles.len().div_ceil(self.columns);
        let (right, bottom) = (MARGIN + self.columns * cell[0], top + (rows * cell[1]).max(3 * NAME.height));
        let marks = self.scale.map(Scale::marks);
        let bar = marks.as_ref().map_or(0, |marks| {
            MARGIN + BAR + GAP + marks.iter().map(|mark| NAME.width(mark)).max().unwrap_or(0)
        });
        let text = MARGIN + TITLE.width(&self.title).max(NAME.width(&self.note));
        let mut picture = Picture::filled((right + bar).max(text) + MARGIN, bottom + MARGIN, PAPER);
        TITLE.write(&mut picture, [MARGIN, MARGIN], &self.title);
        NAME.write(&mut picture, [MARGIN, MARGIN + TITLE.height + GAP], &self.note);
        for (index, tile) in self.tiles.iter().enumerate() {
            let at = [MARGIN + index % self.columns * cell[0], top + index / self.columns * cell[1]];
            picture.paste(&tile.picture, at, zoom);
            NAME.write(&mut picture, [at[0], at[1] + height * zoom], &tile.name);
        }
        if let (Some(scale), Some(marks)) = (self.scale, marks) {
            draw_bar(&mut picture, scale, &marks, [right + MARGIN, top], bottom - GAP - top);
        }
        picture
    }
}

/// Draws the colours of a scale, the largest value at the top, with three values beside them.
fn draw_bar(picture: &mut Picture, scale: Scale, marks: &[String; 3], [x, y]: [usize; 2], height: usize) {
    let last = height.saturating_sub(1).max(1);
    let colors = Picture::from_fn(BAR, height, |_, row| scale.color_at(1.0 - row as f64 / last as f64));
    picture.paste(&colors, [x, y], 1);
    let room = height.saturating_sub(NAME.height);
    for (mark, top) in marks.iter().zip([0, room / 2, room]) {
        NAME.write(picture, [x + BAR + GAP, y + top], mark);
    }
}
