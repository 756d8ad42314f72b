//! Pictures of what a network has learnt: the filters of its convolutions and the feature maps of
//! an image, as PNG grids.
//!
//! Every layer gets a file of its own, `filters/NAME.png` or `maps/NAME.png`, with a title that
//! states sizes and the range of values. The first to show filters in this way were Krizhevsky et
//! al. 2012 (figure 3) and, with feature maps, Zeiler and Fergus 2013.

mod grid;
mod picture;
mod text;
mod tile;

use std::{collections::BTreeMap, path::Path};

use cnn_core::{Error, Result, files, reserve::product};

use crate::{plan::Role, session::Session};
use grid::{Grid, Tile, check_size, near_square};
use picture::Picture;
use tile::{Plane, Scale, in_color};

/// Filters of a layer, and channels of each, that are shown at most where a filter has many
/// channels.
const MOST_FILTERS: usize = 16;

/// Filters over 1 or 3 channels, or maps, that are shown at most.
const MOST: usize = 256;

/// Writes the filters of every convolution to `folder/filters`, and returns how many files that
/// makes.
///
/// Filters over 3 channels are a tile each, in colour; else a tile is one channel of a filter, red
/// where it is negative, white at 0 and blue where it is positive. All of a layer share a scale,
/// which reaches 99.5 % of its values.
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
    let title = format!("{layer}: {count} filters of {channels}x{height}x{width}");
    let is_color = channels == 3;
    let is_whole = is_color || channels == 1;
    let (rows, planes) = match is_whole {
        true => (count.min(MOST), 1),
        false => (count.min(MOST_FILTERS), channels.min(MOST_FILTERS)),
    };
    check_size(layer, rows * planes, [height, width])?;
    let scale = Scale::around_zero(values);
    let area = height * width;
    let mut tiles = Vec::new();
    for (nth, filter) in values.chunks_exact(channels * area).take(rows).enumerate() {
        if is_color {
            tiles.push(Tile { name: nth.to_string(), picture: in_color(filter, width, scale) });
            continue;
        }
        for (channel, values) in filter.chunks_exact(area).take(planes).enumerate() {
            let name = if is_whole { nth.to_string() } else { format!("{nth}:{channel}") };
            tiles.push(Tile { name, picture: Plane { values, width }.draw(scale) });
        }
    }
    let mut note = match (is_whole, (rows, planes) == (count, channels)) {
        (true, _) if rows == count => String::new(),
        (true, _) => format!("the first {rows}"),
        (false, true) => "filter:channel".into(),
        (false, false) => format!("filter:channel of the first {rows} and their first {planes} channels"),
    };
    if is_color {
        let [high, ..] = scale.marks();
        let grey = format!("grey is 0, a colour's full strength {high}");
        note = [note, grey].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    }
    let columns = if is_whole { near_square(rows) } else { planes };
    let scale = Some(scale).filter(|_| !is_color);
    Ok(Grid { title, note, scale, tiles, columns }.draw())
}

/// Writes the feature maps of an image, in the network's input form `[C, H, W]`, to `folder/maps`,
/// one file for each layer as the network computes it in inference: with what follows it fused in.
/// Returns how many files that makes.
///
/// All maps of a layer share a scale, from its smallest value, dark, to its largest, bright.
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
    let shown = channels.min(MOST);
    check_size(layer, shown, [height, width])?;
    let scale = Scale::of(values);
    let title = format!("{layer}: {channels} maps of {height}x{width}");
    let note = if shown < channels { format!("the first {shown}") } else { String::new() };
    let maps = values.chunks_exact(height * width).take(shown);
    let draw = |(nth, values): (usize, _)| Tile {
        name: nth.to_string(),
        picture: Plane { values, width }.draw(scale),
    };
    let tiles = maps.enumerate().map(draw).collect();
    Ok(Grid { title, note, scale: Some(scale), tiles, columns: near_square(shown) }.draw())
}

fn write(folder: &Path, layer: &str, picture: &Picture) -> Result<()> {
    let path = folder.join(format!("{layer}.png"));
    let unwritable = |source| Error::Io { path: path.clone(), action: "encode", source };
    files::replace(&path, &picture.encode().map_err(unwritable)?)
}

#[cfg(test)]
mod tests;
