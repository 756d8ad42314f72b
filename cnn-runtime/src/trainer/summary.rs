//! `summary`: a network's layers, its parameters, its work and the exact size of its memory,
//! without running it.

mod dot;
mod explain;

use cnn_core::Result;

use super::{
    format::{dims, table, thousands},
    print, values,
};
use crate::plan::{Description, Layer, TargetKind};

const HEADING: [&str; 7] =
    ["Layer (kind)", "Output shape", "Neurons", "Params", "MACs", "Activation bytes", "Receptive field"];

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Images for which the arena is sized [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    batch: Option<usize>,

    /// Add what each layer would need without parameter sharing
    #[arg(long)]
    explain: bool,

    /// Print the graph of inference instead: `dot` is what Graphviz reads
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["batch", "explain"])]
    graph: Option<GraphFormat>,
}

/// A way to write the graph down.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum GraphFormat {
    /// The language of Graphviz: `… summary --graph dot | dot -Tsvg > network.svg`
    Dot,
}

pub(super) fn run(description: &Description, args: &Args) -> Result<()> {
    match args.graph {
        Some(GraphFormat::Dot) => return print(&dot::text(description)),
        None => {}
    }
    let mut text = text(description, args.batch.unwrap_or(description.training.batch));
    if args.explain {
        text += &explain::text(description.layers);
    }
    print(&text)
}

fn text(description: &Description, batch: usize) -> String {
    let layers = description.layers;
    let rows: Vec<_> = layers.iter().map(row).collect();
    let input = dims(&description.image_shape());
    let activations = activations(layers);
    let trainable = description.params.iter().filter(|param| param.trainable);
    let trainable: usize = trainable.map(|param| param.shape.iter().product::<usize>()).sum();
    let total = description.parameter_count();
    let mut text = format!("{}: {input} -> {}\n\n", description.name, answers(description));
    text += &table(&HEADING, &rows);
    let trained = description.trained_count();
    let share = if trained < total {
        format!(", {} of them trained", thousands(trained as u64))
    } else {
        String::new()
    };
    text += &format!("Total params: {}{share}\n", thousands(total as u64));
    text += &format!("Trainable params: {}\n", thousands(trainable as u64));
    text += &format!("Non-trainable params: {}\n", thousands((total - trainable) as u64));
    text += &format!("Total MACs: {} per image, forward\n", thousands(description.macs()));
    if description.auxiliary_macs() > 0 {
        text +=
            &format!("MACs of auxiliary heads, in training: {}\n", thousands(description.auxiliary_macs()));
    }
    text += &format!("Total activation bytes: {} per image\n\n", thousands(activations as u64));
    text += &memory(description, batch);
    text + &notes(layers)
}

fn row(layer: &Layer) -> Vec<String> {
    vec![
        title(layer),
        dims(layer.shape),
        thousands(neurons(layer)),
        thousands(layer.parameters as u64),
        thousands(layer.macs),
        thousands(layer.activation_bytes as u64),
        dims(&layer.receptive_field),
    ]
}

fn title(layer: &Layer) -> String {
    if layer.name == layer.kind { layer.kind.into() } else { format!("{} ({})", layer.name, layer.kind) }
}

/// Elements of the output.
fn neurons(layer: &Layer) -> u64 {
    layer.shape.iter().map(|&size| size as u64).product()
}

/// What a session allocates on the device, and what its arena saves: without sharing, every layer's
/// output and the gradient of that output have memory of their own. The images have no gradient.
fn memory(description: &Description, batch: usize) -> String {
    let arena = |training| description.arena_len(training, batch).saturating_mul(size_of::<f32>());
    let params = description.params_len * size_of::<f32>();
    let optimizer = &description.training.update.optimizer;
    let state = params * description.training.update.slots();
    let line = |what: &str, bytes: usize| format!("{what}: {bytes} bytes ({})\n", mebibytes(bytes));
    let gradients = activations(description.layers.iter().filter(|layer| layer.kind != "input"));
    let apart = batch * (activations(description.layers) + gradients);
    let share = 100.0 * arena(true) as f64 / apart as f64;
    let mut text = format!("Memory at batch {batch}\n");
    text += &line("Arena for training", arena(true));
    text += &line("Arena for inference", arena(false));
    text += &line("Activations and their gradients, each kept apart", apart);
    text += &format!("Arena for training, of that: {share:.0} %\n");
    text += &line("Parameters, packed", params);
    text += &line("Gradients", description.gradients_len * size_of::<f32>());
    let average = if description.training.update.average.is_some() { " and running average" } else { "" };
    text + &line(&format!("Optimizer state ({}){average}", optimizer.name()), state)
}

/// Bytes of one image's activations.
fn activations<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> usize {
    layers.into_iter().map(|layer| layer.activation_bytes).sum()
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}

fn notes(layers: &[Layer]) -> String {
    let notes = layers.iter().filter_map(|layer| Some(format!("note: {}: {}\n", layer.name, layer.note?)));
    let notes: String = notes.collect();
    if notes.is_empty() { notes } else { format!("\n{notes}") }
}

/// `10` classes, `values(3)`, `labels(20)`: as the network's declaration has it.
fn answers(description: &Description) -> String {
    let (target, outputs) = (description.target(), description.output_len());
    match target {
        TargetKind::Class => outputs.to_string(),
        TargetKind::Values | TargetKind::Labels => format!("{}({outputs})", target.outputs()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    #[test]
    fn totals_memory_and_notes() {
        let text = text(&DESCRIPTION, 2);
        for expected in [
            "fc (dense)              10       10   7,840  7,840                40          28 x 28\n",
            "Total params: 7,840\n",
            "Total MACs: 7,840 per image",
            "Arena for training: 12832 bytes",
            "Arena for inference: 6432 bytes",
            "each kept apart: 160 bytes",
            "Arena for training, of that: 8020 %\n",
            "Optimizer state (sgd): 50176 bytes",
            "note: fc: no bias\n",
        ] {
            assert!(text.contains(expected), "{expected:?} in\n{text}");
        }
    }
}
