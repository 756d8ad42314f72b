//! All that answers and their targets say about a network: the score, and what stands behind it.

use cnn_core::{Result, Targets};

use super::{
    ClassScore, Confusion, Score, ValueScore,
    tally::{Tally, first_largest},
};
use crate::plan::{Description, TargetKind};

/// Figures over the images added so far.
#[derive(Clone, Debug)]
pub struct Assessment {
    tally: Tally,
    top: usize,
    in_top: u64,
    /// Of no classes where targets are none.
    confusion: Confusion,
}

/// What stands behind a score.
#[derive(Clone, Debug)]
pub enum Details<'a> {
    /// Of classes.
    Classes {
        /// Answers by class.
        confusion: &'a Confusion,
        /// Number of answers among which the class was looked for.
        top: usize,
        /// Share of images whose class is among these first answers.
        top_accuracy: f64,
    },
    /// Of labels: the figures of each.
    Labels(Vec<ClassScore>),
    /// Of values: the figures of each.
    Values(Vec<ValueScore>),
}

impl Assessment {
    /// An assessment of a network's answers without images. `top` is the number of answers among
    /// which a class is looked for; all classes if there are fewer.
    ///
    /// # Errors
    ///
    /// As [`Confusion::new`].
    pub fn new(description: &Description, top: usize) -> Result<Assessment> {
        let (target, outputs) = (description.target(), description.output_len());
        let classes = if target == TargetKind::Class { outputs } else { 0 };
        Ok(Assessment {
            tally: Tally::new(description.training.loss, target, outputs)?,
            top: top.min(classes),
            in_top: 0,
            confusion: Confusion::new(classes)?,
        })
    }

    /// Adds an image by the network's outputs and its target.
    ///
    /// # Errors
    ///
    /// [`cnn_core::Error::Usage`] if there are more or fewer outputs, or the target does not fit them.
    pub fn add(&mut self, outputs: &[f32], target: Targets) -> Result<()> {
        self.tally.add(outputs, target)?;
        if let Some(class) = target.class() {
            self.confusion.add(class, first_largest(outputs))?;
            self.in_top += u64::from(rank(outputs, class) < self.top);
        }
        Ok(())
    }

    /// Mean loss, and the share of right answers or what takes its place.
    pub fn score(&self) -> Score {
        self.tally.score()
    }

    /// What stands behind the score.
    pub fn details(&self) -> Details<'_> {
        match self.tally.target() {
            TargetKind::Class => Details::Classes {
                confusion: &self.confusion,
                top: self.top,
                top_accuracy: self.in_top as f64 / self.tally.images().max(1) as f64,
            },
            TargetKind::Labels => Details::Labels(self.tally.label_scores()),
            TargetKind::Values => Details::Values(self.tally.value_scores()),
        }
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
    use crate::plan::{Meaning, Port};

    /// A network of three classes, or as much of it as is asked for.
    const THREE: Description = Description {
        outputs: &[Port { name: "output", shape: &[3], meaning: Meaning::Answer(TargetKind::Class) }],
        ..Description::EMPTY
    };

    #[test]
    fn the_label_may_be_the_second_answer() {
        let mut assessment = Assessment::new(&THREE, 2).unwrap();
        for (logits, label) in
            [([3.0, 2.0, 1.0], 0), ([3.0, 2.0, 1.0], 1), ([3.0, 2.0, 1.0], 2), ([1.0; 3], 2)]
        {
            assessment.add(&logits, Targets::Classes(&[label])).unwrap();
        }
        assert_eq!(assessment.score().accuracy, Some(0.25));
        let Details::Classes { confusion, top, top_accuracy } = assessment.details() else { panic!() };
        assert_eq!((top, top_accuracy), (2, 0.5));
        assert_eq!(confusion.rows().collect::<Vec<_>>(), [[1, 0, 0], [1, 0, 0], [2, 0, 0]]);
    }

    #[test]
    fn first_answers_of_few_classes_are_all() {
        let assessment = Assessment::new(&THREE, 5).unwrap();
        assert!(matches!(assessment.details(), Details::Classes { top: 3, .. }));
    }
}
