//! A data set whose labels are the outputs of a network that was trained on other files.
//!
//! A network's outputs have the order that the classes had when it was trained; folders are listed
//! by name. Classes are the same if their names are.

use std::sync::Arc;

use cnn_core::{Error, Result};

use super::{Dataset, Image};

/// A class of a data set that a network does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network knows no class {name}")]
#[non_exhaustive]
pub struct UnknownClass {
    /// The name of the class.
    pub name: String,
}

/// A data set with a network's labels.
struct ClassOrder {
    data: Arc<dyn Dataset>,
    /// Names of the network's classes.
    names: Vec<String>,
    /// The network's class of each class of the data.
    labels: Vec<u32>,
}

/// The data set as a network with classes of these names sees it: the data set itself where either
/// knows no names but numbers, or both are in one order.
///
/// # Errors
///
/// [`UnknownClass`] if the network has no class of a name.
pub fn with_class_order(data: Arc<dyn Dataset>, names: &[String]) -> Result<Arc<dyn Dataset>, UnknownClass> {
    let own: Vec<String> = (0..data.classes()).map(|class| data.class_name(class)).collect();
    let numbered = own.iter().enumerate().all(|(class, name)| *name == class.to_string());
    if names.is_empty() || numbered || names.starts_with(&own) {
        return Ok(data);
    }
    let label = |name: String| match names.iter().position(|known| *known == name) {
        Some(label) => Ok(label as u32),
        None => Err(UnknownClass { name }),
    };
    let labels = own.into_iter().map(label).collect::<Result<_, _>>()?;
    Ok(Arc::new(ClassOrder { data, names: names.to_vec(), labels }))
}

impl Dataset for ClassOrder {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn classes(&self) -> usize {
        self.names.len()
    }

    fn class_name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        self.data.shape()
    }

    fn in_memory(&self) -> bool {
        self.data.in_memory()
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<u32> {
        let label = self.data.read(index, image)?;
        self.labels.get(label as usize).copied().ok_or_else(|| {
            let classes = self.labels.len();
            Error::Usage(format!("label {label} of image {index} is none of {classes} classes"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of each class.
    struct Named(&'static [&'static str]);

    impl Dataset for Named {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn classes(&self) -> usize {
            self.0.len()
        }

        fn class_name(&self, class: usize) -> String {
            self.0[class].into()
        }

        fn read(&self, index: usize, image: &mut Image) -> Result<u32> {
            image.set_bytes([1, 1, 1], &[0])?;
            Ok(index as u32)
        }
    }

    fn labels(classes: &'static [&'static str], names: &[&str]) -> Result<Vec<u32>, UnknownClass> {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        let data = with_class_order(Arc::new(Named(classes)), &names)?;
        Ok((0..data.len()).map(|index| data.read(index, &mut Image::default()).unwrap()).collect())
    }

    #[test]
    fn classes_are_the_same_by_name() {
        assert_eq!(labels(&["cat", "dog"], &["dog", "eel", "cat"]), Ok(vec![2, 0]));
        assert_eq!(labels(&["cat", "dog"], &["cat", "dog", "eel"]), Ok(vec![0, 1]));
        assert_eq!(labels(&["0", "2"], &["0", "1", "2"]), Ok(vec![0, 2]));
        assert_eq!(labels(&["cat", "gnu"], &["cat", "dog"]), Err(UnknownClass { name: "gnu".into() }));
    }

    #[test]
    fn what_has_no_names_goes_by_number() {
        assert_eq!(labels(&["cat", "dog"], &[]), Ok(vec![0, 1]));
        assert_eq!(labels(&["0", "1"], &["cat", "dog"]), Ok(vec![0, 1]));
    }
}
