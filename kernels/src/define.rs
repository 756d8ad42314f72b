//! What a `#define` is made of.

/// A name in the kernels and its value.
pub(crate) struct Define {
    pub(crate) name: &'static str,
    pub(crate) value: usize,
}
