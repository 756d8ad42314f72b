//! Small networks around one layer each: their gradients, and their programs on an arena.

use cnn_plan::LossKind;

use super::{
    super::{Tensor, ops},
    check,
};
use crate::{
    ir::{Act, Loss, Op, PoolKind, Response, SampleAxes, Upsampling},
    passes::{Mode, autodiff::differentiate, lower::lower},
    testing::{ACTS, Net, window},
};

#[test]
fn convolutions_with_every_window() {
    for (kernel, stride, pad, dilation, groups) in
        [(1, 1, 2, 1, 1), (3, 1, 1, 1, 2), (3, 2, 1, 1, 1), (2, 3, 0, 1, 2), (3, 1, 2, 2, 4)]
    {
        let (mut net, x) = Net::new([4, 7, 6]);
        let x = net.conv(x, 8, window(kernel, stride, pad, dilation), groups, true);
        let x = net.relu(x);
        let x = net.conv(x, 4, window(1, 1, 0, 1), 1, false);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn pools_and_activations() {
    let pools = [
        PoolKind::Max,
        PoolKind::Avg { count_include_pad: true },
        PoolKind::Avg { count_include_pad: false },
    ];
    for (act, pool) in ACTS.into_iter().flat_map(|act| pools.map(|pool| (act, pool))) {
        let (mut net, x) = Net::new([2, 6, 7]);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
        let x = net.act(x, act);
        let x = net.pool(x, pool, window(3, 2, 1, 1));
        let x = net.dropout(x, 0.3);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn a_value_that_was_never_written_passes_every_activation() {
    let nan = Tensor { shape: vec![1], data: vec![f64::NAN] };
    for act in ACTS {
        assert!(ops::act(act, &nan).data[0].is_nan(), "{act:?}");
    }
    assert!(ops::slope_grad(&nan, &nan, &[1]).data[0].is_nan());
}

#[test]
fn slopes_that_are_trained() {
    for slopes in [1, 9] {
        let (mut net, x) = Net::new([2, 4, 3]);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
        let x = net.prelu(x, slopes);
        let x = net.prelu(x, 1);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn products_and_upsampling() {
    for mode in [Upsampling::Nearest, Upsampling::Bilinear] {
        for scale in [[1, 1], [2, 3], [4, 1]] {
            let (mut net, x) = Net::new([2, 3, 4]);
            let a = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
            let b = net.conv(x, 9, window(1, 1, 0, 1), 1, true);
            let x = net.mul([a, b]);
            let x = net.mul([x, x]);
            let x = net.upsample(x, scale, mode);
            let x = net.conv(x, 2, window(2, 2, 0, 1), 1, true);
            let x = net.flatten(x);
            let x = net.dense(x, 3);
            check(&net.finish(x));
        }
    }
}

#[test]
fn norms_of_each_sample() {
    let shape = [12, 3, 4];
    for axes in [1, 3, 4, 12].map(SampleAxes::Groups).into_iter().chain([SampleAxes::Channels]) {
        for affine in [None, Some(&shape[..1]), Some(&shape[..])] {
            let (mut net, x) = Net::new([2, 3, 4]);
            let x = net.conv(x, 12, window(3, 1, 1, 1), 1, true);
            let x = net.sample_norm(x, axes, affine);
            let x = net.act(x, Act::Tanh);
            let x = net.conv(x, 3, window(2, 1, 0, 1), 1, true);
            let x = net.flatten(x);
            let x = net.sample_norm(x, SampleAxes::Groups(1), Some(&[18]));
            let x = net.dense(x, 3);
            check(&net.finish(x));
        }
    }
}

#[test]
fn average_of_clipped_windows_divides_by_the_padded_area() {
    let (mut net, x) = Net::new([1, 4, 4]);
    let x = net.conv(x, 2, window(1, 1, 0, 1), 1, true);
    let y = net.pool(x, PoolKind::Avg { count_include_pad: true }, window(3, 2, 0, 1));
    net.graph.nodes[y.0].shape = vec![2, 2, 2];
    let x = net.flatten(y);
    let x = net.dense(x, 2);
    check(&net.finish(x));
}

#[test]
fn joins_dropout_and_a_second_loss() {
    let (mut net, x) = Net::new([3, 6, 6]);
    let a = net.conv(x, 8, window(3, 1, 1, 1), 1, true);
    let a = net.relu(a);
    let b = net.conv(a, 5, window(1, 1, 0, 1), 1, true);
    let c = net.conv(a, 8, window(3, 1, 1, 1), 1, false);
    let c = net.add(&[c, a]);
    let c = net.relu(c);
    let joined = net.concat(&[a, c, b, x]);
    let joined = net.dropout(joined, 0.4);
    let side = net.flatten(c);
    let side = net.dense(side, 4);
    net.loss(LossKind::CROSS_ENTROPY, side, 0.3);
    let flat = net.flatten(joined);
    let flat = net.relu(flat);
    let scores = net.dense(flat, 4);
    check(&net.finish(scores));
}

#[test]
fn batch_norm_with_residuals() {
    let (mut net, x) = Net::new([3, 5, 4]);
    let x = net.conv(x, 12, window(3, 1, 1, 1), 1, false);
    let x = net.batch_norm(x);
    let x = net.relu(x);
    let y = net.conv(x, 12, window(3, 1, 1, 1), 1, true);
    let y = net.batch_norm(y);
    let side = net.conv(x, 12, window(1, 1, 0, 1), 1, false);
    let side = net.batch_norm(side);
    let x = net.add(&[y, side]);
    let x = net.relu(x);
    let x = net.flatten(x);
    let x = net.dense(x, 5);
    let x = net.batch_norm(x);
    let x = net.act(x, Act::Tanh);
    let x = net.dense(x, 3);
    check(&net.finish(x));
}

#[test]
fn batch_norm_frozen_and_with_nothing_trained_below() {
    for (stem, norm) in [(true, false), (false, true), (true, true)] {
        let (mut net, x) = Net::new([2, 5, 4]);
        net.freeze(stem);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, false);
        net.freeze(norm);
        let x = net.batch_norm(x);
        net.freeze(false);
        let x = net.act(x, Act::Sigmoid);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        let graph = net.finish(x);
        check(&graph);
        let backward = differentiate(lower(graph, Mode::Train));
        let sums = backward.nodes.iter().filter(|node| node.op == Op::ScaleGrad).count();
        assert_eq!(sums, !norm as usize, "needed for gamma");
        let through = backward.nodes.iter().filter(|node| node.op == Op::NormalizeGrad).count();
        assert_eq!(through, (!stem && !norm) as usize);
        let is_fixed = |node: &&crate::ir::Node| matches!(node.op, Op::NormalizeRunningGrad { .. });
        assert_eq!(backward.nodes.iter().filter(is_fixed).count(), (!stem && norm) as usize);
        let moves = |node: &crate::ir::Node| matches!(node.op, Op::BatchStats { .. });
        assert_eq!(backward.nodes.iter().any(moves), !norm, "a frozen norm leaves its statistics alone");
    }
}

#[test]
fn normalisation_across_channels() {
    for size in 1..6 {
        let (mut net, x) = Net::new([2, 4, 3]);
        let x = net.conv(x, 11, window(3, 1, 1, 1), 1, true);
        let x = net.lrn(x, Response { size, alpha: 0.9, beta: 0.75, k: 1.2 });
        let x = net.relu(x);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn maxout_softmax_and_gates() {
    let (mut net, x) = Net::new([2, 4, 3]);
    let x = net.conv(x, 24, window(3, 1, 1, 1), 1, true);
    let x = net.maxout(x, 2);
    let gate = net.adaptive_avg(x, [1, 1]);
    let gate = net.flatten(gate);
    let gate = net.dense(gate, 24);
    let gate = net.maxout(gate, 2);
    let gate = net.softmax(gate);
    let x = net.gate(x, gate);
    let y = net.softmax(x);
    let x = net.gate(y, gate);
    let x = net.flatten(x);
    let x = net.dense(x, 3);
    check(&net.finish(x));
}

#[test]
fn frames_and_even_windows() {
    for [top, bottom, left, right] in [[1, 2, 0, 3], [-1, -1, -2, 0], [2, -3, -1, 1]] {
        let (mut net, x) = Net::new([2, 7, 6]);
        let x = net.pad(x, [top, bottom, left, right]);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
        let x = net.pad(x, [left, right, top, bottom]);
        let x = net.relu(x);
        let x = net.adaptive_avg(x, [3, 2]);
        let x = net.channel_dropout(x, 0.4);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn losses() {
    let weights: Option<&[f32]> = Some(&[1.0, 0.5, 2.0, 3.0, 0.25]);
    for kind in [
        LossKind::CrossEntropy { smoothing: 0.1, class_weights: None },
        LossKind::CrossEntropy { smoothing: 0.1, class_weights: weights },
        LossKind::MeanSquared,
        LossKind::BinaryCrossEntropy,
    ] {
        let (mut net, x) = Net::new([2, 3, 3]);
        let x = net.flatten(x);
        let x = net.dense(x, 5);
        let mut graph = net.finish(x);
        graph.losses[0] = Loss { kind, weight: 0.7, ..graph.losses[0].clone() };
        check(&graph);
    }
}

#[test]
fn dense_blocks_listed_anew() {
    let (mut net, x) = Net::new([3, 4, 4]);
    let mut features = vec![net.conv(x, 12, window(3, 1, 1, 1), 1, false)];
    for _ in 0..3 {
        let x = net.concat(&features);
        let y = net.batch_norm(x);
        let y = net.relu(y);
        features.push(net.conv(y, 6, window(3, 1, 1, 1), 1, false));
    }
    let x = net.concat(&features);
    let again = net.concat(&[features[0], x, features[0]]);
    let x = net.flatten(again);
    let x = net.dense(x, 2);
    check(&net.finish(x));
}

#[test]
fn a_frozen_stem_costs_no_backward_work() {
    let (mut net, x) = Net::new([1, 6, 6]);
    net.freeze(true);
    let x = net.conv(x, 8, window(3, 1, 0, 1), 1, true);
    let x = net.relu(x);
    net.freeze(false);
    let x = net.conv(x, 8, window(3, 1, 0, 1), 1, true);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let graph = net.finish(x);
    check(&graph);
    let backward = differentiate(lower(graph, Mode::Train));
    assert_eq!(backward.gradients.iter().filter(|gradient| gradient.is_none()).count(), 2);
    assert!(!backward.nodes.iter().any(|node| matches!(node.op, Op::ConvInputGrad(_) | Op::ActGrad(_))));
}

#[test]
fn parameters_with_several_readers() {
    let (mut net, x) = Net::new([3, 6, 5]);
    let [a, b] = [(); 2].map(|()| net.conv(x, 12, window(1, 1, 0, 1), 1, true));
    let conv = net.conv(a, 12, window(3, 1, 1, 1), 2, true);
    let norm = net.batch_norm(conv);
    let slope = net.prelu(norm, 12);
    let group = net.sample_norm(slope, SampleAxes::Groups(3), Some(&[12]));
    let others = [b, group].map(|x| {
        let like = [conv, norm, slope, group];
        like.into_iter().fold(x, |x, like| net.again(like, x))
    });
    let flat = net.flatten(group);
    let dense = net.dense(flat, 360);
    let mut sum = vec![dense];
    for x in others {
        let flat = net.flatten(x);
        sum.push(net.again(dense, flat));
    }
    // Values without rows and columns on weights that are packed for a map.
    sum.push(net.again(dense, dense));
    let x = net.add(&sum);
    let x = net.dense(x, 2);
    let graph = net.finish(x);
    check(&graph);
    let backward = differentiate(lower(graph, Mode::Train));
    let sums = backward.nodes.iter().filter(|node| node.op == Op::SumGradients);
    assert_eq!(sums.count(), 9, "of conv, norm, prelu, group norm and dense");
}

/// The gradient of a norm's input reads the norm's own sums, however late it is computed.
#[test]
fn a_norm_applied_again_to_what_has_other_readers() {
    let (mut net, x) = Net::new([2, 5, 5]);
    let [x, z] = [(); 2].map(|()| net.conv(x, 8, window(3, 1, 1, 1), 1, false));
    let sum = net.add(&[x, z]);
    let norm = net.batch_norm(sum);
    let again = net.again(norm, x);
    let sum = net.add(&[norm, again]);
    let flat = net.flatten(sum);
    let scores = net.dense(flat, 2);
    check(&net.finish(scores));

    let (mut net, x) = Net::new([2, 5, 5]);
    let [x, z] = [(); 2].map(|()| net.conv(x, 4, window(3, 1, 1, 1), 1, false));
    let both = net.concat(&[x, z]);
    let y = net.conv(both, 4, window(1, 1, 0, 1), 1, false);
    let norm = net.batch_norm(y);
    let again = net.again(norm, x);
    let product = net.mul([norm, again]);
    let flat = net.flatten(product);
    let scores = net.dense(flat, 2);
    check(&net.finish(scores));
}

#[test]
fn a_frozen_layer_with_several_readers() {
    let (mut net, x) = Net::new([1, 6, 6]);
    let first = net.conv(x, 8, window(3, 1, 1, 1), 1, true);
    net.freeze(true);
    let conv = net.conv(first, 8, window(3, 1, 1, 1), 1, true);
    let norm = net.batch_norm(conv);
    net.freeze(false);
    let x = net.again(conv, norm);
    let x = net.again(norm, x);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    check(&net.finish(x));
}
