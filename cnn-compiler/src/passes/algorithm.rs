//! Chooses how convolutions are computed, by their shapes.
//!
//! Winograd's algorithm F(4x4, 3x3) saves three of four multiply-adds, but it works on whole tiles
//! of 4x4 outputs, and transforms inputs, outputs and filters. Measured with
//! `cargo bench -p cnn-runtime --bench kernels` (Zen 3, AVX2, one thread, batch 4), in GFLOP/s of
//! the direct sum, forward and for the gradient of the input:
//!
//! | channels, map | direct | Winograd |
//! |---|---|---|
//! | 64 to 64, 224x224 | 87, 89 | 210, 225 |
//! | 128 to 128, 112x112 | 86, 86 | 255, 264 |
//! | 256 to 256, 56x56 | 85, 82 | 206, 220 |
//! | 512 to 512, 28x28 | 76, 75 | 196, 196 |
//! | 512 to 512, 14x14 | 80, 76 | 107, 100 |
//! | 256 to 256, 14x14 | 92, 88 | 132, 112 |
//! | 512 to 512, 7x7 | 68, 39 | 45, 42 |
//! | 256 to 384, 13x13 | 89, 79 | 95, 95 |
//! | 128 to 32, 56x56 | 85, 87 | 135, 149 |
//! | 96 to 128, 28x28 | 86, 64 | 138, 136 |
//! | 32 to 64, 26x26 without padding | 82, 78 | 143, 115 |

use crate::ir::{Algorithm, Conv, Graph, Node, Op, Window};

/// The graph with an algorithm for each convolution.
pub fn choose(mut graph: Graph) -> Graph {
    for index in 0..graph.nodes.len() {
        let algorithm = match &graph.nodes[index] {
            // Images are not stored in blocks.
            Node { inputs, .. } if matches!(inputs.first(), Some(&x) if graph[x].op == Op::Input) => continue,
            Node { op: Op::Conv(conv) | Op::ConvInputGrad(conv), inputs, shape, .. } => {
                by_shape(conv, &graph[inputs[0]].shape, shape, TILES)
            }
            Node { op: Op::ConvFilterGrad(conv), inputs, .. } => {
                by_shape(conv, &graph[inputs[0]].shape, &graph[inputs[1]].shape, SHARED_TILES)
            }
            _ => continue,
        };
        let filters = match &mut graph.nodes[index] {
            Node { op: Op::ConvInputGrad(conv), inputs, .. } => {
                conv.algorithm = algorithm;
                inputs[1]
            }
            Node { op: Op::Conv(conv) | Op::ConvFilterGrad(conv), .. } => {
                conv.algorithm = algorithm;
                continue;
            }
            _ => continue,
        };
        // Filters are arranged as their reader wants them.
        if let Op::TransposeFilters(conv) = &mut graph.nodes[filters.0].op {
            conv.algorithm = algorithm;
        }
    }
    graph
}

/// Channels from which the sums outweigh the transforms.
const CHANNELS: usize = 16;
/// Tiles that there is room for, for all threads together: with fewer, filters are read too often;
/// with more, tiles leave the cache.
const TILES: usize = 96;
/// The same for the gradient of the filters, whose threads share tiles.
const SHARED_TILES: usize = 192;
/// Tiles of a map from which multiply-adds, not the filters at the points, take the time.
const MANY: usize = 9;
/// Outputs of a tile along each axis.
const TILE: usize = 4;

fn by_shape(conv: &Conv, from: &[usize], to: &[usize], tiles: usize) -> Algorithm {
    let Window { kernel, stride, pad, pad_end, dilation } = conv.window;
    let fits = kernel == [3, 3] && stride == [1, 1] && dilation == [1, 1] && conv.groups == 1;
    let pads = [pad, pad_end].concat().into_iter().all(|pad| pad < kernel[0]);
    let (rows, columns) = (to[1].div_ceil(TILE), to[2].div_ceil(TILE));
    let many = rows * columns >= MANY && from[0].min(to[0]) >= CHANNELS;
    // What partial tiles waste must not eat what the algorithm saves.
    let covered = to[1] * to[2] * 2 > rows * columns * TILE * TILE;
    if fits && pads && many && covered { Algorithm::Winograd { tiles } } else { Algorithm::Direct }
}

#[cfg(test)]
mod tests {
    use super::choose;
    use crate::{
        ir::{Algorithm, Graph, Op},
        memory::{Program, verify},
        passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
        testing::{Net, window},
    };

    /// Two convolutions, of an image and of its features, ready to train.
    fn training(channels: usize, size: usize, stride: usize) -> Graph {
        let (mut net, x) = Net::new([3, size, size]);
        let x = net.conv(x, channels, window(3, 1, 1, 1), 1, true);
        let x = net.conv(x, channels, window(3, stride, 1, 1), 1, false);
        let x = net.flatten(x);
        let x = net.dense(x, 2);
        choose(simplify::training(differentiate(lower(net.finish(x), Mode::Train))))
    }

    /// Convolutions and gradients by Winograd's algorithm, and directly.
    fn counts(graph: &Graph) -> [usize; 2] {
        let algorithms = graph.nodes.iter().filter_map(|node| match node.op {
            Op::Conv(conv) | Op::ConvInputGrad(conv) | Op::ConvFilterGrad(conv) => Some(conv.algorithm),
            _ => None,
        });
        let (direct, others): (Vec<_>, Vec<_>) =
            algorithms.partition(|&algorithm| algorithm == Algorithm::Direct);
        [others.len(), direct.len()]
    }

    #[test]
    fn large_maps_of_many_channels_are_worth_the_transforms() {
        assert_eq!(counts(&training(16, 12, 1)), [3, 2]);
        assert_eq!(counts(&training(8, 12, 1)), [0, 5]);
        assert_eq!(counts(&training(16, 7, 1)), [0, 5]);
        assert_eq!(counts(&training(16, 24, 2)), [0, 5]);
    }

    #[test]
    fn there_is_room_for_filters_and_tiles() {
        let program = Program::new(&training(16, 12, 1), &mut Agreed::default());
        verify::program(&program);
        assert!(program.memory.fixed >= 36 * 16 * (16 + 2 * 192));
    }
}
