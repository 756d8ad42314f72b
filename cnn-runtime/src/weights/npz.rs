//! Arrays of NumPy under names, as `numpy.savez` writes them and `numpy.load(FILE)` reads them.
//!
//! A file is a zip of arrays, each with a head of text that says type and shape, and its elements.

mod npy;
mod read;
mod write;

pub(super) use read::Npz;
pub use write::export_npz;
