//! Values of the plan as tokens.

use cnn_plan::Source;
use proc_macro2::{Literal, TokenStream};

/// The expression that yields a value, for a place that imports everything of the plan.
pub fn literal(value: &impl Source) -> TokenStream {
    let mut text = String::new();
    value.write(&mut text).expect("a string takes everything");
    text.parse().unwrap_or_else(|error| unreachable!("{error}: {text}"))
}

/// An integer without suffix, as people write them.
pub fn integer(number: impl TryInto<u64, Error: std::fmt::Debug>) -> Literal {
    Literal::u64_unsuffixed(number.try_into().expect("sizes fit 64 bits"))
}
