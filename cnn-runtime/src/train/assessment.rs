//! All that logits and labels say about a network: the score, how often the label is among the
//! first answers, the confusion.

use cnn_core::{Error, Result};

use super::{
    Confusion, Score,
    evaluate::{first_largest, measure},
};
use crate::{plan::LossKind, session::Metrics};

/// Figures over the images added so far.
#[derive(Clone, Debug)]
pub struct Assessment {
    kind: LossKind,
    sums: Metrics,
    top: usize,
    in_top: u64,
    confusion: Confusion,
}

impl Assessment {
    /// An assessment without images. `top` is the number of answers among which the label is looked
    /// for; all classes if there are fewer.
    ///
    /// # Errors
    ///
    /// As [`Confusion::new`].
    pub fn new(kind: LossKind, classes: usize, top: usize) -> Result<Assessment> {
        let (sums, confusion) = (Metrics::default(), Confusion::new(classes)?);
        Ok(Assessment { kind, sums, top: top.min(classes), in_top: 0, confusion })
    }

    /// Adds an image by its logits, one for each class, and its label.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if there are more or fewer logits, or the label is no class.
    pub fn add(&mut self, logits: &[f32], label: usize) -> Result<()> {
        let classes = self.confusion.classes();
        if logits.len() != classes {
            return Err(Error::Usage(format!("expected {classes} logits, found {}", logits.len())));
        }
        self.confusion.add(label, first_largest(logits))?;
        self.sums += measure(self.kind, logits, label);
        self.in_top += u64::from(rank(logits, label) < self.top);
        Ok(())
    }

    /// Mean loss and share of right answers.
    pub fn score(&self) -> Score {
        Score::from(self.sums)
    }

    /// Number of answers among which the label was looked for.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Share of images whose label is among the first [`Assessment::top`] answers.
    pub fn top_accuracy(&self) -> f64 {
        self.in_top as f64 / self.sums.samples.max(1) as f64
    }

    /// Answers by label.
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }
}

/// The number of classes that are answered before this one: those with a larger logit, and earlier
/// ones with the same.
fn rank(logits: &[f32], class: usize) -> usize {
    let own = logits[class];
    logits
        .iter()
        .enumerate()
        .filter(|&(other, &logit)| logit > own || (logit == own && other < class))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_may_be_the_second_answer() {
        let mut assessment =
            Assessment::new(LossKind::CrossEntropy { smoothing: 0.0, class_weights: None }, 3, 2).unwrap();
        for (logits, label) in
            [([3.0, 2.0, 1.0], 0), ([3.0, 2.0, 1.0], 1), ([3.0, 2.0, 1.0], 2), ([1.0; 3], 2)]
        {
            assessment.add(&logits, label).unwrap();
        }
        assert_eq!(assessment.score().accuracy, 0.25);
        assert_eq!(assessment.top_accuracy(), 0.5);
        let rows: Vec<_> = assessment.confusion().rows().collect();
        assert_eq!(rows, [[1, 0, 0], [1, 0, 0], [2, 0, 0]]);
    }

    #[test]
    fn first_answers_of_few_classes_are_all() {
        assert_eq!(Assessment::new(LossKind::MeanSquared, 3, 5).unwrap().top(), 3);
    }
}
