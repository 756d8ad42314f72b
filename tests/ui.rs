//! What `network!` accepts and what it says to mistakes. One mistake a file; `TRYBUILD=overwrite` renews the expectations.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    for topic in [
        "arguments",
        "blocks",
        "budget",
        "header",
        "inputs",
        "join",
        "language",
        "many",
        "names",
        "output",
        "ranges",
        "syntax",
        "train",
        "window",
    ] {
        cases.compile_fail(format!("tests/ui/{topic}/*.rs"));
    }
}
