//! What kernels can address: places among the parameters, places in the slab of a sample, and
//! samples are `int`s. Places in the state and behind the slabs are not.

use super::{failure::refused, words::LARGEST};
use crate::{engine::Sizes, error::Result};

/// Checks that kernels can address the memory of a network.
///
/// The slab is not among the sizes; the arena has room for `batch` slabs of the longest plan.
///
/// # Errors
/// [`crate::Error::Device`] with the size that is too large.
pub(super) fn check(sizes: &Sizes) -> Result<()> {
    let Sizes { params, arena, batch, .. } = *sizes;
    for (what, length) in [
        ("parameters", params),
        ("activations of one sample", arena / batch.max(1)),
        ("samples of a batch", batch),
    ] {
        if length > LARGEST {
            return Err(refused(format!("{length} {what}: the OpenCL engine addresses up to {LARGEST}")));
        }
    }
    Ok(())
}
