//! What `network!` says to mistakes. One mistake a file; `TRYBUILD=overwrite` renews the
//! expectations.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder of this package") {
        let topic = entry.expect("an entry").path();
        if topic.is_dir() && !topic.ends_with("pass") {
            cases.compile_fail(topic.join("*.rs"));
        }
    }
}
