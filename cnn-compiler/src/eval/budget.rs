//! `budget { params <= 62M, activations <= 2 MiB }`.

use crate::{
    ast::{Limit, Network, SectionContent, Span},
    diag::did_you_mean,
    infer::Infer,
    ir::{
        Graph,
        cost::{self, Cost},
    },
};

/// Compares a finished graph with the limits that the network sets itself.
pub(super) fn check(ast: &Network, infer: &mut Infer) {
    let limits = ast.sections.iter().filter_map(|section| match &section.content {
        SectionContent::Budget(limits) => Some(limits),
        _ => None,
    });
    for limit in limits.flatten() {
        let span = Span::from(limit.quantity.span());
        match limit.quantity.to_string().as_str() {
            "params" => {
                let params = parameters(&infer.graph).map(|(_, count)| count).sum();
                let largest = largest(parameters(&infer.graph));
                exceed(infer, limit, "parameters", params, largest, |count| count.to_string());
            }
            "activations" => {
                let costs = cost::layers(&infer.graph);
                let total = activations(&infer.graph, &costs).map(|(_, bytes)| bytes).sum();
                let largest = largest(activations(&infer.graph, &costs));
                exceed(infer, limit, "activations of one image", total, largest, bytes);
            }
            other => {
                let mut guess = did_you_mean(other, ["params", "activations"]);
                if guess.is_empty() {
                    guess = "; expected `params` or `activations`".into();
                }
                infer.errors.error(span, format!("unknown budget `{other}`{guess}"));
            }
        }
    }
}

/// Parameters and their elements; running statistics are none.
fn parameters(graph: &Graph) -> impl Iterator<Item = (&str, u64)> {
    let params = graph.params.iter().filter(|param| !param.buffer);
    params.map(|param| (&*param.name, elements(&param.shape)))
}

/// Layers and the bytes of their outputs, for one image, as `summary` adds them up.
fn activations<'a>(graph: &'a Graph, costs: &'a [Cost]) -> impl Iterator<Item = (&'a str, u64)> {
    costs.iter().map(|cost| (&*graph.layers[cost.layer.0].name, cost.activation_bytes as u64))
}

fn elements(shape: &[usize]) -> u64 {
    shape.iter().map(|&size| size as u64).product()
}

fn largest<'a>(items: impl Iterator<Item = (&'a str, u64)>) -> Option<(String, u64)> {
    items.max_by_key(|&(_, size)| size).map(|(name, size)| (name.to_string(), size))
}

fn exceed(
    infer: &mut Infer,
    limit: &Limit,
    what: &str,
    total: u64,
    largest: Option<(String, u64)>,
    show: fn(u64) -> String,
) {
    if total <= limit.most {
        return;
    }
    let mut message = format!("budget: {what}: expected at most {}, found {}", limit.text, show(total));
    if let Some((name, size)) = largest {
        message.push_str(&format!("\nlargest: {name} with {}", show(size)));
    }
    infer.errors.error(limit.span, message);
}

/// `3.06 MiB`
fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{:.2} {unit}", count as f64 / *size as f64),
        None => format!("{count} bytes"),
    }
}
