//! Chooses how convolutions are computed, by their shapes.
//!
//! Winograd's algorithm F(4x4, 3x3) saves three of four multiply-adds, but it works on whole tiles of 4x4 outputs, and transforms
//! inputs, outputs and filters. Measured with `cargo bench -p cnn-runtime --bench kernels` (AVX2, one thread, batch 4), in GFLOP/s of
//! the direct sum:
//!
//! | layer | direct | Winograd |
//! |---|---|---|

use crate::ir::{Algorithm, Conv, Graph, Node, Op, Window};

/// The graph with an algorithm for each convolution.
pub fn choose(mut graph: Graph) -> Graph {
    for index in 0..graph.nodes.len() {
        let algorithm = match &graph.nodes[index] {
            Node { op: Op::Conv(conv) | Op::ConvInputGrad(conv), inputs, shape, .. } => {
                let from = &graph[inputs[0]];
                // Images are not stored in blocks.
                let is_image = matches!(from.op, Op::Input | Op::Reshape);
                if is_image { Algorithm::Direct } else { by_shape(conv, &from.shape, shape) }
            }
            _ => continue,
        };
        if let Op::Conv(conv) | Op::ConvInputGrad(conv) = &mut graph.nodes[index].op {
            conv.algorithm = algorithm;
        }
    }
    graph
}

/// Channels from which the sums outweigh the transforms.
const CHANNELS: usize = 16;
/// Tiles at a time: with fewer, filters are read too often; with more, tiles leave the cache.
const TILES: usize = 48;
/// Outputs of a tile along each axis.
const TILE: usize = 4;

fn by_shape(conv: &Conv, from: &[usize], to: &[usize]) -> Algorithm {
    let Window { kernel, stride, pad_rows, pad_columns, dilation } = conv.window;
    let fits = kernel == [3, 3] && stride == [1, 1] && dilation == [1, 1] && conv.groups == 1;
    let pads = [pad_rows, pad_columns].concat().into_iter().all(|pad| pad < kernel[0]);
    let (rows, columns) = (to[1].div_ceil(TILE), to[2].div_ceil(TILE));
    // What partial tiles waste must not eat what the algorithm saves.
    let covered = to[1] * to[2] * 2 > rows * columns * TILE * TILE;
    if fits && pads && covered && from[0].min(to[0]) >= CHANNELS {
        Algorithm::Winograd { tiles: TILES.min(rows * columns) }
    } else {
        Algorithm::Direct
    }
}
