//! What a network says of an image, in words.

use crate::{
    plan::{Description, LossKind, TargetKind},
    train::predictions,
};

/// What a network answers to an image: a number for each class, label or value, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    target: TargetKind,
    loss: LossKind,
    outputs: Vec<(String, f64)>,
}

impl Prediction {
    /// What outputs mean that have these names, as far as they have any.
    pub(crate) fn new(description: &Description, names: &[String], outputs: &[f32]) -> Prediction {
        let name = |output: usize| match names.get(output) {
            Some(name) => name.clone(),
            None if names.is_empty() => output.to_string(),
            // A bare number would look like a class.
            None => format!("output {output}"),
        };
        let numbers = predictions(description.training.loss, outputs);
        let outputs = numbers.into_iter().enumerate().map(|(output, number)| (name(output), number));
        Prediction {
            target: description.target(),
            loss: description.training.loss,
            outputs: outputs.collect(),
        }
    }

    /// What is answered: a class, values or labels.
    pub fn target(&self) -> TargetKind {
        self.target
    }

    /// Whether the numbers are probabilities, as those of networks that are trained by a
    /// cross-entropy; else they are the outputs themselves.
    pub fn are_probabilities(&self) -> bool {
        match self.loss {
            LossKind::CrossEntropy { .. } | LossKind::BinaryCrossEntropy => true,
            LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. } => false,
        }
    }

    /// All outputs in order, see [`Prediction::are_probabilities`].
    pub fn outputs(&self) -> &[(String, f64)] {
        &self.outputs
    }

    /// The classes or labels of the largest numbers, the first of equals first; values
    /// in their order.
    pub fn first(&self, count: usize) -> Vec<(String, f64)> {
        let mut outputs = self.outputs.clone();
        match self.target {
            TargetKind::Class | TargetKind::Labels => {
                outputs.sort_by(|a, b| b.1.total_cmp(&a.1));
                outputs.truncate(count);
            }
            TargetKind::Values => {}
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_by_name_where_they_have_one() {
        let mut description = Description::EMPTY;
        description.training.loss = LossKind::MeanSquared;
        let names = ["cat".to_string(), "dog".into()];
        let answer = Prediction::new(&description, &names, &[0.25, 0.25, 0.5]);
        assert_eq!(answer.first(2), [("output 2".to_string(), 0.5), ("cat".into(), 0.25)]);
        assert_eq!(answer.outputs()[1], ("dog".into(), 0.25));
        assert!(!answer.are_probabilities());
    }
}
