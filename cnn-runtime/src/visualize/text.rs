//! Text in pictures, in the font Hack, whose letters are all of one width.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use epaint_default_fonts::HACK_REGULAR;

use super::picture::{Color, Picture};

static FONT: LazyLock<FontRef> =
    LazyLock::new(|| FontRef::try_from_slice(HACK_REGULAR).expect("the font is part of the program"));

/// Text of a height in pixels.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub(super) height: usize,
    pub(super) color: Color,
}

impl Text {
    /// Pixels that a line takes from left to right.
    pub(super) fn width(self, line: &str) -> usize {
        let font = FONT.as_scaled(PxScale::from(self.height as f32));
        line.chars().map(|letter| font.h_advance(font.glyph_id(letter))).sum::<f32>().ceil() as usize
    }

    /// Writes a line with its top left at `(x, y)`; what lies outside of the picture is cut off.
    pub(super) fn write(self, picture: &mut Picture, [x, y]: [usize; 2], line: &str) {
        let scale = PxScale::from(self.height as f32);
        let font = FONT.as_scaled(scale);
        let mut at = point(x as f32, y as f32 + font.ascent());
        for letter in line.chars() {
            let glyph = font.glyph_id(letter).with_scale_and_position(scale, at);
            at.x += font.h_advance(glyph.id);
            let Some(outline) = FONT.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|right, down, share| {
                let place = [corner.x as i64 + i64::from(right), corner.y as i64 + i64::from(down)];
                if let [Ok(x), Ok(y)] = place.map(usize::try_from) {
                    picture.blend(x, y, self.color, share);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_leave_ink_where_they_stand() {
        let text = Text { height: 16, color: [0; 3] };
        let width = text.width("Filter 12");
        assert!((70..110).contains(&width), "{width}");
        let mut picture = Picture::filled(width + 20, 30, [255; 3]);
        text.write(&mut picture, [10, 5], "Filter 12");
        let dark = |x: usize| (0..30).filter(|&y| picture.pixel(x, y)[0] < 100).count();
        assert!((10..10 + width).map(dark).sum::<usize>() > 100);
        assert_eq!((0..10).chain(width + 11..width + 20).map(dark).sum::<usize>(), 0);
        // Beyond the edge nothing is written, and nothing fails.
        text.write(&mut picture, [width, 25], "größe → 中");
    }
}
