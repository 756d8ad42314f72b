//! What preparation does to the values of an image, for who repeats it elsewhere.

/// A change of the elements of an image `[C, H, W]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueStage<'a> {
    /// `(x - shift) / divisor` of each element.
    Affine {
        /// What is subtracted from each element.
        shift: &'a [f32],
        /// What each element is divided by.
        divisor: &'a [f32],
    },
    /// The product of a square matrix, which is given column by column, with all elements.
    Matrix(&'a [f32]),
}
