//! What `network!` says to mistakes. One mistake a file; `TRYBUILD=overwrite` renews the
//! expectations.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder of this package") {
        let topic = entry.expect("an entry").path();
        if let Some(name) = topic.file_name().filter(|name| topic.is_dir() && *name != "pass") {
            // Of a path that begins elsewhere trybuild would not keep the lines of the messages.
            cases.compile_fail(std::path::Path::new(name).join("*.rs"));
        }
    }
}
