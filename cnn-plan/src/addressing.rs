//! How a step names what it works on: by address at run time, by anything else before addresses are
//! known.

use core::fmt::Debug;

use crate::{Elt, Map, Shaped};

/// A way of naming layers, maps, parameters and areas.
///
/// The steps of generated code are [`Placed`]. The compiler, which schedules steps before it plans
/// memory, names maps by buffers and parameters by their numbers.
pub trait Addressing: Copy + Debug + PartialEq {
    /// A layer.
    type Name: Clone + Debug + PartialEq;
    /// A value of each sample of the batch.
    type Map: Copy + Debug + PartialEq + Shaped;
    /// A parameter, and its gradient.
    type Param: Copy + Debug + PartialEq;
    /// Floats that belong to the batch as a whole.
    type Area: Copy + Debug + PartialEq;
    /// The element-wise operations that end a step.
    type Epilogue: Clone + Debug + PartialEq + AsRef<[Elt<Self>]>;
}

/// The addressing of generated code.
///
/// Maps have offsets in a sample's slab, parameters offsets among the packed parameters, which are
/// those of their gradients too, and areas offsets in the arena's fixed part. Behind the gradients
/// of all parameters lie further ones, of what several readers of a parameter contribute to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed;

impl Addressing for Placed {
    type Name = &'static str;
    type Map = Map;
    type Param = usize;
    type Area = usize;
    type Epilogue = &'static [Elt];
}

/// The way from one addressing to another, item by item.
pub trait Readdress<A: Addressing, B: Addressing> {
    /// A layer's name.
    fn name(&self, name: &A::Name) -> B::Name;
    /// A map.
    fn map(&self, map: A::Map) -> B::Map;
    /// A parameter.
    fn param(&self, param: A::Param) -> B::Param;
    /// An area.
    fn area(&self, area: A::Area) -> B::Area;
    /// The operations of an epilogue.
    fn epilogue(&self, epilogue: &A::Epilogue) -> B::Epilogue;
}

/// What a step touches, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand<A: Addressing> {
    /// A map that is read.
    Read(A::Map),
    /// A map that is written.
    Write(A::Map),
    /// A parameter that is read; running statistics are also written.
    Param(A::Param),
    /// A parameter whose gradient is written.
    Gradient(A::Param),
    /// A parameter whose gradient is read.
    ReadGradient(A::Param),
    /// An area that an earlier step left something in.
    ReadArea(A::Area),
    /// An area that is written.
    WriteArea(A::Area),
}
