//! The stages of `data { … }` and `augment { … }` as the plan writes them.

use proc_macro2::TokenStream;
use quote::quote;

use super::literal::{integer, list, option};
use crate::ir::{Augment, Per, Prepare, Whitening};

/// `Some(&[Prepare::Scale(0.5), …])` or `None`.
pub fn data(stages: Option<&[Prepare]>) -> TokenStream {
    let slice = |stages: &[Prepare]| {
        let stages = stages.iter().map(prepare);
        quote!(&[#(#stages),*])
    };
    option(stages.map(slice))
}

/// `&[Augment::Pad(4), …]`
pub fn augment(stages: &[Augment]) -> TokenStream {
    let stages = stages.iter().map(stage);
    quote!(&[#(#stages),*])
}

fn prepare(stage: &Prepare) -> TokenStream {
    match stage {
        Prepare::ResizeShorter(size) => {
            let size = integer(*size);
            quote!(Prepare::ResizeShorter(#size))
        }
        Prepare::ResizeExact(size) => {
            let size = list(size);
            quote!(Prepare::ResizeExact(#size))
        }
        Prepare::CenterCrop(size) => {
            let size = list(size);
            quote!(Prepare::CenterCrop(#size))
        }
        Prepare::MeanSubtract(over) => {
            let over = per(*over);
            quote!(Prepare::MeanSubtract(#over))
        }
        Prepare::Standardise(over) => {
            let over = per(*over);
            quote!(Prepare::Standardise(#over))
        }
        Prepare::Normalise { mean, std } => {
            quote!(Prepare::Normalise { mean: &[#(#mean),*], std: &[#(#std),*] })
        }
        Prepare::Scale(factor) => quote!(Prepare::Scale(#factor)),
        Prepare::Whiten { kind, epsilon } => {
            let kind = match kind {
                Whitening::Pca => quote!(Whitening::Pca),
                Whitening::Zca => quote!(Whitening::Zca),
            };
            quote!(Prepare::Whiten { kind: #kind, epsilon: #epsilon })
        }
    }
}

fn per(per: Per) -> TokenStream {
    match per {
        Per::Channel => quote!(Per::Channel),
        Per::Pixel => quote!(Per::Pixel),
    }
}

fn stage(stage: &Augment) -> TokenStream {
    match stage {
        Augment::Pad(size) => {
            let size = integer(*size);
            quote!(Augment::Pad(#size))
        }
        Augment::RandomCrop(size) => {
            let size = list(size);
            quote!(Augment::RandomCrop(#size))
        }
        Augment::RandomResizedCrop { size, area: [least, most] } => {
            let size = list(size);
            quote!(Augment::RandomResizedCrop { size: #size, area: [#least, #most] })
        }
        Augment::Flip { probability } => quote!(Augment::Flip { probability: #probability }),
        Augment::FlipVertical { probability } => quote!(Augment::FlipVertical { probability: #probability }),
        Augment::Rotate { degrees } => quote!(Augment::Rotate { degrees: #degrees }),
        Augment::ColorJitter { brightness, contrast, saturation } => quote! {
            Augment::ColorJitter { brightness: #brightness, contrast: #contrast, saturation: #saturation }
        },
        Augment::Cutout { size } => {
            let size = integer(*size);
            quote!(Augment::Cutout { size: #size })
        }
    }
}
