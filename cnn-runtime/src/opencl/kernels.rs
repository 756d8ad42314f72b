//! Programs and kernels, compiled when first asked for.
//!
//! A program is known by its source and options, so equal layers share one. A kernel is known by
//! the address of the step that launches it and its name, so that the path of every later step is
//! one look-up.

use std::{
    collections::{HashMap, hash_map::Entry},
    ffi::CString,
    sync::{Arc, Mutex, PoisonError},
};

use ocl::core::{self, ArgVal, Context, DeviceId, Event, Mem, Program};

pub(super) use cnn_kernels::Source;

use cnn_core::{Error, Result};

use super::{device_info::DeviceInfo, failure::failure, memory::Queue, words};

/// Work-items of a group along the first dimension, where the device allows as many.
const GROUP: usize = 64;

/// The size of a kernel's groups: whole multiples of what the device runs at a time, at most
/// `limit`.
fn group(multiple: usize, limit: usize) -> usize {
    match GROUP.next_multiple_of(multiple).min(limit) / multiple * multiple {
        0 => limit,
        whole => whole,
    }
}

/// The compiled programs of a device, shared by its engines.
#[derive(Debug)]
pub(super) struct Programs {
    context: Context,
    device: DeviceId,
    is_gpu: bool,
    compiled: Mutex<HashMap<(Source, String), Program>>,
}

impl Programs {
    pub(super) fn new(context: &Context, info: &DeviceInfo) -> Programs {
        let compiled = Mutex::new(HashMap::new());
        Programs { context: context.clone(), device: info.id, is_gpu: info.is_gpu, compiled }
    }

    fn get(&self, source: Source, options: String) -> Result<Program> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        match compiled.entry((source, options)) {
            Entry::Occupied(entry) => Ok(entry.get().clone()),
            Entry::Vacant(entry) => {
                let options = &entry.key().1;
                let program = self
                    .build(source, options)
                    .map_err(|error| failure(&format!("compile {source:?} {options}"), error))?;
                Ok(entry.insert(program).clone())
            }
        }
    }

    /// The work-items of a kernel's groups. An item of a direct convolution is long and full of
    /// registers: on a CPU it gains nothing from neighbours.
    fn group(&self, source: Source, kernel: &core::Kernel) -> core::Result<usize> {
        use core::{KernelWorkGroupInfo as Query, KernelWorkGroupInfoResult as Answer};
        if source == Source::ConvDirect && !self.is_gpu {
            return Ok(1);
        }
        let ask = |query| core::get_kernel_work_group_info(kernel, self.device, query);
        match ask(Query::CompileWorkGroupSize)? {
            Answer::CompileWorkGroupSize([required, ..]) if required > 0 => return Ok(required),
            _ => {}
        }
        let limit = match ask(Query::WorkGroupSize)? {
            Answer::WorkGroupSize(limit) => limit.max(1),
            _ => 1,
        };
        Ok(match ask(Query::PreferredWorkGroupSizeMultiple)? {
            Answer::PreferredWorkGroupSizeMultiple(multiple) => group(multiple.max(1), limit),
            _ => group(1, limit),
        })
    }

    fn build(&self, source: Source, options: &str) -> core::Result<Program> {
        let program = core::create_program_with_source(&self.context, &[CString::new(source.text())?])?;
        let options = CString::new(format!("-cl-std=CL1.2 {options}"))?;
        core::build_program(&program, Some(&[self.device]), &options, None, None)?;
        Ok(program)
    }
}

/// The kernels of an engine.
pub(super) struct Kernels {
    programs: Arc<Programs>,
    created: HashMap<(usize, &'static str), Kernel>,
}

/// A kernel and its group size.
pub(super) struct Kernel {
    handle: core::Kernel,
    name: &'static str,
    group: usize,
}

impl Kernels {
    pub(super) fn new(programs: Arc<Programs>) -> Kernels {
        Kernels { programs, created: HashMap::new() }
    }

