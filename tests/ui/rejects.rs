//! What `network!` says to mistakes. One mistake a file; `TRYBUILD=overwrite` renews the
//! expectations.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for topic in [
        "arguments",
        "augment",
        "attributes",
        "blocks",
        "branches",
        "budget",
        "channels",
        "data",
        "frame",
        "header",
        "inputs",
        "join",
        "language",
        "limits",
        "loss",
        "many",
        "names",
        "normalise",
        "output",
        "pool",
        "ranges",
        "syntax",
        "train",
        "window",
    ] {
        cases.compile_fail(format!("{topic}/*.rs"));
    }
}
