//! `zero_pad` and `crop`: `[C, H, W]` within a larger or smaller frame; `upsample`: with more
//! elements in the same one.

use super::{Shaper, Site, errors};
use crate::ir::{NodeId, Op, Upsample};

pub(super) fn zero_pad(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let [rows, columns] = site.args.values.sides("sides")?;
    let shape = vec![channels, height + rows[0] + rows[1], width + columns[0] + columns[1]];
    let op = Op::Shift { top: rows[0] as isize, left: columns[0] as isize };
    shaper.push(site, op, vec![site.inputs[0].0], shape)
}

pub(super) fn crop(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let sides @ [rows, columns] = site.args.values.sides("sides")?;
    let left =
        |size: usize, [before, after]: [usize; 2]| size.checked_sub(before + after).filter(|&left| left > 0);
    let (Some(height), Some(width)) = (left(height, rows), left(width, columns)) else {
        shaper.shape_error(site, site.args.span("sides"), errors::crops_all(sides, [height, width]), None);
        return None;
    };
    let op = Op::Shift { top: -(rows[0] as isize), left: -(columns[0] as isize) };
    shaper.push(site, op, vec![site.inputs[0].0], vec![channels, height, width])
}

pub(super) fn upsample(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let scale @ [down, across] = site.args.values.pair("scale")?;
    let op = Op::Upsample(Upsample { scale, mode: site.args.values.read("mode") });
    let shape = vec![channels, height.saturating_mul(down), width.saturating_mul(across)];
    shaper.push(site, op, vec![site.inputs[0].0], shape)
}
