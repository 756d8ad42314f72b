//! Pooling: `[C, H, W]` to `[C, OH, OW]`.

use super::{Shaper, Site, errors, window::Request};
use crate::ir::{NodeId, Op, Pool, PoolKind, Window};

pub(super) fn max_pool(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    pool(shaper, site, PoolKind::Max)
}

pub(super) fn avg_pool(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let count_include_pad = site.args.values.flag("count_include_pad");
    pool(shaper, site, PoolKind::Avg { count_include_pad })
}

/// `global_max_pool`, the largest of the whole map: `[C, H, W]` to `[C, 1, 1]`.
pub(super) fn global_max_pool(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [_, height, width] = shaper.map_input(site)?;
    tiles(shaper, site, PoolKind::Max, [height, width])
}

/// `global_avg_pool`, an average over the whole map: `[C, H, W]` to `[C, 1, 1]`.
pub(super) fn global_avg_pool(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [_, height, width] = shaper.map_input(site)?;
    tiles(shaper, site, PoolKind::Avg { count_include_pad: true }, [height, width])
}

/// `adaptive_avg_pool`: averages over windows that cover the input evenly, to an output of a given
/// size. Where that size divides the input's, the windows are tiles.
pub(super) fn adaptive_avg_pool(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let mut output = site.args.values.pair("height")?;
    if let Some(width) = site.args.values.given_count("width") {
        if output[0] != output[1] {
            shaper.error(site.id, site.args.span("width"), errors::WIDTH_TWICE);
            return None;
        }
        output[1] = width;
    }
    let input = [height, width];
    if (0..2).all(|axis| input[axis].is_multiple_of(output[axis])) {
        let tile = [0, 1].map(|axis| input[axis] / output[axis]);
        return tiles(shaper, site, PoolKind::Avg { count_include_pad: true }, tile);
    }
    // Nothing computes with this window; it tells how much an output sees.
    let stride = [0, 1].map(|axis| (input[axis] / output[axis]).max(1));
    let kernel = [0, 1].map(|axis| widest(input[axis], output[axis]));
    let window = Window { kernel, stride, pad: [0, 0], pad_end: [0, 0], dilation: [1, 1] };
    let op = Op::Pool(Pool { kind: PoolKind::AdaptiveAvg, window });
    shaper.push(site, op, vec![site.inputs[0].0], vec![channels, output[0], output[1]])
}

/// Rows of the largest of the windows that cover `input` rows evenly, where output row `r` of `R`
/// sees input rows `floor(r H / R)` up to `ceil((r + 1) H / R)`. With the common factors of `H` and
/// `R` taken out, some window starts just before a whole row, `(R - 1) / R` of a row into it.
fn widest(input: usize, output: usize) -> usize {
    let common = gcd(input, output);
    let (input, output) = (input / common, output / common);
    (output - 1 + input).div_ceil(output)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Pooling over windows that neither overlap nor leave anything out.
fn tiles(shaper: &mut Shaper, site: &Site, kind: PoolKind, tile: [usize; 2]) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let window = Window { kernel: tile, stride: tile, pad: [0, 0], pad_end: [0, 0], dilation: [1, 1] };
    let shape = vec![channels, height / tile[0], width / tile[1]];
    shaper.push(site, Op::Pool(Pool { kind, window }), vec![site.inputs[0].0], shape)
}

fn pool(shaper: &mut Shaper, site: &Site, kind: PoolKind) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let kernel = site.args.values.pair("kernel")?;
    let request = Request {
        kernel,
        stride: site.args.values.pair("stride").unwrap_or(kernel),
        pad: site.args.values.sides("pad"),
        dilation: [1, 1],
        ceil: site.args.values.flag("ceil"),
        pooling: true,
    };
    let placed = shaper.place(site, request, [height, width])?;
    let op = Op::Pool(Pool { kind, window: placed.window });
    shaper.push(site, op, vec![site.inputs[0].0], vec![channels, placed.output[0], placed.output[1]])
}

#[cfg(test)]
mod tests {
    use super::widest;

    #[test]
    fn the_widest_of_even_windows() {
        for input in 1..40 {
            for output in 1..40 {
                let rows = |row: usize| ((row + 1) * input).div_ceil(output) - row * input / output;
                assert_eq!(Some(widest(input, output)), (0..output).map(rows).max(), "{input} to {output}");
            }
        }
    }
}
