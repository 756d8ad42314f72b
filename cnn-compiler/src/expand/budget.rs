//! `budget { params <= 62M, activations <= 2 MiB }`.

use crate::{
    ast::{Limit, Network, SectionContent, Span},
    diag::did_you_mean,
    ir::{
        Graph,
        cost::{self, Cost, MAX_MACS, elements, total},
    },
    shape::Shaper,
};

/// Compares a finished graph with the limits that the network sets itself, and with that of every
/// network.
pub(super) fn check(ast: &Network, shaper: &mut Shaper) {
    check_work(ast, shaper);
    let limits = ast.sections.iter().filter_map(|section| match &section.content {
        SectionContent::Budget(limits) => Some(limits),
        _ => None,
    });
    for limit in limits.flatten() {
        let span = Span::from(limit.quantity.span());
        match limit.quantity.to_string().as_str() {
            "params" => {
                let params = total(parameters(&shaper.graph).map(|(_, count)| count));
                let largest = largest(parameters(&shaper.graph));
                exceed(shaper, limit, "parameters", params, largest, |count| count.to_string());
            }
            "activations" => {
                let costs = cost::layers(&shaper.graph);
                let activations = || items(&shaper.graph, &costs, |cost| cost.activation_bytes);
                let (found, largest) = (total(activations().map(|(_, bytes)| bytes)), largest(activations()));
                exceed(shaper, limit, "activations of one image", found, largest, bytes);
            }
            other => {
                let mut guess = did_you_mean(other, ["params", "activations"]);
                if guess.is_empty() {
                    guess = "; expected `params` or `activations`".into();
                }
                shaper.errors.error(span, format!("unknown budget `{other}`{guess}"));
            }
        }
    }
}

/// A network whose work for one image could not be counted, let alone done, is an error.
fn check_work(ast: &Network, shaper: &mut Shaper) {
    let costs = cost::layers(&shaper.graph);
    let macs: u128 = costs.iter().map(|cost| u128::from(cost.macs)).sum();
    if macs <= u128::from(MAX_MACS) {
        return;
    }
    let power = |count: f64| format!("{count:.2e}");
    let (most, found) = (format!("{:.0e}", MAX_MACS as f64), power(macs as f64));
    let mut message =
        format!("{}: one image takes {found} multiply-accumulates; expected at most {most}", ast.name);
    if let Some((name, macs)) = largest(items(&shaper.graph, &costs, |cost| cost.macs)) {
        message.push_str(&format!("\nlargest: {name} with {}", power(macs as f64)));
    }
    shaper.errors.error(ast.name.span().into(), message);
}

/// Parameters and their elements; running statistics are none.
fn parameters(graph: &Graph) -> impl Iterator<Item = (&str, u64)> {
    let params = graph.params.iter().filter(|param| !param.buffer);
    params.map(|param| (&*param.name, elements(&param.shape)))
}

/// Layers and one of their costs, for one image, as `summary` adds them up.
fn items<'a>(
    graph: &'a Graph,
    costs: &'a [Cost],
    count: fn(&Cost) -> u64,
) -> impl Iterator<Item = (&'a str, u64)> {
    costs.iter().map(move |cost| (&*graph.layers[cost.layer.0].name, count(cost)))
}

fn largest<'a>(items: impl Iterator<Item = (&'a str, u64)>) -> Option<(String, u64)> {
    items.max_by_key(|&(_, size)| size).map(|(name, size)| (name.to_string(), size))
}

fn exceed(
    shaper: &mut Shaper,
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
    shaper.errors.error(limit.span, message);
}

/// `3.06 MiB`
fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{:.2} {unit}", count as f64 / *size as f64),
        None => format!("{count} bytes"),
    }
}
