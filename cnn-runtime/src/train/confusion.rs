//! How answers are distributed: the confusion matrix, and what follows from it for each class.
//!
//! `precision = right answers of the class / all answers of the class`;
//! `recall = right answers of the class / its images`;
//! `f1 = 2 precision recall / (precision + recall)`.
//! A quotient without a denominator is 0, as in scikit-learn.

use cnn_core::{
    Error, Result,
    reserve::{filled, product},
};
use serde::Serialize;

/// Answers counted by label and answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `[label][answer]`.
    counts: Vec<u64>,
}

/// The figures of a class or of a label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassScore {
    /// Share of the answers of this class that are right.
    pub precision: f64,
    /// Share of the images of this class that are recognised.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Images of this class.
    pub images: u64,
}

impl ClassScore {
    /// The figures of a class or a label by its images, those that were answered by it, and those
    /// that both are.
    pub(super) fn of(right: u64, answers: u64, images: u64) -> ClassScore {
        let ratio = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        // Twice the right answers over answers and images is the harmonic mean, without a case for
        // 0 + 0.
        let f1 = ratio(2 * right, answers + images);
        ClassScore { precision: ratio(right, answers), recall: ratio(right, images), f1, images }
    }
}

impl Confusion {
    /// A matrix of this many classes without any answer.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if there is no memory for a count of every two classes.
    pub fn new(classes: usize) -> Result<Confusion> {
        let counts = filled(product(&[classes, classes]), 0, "the counts of answers")?;
        Ok(Confusion { classes, counts })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Counts an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the label or the answer is no class.
    pub fn add(&mut self, label: usize, answer: usize) -> Result<()> {
        for (what, class) in [("label", label), ("answer", answer)] {
            if class >= self.classes {
                return Err(Error::Usage(format!("{what} {class} is none of {} classes", self.classes)));
            }
        }
        self.counts[label * self.classes + answer] += 1;
        Ok(())
    }

    /// A row for each label: how often each class was the answer.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }

    /// The figures of every class.
    pub fn class_scores(&self) -> Vec<ClassScore> {
        let score = |(class, row): (usize, &[u64])| {
            let (right, images) = (row[class], row.iter().sum());
            ClassScore::of(right, self.rows().map(|row| row[class]).sum(), images)
        };
        self.rows().enumerate().map(score).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_class() {
        let mut confusion = Confusion::new(3).unwrap();
        for (label, answer) in [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (0, 0)] {
            confusion.add(label, answer).unwrap();
        }
        assert_eq!(confusion.rows().next(), Some([3, 1, 0].as_slice()));
        let scores = confusion.class_scores();
        let expected = ClassScore { precision: 0.75, recall: 0.75, f1: 0.75, images: 4 };
        assert_eq!(scores[0], expected);
        assert_eq!(scores[1], ClassScore { precision: 0.5, recall: 0.5, f1: 0.5, images: 2 });
        assert_eq!(scores[2], ClassScore { precision: 0.0, recall: 0.0, f1: 0.0, images: 0 });
    }
}