    /// The kernel `name` for the step at an address; `options` are asked for the first time only.
    pub(super) fn get(
        &mut self,
        step: usize,
        name: &'static str,
        source: Source,
        options: impl FnOnce() -> String,
    ) -> Result<&Kernel> {
        match self.created.entry((step, name)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let program = self.programs.get(source, options())?;
                let kernel = core::create_kernel(&program, name).and_then(|handle| {
                    Ok(Kernel { group: self.programs.group(source, &handle)?, handle, name })
                });
                Ok(entry
                    .insert(kernel.map_err(|error| failure(&format!("create the kernel {name}"), error))?))
            }
        }
    }
}

/// The `int` -1.
const NO_PLACE: u32 = -1i32 as u32;

/// A kernel argument. A length, count or place of 32 bits is checked by [`words::word`], here or
/// where [`Arg::Words`] are made.
#[derive(Clone, Copy)]
pub(super) enum Arg<'a> {
    /// A buffer.
    Buffer(&'a Mem),
    /// A structure of 32-bit words, as [`words`] makes them.
    Words(&'a [u32]),
    /// An `int` or `uint`: a length, a count or a place.
    Int(usize),
    /// An `int`: a distance in either direction.
    Signed(isize),
    /// An `int`: a place, or -1 where there is none.
    OptionalInt(Option<usize>),
    /// An `int` or `uint`: a name of `cnn_kernels`, or 1 for true and 0 for false.
    Code(u32),
    /// `float`
    Float(f32),
    /// `ulong`: an element offset that may exceed 32 bits.
    Offset(usize),
}

impl Kernel {
    /// Enqueues at least `items` work-items, the first dimension rounded up to whole groups; one
    /// alone is its own group.
    pub(super) fn launch(&self, queue: &Queue, args: &[Arg], items: [usize; 3]) -> Result<()> {
        for (index, arg) in args.iter().enumerate() {
            self.set(index as u32, arg)?;
        }
        self.enqueue(queue, items).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: core::Error) -> Error {
        failure(&format!("run the kernel {}", self.name), error)
    }

    fn enqueue(&self, queue: &Queue, items: [usize; 3]) -> core::Result<()> {
        let group = if items[0] == 1 { 1 } else { self.group };
        let global = [items[0].next_multiple_of(group), items[1], items[2]];
        let local = [group, 1, 1];
        // SAFETY: the kernel stays within the buffers as the plan lays them out; the caller has set
        // every argument.
        unsafe {
            core::enqueue_kernel(
                queue.raw(),
                &self.handle,
                3,
                None,
                &global,
                Some(local),
                None::<&Event>,
                None::<&mut Event>,
            )
        }
    }

    fn set(&self, index: u32, arg: &Arg) -> Result<()> {
        let set =
            |value| core::set_kernel_arg(&self.handle, index, value).map_err(|error| self.failure(error));
        match arg {
            Arg::Buffer(buffer) => set(ArgVal::mem(buffer)),
            Arg::Int(value) => set(ArgVal::scalar(&words::word(*value)?)),
            Arg::Signed(value) => set(ArgVal::scalar(&words::signed_word(*value)?)),
            Arg::OptionalInt(place) => set(ArgVal::scalar(&place.map_or(Ok(NO_PLACE), words::word)?)),
            Arg::Code(value) => set(ArgVal::scalar(value)),
            Arg::Float(value) => set(ArgVal::scalar(value)),
            Arg::Offset(value) => set(ArgVal::scalar(&(*value as u64))),
            Arg::Words(words) => {
                // SAFETY: the slice is readable for its size; the call copies it.
                set(unsafe { ArgVal::from_raw(size_of_val(*words), words.as_ptr().cast(), false) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_whole_multiples_within_the_limit() {
        let cases = [
            ((32, 1024), 64),
            ((64, 256), 64),
            ((128, 1024), 128),
            ((8, 20), 16),
            ((32, 20), 20),
            ((1, 1), 1),
        ];
        for ((multiple, limit), expected) in cases {
            assert_eq!(group(multiple, limit), expected, "multiple {multiple}, limit {limit}");
        }
    }
}
