//! A type that stands in for a network with errors: it has the name and the trait, and nothing
//! works.
//!
//! It is emitted beside the errors, so that one mistake does not make every use of the type a
//! second one.

use proc_macro2::TokenStream;
use quote::quote;

use crate::parse;

/// The type that the source of a network would have declared; nothing if not even its name can be
/// read.
pub fn stub(runtime: &TokenStream, source: TokenStream) -> TokenStream {
    let Some((visibility, name)) = parse::name(source) else { return TokenStream::new() };
    quote! {
        #[allow(missing_docs)]
        #visibility struct #name;
        // SAFETY: it calls no steps.
        unsafe impl #runtime::__private::Network for #name {
            const DESCRIPTION: #runtime::__private::Description = #runtime::__private::Description::EMPTY;
            fn infer(_: &dyn #runtime::__private::Steps) {}
            fn forward(_: &dyn #runtime::__private::Steps) {}
            fn backward(_: &dyn #runtime::__private::Steps) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stub;

    #[test]
    fn the_type_keeps_its_name_and_visibility() {
        let tokens =
            stub(&quote::quote!(::cnn_runtime), "pub Net<[1] -> 1> {}".parse().expect("tokens")).to_string();
        assert!(tokens.contains("pub struct Net ;"), "{tokens}");
        assert!(
            stub(&quote::quote!(::cnn_runtime), "Net".parse().expect("tokens"))
                .to_string()
                .contains("struct Net ;")
        );
        assert!(stub(&quote::quote!(::cnn_runtime), "<[1]>".parse().expect("tokens")).is_empty());
    }
}
