//! The numbers by which kernels know what a plan's enumerations say.

use cnn_plan::{Act, Elt, LossKind, PoolKind};

use crate::define::Define;

/// Declares enumerations whose values the kernels know by the name behind each.
macro_rules! codes {
    ($(
        $(#[$meta:meta])*
        $code:ident { $($(#[$doc:meta])* $variant:ident = $name:ident,)* }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[repr(u32)]
            pub enum $code { $($(#[$doc])* $variant,)* }
        )*
        pub(crate) const DEFINES: &[&[Define]] = &[$(
            &[$(Define { name: stringify!($name), value: $code::$variant as usize },)*],
        )*];
    };
}

codes! {
    /// An activation function.
    ActCode {
        /// [`Act::Relu`]
        Relu = ACT_RELU,
        /// [`Act::LeakyRelu`]
        LeakyRelu = ACT_LEAKY_RELU,
        /// [`Act::Elu`]
        Elu = ACT_ELU,
        /// [`Act::Sigmoid`]
        Sigmoid = ACT_SIGMOID,
        /// [`Act::Tanh`]
        Tanh = ACT_TANH,
    }

    /// An operation of an epilogue.
    EltCode {
        /// [`Elt::Act`]
        Act = ELT_ACT,
        /// [`Elt::ActGrad`]
        ActGrad = ELT_ACT_GRAD,
        /// [`Elt::Dropout`] of single elements.
        Dropout = ELT_DROPOUT,
        /// [`Elt::Dropout`] of whole channels.
        DropoutChannels = ELT_DROPOUT_CHANNELS,
        /// [`Elt::Add`]
        Add = ELT_ADD,
        /// [`Elt::Normalize`]
        Normalize = ELT_NORMALIZE,
        /// [`Elt::NormalizeRunning`]
        NormalizeRunning = ELT_NORMALIZE_RUNNING,
        /// [`Elt::NormalizeGrad`]
        NormalizeGrad = ELT_NORMALIZE_GRAD,
    }

    /// A loss.
    LossCode {
        /// [`LossKind::CrossEntropy`]
        CrossEntropy = LOSS_CROSS_ENTROPY,
        /// [`LossKind::MeanSquared`]
        MeanSquared = LOSS_MEAN_SQUARED,
        /// [`LossKind::BinaryCrossEntropy`]
        BinaryCrossEntropy = LOSS_BINARY_CROSS_ENTROPY,
    }

    /// The value of a sliding pooling window.
    PoolCode {
        /// [`PoolKind::Max`]
        Max = POOL_MAX,
        /// [`PoolKind::Avg`] over the window's area within the padded input.
        AvgPadded = POOL_AVG_PADDED,
        /// [`PoolKind::Avg`] over the taps inside the input.
        AvgInside = POOL_AVG_INSIDE,
    }
}

impl ActCode {
    /// The code of an activation function.
    pub const fn of(act: &Act) -> ActCode {
        match act {
            Act::Relu => ActCode::Relu,
            Act::LeakyRelu(_) => ActCode::LeakyRelu,
            Act::Elu(_) => ActCode::Elu,
            Act::Sigmoid => ActCode::Sigmoid,
            Act::Tanh => ActCode::Tanh,
        }
    }
}

impl EltCode {
    /// The code of an element-wise operation.
    pub const fn of(elt: &Elt) -> EltCode {
        match elt {
            Elt::Act(_) => EltCode::Act,
            Elt::ActGrad(..) => EltCode::ActGrad,
            Elt::Dropout { channelwise: false, .. } => EltCode::Dropout,
            Elt::Dropout { channelwise: true, .. } => EltCode::DropoutChannels,
            Elt::Add(_) => EltCode::Add,
            Elt::Normalize(_) => EltCode::Normalize,
            Elt::NormalizeRunning { .. } => EltCode::NormalizeRunning,
            Elt::NormalizeGrad(..) => EltCode::NormalizeGrad,
        }
    }
}

impl LossCode {
    /// The code of a loss.
    pub const fn of(kind: LossKind) -> LossCode {
        match kind {
            LossKind::CrossEntropy { .. } => LossCode::CrossEntropy,
            LossKind::MeanSquared => LossCode::MeanSquared,
            LossKind::BinaryCrossEntropy => LossCode::BinaryCrossEntropy,
        }
    }
}

impl PoolCode {
    /// The code of a pooling window; `None` for [`PoolKind::AdaptiveAvg`], which has kernels of its
    /// own.
    pub const fn of(kind: PoolKind) -> Option<PoolCode> {
        match kind {
            PoolKind::Max => Some(PoolCode::Max),
            PoolKind::Avg { count_include_pad: true } => Some(PoolCode::AvgPadded),
            PoolKind::Avg { count_include_pad: false } => Some(PoolCode::AvgInside),
            PoolKind::AdaptiveAvg => None,
        }
    }
}
