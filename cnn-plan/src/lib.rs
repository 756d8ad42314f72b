//! What the macro writes and the engines read: a network's tables and its fused steps, all
//! constants.
//!
//! The macro plans addresses, never backends. A step names its operands by place: a [`Map`] in the
//! arena, an offset into the parameters. Both engines use the same storage order, so a plan holds
//! for every device:
//!
//! * The arena holds one *slab* per sample of the batch, `Arena::slab` floats apart, then
//!   `Arena::fixed` floats that belong to the batch as a whole. Sample `s` of a map starts at
//!   `s * slab + map.offset`.
//! * A [`Layout::Blocked`] map is `[ceil(C/8)][H][W][8]`; the lanes past the last channel hold no
//!   information and may hold anything. A [`Layout::Planar`] map is `[C][H][W]`, as images come.
//! * Parameters are packed in kernel order by their [`Role`], and gradients alike; padding lanes
//!   there are zero and stay zero: a step that writes a gradient writes zeros into its padding.
//! * Only [`Elementwise`] may write a map that it reads, as its input or in its epilogue, and then at
//!   the same place; all other maps of a step lie apart. Maps of an epilogue have the shape and the
//!   layout of the step's result.
//! * NaN stays NaN in every formula: `min` and `max` are comparisons that keep it.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod addressing;
mod attributes;
mod data;
mod elt;
mod graph;
mod loss;
mod map;
mod network;
pub mod optim;
mod param;
pub mod path;
mod port;
pub mod settings;
mod source;
mod step;
mod steps;
mod winograd;

pub use addressing::*;
pub use attributes::*;
pub use data::*;
pub use elt::*;
pub use graph::*;
pub use loss::*;
pub use map::*;
pub use network::*;
pub use param::*;
pub use port::*;
pub use source::Source;
pub use step::{Scope, Shaped, TOUCH, Work};
pub use steps::*;
pub use winograd::*;

/// Tables of a network that refer to values which need not be constants, as the compiler has them
/// before it writes them.
pub mod tables {
    pub use crate::{
        graph::GraphNode,
        network::{Description, Layer, Plan},
        param::Param,
        port::Port,
    };
}

/// Everything constant about a network.
pub type Description = tables::Description<'static>;
/// A node of the graph of inference.
pub type GraphNode = tables::GraphNode<'static>;
/// A row of `summary`.
pub type Layer = tables::Layer<'static>;
/// A trainable tensor, or running statistics.
pub type Param = tables::Param<'static>;
/// A value that enters or leaves a network.
pub type Port = tables::Port<'static>;
/// The memory plan of one mode.
pub type Plan = tables::Plan<'static>;
