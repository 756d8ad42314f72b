//! The macro `cnn_runtime::network!`; the compiler behind it is the library `cnn-compiler`.
#![forbid(unsafe_code)]

#[doc = include_str!("language.md")]
#[proc_macro]
pub fn network(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    cnn_compiler::compile(tokens.into()).into()
}
