//! The Rust of the guide in `docs/`, page by page: `cargo test` compiles it. What is marked `no_run`
//! is compiled alone. `guide.rs` beside this file checks that no page with Rust is left out here.

/// Takes pages of the guide for documentation of items, so that their code is tested.
macro_rules! pages {
    ($($name:ident: $page:literal)*) => {
        $(#[cfg(doctest)]
        #[doc = include_str!(concat!("../../docs/", $page))]
        struct $name;)*
    };
}

pages! {
    FirstNetwork: "first-network.md"
    YourImages: "your-images.md"
    OwnData: "own-data.md"
    FromKeras: "from-keras.md"
    FromPyTorch: "from-pytorch.md"
    FromBurn: "from-burn.md"
    FineTuning: "fine-tuning.md"
    Resuming: "resuming.md"
    Exporting: "exporting.md"
    Server: "server.md"
    Compiler: "compiler.md"
}
