//! What the answer to an image should be, as a data set knows it.

use cnn_plan::TargetKind;

/// What the answer to an image should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The number of its class.
    Class(u32),
    /// A real number for each output.
    Values(Vec<f32>),
    /// The numbers of the labels that it has, in any order.
    Labels(Vec<u32>),
}

impl From<u32> for Target {
    fn from(class: u32) -> Target {
        Target::Class(class)
    }
}

impl Target {
    /// Why this is no target of a kind for so many outputs, if it is none.
    pub(super) fn check(&self, kind: TargetKind, outputs: usize) -> Result<(), String> {
        match (self, kind) {
            (Target::Class(class), TargetKind::Class) if *class as usize >= outputs => {
                Err(format!("class {class} is none of {outputs}"))
            }
            (Target::Class(_), TargetKind::Class) => Ok(()),
            (Target::Values(values), TargetKind::Values) if values.len() == outputs => {
                match values.iter().find(|value| !value.is_finite()) {
                    Some(value) => Err(format!("a target of {value}: expected finite numbers")),
                    None => Ok(()),
                }
            }
            (Target::Values(values), TargetKind::Values) => {
                Err(format!("expected {outputs} values, found {}", values.len()))
            }
            (Target::Labels(labels), TargetKind::Labels) => {
                match labels.iter().find(|&&label| label as usize >= outputs) {
                    Some(label) => Err(format!("label {label} is none of {outputs}")),
                    None => Ok(()),
                }
            }
            (found, expected) => {
                Err(format!("expected {}, as the data set says, found {found:?}", expected.outputs()))
            }
        }
    }

    /// Appends the target as the numbers that a loss compares outputs with, in their bits.
    pub(super) fn put(&self, outputs: usize, words: &mut Vec<u32>) {
        match self {
            Target::Class(class) => words.push(*class),
            Target::Values(values) => words.extend(values.iter().map(|value| value.to_bits())),
            Target::Labels(labels) => {
                let start = words.len();
                words.resize(start + outputs, 0f32.to_bits());
                labels.iter().for_each(|&label| words[start + label as usize] = 1f32.to_bits());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_of_the_kind_and_the_length_that_the_data_set_says() {
        let check = |target: Target, kind| target.check(kind, 3);
        assert_eq!(check(Target::Class(2), TargetKind::Class), Ok(()));
        assert_eq!(check(Target::Values(vec![0.5; 3]), TargetKind::Values), Ok(()));
        assert_eq!(check(Target::Labels(vec![2, 0, 2]), TargetKind::Labels), Ok(()));
        for (target, kind, message) in [
            (Target::Values(vec![0.5; 2]), TargetKind::Values, "expected 3 values, found 2"),
            (Target::Labels(vec![3]), TargetKind::Labels, "label 3 is none of 3"),
            (Target::Class(3), TargetKind::Class, "class 3 is none of 3"),
            (
                Target::Values(vec![0.0, f32::NAN, 0.0]),
                TargetKind::Values,
                "a target of NaN: expected finite numbers",
            ),
            (Target::Class(1), TargetKind::Values, "expected values, as the data set says, found Class(1)"),
        ] {
            assert_eq!(check(target, kind), Err(message.into()));
        }
    }

    #[test]
    fn labels_are_ones_among_zeros() {
        let mut words = vec![5];
        Target::Labels(vec![2, 0]).put(4, &mut words);
        let [one, zero] = [1f32, 0.0].map(f32::to_bits);
        assert_eq!(words, [5, one, zero, one, zero]);
    }
}
