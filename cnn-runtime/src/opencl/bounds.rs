//! Bounds of what an engine may be asked: kernels and transfers check nothing, so every call is
//! checked before it reaches the device.
//!
//! A call beyond the memory that an engine was made with is an [`Error::Usage`]; a network beyond
//! what kernels can address is an [`Error::Device`].

use super::{failure::refused, words::LARGEST};
use crate::{
    engine::{Class, Due, Pass, Sizes},
    error::{Error, Result},
    plan::{BLOCK, Map},
};

/// Checks that kernels can address the memory of a network: places among the parameters, places in
/// the slab of a sample, and samples are `int`s. Places in the state and behind the slabs are not.
///
/// The slab is not among the sizes; the arena has room for `batch` slabs of the longest plan.
pub(super) fn check_sizes(sizes: &Sizes) -> Result<()> {
    let Sizes { params, arena, batch, .. } = *sizes;
    for (what, length) in [
        ("parameters", params),
        ("activations of one sample", arena / batch.max(1)),
        ("samples of a batch", batch),
    ] {
        if length > LARGEST {
            return Err(refused(format!(
                "{length} {what}: the OpenCL engine addresses up to {LARGEST}; use --device cpu"
            )));
        }
    }
    Ok(())
}

/// Checks that a class of memory holds `len` floats from `offset` on.
pub(super) fn check_range(sizes: &Sizes, class: Class, offset: usize, len: usize) -> Result<()> {
    let held = match class {
        Class::Params => sizes.params,
        Class::Grads => sizes.grads,
        Class::State => sizes.state,
    };
    match offset.checked_add(len) {
        Some(end) if end <= held => Ok(()),
        _ => Err(Error::Usage(format!(
            "{class:?}: expected places below {held}, found {len} floats from {offset} on"
        ))),
    }
}

/// Checks that a pass stays within the batch and the arena.
pub(super) fn check_pass(sizes: &Sizes, pass: &Pass) -> Result<()> {
    let &Pass { batch, arena, .. } = pass;
    if !(1..=sizes.batch).contains(&batch) {
        return Err(Error::Usage(format!("expected a pass of 1 to {} samples, found {batch}", sizes.batch)));
    }
    let slabs = batch.checked_mul(arena.slab);
    match slabs.and_then(|slabs| slabs.checked_add(arena.fixed)) {
        Some(len) if len <= sizes.arena => Ok(()),
        _ => Err(Error::Usage(format!(
            "expected an arena of at most {} floats, found {batch} samples of {arena:?}",
            sizes.arena
        ))),
    }
}

/// Checks a pass, and that a map of at least `len` floats lies in the slab of each of its samples.
pub(super) fn check_map(sizes: &Sizes, pass: &Pass, map: &Map, len: usize) -> Result<()> {
    check_pass(sizes, pass)?;
    match map.offset.checked_add(map.len()) {
        Some(end) if end <= pass.arena.slab && map.len() >= len => Ok(()),
        _ => Err(Error::Usage(format!(
            "expected a map of {len} floats or more in a slab of {}, found {map:?}",
            pass.arena.slab
        ))),
    }
}

/// Checks a pass, and that `len` floats are a map of each of its samples.
pub(super) fn check_samples(sizes: &Sizes, pass: &Pass, map: &Map, len: usize) -> Result<()> {
    check_map(sizes, pass, map, 1)?;
    let expected = pass.batch * map.len();
    if len != expected {
        return Err(Error::Usage(format!(
            "expected {expected} floats for {} samples of {map:?}, found {len}",
            pass.batch
        )));
    }
    Ok(())
}

/// Checks the number of labels. Whether each is a class is known to the step that reads them.
pub(super) fn check_labels(sizes: &Sizes, labels: &[u32]) -> Result<()> {
    if labels.len() > sizes.batch {
        let found = labels.len();
        return Err(Error::Usage(format!("expected at most {} labels, found {found}", sizes.batch)));
    }
    Ok(())
}

/// Checks that an update is one of the engine's parameters, and that its gradients and its state
/// are there.
pub(super) fn check_update(sizes: &Sizes, due: &Due) -> Result<()> {
    let Due { update, number, params } = due;
    let state = update.slots().checked_mul(sizes.params);
    let fits = sizes.grads == sizes.params && state.is_some_and(|state| state <= sizes.state);
    if !fits || *number == 0 {
        return Err(Error::Usage(format!(
            "update {number} with {} arrays of state: expected a number from 1, found an engine of {sizes:?}",
            update.slots()
        )));
    }
    for param in *params {
        check_range(sizes, Class::Params, param.offset, param.len)?;
        if !param.offset.is_multiple_of(BLOCK) || !param.len.is_multiple_of(BLOCK) {
            return Err(Error::Usage(format!("{}: expected whole blocks of {BLOCK} floats", param.name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_beyond_32_bits_is_refused_with_its_size() {
        let small = Sizes { params: 8, grads: 8, state: usize::MAX, arena: 64, batch: 2 };
        let beyond = LARGEST + 1;
        assert!(check_sizes(&Sizes { params: LARGEST, arena: 2 * LARGEST, ..small }).is_ok());
        for (sizes, what) in [
            (Sizes { params: beyond, ..small }, "parameters"),
            (Sizes { arena: 2 * beyond, ..small }, "activations of one sample"),
            (Sizes { batch: beyond, ..small }, "samples of a batch"),
        ] {
            let error = check_sizes(&sizes).expect_err("beyond an int").to_string();
            assert!(error.contains(&format!("{beyond} {what}")), "{error}");
        }
    }
}
