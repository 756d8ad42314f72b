//! The data that come with this repository, for the examples: they find it from whatever folder
//! they are started in, as long as it stays where they were built.

/// The folder of the digits, which `README.md` beside this file describes.
pub(crate) const MNIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mnist");
