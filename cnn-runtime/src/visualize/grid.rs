//! Tiles of one size in rows under a line of text.

use font8x8::legacy::BASIC_LEGACY;
use image::{Rgb, RgbImage, imageops};

use crate::error::{Error, Result};

const PAPER: Rgb<u8> = Rgb([24, 28, 40]);
const INK: Rgb<u8> = Rgb([255, 255, 255]);

/// Pixels of a character's side.
const GLYPH: u32 = 8;

/// Pixels between tiles and around the title.
const GAP: u32 = 2;

/// Pixels of the largest picture.
const MOST_PIXELS: u64 = 1 << 28;

/// Tiles of one size, from left to right and from top to bottom.
pub(super) struct Grid {
    pub(super) title: String,
    /// The number of tiles in a row.
    pub(super) columns: usize,
    /// Pixels of the picture for one of a tile, in both directions.
    pub(super) zoom: usize,
    pub(super) tiles: Vec<RgbImage>,
}

/// Refuses tiles that make a picture which no memory or viewer takes.
///
/// # Errors
///
/// [`Error::Usage`] naming the layer.
pub(super) fn check_size(layer: &str, tiles: usize, tile: [usize; 2], zoom: usize) -> Result<()> {
    let side = |pixels: usize| pixels as u64 * zoom as u64 + u64::from(GAP);
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
    pub(super) fn draw(&self) -> RgbImage {
        let zoom = self.zoom as u32;
        let (width, height) =
            self.tiles.first().map_or((0, 0), |tile| (tile.width() * zoom, tile.height() * zoom));
        let (columns, rows) = (self.columns as u32, self.tiles.len().div_ceil(self.columns) as u32);
        let top = GLYPH + 2 * GAP;
        let text = self.title.chars().count() as u32 * GLYPH;
        let right = GAP + (columns * (width + GAP)).max(text + GAP);
        let mut picture = RgbImage::from_pixel(right, top + rows * (height + GAP), PAPER);
        write(&mut picture, &self.title);
        for (index, tile) in self.tiles.iter().enumerate() {
            let (column, row) = (index as u32 % columns, index as u32 / columns);
            let large = imageops::resize(tile, width, height, imageops::Nearest);
            let (x, y) = (GAP + column * (width + GAP), top + row * (height + GAP));
            imageops::replace(&mut picture, &large, x.into(), y.into());
        }
        picture
    }
}

/// Writes text at the top left; what is not ASCII becomes a question mark.
fn write(picture: &mut RgbImage, text: &str) {
    for (nth, character) in text.chars().enumerate() {
        let glyph = BASIC_LEGACY.get(character as usize).unwrap_or(&BASIC_LEGACY['?' as usize]);
        for (y, row) in glyph.iter().enumerate() {
            for x in (0..GLYPH).filter(|x| row >> x & 1 == 1) {
                picture.put_pixel(GAP + nth as u32 * GLYPH + x, GAP + y as u32, INK);
            }
        }
    }
}
