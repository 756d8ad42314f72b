//! The numbers by which kernels know what a plan's enumerations say.

use cnn_plan::{Act, Elt, LossKind, PoolKind, TargetKind, Upsampling};

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
        /// [`Act::Relu6`]
        Relu6 = ACT_RELU6,
        /// [`Act::LeakyRelu`]
        LeakyRelu = ACT_LEAKY_RELU,
        /// [`Act::Elu`]
        Elu = ACT_ELU,
        /// [`Act::Sigmoid`]
        Sigmoid = ACT_SIGMOID,
        /// [`Act::HardSigmoid`]
        HardSigmoid = ACT_HARD_SIGMOID,
        /// [`Act::Tanh`]
        Tanh = ACT_TANH,
        /// [`Act::Softplus`]
        Softplus = ACT_SOFTPLUS,
        /// [`Act::Silu`]
        Silu = ACT_SILU,
        /// [`Act::HardSwish`]
        HardSwish = ACT_HARD_SWISH,
        /// [`Act::Gelu`]
        Gelu = ACT_GELU,
        /// [`Act::GeluTanh`]
        GeluTanh = ACT_GELU_TANH,
    }

    /// An operation of an epilogue.
    EltCode {
        /// [`Elt::Act`]
        Act = ELT_ACT,
        /// [`Elt::ActGrad`]
        ActGrad = ELT_ACT_GRAD,
        /// [`Elt::Prelu`]
        Prelu = ELT_PRELU,
        /// [`Elt::PreluGrad`]
        PreluGrad = ELT_PRELU_GRAD,
        /// [`Elt::Dropout`] of single elements.
        Dropout = ELT_DROPOUT,
        /// [`Elt::Dropout`] of whole channels.
        DropoutChannels = ELT_DROPOUT_CHANNELS,
        /// [`Elt::Add`]
        Add = ELT_ADD,
        /// [`Elt::Mul`]
        Mul = ELT_MUL,
        /// [`Elt::Normalize`]
        Normalize = ELT_NORMALIZE,
        /// [`Elt::NormalizeRunning`]
        NormalizeRunning = ELT_NORMALIZE_RUNNING,
        /// [`Elt::NormalizeRunningGrad`]
        NormalizeRunningGrad = ELT_NORMALIZE_RUNNING_GRAD,
        /// [`Elt::NormalizeGrad`]
        NormalizeGrad = ELT_NORMALIZE_GRAD,
    }

    /// A loss.
    LossCode {
        /// [`LossKind::CrossEntropy`]
        CrossEntropy = LOSS_CROSS_ENTROPY,
        /// [`LossKind::MeanSquared`]
        MeanSquared = LOSS_MEAN_SQUARED,
        /// [`LossKind::MeanAbsolute`]
        MeanAbsolute = LOSS_MEAN_ABSOLUTE,
        /// [`LossKind::Huber`]
        Huber = LOSS_HUBER,
        /// [`LossKind::BinaryCrossEntropy`]
        BinaryCrossEntropy = LOSS_BINARY_CROSS_ENTROPY,
    }

    /// What a sample's target is.
    TargetCode {
        /// [`TargetKind::Class`]
        Class = TARGET_CLASS,
        /// [`TargetKind::Values`]
        Values = TARGET_VALUES,
        /// [`TargetKind::Labels`]
        Labels = TARGET_LABELS,
    }

    /// What lies between the elements of a map.
    UpsamplingCode {
        /// [`Upsampling::Nearest`]
        Nearest = UPSAMPLING_NEAREST,
        /// [`Upsampling::Bilinear`]
        Bilinear = UPSAMPLING_BILINEAR,
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

impl UpsamplingCode {
    /// The code of a way of upsampling.
    pub const fn of(mode: Upsampling) -> UpsamplingCode {
        match mode {
            Upsampling::Nearest => UpsamplingCode::Nearest,
            Upsampling::Bilinear => UpsamplingCode::Bilinear,
        }
    }
}

impl ActCode {
    /// The code of an activation function.
    pub const fn of(act: &Act) -> ActCode {
        match act {
            Act::Relu => ActCode::Relu,
            Act::Relu6 => ActCode::Relu6,
            Act::LeakyRelu(_) => ActCode::LeakyRelu,
            Act::Elu(_) => ActCode::Elu,
            Act::Sigmoid => ActCode::Sigmoid,
            Act::HardSigmoid => ActCode::HardSigmoid,
            Act::Tanh => ActCode::Tanh,
            Act::Softplus(_) => ActCode::Softplus,
            Act::Silu => ActCode::Silu,
            Act::HardSwish => ActCode::HardSwish,
            Act::Gelu => ActCode::Gelu,
            Act::GeluTanh => ActCode::GeluTanh,
        }
    }
}

impl EltCode {
    /// The code of an element-wise operation.
    pub const fn of(elt: &Elt) -> EltCode {
        match elt {
            Elt::Act(_) => EltCode::Act,
            Elt::ActGrad(..) => EltCode::ActGrad,
            Elt::Prelu(_) => EltCode::Prelu,
            Elt::PreluGrad(..) => EltCode::PreluGrad,
            Elt::Dropout { channelwise: false, .. } => EltCode::Dropout,
            Elt::Dropout { channelwise: true, .. } => EltCode::DropoutChannels,
            Elt::Add(_) => EltCode::Add,
            Elt::Mul(_) => EltCode::Mul,
            Elt::Normalize(_) => EltCode::Normalize,
            Elt::NormalizeRunning { .. } => EltCode::NormalizeRunning,
            Elt::NormalizeRunningGrad { .. } => EltCode::NormalizeRunningGrad,
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
            LossKind::MeanAbsolute => LossCode::MeanAbsolute,
            LossKind::Huber { .. } => LossCode::Huber,
            LossKind::BinaryCrossEntropy => LossCode::BinaryCrossEntropy,
        }
    }
}

impl TargetCode {
    /// The code of a kind of target.
    pub const fn of(kind: TargetKind) -> TargetCode {
        match kind {
            TargetKind::Class => TargetCode::Class,
            TargetKind::Values => TargetCode::Values,
            TargetKind::Labels => TargetCode::Labels,
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
