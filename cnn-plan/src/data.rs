//! The stages that `data { }` and `augment { }` declare: the way from a stored image to the
//! network's input.
//!
//! Stages run in this order: the geometry of `data { }` (resize, crop); in training `augment { }`,
//! in place of the crop if it crops itself; then the values of `data { }` (means, scale,
//! whitening), in the order given. Pixels enter as 0 to 255. What is fitted is fitted on the
//! training images without augmentation.

mod augment;
mod prepare;

pub use augment::{AUGMENTATIONS, Augment};
pub use prepare::{PREPARATIONS, Per, Prepare, Whitening};

/// Height and width of a stage that takes one size for both, or two.
fn extent(height: usize, width: Option<usize>) -> [usize; 2] {
    [height, width.unwrap_or(height)]
}
