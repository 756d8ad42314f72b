//! What a network costs, layer by layer: rows of `summary` and of the generated type's
//! documentation.
//!
//! Counted on the forward graph as the user wrote it, for one image, without padding or sharing.

mod sight;

use crate::ir::{
    Graph, Network,
    cost::{self, Cost, total},
};
use sight::{blind_spots, sights};

/// A row; `cnn_runtime::plan::Layer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub kind: &'static str,
    pub shape: Vec<usize>,
    pub parameters: u64,
    pub macs: u64,
    pub activation_bytes: u64,
    pub receptive_field: [usize; 2],
    /// True if it leads to nothing but an auxiliary loss.
    pub auxiliary: bool,
    pub note: Option<String>,
}

/// A row for every layer that yields a value.
pub fn rows(graph: &Graph) -> Vec<Row> {
    let (sights, inferred) = (sights(graph), graph.inferred());
    let blind = blind_spots(graph, &sights, &inferred);
    let row = |cost: Cost| {
        let Cost { layer: id, output, parameters, macs, activation_bytes } = cost;
        let layer = &graph.layers[id.0];
        let notes: Vec<_> = layer.note.iter().chain(&blind[output.0]).cloned().collect();
        Row {
            name: layer.name.clone(),
            kind: layer.kind,
            shape: graph[output].shape.clone(),
            parameters,
            macs,
            activation_bytes,
            receptive_field: sights[output.0].map(|sight| sight.field),
            auxiliary: !inferred[output.0],
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    };
    cost::layers(graph).into_iter().map(row).collect()
}

/// Documentation of the generated type: totals and a table.
pub fn documentation(network: &Network, rows: &[Row]) -> Vec<String> {
    let parameters = total(rows.iter().map(|row| row.parameters));
    let macs = total(rows.iter().filter(|row| !row.auxiliary).map(|row| row.macs));
    let mut lines = vec![
        String::new(),
        format!(
            "`{}` has {} parameters; an image takes {} multiply-accumulates.",
            network.name,
            grouped(parameters),
            grouped(macs)
        ),
        String::new(),
        "| layer | output | parameters | MACs | receptive field |".into(),
        "|---|---|--:|--:|---|".into(),
    ];
    lines.extend(rows.iter().map(|row| {
        let [height, width] = row.receptive_field;
        let (parameters, macs) = (grouped(row.parameters), grouped(row.macs));
        format!("| `{}` | {} | {parameters} | {macs} | {height}x{width} |", row.name, extent(&row.shape))
    }));
    lines
}

/// A layer's row in a sentence.
pub fn cost(row: &Row) -> String {
    let [height, width] = row.receptive_field;
    format!(
        "Layer `{}`, {}: output {}, {} parameters, {} multiply-accumulates, {} bytes of activations, receptive field {height}x{width}.",
        row.name,
        row.kind,
        extent(&row.shape),
        grouped(row.parameters),
        grouped(row.macs),
        grouped(row.activation_bytes),
    )
}

/// `32x26x26`
fn extent(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// `1,199,882`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| str::from_utf8(part).expect("digits")).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::{grouped, rows, total};
    use crate::testing;

    #[test]
    fn mnist_costs_what_keras_says() {
        let rows = rows(&testing::mnist());
        assert_eq!(total(rows.iter().map(|row| row.parameters)), 1_199_882);
        assert_eq!(total(rows.iter().map(|row| row.macs)), 11_992_448);
        let conv2 = rows.iter().find(|row| row.name == "conv2").expect("a row");
        assert_eq!((conv2.shape.as_slice(), conv2.activation_bytes), ([64, 24, 24].as_slice(), 147_456));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([7, 1000, 1_199_882].map(grouped), ["7", "1,000", "1,199,882"]);
    }
}
