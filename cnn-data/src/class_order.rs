//! A data set whose targets go by the outputs of a network that was trained on other files.
//!
//! A network's outputs have the order that the classes, values or labels had when it was trained;
//! folders are listed by name. Two of them are the same if their names are.

use std::sync::Arc;

use cnn_core::{Error, Result};

use cnn_plan::TargetKind;

use super::{Dataset, Image, Target};

/// A class, value or label of a data set that a network does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network knows no {} {name}", kind.output())]
#[non_exhaustive]
pub struct UnknownClass {
    /// What it is.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
}

/// A data set with a network's outputs.
struct ClassOrder {
    data: Arc<dyn Dataset>,
    /// Names of the network's outputs.
    names: Vec<String>,
    /// The network's output for each of the data's.
    outputs: Vec<u32>,
}

/// The data set as a network with outputs of these names sees it. Where either knows its classes by
/// numbers alone and the other by names, or the network knows no names, they are taken in order.
///
/// # Errors
///
/// [`UnknownClass`] if the network has no output of a name.
pub fn with_class_order(data: Arc<dyn Dataset>, names: &[String]) -> Result<Arc<dyn Dataset>, UnknownClass> {
    let own = output_names(&*data);
    // Another number of values is no other order of them: whoever compares the counts says so.
    let is_short = data.target() == TargetKind::Values && own.len() != names.len();
    if names.is_empty() || is_short || *names == own {
        return Ok(data);
    }
    // Each of the network's outputs is taken once, even where two have one name.
    let mut is_taken = vec![false; names.len()];
    let output =
        |name: &String| match (0..names.len()).find(|&output| !is_taken[output] && names[output] == *name) {
            Some(output) => {
                is_taken[output] = true;
                Ok(output as u32)
            }
            None => Err(UnknownClass { kind: data.target(), name: name.clone() }),
        };
    match own.iter().map(output).collect::<Result<_, _>>() {
        Ok(outputs) => Ok(Arc::new(ClassOrder { data, names: names.to_vec(), outputs })),
        Err(_) if are_in_order(&own, names) => Ok(data),
        Err(unknown) => Err(unknown),
    }
}

/// What a data set calls its outputs.
fn output_names(data: &dyn Dataset) -> Vec<String> {
    (0..data.outputs()).map(|output| data.output_name(output)).collect()
}

/// True where a data set's classes are taken in order by a network whose outputs have these names,
/// since one side has numbers alone and nothing is known by name: a guess, which is worth a word.
pub fn are_taken_in_order(data: &dyn Dataset, names: &[String]) -> bool {
    data.target() != TargetKind::Values && !names.is_empty() && are_in_order(&output_names(data), names)
}

fn are_in_order(own: &[String], names: &[String]) -> bool {
    (is_numbered(own) || is_numbered(names)) && !own.iter().any(|name| names.contains(name))
}

/// True of names that only count.
fn is_numbered(names: &[String]) -> bool {
    names.iter().enumerate().all(|(nth, name)| *name == nth.to_string())
}

/// An output that a class takes whose name a network did not know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenOutput {
    /// The class.
    pub class: String,
    /// Its output.
    pub output: usize,
    /// The class that had the output before, and of which there are no images.
    pub before: Option<String>,
}

