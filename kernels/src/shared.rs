//! Sizes that the host and the kernels share, and the `#define`s of all shared numbers.

use alloc::string::String;
use core::fmt::Write;

use crate::{codes, define::Define};

/// Declares sizes and a table of their `#define`s.
macro_rules! sizes {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: usize = $value;)*
        const SIZES: &[Define] = &[$(Define { name: stringify!($name), value: $name }),*];
    };
}

sizes! {
    /// Channels of a block: those of a `float8`.
    BLOCK = cnn_plan::BLOCK;
    /// Element-wise operations that one step takes.
    EPILOGUE_LEN = cnn_plan::EPILOGUE_LEN;
    /// Samples of a work-item of the kernel `dense`.
    DENSE_SAMPLES = 8;
    /// Samples of a work-item of the kernel `dense_input_grad`, which reads its weights once for
    /// all.
    DENSE_RUN = 32;
    /// Blocks along the side of a tile of the kernels in `conv_igemm.cl`.
    SIDE = 8;
    /// Work-items of a group of the kernels in `conv_igemm.cl`.
    ITEMS = SIDE * SIDE;
}

/// Every shared number.
pub(crate) fn defines() -> impl Iterator<Item = &'static Define> {
    [SIZES].iter().chain(codes::DEFINES).flat_map(|table| table.iter())
}

/// The `#define`s that stand before the kernels of every program.
pub(crate) fn prelude() -> String {
    defines().fold(String::new(), |mut text, Define { name, value }| {
        let _ = writeln!(text, "#define {name} {value}");
        text
    })
}
