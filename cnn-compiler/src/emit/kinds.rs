//! How the plan writes each operation: a type of `cnn_runtime::plan`, and the names of its fields.
//!
//! The method of `Steps` and the names of the generated tables follow from the type's name.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{
    tables::{integer, pooling, response, window},
    tokens,
};
use crate::{
    ir::{Conv, Op, PoolKind},
    schedule::step::Anchor,
};

/// A type of the plan and its fields.
pub struct Kind {
    /// `ConvInputGrad`
    pub name: &'static str,
    /// Fields of the operands, in the order of the operation's inputs.
    pub operands: &'static [&'static str],
    /// Fields of the results.
    pub results: &'static [&'static str],
    /// Where the element-wise operations stand, if there are any.
    pub epilogue: Option<&'static str>,
    /// The remaining fields.
    pub attributes: TokenStream,
}

/// Fields that may be `None`.
pub const OPTIONAL: [&str; 2] = ["bias", "grad"];

/// The plan's type for an anchor.
pub fn kind(anchor: &Anchor) -> Kind {
    let step = |name, operands, results, attributes| Kind {
        name,
        operands,
        results,
        epilogue: Some("epilogue"),
        attributes,
    };
    let sums = |kind: Kind| Kind { epilogue: None, ..kind };
    let op = match anchor {
        Anchor::Op(op) => op,
        Anchor::Elementwise => {
            return Kind { epilogue: Some("ops"), ..step("Elementwise", &["x"], &["y"], quote!()) };
        }
        Anchor::Copy { x_start, y_start, count } => {
            let (x_start, y_start, count) = (integer(*x_start), integer(*y_start), integer(*count));
            let attributes = quote!(x_start: #x_start, y_start: #y_start, count: #count,);
            return sums(step("Copy", &["x"], &["y"], attributes));
        }
    };
    let conv = |conv: &Conv| {
        let (window, groups) = (window(&conv.window), integer(conv.groups));
        quote!(window: #window, groups: #groups,)
    };
    match op {
        Op::Conv(c) => step("Conv", &["x", "filter", "bias"], &["y"], conv(c)),
        Op::ConvInputGrad(c) => step("ConvInputGrad", &["dy", "filter"], &["dx", "scratch"], conv(c)),
        Op::ConvFilterGrad(c) => sums(step("ConvFilterGrad", &["x", "dy"], &["filter", "bias"], conv(c))),
        Op::Dense => step("Dense", &["x", "weight", "bias"], &["y"], quote!()),
        Op::DenseInputGrad => step("DenseInputGrad", &["dy", "weight"], &["dx"], quote!()),
        Op::DenseWeightGrad => sums(step("DenseWeightGrad", &["x", "dy"], &["weight", "bias"], quote!())),
        Op::Pool(pool) => step("Pool", &["x"], &["y"], pooling(pool)),
        Op::PoolGrad(pool) if pool.kind == PoolKind::Max => {
            step("PoolGrad", &["dy", "x"], &["dx"], pooling(pool))
        }
        Op::PoolGrad(pool) => step("PoolGrad", &["dy"], &["dx"], pooling(pool)),
        Op::BatchStats { eps, momentum } => {
            let attributes = quote!(eps: #eps, momentum: #momentum,);
            sums(step("BatchStats", &["x", "running_mean", "running_var"], &["stats"], attributes))
        }
        // Its statistics, scale and shift stand together, as in `Normalize`.
        Op::ScaleGrad => sums(step("BatchNormSums", &["x", "stats", "gamma", "beta", "dy"], &[], quote!())),
        Op::Lrn(response) => step("Lrn", &["x"], &["y"], self::response(response)),
        Op::LrnGrad(response) => step("LrnGrad", &["x", "dy"], &["dx"], self::response(response)),
        Op::Maxout { pieces } => {
            let pieces = integer(*pieces);
            step("Maxout", &["x"], &["y"], quote!(pieces: #pieces,))
        }
        Op::MaxoutGrad { pieces } => {
            let pieces = integer(*pieces);
            step("MaxoutGrad", &["x", "dy"], &["dx"], quote!(pieces: #pieces,))
        }
        Op::Softmax => step("Softmax", &["x"], &["y"], quote!()),
        Op::SoftmaxGrad => step("SoftmaxGrad", &["y", "dy"], &["dx"], quote!()),
        Op::Gate => step("Gate", &["x", "gate"], &["y"], quote!()),
        Op::GateGrad => step("GateGrad", &["x", "dy"], &["dgate"], quote!()),
        Op::Place { top, left } => {
            let (top, left) = (signed(*top), signed(*left));
            step("Place", &["x"], &["y"], quote!(top: #top, left: #left,))
        }
        Op::Loss { kind, weight } => {
            let kind = tokens(kind);
            sums(step("Loss", &["logits"], &["loss", "grad"], quote!(kind: #kind, weight: #weight,)))
        }
        op => unreachable!("{op:?} is no step of its own"),
    }
}

fn signed(number: isize) -> Literal {
    Literal::isize_unsuffixed(number)
}

/// The words of a type's name, `["conv", "input", "grad"]`.
pub fn words(name: &str) -> Vec<String> {
    let starts =
        name.char_indices().filter(|(_, letter)| letter.is_ascii_uppercase()).map(|(start, _)| start);
    let ends = starts.clone().skip(1).chain([name.len()]);
    starts.zip(ends).map(|(start, end)| name[start..end].to_ascii_lowercase()).collect()
}
