//! Tiles of one size in rows under a line of text.

use cnn_core::{Error, Result};
use font8x8::legacy::BASIC_LEGACY;

use super::picture::{Color, Picture};

const PAPER: Color = [24, 28, 40];
const INK: Color = [255, 255, 255];

/// Pixels of a character's side.
const GLYPH: usize = 8;

/// Pixels between tiles and around the title.
const GAP: usize = 2;

/// Pixels of the largest picture.
const MOST_PIXELS: u64 = 1 << 28;

/// Tiles of one size, from left to right and from top to bottom.
pub(super) struct Grid {
    pub(super) title: String,
    /// The number of tiles in a row.
    pub(super) columns: usize,
    /// Pixels of the picture for one of a tile, in both directions.
    pub(super) zoom: usize,
    pub(super) tiles: Vec<Picture>,
}

/// Refuses tiles that make a picture which no memory or viewer takes.
///
/// # Errors
///
/// [`Error::Usage`] naming the layer.
pub(super) fn check_size(layer: &str, tiles: usize, tile: [usize; 2], zoom: usize) -> Result<()> {
    let side = |pixels: usize| pixels as u64 * zoom as u64 + GAP as u64;
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
        let Grid { title, columns, zoom, tiles } = self;
        let (width, height) = tiles.first().map_or((0, 0), |tile| (tile.width * zoom, tile.height * zoom));
        let top = GLYPH + 2 * GAP;
        let text = title.chars().count() * GLYPH;
        let right = GAP + (columns * (width + GAP)).max(text + GAP);
        let rows = tiles.len().div_ceil(*columns);
        let mut picture = Picture::filled(right, top + rows * (height + GAP), PAPER);
        write(&mut picture, title);
        for (index, tile) in tiles.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            picture.paste(tile, [GAP + column * (width + GAP), top + row * (height + GAP)], *zoom);
        }
        picture
    }
}

/// Writes text at the top left; what is not ASCII becomes a question mark.
fn write(picture: &mut Picture, text: &str) {
    for (nth, character) in text.chars().enumerate() {
        let glyph = BASIC_LEGACY.get(character as usize).unwrap_or(&BASIC_LEGACY['?' as usize]);
        for (y, row) in glyph.iter().enumerate() {
            for x in (0..GLYPH).filter(|x| row >> x & 1 == 1) {
                picture.put(GAP + nth * GLYPH + x, GAP + y, INK);
            }
        }
    }
}
