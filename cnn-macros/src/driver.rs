//! The whole compiler, in pipeline order.

use proc_macro2::TokenStream;

use crate::{diag, eval, parse};

/// Tokens of `network! { … }` to tokens of Rust.
pub fn compile(tokens: TokenStream) -> TokenStream {
    match parse::parse(tokens.clone()).and_then(|network| eval::network(&network)) {
        Ok(_) => diag::stub(tokens),
        Err(errors) => errors.emit(tokens),
    }
}
