//! Parameters: shape, packing, start.

use super::{Map, padded};
use crate::source::plain;

plain! {
    /// How a parameter is packed.
    ///
    /// | role | torch shape | packed order |
    /// |---|---|---|
    /// | `Filter` | `[O, …]`, such as `[O, I/groups, KH, KW]` | `[ceil(O/8)][…][8]` |
    /// | `Weight` | `[O, F]` | `[ceil(O/8)][x.len()][8]`, input elements in storage order of `x`, zero where `x` has padding |
    /// | `Vector` | `[O]` | `[ceil(O/8)][8]` |
    #[derive(Clone, Copy, Debug)]
    pub enum Role {
        /// Convolution filters, or scales and shifts of each element of a map.
        Filter,
        /// Dense weights over a map of this shape.
        Weight(map: Map),
        /// Bias, or any vector over channels.
        Vector,
    }
}

plain! {
    /// How a parameter starts; draws are in torch order, so they do not depend on packing.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Init {
        /// All equal.
        Constant(value: f32),
        /// Uniform in `±sqrt(6 / (fan_in + fan_out))`: Glorot and Bengio 2010, Keras' default.
        GlorotUniform,
        /// Normal with variance `2 / (fan_in + fan_out)`.
        GlorotNormal,
        /// Uniform in `±sqrt(6 / fan_in)`: He et al. 2015.
        HeUniform,
        /// Normal with variance `2 / fan_in`.
        HeNormal,
        /// Uniform in `±1 / sqrt(fan_in)`: what torch gives convolutions, dense layers and their
        /// biases.
        Torch,
    }
}

plain! {
    /// A trainable tensor.
    #[derive(Clone, Copy, Debug)]
    pub struct Param<'a> {
        /// Name in files: the layer's path and the tensor's kind, `conv1.weight`.
        pub name: &'a str,
        /// Torch shape.
        pub shape: &'a [usize],
        /// Packing.
        pub role: Role,
        /// Offset of the packed form in the parameters, and of its gradient in the gradients; a
        /// multiple of 8.
        pub offset: usize,
        /// Floats of the packed form.
        pub len: usize,
        /// Initial values.
        pub init: Init,
        /// Inputs that one output sees.
        pub fan_in: usize,
        /// Outputs that one input reaches.
        pub fan_out: usize,
        /// False for a frozen layer and for buffers: no gradient is computed and no update made.
        pub trainable: bool,
        /// True for running statistics: kept in files and changed by the forward pass, but no
        /// parameter.
        pub buffer: bool,
        /// Factor of the learning rate.
        pub lr_factor: f32,
        /// False if weight decay leaves it alone.
        pub decay: bool,
        /// True for large weights that no step reads after the one that computes their gradient: an
        /// engine may update each part of them there, as soon as its gradient is summed up, and
        /// never hold the gradient as a whole. Only dense weights and filters by Winograd's
        /// algorithm may be so: other steps make no update.
        pub fused_update: bool,
    }
}

impl<'a> Param<'a> {
    /// A trained vector at the start of the parameters, without attributes: what tables written by
    /// hand vary.
    pub const fn vector(name: &'a str, shape: &'a [usize; 1]) -> Param<'a> {
        Param {
            name,
            shape,
            role: Role::Vector,
            offset: 0,
            len: padded(shape[0]),
            init: Init::Constant(0.0),
            fan_in: 1,
            fan_out: 1,
            trainable: true,
            buffer: false,
            lr_factor: 1.0,
            decay: true,
            fused_update: false,
        }
    }
}
