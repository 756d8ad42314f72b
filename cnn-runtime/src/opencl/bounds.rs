//! What kernels can address: places among the parameters, places in the slab of a sample, and
//! samples are `int`s. Places in the state and behind the slabs are not.

use cnn_core::Result;

use super::{failure::refused, words::LARGEST};
use crate::engine::Sizes;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_beyond_32_bits_is_refused_with_its_size() {
        let small = Sizes { params: 8, grads: 8, state: usize::MAX, arena: 64, batch: 2, targets: 2 };
        let beyond = LARGEST + 1;
        assert!(check(&Sizes { params: LARGEST, arena: 2 * LARGEST, ..small }).is_ok());
        for (sizes, what) in [
            (Sizes { params: beyond, ..small }, "parameters"),
            (Sizes { arena: 2 * beyond, ..small }, "activations of one sample"),
            (Sizes { batch: beyond, ..small }, "samples of a batch"),
        ] {
            let error = check(&sizes).expect_err("beyond an int").to_string();
            assert!(error.contains(&format!("{beyond} {what}")), "{error}");
        }
    }
}
