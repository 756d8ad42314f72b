use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use crate::{Source, shared::defines};

/// Names in capitals that OpenCL C defines.
const LANGUAGE: [&str; 2] = ["INFINITY", "CLK_LOCAL_MEM_FENCE"];

/// The text without comments.
fn code(source: Source) -> String {
    source.text().lines().map(|line| format!("{}\n", line.split("//").next().unwrap_or(""))).collect()
}

/// The names in capitals, in order: those of constants and macros.
fn names(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_name = |word: &&str| {
        word.len() > 1
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    words.filter(is_name)
}

/// The names that the text itself defines.
fn defined(code: &str) -> BTreeSet<&str> {
    code.lines().filter_map(|line| names(line.trim().strip_prefix("#define ")?).next()).collect()
}

#[test]
fn every_name_that_a_kernel_uses_is_defined() {
    for source in Source::ALL {
        let code = code(source);
        let mut known = defined(&code);
        known.extend(LANGUAGE);
        known.extend(source.constants().iter().map(|constant| constant.name()));
        let unknown: Vec<_> = names(&code).filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{source:?}: {unknown:?}");
    }
}

#[test]
fn every_name_that_is_defined_is_used() {
    let programs = Source::ALL.map(code);
    let uses = |name| programs.iter().map(|code| names(code).filter(|used| *used == name).count()).max();
    for define in defines() {
        assert!(uses(define.name) > Some(1), "{} is defined and nowhere used", define.name);
    }
    for name in programs.iter().flat_map(|code| defined(code)) {
        assert!(uses(name) > Some(1), "{name} is defined and nowhere used");
    }
    for (source, code) in Source::ALL.iter().zip(&programs) {
        for constant in source.constants() {
            assert!(names(code).any(|name| name == constant.name()), "{source:?} does not use {constant:?}");
        }
    }
}

#[test]
fn a_name_is_defined_once() {
    for source in Source::ALL {
        let code = code(source);
        let count = code.lines().filter(|line| line.trim().starts_with("#define ")).count();
        assert_eq!(count, defined(&code).len(), "{source:?}");
        assert!(source.constants().iter().all(|constant| !defined(&code).contains(constant.name())));
    }
}

#[test]
fn kernels_compare_kinds_by_name() {
    for source in Source::ALL {
        let code = code(source);
        let numbered = code.lines().find(|line| {
            let label = line.trim().strip_prefix("case ").and_then(|rest| rest.chars().next());
            label.is_some_and(|c| c.is_ascii_digit()) || line.contains("kind == 0") || line.contains("kind <")
        });
        assert_eq!(numbered, None, "{source:?}");
    }
}
