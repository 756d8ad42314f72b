//! How a stored image is to be turned so that it stands upright, as EXIF says.

/// The tag of the orientation, and the type of its value: a number of 16 bits.
const TAG: u16 = 0x0112;
const SHORT: u16 = 3;

/// Bytes of an entry of a directory: tag, type, count and value.
const ENTRY: usize = 12;

/// What turns a stored image upright: by default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// The stored rows are read from the last to the first.
    pub(super) flips_rows: bool,
    /// The stored columns are read from the last to the first.
    pub(super) flips_columns: bool,
    /// A stored row, read in this way, becomes a column.
    pub(super) transposes: bool,
}

impl Orientation {
    /// The orientation that a block of EXIF states; upright if it states none that is known.
    pub(super) fn of_block(block: &[u8]) -> Orientation {
        exif_number(block).and_then(Orientation::from_exif).unwrap_or_default()
    }

    /// The orientation of EXIF's number for it, 1 to 8.
    pub(super) fn from_exif(number: u16) -> Option<Orientation> {
        (1..=8).contains(&number).then_some(Orientation {
            flips_rows: matches!(number, 3 | 4 | 6 | 7),
            flips_columns: matches!(number, 2 | 3 | 7 | 8),
            transposes: number >= 5,
        })
    }
}

/// The number of the orientation in the first directory of a block, which has the form of a TIFF
/// file.
fn exif_number(block: &[u8]) -> Option<u16> {
    let is_little = match block.first_chunk()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *block.get(at..)?.first_chunk()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *block.get(at..)?.first_chunk()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = long(4)? as usize;
    let entries = (0..short(directory)?.into()).map(|nth: usize| directory + 2 + nth * ENTRY);
    let is_orientation = |at| (short(at), short(at + 2), long(at + 4)) == (Some(TAG), Some(SHORT), Some(1));
    entries.filter(|&at| is_orientation(at)).find_map(|at| short(at + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with entries `(tag, type, count, value)`, the directory at byte 8.
    fn block(is_little: bool, entries: &[(u16, u16, u32, u16)]) -> Vec<u8> {
        let short = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut block = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        block.extend(long(8));
        block.extend(short(entries.len() as u16));
        for &(tag, kind, count, value) in entries {
            block.extend([short(tag), short(kind)].concat());
            block.extend(long(count));
            block.extend([short(value), [0; 2]].concat());
        }
        block
    }

    #[test]
    fn the_tag_is_found_in_either_byte_order() {
        for is_little in [true, false] {
            for number in 1..=8 {
                let block = block(is_little, &[(0x010f, 2, 4, 7), (TAG, SHORT, 1, number)]);
                let expected = Orientation::from_exif(number).unwrap();
                assert_eq!(Orientation::of_block(&block), expected, "{number}");
            }
        }
    }

    #[test]
    fn without_a_known_orientation_images_are_upright() {
        let upright = Orientation::default();
        assert_eq!(Orientation::from_exif(1), Some(upright));
        for is_little in [true, false] {
            let absent = block(is_little, &[(0x010f, 2, 4, 6)]);
            let unknown = [0, 9, 256, u16::MAX].map(|number| block(is_little, &[(TAG, SHORT, 1, number)]));
            let other_type = [(4, 1), (SHORT, 2), (SHORT, 0x0001_0001)]
                .map(|(kind, count)| block(is_little, &[(TAG, kind, count, 6)]));
            for block in [&[absent][..], &unknown, &other_type].concat() {
                assert_eq!(Orientation::of_block(&block), upright, "{block:?}");
            }
        }
    }

    #[test]
    fn damaged_blocks_are_upright() {
        let upright = Orientation::default();
        for is_little in [true, false] {
            let mut block = block(is_little, &[(TAG, SHORT, 1, 6)]);
            assert_ne!(Orientation::of_block(&block), upright);
            // The last two bytes only fill the entry.
            for length in 0..block.len() - 2 {
                assert_eq!(Orientation::of_block(&block[..length]), upright, "{length} bytes");
            }
            for offset in [0, 9, 21, 22, 1 << 20, u32::MAX - 1, u32::MAX] {
                block[4..8].copy_from_slice(&if is_little {
                    offset.to_le_bytes()
                } else {
                    offset.to_be_bytes()
                });
                assert_eq!(Orientation::of_block(&block), upright, "at {offset}");
            }
        }
        assert_eq!(Orientation::of_block(b"Exif\0\0II*\0\x08\0\0\0\0\0"), upright);
    }
}
