//! Output sizes and paddings of windows, against values from torch and Keras.

use super::{body, complaints};
use crate::ir::{Graph, Op, PoolKind, Window};

/// The window of the first layer and the shape it yields.
fn window(layer: &str) -> (Window, Vec<usize>, Option<String>) {
    let graph: Graph = body(&format!("input -> {layer} -> flatten -> fc: dense(10)"));
    let (window, node) = graph
        .nodes
        .iter()
        .find_map(|node| match &node.op {
            Op::Conv(conv) => Some((conv.window, node)),
            Op::Pool(pool) => Some((pool.window, node)),
            _ => None,
        })
        .expect("a window");
    (window, node.shape.clone(), graph.layers[1].note.clone())
}

#[test]
fn output_sizes() {
    for (layer, shape) in [
        ("conv(4, 3)", [4, 26, 26]),
        ("conv(4, 5, pad = 2)", [4, 28, 28]),
        ("conv(4, 7, stride = 2, pad = 3)", [4, 14, 14]),
        ("conv(4, 3, dilation = 3)", [4, 22, 22]),
        ("conv(4, (3, 5), stride = (1, 2), pad = (0, 1))", [4, 26, 13]),
        ("conv(4, 3, stride = 2, pad = same)", [4, 14, 14]),
        ("conv(4, 4, pad = same)", [4, 28, 28]),
        ("conv(4, 2, stride = 5, pad = valid)", [4, 6, 6]),
        ("max_pool(2)", [1, 14, 14]),
        ("max_pool(3, stride = 2)", [1, 13, 13]),
        ("max_pool(3, stride = 2, ceil = true)", [1, 14, 14]),
        ("max_pool(3, stride = 2, pad = 1)", [1, 14, 14]),
        ("avg_pool(28)", [1, 1, 1]),
        ("avg_pool(3, stride = 2, pad = 1, ceil = true)", [1, 15, 15]),
        ("avg_pool((2, 4))", [1, 14, 7]),
        ("max_pool(2, stride = (2, 1), pad = same)", [1, 14, 28]),
        ("global_max_pool", [1, 1, 1]),
        ("adaptive_avg_pool(7)", [1, 7, 7]),
        ("adaptive_avg_pool(6, 4)", [1, 6, 4]),
        ("adaptive_avg_pool((40, 28))", [1, 40, 28]),
        ("conv(4, (1, 7), pad = (0, 3))", [4, 28, 28]),
        ("conv(4, 4, pad = (1, 2, 0, 3))", [4, 28, 28]),
        ("global_avg_pool", [1, 1, 1]),
    ] {
        assert_eq!(window(layer).1, shape, "{layer}");
    }
}

#[test]
fn the_last_window_with_ceil_starts_inside_the_input() {
    // 28 rows in steps of 14: a third window would start at row 28.
    assert_eq!(window("max_pool(2, stride = 14, ceil = true)").1, [1, 2, 2]);
    // The last window reaches one row beyond the input, which is no padding.
    let (window, shape, _) = window("max_pool(2, stride = 9, ceil = true)");
    assert_eq!((shape, window.pad[0], window.pad_end[0]), (vec![1, 4, 4], 0, 0));
}

#[test]
fn adaptive_windows_are_tiles_where_they_can_be() {
    let pool = |layer: &str| {
        let graph = body(&format!("input -> {layer} -> flatten -> fc: dense(10)"));
        match graph.nodes[1].op {
            Op::Pool(pool) => (pool.kind, pool.window.kernel, pool.window.stride),
            ref other => panic!("{other:?}"),
        }
    };
    let average = PoolKind::Avg { count_include_pad: true };
    assert_eq!(pool("adaptive_avg_pool(7, 14)"), (average, [4, 2], [4, 2]));
    assert_eq!(pool("adaptive_avg_pool(1)"), pool("global_avg_pool"));
    // 28 rows in 6 windows of 5 and 6 rows: 0..5, 4..10, 9..14, …
    assert_eq!(pool("adaptive_avg_pool(6)"), (PoolKind::AdaptiveAvg, [6, 6], [4, 4]));
}

#[test]
fn same_padding_puts_the_larger_part_after() {
    let (window, _, _) = window("conv(4, (4, 3), pad = same)");
    assert_eq!((window.pad, window.pad_end), ([1, 1], [2, 1]));
    // Keras, stride 2 on 28 rows: nothing above, one row below.
    let (window, _, _) = self::window("conv(4, 3, stride = 2, pad = same)");
    assert_eq!((window.pad, window.pad_end), ([0, 0], [1, 1]));
}

#[test]
fn dropped_rows_are_noted() {
    let note = |layer| window(layer).2;
    assert_eq!(note("max_pool(2)"), None);
    assert_eq!(note("max_pool(3)"), Some("a 3x3 window with stride 3 drops 1 row and 1 column".into()));
    assert_eq!(
        note("conv(4, (5, 3), stride = (4, 1))"),
        Some("a 5x3 window with stride (4, 1) drops 3 rows".into())
    );
    // The row that no window reaches is padding.
    assert_eq!(note("conv(4, 3, stride = 2, pad = 1)"), None);
}

#[test]
fn windows_that_do_not_fit() {
    for (layer, complaint) in [
        ("conv(4, 29)", "conv1: kernel 29x29 does not fit input 28x28 (padding 0)"),
        ("conv(4, (3, 33), pad = (0, 2))", "conv1: kernel 3x33 does not fit input 28x28 (padding (0, 2))"),
        (
            "conv(4, 31, pad = (1, 0, 1, 0))",
            "conv1: kernel 31x31 does not fit input 28x28 (padding (1, 0, 1, 0))",
        ),
        (
            "avg_pool(3, pad = (0, 2, 0, 0))",
            "avg_pool1: padding (0, 2, 0, 0) is more than half the kernel 3x3; use at most 1",
        ),
        ("max_pool(3, pad = 2)", "max_pool1: padding 2 is more than half the kernel 3x3; use at most 1"),
        ("conv(4, 3, groups = 2)", "conv1: groups = 2 does not divide the 1 input channel"),
    ] {
        assert_eq!(complaints(&format!("input -> {layer} -> flatten -> dense(10)")), [complaint]);
    }
}
