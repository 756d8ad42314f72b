//! Pictures of what a network has learnt: the filters of its convolutions and the feature maps of
//! an image, as PNG grids.
//!
//! Every layer gets a file of its own, `filters/NAME.png` or `maps/NAME.png`, with a title that
//! states sizes and the range of values. The first to show filters in this way were Krizhevsky et
//! al. 2012 (figure 3) and, with feature maps, Zeiler and Fergus 2013.

mod grid;
mod picture;
mod tile;

use std::{collections::BTreeMap, path::Path};

use cnn_core::{Error, Result, files, reserve::product};

use crate::{plan::Role, session::Session};
use grid::{Grid, check_size};
use picture::Picture;
use tile::{Planes, ValueRange};

/// Filters and channels of a layer that are shown, at most; the title says how many there are in
/// all.
const MOST: usize = 32;

/// Pixels that the longer side of a small kernel or map is enlarged to, at least.
const LEGIBLE: usize = 24;

/// Writes the filters of every convolution to `folder/filters`, and returns how many files that
/// makes.
///
/// Filters over 1 or 3 channels are a tile each, in grey or in colour; of other layers a row is a
/// filter and a column an input channel. Each filter has its own scale: grey is 0, the largest
/// magnitude is black or white.
///
/// # Errors
///
/// [`Error::Io`] if a file cannot be written, [`Error::Usage`] if a layer makes too large a
/// picture, [`Error::Device`] if the device fails.
pub fn filters(session: &mut Session, folder: &Path) -> Result<usize> {
    let folder = folder.join("filters");
    files::create_writable(&folder)?;
    let mut written = 0;
    for (index, param) in session.description().params.iter().enumerate() {
        if let (Role::Filter, &[count, channels, height, width]) = (param.role, param.shape) {
            let values = session.parameter(index)?;
            let layer = param.name.trim_end_matches(".weight");
            write(&folder, layer, &filter_grid(layer, &values, [count, channels, height, width])?)?;
            written += 1;
        }
    }
    Ok(written)
}

fn filter_grid(layer: &str, values: &[f32], [count, channels, height, width]: [usize; 4]) -> Result<Picture> {
    let whole = channels == 1 || channels == 3;
    let (rows, columns) = if whole { (count, 1) } else { (count.min(MOST), channels.min(MOST)) };
    let title = format!("{layer}: {count} filters of {channels}x{height}x{width}");
    let shown = if whole || (rows, columns) == (count, channels) {
        String::new()
    } else {
        format!(", the first {rows} and their first {columns} channels")
    };
    let zoom = zoom(height, width, if whole { LEGIBLE } else { LEGIBLE / 2 });
    check_size(layer, rows * columns, [height, width], zoom)?;
    let mut tiles = Vec::new();
    for filter in values.chunks_exact(channels * height * width).take(rows) {
        let range = ValueRange::around_zero(filter);
        let depth = if whole { channels } else { 1 };
        let planes = filter.chunks_exact(depth * height * width).take(columns);
        tiles.extend(planes.map(|values| Planes { values, height, width }.draw(range)));
    }
    let columns = if whole { near_square(count) } else { columns };
    Ok(Grid { title: title + &shown, columns, zoom, tiles }.draw())
}

/// Writes the feature maps of an image, in the network's input form `[C, H, W]`, to `folder/maps`,
/// one file for each layer as the network computes it in inference: with what follows it fused in.
/// Returns how many files that makes.
///
/// All maps of a layer share a scale, from its smallest value in black to its largest in white.
/// Layers with a single value a channel are left out.
///
/// # Errors
///
/// As [`filters`], and [`Error::Usage`] if the image is not of the network's size.
pub fn feature_maps(session: &mut Session, image: &[f32], folder: &Path) -> Result<usize> {
    let (expected, found) = (session.description().image_shape(), image.len());
    if product(&expected) != found {
        return Err(Error::Usage(format!("expected the values of one image {expected:?}, found {found}")));
    }
    let folder = folder.join("maps");
    files::create_writable(&folder)?;
    let mut pictures = BTreeMap::new();
    session.watch(image, None, &mut |mut seen| {
        let Some(map) = seen.written().filter(|map| map.height * map.width > 1) else { return Ok(()) };
        let values = seen.output()?.unwrap_or_default();
        // Several steps may make a layer: the picture of the last one stays.
        let layer = seen.layer();
        pictures.insert(layer, map_grid(layer, &values, [map.channels, map.height, map.width])?);
        Ok(())
    })?;
    pictures.iter().try_for_each(|(layer, picture)| write(&folder, layer, picture))?;
    Ok(pictures.len())
}

fn map_grid(layer: &str, values: &[f32], [channels, height, width]: [usize; 3]) -> Result<Picture> {
    let zoom = zoom(height, width, LEGIBLE);
    check_size(layer, channels, [height, width], zoom)?;
    let range = ValueRange::of(values);
    let title = format!("{layer}: {channels} maps of {height}x{width}, {range}");
    let draw = |values| Planes { values, height, width }.draw(range);
    let tiles = values.chunks_exact(height * width).map(draw).collect();
    Ok(Grid { title, columns: near_square(channels), zoom, tiles }.draw())
}

/// The number of columns that makes a grid of so many tiles about as high as wide.
fn near_square(count: usize) -> usize {
    (1..).find(|side| side * side >= count).unwrap_or(1)
}

/// The factor that makes tiles legible.
fn zoom(height: usize, width: usize, legible: usize) -> usize {
    (legible / height.max(width)).max(1)
}

fn write(folder: &Path, layer: &str, picture: &Picture) -> Result<()> {
    let path = folder.join(format!("{layer}.png"));
    let unwritable = |source| Error::Io { path: path.clone(), action: "encode", source };
    files::replace(&path, &picture.encode().map_err(unwritable)?)
}

#[cfg(test)]
mod tests;
