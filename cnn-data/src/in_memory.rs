//! Images and targets that a program has as arrays.

use cnn_core::{Error, Result, reserve::product};

use super::{Dataset, Image, Target, TargetKind, beyond, identity};

/// The targets of as many images, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetArray {
    /// One of `count` classes for each image.
    Classes {
        /// How many classes there are.
        count: usize,
        /// The class of each image.
        labels: Vec<u32>,
    },
    /// Real numbers, as many for each image: `[images, values]`.
    Values(Vec<f32>),
    /// 1 for a label that an image has, 0 for one that it has not: `[images, labels]`.
    Labels(Vec<f32>),
}

/// A data set of images that are in memory.
///
/// Pixels are from 0 to 255, as those of image files: a network's `data { }` says what becomes of
/// them, and where it has none they are divided by 255. `data { scale(1) }` takes them as they are.
///
/// ```
/// use cnn_runtime::data::{Dataset, InMemory, TargetArray};
///
/// let two_images = vec![0.0; 2 * 28 * 28];
/// let labels = TargetArray::Classes { count: 10, labels: vec![3, 7] };
/// let digits = InMemory::new([2, 1, 28, 28], two_images, labels)?;
/// assert_eq!((digits.len(), digits.outputs()), (2, 10));
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InMemory {
    shape: [usize; 3],
    pixels: Vec<f32>,
    targets: TargetArray,
    images: usize,
    outputs: usize,
    names: Vec<String>,
}

impl InMemory {
    /// A data set of pixels `[images, C, H, W]` with their targets.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if there are no images, if pixels or targets are more or fewer than the
    /// shape asks for, if a label is no class or neither 0 nor 1, or if
    /// a value is not finite.
    pub fn new(shape: [usize; 4], pixels: Vec<f32>, targets: TargetArray) -> Result<InMemory> {
        let refused = |message: String| Err(Error::Usage(message));
        let [images, rest @ ..] = shape;
        if shape.contains(&0) {
            return refused(format!("expected images with pixels, found the shape {shape:?}"));
        }
        if pixels.len() != product(&shape) {
            return refused(format!("expected the pixels of shape {shape:?}, found {}", pixels.len()));
        }
        let outputs = match &targets {
            TargetArray::Classes { count, labels } => {
                if labels.len() != images {
                    return refused(format!("{} labels for {images} images", labels.len()));
                }
                if let Some(label) = labels.iter().find(|&&label| label as usize >= *count) {
                    return refused(format!("label {label} is none of {count} classes"));
                }
                *count
            }
            TargetArray::Values(values) | TargetArray::Labels(values) => {
                if values.is_empty() || !values.len().is_multiple_of(images) {
                    return refused(format!("{} target values for {images} images", values.len()));
                }
                values.len() / images
            }
        };
        if let TargetArray::Values(values) = &targets
            && let Some(value) = values.iter().find(|value| !value.is_finite())
        {
            return refused(format!("a target of {value}: expected finite numbers"));
        }
        if let TargetArray::Labels(labels) = &targets
            && let Some(label) = labels.iter().find(|&&label| label != 0.0 && label != 1.0)
        {
            return refused(format!("a target of {label}: a label is there, 1, or not, 0"));
        }
        Ok(InMemory { shape: rest, pixels, targets, images, outputs, names: Vec::new() })
    }

    /// The same with names for classes, values or labels, in their order; those beyond the last
    /// name stay numbers.
    #[must_use]
    pub fn named(mut self, names: Vec<String>) -> InMemory {
        self.names = names;
        self
    }
}

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.images
    }

    fn target(&self) -> TargetKind {
        match self.targets {
            TargetArray::Classes { .. } => TargetKind::Class,
            TargetArray::Values(_) => TargetKind::Values,
            TargetArray::Labels(_) => TargetKind::Labels,
        }
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn output_name(&self, output: usize) -> String {
        self.names.get(output).cloned().unwrap_or_else(|| output.to_string())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        Some(self.shape)
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn identity(&self, index: usize) -> Option<u64> {
        let size = product(&self.shape);
        let pixels = self.pixels.get(index * size..)?.get(..size)?;
        let of_image =
            |values: &[f32]| bytemuck::cast_slice(&values[index * self.outputs..][..self.outputs]).to_vec();
        let target = match &self.targets {
            TargetArray::Classes { labels, .. } => labels[index].to_le_bytes().to_vec(),
            TargetArray::Values(values) | TargetArray::Labels(values) => of_image(values),
        };
        Some(identity(0, &[bytemuck::cast_slice(pixels), &target].concat()))
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        if index >= self.images {
            return Err(beyond(index, self.images));
        }
        let size = product(&self.shape);
        image.reshape(self.shape)?.copy_from_slice(&self.pixels[index * size..][..size]);
        let of_image = |values: &[f32]| values[index * self.outputs..][..self.outputs].to_vec();
        Ok(match &self.targets {
            TargetArray::Classes { labels, .. } => Target::Class(labels[index]),
            TargetArray::Values(values) => Target::Values(of_image(values)),
            TargetArray::Labels(labels) => {
                let numbered = (0..).zip(of_image(labels));
                Target::Labels(
                    numbered.filter(|(_, is_there)| *is_there == 1.0).map(|(label, _)| label).collect(),
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_with_their_targets() {
        let pixels: Vec<f32> = (0..12).map(|pixel| pixel as f32).collect();
        let labels = TargetArray::Labels(vec![0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        let data = InMemory::new([2, 1, 2, 3], pixels, labels).unwrap().named(vec!["cat".into()]);
        let mut image = Image::default();
        assert_eq!(data.read(1, &mut image).unwrap(), Target::Labels(vec![0]));
        assert_eq!((image.shape(), image.values()), ([1, 2, 3], &[6.0, 7.0, 8.0, 9.0, 10.0, 11.0][..]));
        assert_eq!(data.read(0, &mut image).unwrap(), Target::Labels(vec![1, 2]));
        assert_eq!((data.outputs(), data.output_name(0), data.output_name(1)), (3, "cat".into(), "1".into()));
        assert!(data.read(2, &mut image).is_err());
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let classes = |labels: &[u32]| TargetArray::Classes { count: 3, labels: labels.to_vec() };
        for (shape, pixels, targets, message) in [
            ([2, 1, 1, 1], 3, classes(&[0, 1]), "expected the pixels of shape [2, 1, 1, 1], found 3"),
            ([0, 1, 1, 1], 0, classes(&[]), "expected images with pixels"),
            ([2, 1, 1, 1], 2, classes(&[0]), "1 labels for 2 images"),
            ([2, 1, 1, 1], 2, classes(&[0, 3]), "label 3 is none of 3 classes"),
            ([2, 1, 1, 1], 2, TargetArray::Values(vec![0.5; 3]), "3 target values for 2 images"),
            ([2, 1, 1, 1], 2, TargetArray::Labels(vec![0.5; 2]), "a target of 0.5"),
            ([2, 1, 1, 1], 2, TargetArray::Values(vec![f32::NAN; 2]), "a target of NaN"),
            ([usize::MAX, 2, 2, 2], 0, classes(&[]), "expected the pixels"),
        ] {
            let error = InMemory::new(shape, vec![0.0; pixels], targets).unwrap_err();
            assert!(matches!(error, Error::Usage(_)) && error.to_string().contains(message), "{error}");
        }
    }
}