/// Names for a network's `outputs` that is to be trained on other classes than the ones it knows:
/// those that it knows keep their outputs; new ones take outputs without a name, then those of
/// classes that the data set has not. What is known by numbers alone gives way to names.
///
/// ```
/// use cnn_runtime::data::with_new_classes;
///
/// let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<Vec<String>>();
/// let (names, taken) = with_new_classes(&list(&["cat", "dog"]), &list(&["bee", "cat", "dog"]), 3);
/// assert_eq!(names, ["cat", "dog", "bee"]);
/// assert_eq!((taken[0].class.as_str(), taken[0].output), ("bee", 2));
/// ```
pub fn with_new_classes(known: &[String], own: &[String], outputs: usize) -> (Vec<String>, Vec<TakenOutput>) {
    if known.is_empty() || are_in_order(own, known) {
        let names = if is_numbered(known) { own } else { known };
        return (names.to_vec(), Vec::new());
    }
    let mut names = known.to_vec();
    let unused = known.iter().enumerate().filter(|(_, name)| !own.contains(name));
    let mut free = (known.len()..outputs)
        .map(|output| (output, None))
        .chain(unused.map(|(output, name)| (output, Some(name.clone()))));
    let mut taken = Vec::new();
    for class in own.iter().filter(|class| !known.contains(class)) {
        let Some((output, before)) = free.next() else { break };
        match names.get_mut(output) {
            Some(name) => name.clone_from(class),
            None => names.push(class.clone()),
        }
        taken.push(TakenOutput { class: class.clone(), output, before });
    }
    (names, taken)
}

impl Dataset for ClassOrder {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn outputs(&self) -> usize {
        self.names.len()
    }

