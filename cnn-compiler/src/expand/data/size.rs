//! What is known of an image's size while stages are followed.

/// What is known of an image's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    /// Nothing: images as they are stored.
    Any,
    /// Its shorter side.
    Shorter(usize),
    /// `[height, width]`
    Exact([usize; 2]),
}
