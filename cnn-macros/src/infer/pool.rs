//! Pooling: `[C, H, W]` to `[C, OH, OW]`.

use super::{Infer, Site, window::Request};
use crate::ir::{NodeId, Op, Pool, PoolKind, Window};

pub(super) fn max_pool(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    pool(infer, site, PoolKind::Max, site.args.flag("ceil"))
}

pub(super) fn avg_pool(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let count_include_pad = site.args.flag("count_include_pad");
    pool(infer, site, PoolKind::Avg { count_include_pad }, false)
}

/// An average over the whole map: `[C, H, W]` to `[C, 1, 1]`.
pub(super) fn global_avg_pool(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = infer.map_input(site)?;
    let window = Window {
        kernel: [height, width],
        stride: [1, 1],
        pad_rows: [0, 0],
        pad_columns: [0, 0],
        dilation: [1, 1],
    };
    let pool = Pool { kind: PoolKind::Avg { count_include_pad: true }, window };
    infer.push(site, Op::Pool(pool), vec![site.inputs[0].0], vec![channels, 1, 1])
}

fn pool(infer: &mut Infer, site: &Site, kind: PoolKind, ceil: bool) -> Option<NodeId> {
    let [channels, height, width] = infer.map_input(site)?;
    let kernel = site.args.pair("kernel")?;
    let request = Request {
        kernel,
        stride: site.args.pair("stride").unwrap_or(kernel),
        pad: site.args.pair("pad"),
        dilation: [1, 1],
        ceil,
        pooling: true,
    };
    let placed = infer.place(site, request, [height, width])?;
    let op = Op::Pool(Pool { kind, window: placed.window });
    infer.push(site, op, vec![site.inputs[0].0], vec![channels, placed.output[0], placed.output[1]])
}
