//! What a file is by its first bytes, whatever it is called.

/// Bytes that tell formats apart.
pub(crate) const HEAD: usize = 16;

/// A format that is always read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    WebP,
    Bmp,
    Gif,
    Pnm,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An image that is read.
    Image(Format),
    /// An image of a format that only the feature `formats` reads, by its name.
    Rare(&'static str),
    /// An image of a format that is not read, by its name.
    Unread(&'static str),
    /// Something else.
    Other,
}

/// Endings of the formats that are always read: files of these names are images, damaged ones too.
const ENDINGS: [&str; 13] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "dib", "gif", "pnm", "pbm", "pgm", "ppm"];

/// What is read, for people.
pub(crate) const READ: &str = "png, jpeg, webp, bmp, gif or pnm";

impl Kind {
    /// What a file is that begins with these bytes, [`HEAD`] of them or all that there are.
    pub(crate) fn of(head: &[u8]) -> Kind {
        match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Kind::Image(Format::Png),
            [0xff, 0xd8, 0xff, ..] => Kind::Image(Format::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Kind::Image(Format::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Kind::Image(Format::Gif),
            // Two letters alone begin many a text: the two reserved numbers are zeros.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Kind::Image(Format::Bmp),
            [b'P', b'1'..=b'6', next, ..] if next.is_ascii_whitespace() || *next == b'#' => {
                Kind::Image(Format::Pnm)
            }
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Kind::Rare("tiff"),
            [b'P', b'7', b'\n', ..] => Kind::Rare("pam"),
            [b'q', b'o', b'i', b'f', ..] => Kind::Rare("qoi"),
            [b'D', b'D', b'S', b' ', ..] => Kind::Rare("dds"),
            [b'#', b'?', b'R', b'A', b'D', b'I', b'A', b'N', b'C', b'E', ..] => Kind::Rare("hdr"),
            [0x76, 0x2f, 0x31, 0x01, ..] => Kind::Rare("exr"),
            [b'f', b'a', b'r', b'b', b'f', b'e', b'l', b'd', ..] => Kind::Rare("farbfeld"),
            [0, 0, 1, 0, count, 0, ..] if *count > 0 => Kind::Rare("ico"),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Kind::Unread("avif"),
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', b'e' | b'i', b'i' | b'f' | b'v', ..] => {
                Kind::Unread("heic")
            }
            [b'8', b'B', b'P', b'S', ..] => Kind::Unread("psd"),
            [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..] => Kind::Unread("jpeg xl"),
            [0, 0, 0, 0x0c, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => {
                Kind::Unread("jpeg 2000")
            }
            _ => Kind::Other,
        }
    }

    /// True of an image that this program reads.
    pub(crate) fn is_read(self) -> bool {
        match self {
            Kind::Image(_) => true,
            Kind::Rare(_) => cfg!(feature = "formats"),
            Kind::Unread(_) | Kind::Other => false,
        }
    }

    /// Why a file of this kind is not decoded.
    pub(super) fn refusal(self) -> String {
        match self {
            Kind::Rare(name) if !cfg!(feature = "formats") => format!(
                "not supported: {name}; a program with the feature formats of cnn-runtime reads it, or convert it to png"
            ),
            Kind::Rare(name) | Kind::Unread(name) => {
                format!("not supported: {name}; convert it to png or jpeg")
            }
            Kind::Image(_) | Kind::Other => format!("no image: expected {READ}"),
        }
    }
}

/// True of an ending, without its dot, by which a file is an image that is always read.
pub(crate) fn is_ending(ending: &str) -> bool {
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_images() {
        for text in [
            "",
            "P",
            "P6",
            "BM",
            "BMW 320i, 4 doors",
            "P5X",
            "GIF",
            "<html>",
            "ID,label\n1,2",
            "II",
            "MMXXVI",
        ] {
            assert_eq!(Kind::of(text.as_bytes()), Kind::Other, "{text}");
        }
    }
}