    fn output_name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        self.data.shape()
    }

    fn in_memory(&self) -> bool {
        self.data.in_memory()
    }

    fn target(&self) -> TargetKind {
        self.data.target()
    }

    fn check(&self, index: usize) -> Result<()> {
        self.data.check(index)
    }

    fn identity(&self, index: usize) -> Option<u64> {
        self.data.identity(index)
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let output = |own: usize| {
            self.outputs.get(own).copied().ok_or_else(|| {
                let count = self.outputs.len();
                let kind = self.target().outputs();
                Error::Usage(format!("target {own} of image {index} is none of {count} {kind}"))
            })
        };
        Ok(match self.data.read(index, image)? {
            Target::Class(class) => Target::Class(output(class as usize)?),
            Target::Labels(labels) => {
                Target::Labels(labels.into_iter().map(|label| output(label as usize)).collect::<Result<_>>()?)
            }
            Target::Values(own) => {
                // Values of another count than the data set says stay as they are: whoever checks
                // targets finds that they do not fit.
                let mut values = own.clone();
                if own.len() == self.outputs.len() {
                    self.outputs.iter().zip(own).for_each(|(&output, value)| values[output as usize] = value);
                }
                Target::Values(values)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of each class, with a target made of its number.
    struct Named(&'static [&'static str], fn(u32) -> Target);

    impl Dataset for Named {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn target(&self) -> TargetKind {
            match (self.1)(0) {
                Target::Class(_) => TargetKind::Class,
                Target::Values(_) => TargetKind::Values,
                Target::Labels(_) => TargetKind::Labels,
            }
        }

        fn outputs(&self) -> usize {
            self.0.len()
        }

        fn output_name(&self, class: usize) -> String {
            self.0[class].into()
        }

        fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
            image.set_bytes([1, 1, 1], &[0])?;
            Ok(self.1(index as u32))
        }
    }

    fn targets(
        classes: &'static [&'static str],
        names: &[&str],
        target: fn(u32) -> Target,
    ) -> Result<Vec<Target>, UnknownClass> {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        let data = with_class_order(Arc::new(Named(classes, target)), &names)?;
        Ok((0..data.len()).map(|index| data.read(index, &mut Image::default()).unwrap()).collect())
    }

    fn labels(classes: &'static [&'static str], names: &[&str]) -> Result<Vec<u32>, UnknownClass> {
        let class = |target| match target {
            Target::Class(class) => class,
            other => panic!("{other:?}"),
        };
        Ok(targets(classes, names, Target::Class)?.into_iter().map(class).collect())
    }

    #[test]
    fn labels_and_values_go_by_name_too() {
        let labels = targets(&["cat", "dog"], &["dog", "cat"], |index| Target::Labels(vec![index]));
        assert_eq!(labels.unwrap(), [Target::Labels(vec![1]), Target::Labels(vec![0])]);
        let values = targets(&["x", "y"], &["y", "x"], |index| Target::Values(vec![index as f32, 5.0]));
        assert_eq!(values.unwrap(), [Target::Values(vec![5.0, 0.0]), Target::Values(vec![5.0, 1.0])]);
        // Of one name and another order: no value takes the place of another.
        let values =
            targets(&["x", "y", "x"], &["y", "x", "x"], |index| Target::Values(vec![index as f32, 5.0, 7.0]));
        assert_eq!(values.unwrap()[1], Target::Values(vec![5.0, 1.0, 7.0]));
    }

    #[test]
    fn classes_are_the_same_by_name() {
        assert_eq!(labels(&["cat", "dog"], &["dog", "eel", "cat"]), Ok(vec![2, 0]));
        assert_eq!(labels(&["cat", "dog"], &["cat", "dog", "eel"]), Ok(vec![0, 1]));
        assert_eq!(labels(&["0", "2"], &["0", "1", "2"]), Ok(vec![0, 2]));
        assert_eq!(
            labels(&["cat", "gnu"], &["cat", "dog"]),
            Err(UnknownClass { kind: TargetKind::Class, name: "gnu".into() })
        );
    }

    #[test]
    fn what_has_no_names_goes_by_number() {
        assert_eq!(labels(&["cat", "dog"], &[]), Ok(vec![0, 1]));
        assert_eq!(labels(&["0", "1"], &["cat", "dog"]), Ok(vec![0, 1]));
        // Where some are known by name, none goes by its place.
        assert!(labels(&["1", "2", "x"], &["0", "1", "2"]).is_err());
        // Names that were added later.
        assert_eq!(labels(&["cat", "dog"], &["0", "1", "2"]), Ok(vec![0, 1]));
    }

    #[test]
    fn numbers_are_names_where_both_have_them() {
        // Folders are in the order of their names, of which 10 comes before 2.
        let names = ["0", "1", "10", "11", "2"];
        assert_eq!(labels(&["0", "1", "2"], &names), Ok(vec![0, 1, 4]));
        assert_eq!(
            labels(&["0", "1", "10", "11", "2"], &["0", "1", "2", "10", "11"]),
            Ok(vec![0, 1, 3, 4, 2])
        );
        assert_eq!(labels(&["0", "2", "11"], &names), Ok(vec![0, 4, 3]));
    }

    #[test]
    fn new_classes_take_outputs_that_are_free() {
        let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<Vec<String>>();
        let names = |known: &[&str], own: &[&str], outputs| {
            let (names, taken) = with_new_classes(&list(known), &list(own), outputs);
            (names.join(" "), taken.into_iter().map(|taken| (taken.output, taken.before)).collect::<Vec<_>>())
        };
        assert_eq!(names(&["cat", "dog"], &["dog"], 3), ("cat dog".into(), vec![]));
        assert_eq!(
            names(&["cat", "dog"], &["bee", "cat", "dog"], 3),
            ("cat dog bee".into(), vec![(2, None)])
        );
        // A known class without images gives its output away, once no other is left.
        let fox = (0, Some("cat".into()));
        assert_eq!(
            names(&["cat", "dog"], &["bee", "dog", "fox"], 3),
            ("fox dog bee".into(), vec![(2, None), fox])
        );
        assert_eq!(names(&[], &["bee"], 3), ("bee".into(), vec![]));
        assert_eq!(names(&["0", "1"], &["bee", "cat"], 2), ("bee cat".into(), vec![]));
        assert_eq!(names(&["cat", "dog"], &["0", "1"], 2), ("cat dog".into(), vec![]));
        assert_eq!(names(&["0", "1", "2"], &["0", "1", "10", "2"], 4), ("0 1 2 10".into(), vec![(3, None)]));
        assert_eq!(names(&["cat", "dog", "eel"], &["cat", "dog"], 4), ("cat dog eel".into(), vec![]));
    }
}
