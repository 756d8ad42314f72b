//! Every step and every element-wise operation computes what its documentation says.

use std::collections::BTreeSet;

use cnn_runtime::{
    Model, Network, Session, Targets,
    plan::{Conv, Elt, StepRef},
};

use crate::{
    Pair, assert_close,
    networks::{Activations, Convolutions, Levels, Norms, Reused, Shapes, Wide},
    noise, sgd,
};

const BATCH: usize = 5;

/// Images, with values from -3 to 3, and classes for a network.
fn batch<N: Network>() -> (Vec<f32>, Vec<u32>) {
    let description = Model::of::<N>().description();
    let classes = description.output_len() as u32;
    let len: usize = description.image_shape().iter().product();
    let images = noise(3, BATCH * len).into_iter().map(|value| 3.0 * value);
    (images.collect(), (0..BATCH as u32).map(|sample| sample % classes).collect())
}

/// What a step did.
struct Done {
    what: String,
    output: Option<Vec<f32>>,
}

/// The steps of a pass with their results; a step that copies into a part of a map leaves the rest
/// undefined.
fn watched(session: &mut Session, images: &[f32], targets: Option<Targets>) -> Vec<Done> {
    let mut steps = Vec::new();
    let observed = session.watch(images, targets, &mut |mut event| {
        let kind = event.step.described().kind();
        let output = if kind == "copy_elements" { None } else { event.output()? };
        steps.push(Done { what: format!("{kind} of {}", event.layer()), output });
        Ok(())
    });
    observed.unwrap();
    steps
}

/// Steps one by one, then gradients, updates with dropout, and scores.
fn agree<N: Network>() {
    let (images, classes) = batch::<N>();
    let mut pair = Pair::new::<N>(BATCH, sgd());
    for targets in [Some(Targets::from(&classes)), None] {
        let [found, expected] =
            [&mut pair.naive, &mut pair.cpu].map(|session| watched(session, &images, targets));
        for (found, expected) in found.iter().zip(&expected) {
            if let (Some(found), Some(values)) = (&found.output, &expected.output) {
                assert_close(found, values, 1e-4, &expected.what);
            }
        }
    }
    pair.assert_gradients(&images, Targets::from(&classes), 1e-4);
    for count in [BATCH, 2, BATCH] {
        let len = images.len() / BATCH;
        pair.each(|session| session.train_step(&images[..count * len], &classes[..count]).unwrap());
    }
    pair.assert_parameters(1e-4);
    pair.assert_answers(&images, 1e-4);
    let [naive, cpu] = [&mut pair.naive, &mut pair.cpu].map(|session| session.take_metrics().unwrap());
    assert_eq!((naive.samples, naive.correct), (cpu.samples, cpu.correct));
    assert_close(&[naive.loss as f32], &[cpu.loss as f32], 1e-4, "sum of the losses");
}

#[test]
fn convolutions_dense_layers_and_joins() {
    agree::<Convolutions>();
}

#[test]
fn norms() {
    agree::<Norms>();
}

#[test]
fn activations() {
    agree::<Activations>();
    agree::<Levels>();
}

#[test]
fn pooling_upsampling_and_shifts() {
    agree::<Shapes>();
}

#[test]
fn parameters_with_several_readers() {
    agree::<Reused>();
}

#[test]
fn weights_that_others_update_with_their_gradient() {
    assert!(Model::of::<Wide>().description().params.iter().any(|param| param.fused_update));
    agree::<Wide>();
}

/// The name of an operation without its operands.
fn name(elt: &Elt) -> String {
    let text = format!("{elt:?}");
    let end = text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len());
    text[..end].to_owned()
}

/// Adds the steps of a network to those that were seen.
fn see<N: Network>(steps: &mut BTreeSet<String>, elts: &mut BTreeSet<String>) {
    let (images, classes) = batch::<N>();
    let mut session = Pair::new::<N>(BATCH, sgd()).cpu;
    for targets in [Some(Targets::from(&classes)), None] {
        let observed = session.watch(&images, targets, &mut |event| {
            let described = event.step.described();
            steps.insert(described.kind().to_owned());
            if let StepRef::Conv(Conv { winograd: Some(_), .. }) = event.step {
                steps.insert("conv with room for Winograd".to_owned());
            }
            elts.extend(described.epilogue().into_iter().flat_map(|elts| elts.iter()).map(name));
            Ok(())
        });
        observed.unwrap();
    }
}

#[test]
fn the_networks_hold_every_step_and_operation() {
    let (mut steps, mut elts) = (BTreeSet::new(), BTreeSet::new());
    see::<Convolutions>(&mut steps, &mut elts);
    see::<Norms>(&mut steps, &mut elts);
    see::<Activations>(&mut steps, &mut elts);
    see::<Shapes>(&mut steps, &mut elts);
    see::<Reused>(&mut steps, &mut elts);
    let all_steps = [
        "add_gradient",
        "batch_norm_sums",
        "batch_stats",
        "conv",
        "conv with room for Winograd",
        "conv_filter_grad",
        "conv_input_grad",
        "copy_elements",
        "dense",
        "dense_input_grad",
        "dense_weight_grad",
        "elementwise",
        "gate",
        "gate_grad",
        "loss",
        "lrn",
        "lrn_grad",
        "maxout",
        "maxout_grad",
        "pool",
        "pool_grad",
        "prelu_sums",
        "sample_norm",
        "sample_norm_grad",
        "sample_norm_sums",
        "sample_scale_grad",
        "sample_stats",
        "shift",
        "softmax",
        "softmax_grad",
        "transpose_filters",
        "upsample",
        "upsample_grad",
    ];
    assert!(steps.iter().eq(&all_steps), "{steps:?}");
    let all_elts = [
        "Act",
        "ActGrad",
        "Add",
        "Dropout",
        "Mul",
        "Normalize",
        "NormalizeGrad",
        "NormalizeRunning",
        "NormalizeRunningGrad",
        "Prelu",
        "PreluGrad",
    ];
    assert!(elts.iter().eq(&all_elts), "{elts:?}");
}
