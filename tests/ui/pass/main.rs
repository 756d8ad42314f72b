//! What `network!` accepts: a file a feature. That it compiles is the test; some look at the result,
//! too.

mod activations;
mod attributes;
mod auxiliary_output;
mod chain;
mod constants;
mod data;
mod forbid_unsafe;
mod init_and_freeze;
mod joins;
mod layers;
mod loops_and_blocks;
mod losses;
mod names;
mod reuse;
mod squeeze_and_excite;
mod training;
mod windows;

#[test]
fn every_file_is_a_module() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/pass")).unwrap() {
        let file = entry.unwrap().path();
        let module = format!("\nmod {};\n", file.file_stem().unwrap().display());
        assert!(
            file.ends_with("main.rs") || include_str!("main.rs").contains(&module),
            "{} is not tested",
            file.display()
        );
    }
}
