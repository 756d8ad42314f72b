//! The procedural macro behind `cnn_runtime::network!`; the compiler is the library `cnn-compiler`.
#![forbid(unsafe_code)]

use proc_macro::{TokenStream, TokenTree};

/// Compiles a network: the path of the crate `cnn-runtime` as its user has it, in brackets, then
/// the declaration. `cnn_runtime::network!` calls it so.
#[proc_macro]
pub fn compile(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter();
    let runtime = match tokens.next() {
        Some(TokenTree::Group(path)) => path.stream(),
        _ => return "compile_error! { \"call `cnn_runtime::network!`\" }".parse().unwrap_or_default(),
    };
    cnn_compiler::compile(&runtime.into(), tokens.collect::<TokenStream>().into()).into()
}
