//! What `data { … }` and `augment { … }` declare, checked; the types of the same names in `cnn_runtime::plan` say what each
//! stage does.

/// Over what a statistic is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Channel,
    Pixel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whitening {
    Pca,
    Zca,
}

/// A stage of `data { … }`; sizes are `[height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepare {
    ResizeShorter(usize),
    ResizeExact([usize; 2]),
    CenterCrop([usize; 2]),
    MeanSubtract(Per),
    Standardise(Per),
    Normalise { mean: Vec<f32>, std: Vec<f32> },
    Scale(f32),
    Whiten { kind: Whitening, epsilon: f32 },
}

/// A stage of `augment { … }`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Augment {
    Pad(usize),
    RandomCrop([usize; 2]),
    RandomResizedCrop { size: [usize; 2], area: [f32; 2] },
    Flip { probability: f32 },
    FlipVertical { probability: f32 },
    Rotate { degrees: f32 },
    ColorJitter { brightness: f32, contrast: f32, saturation: f32 },
    Cutout { size: usize },
}
