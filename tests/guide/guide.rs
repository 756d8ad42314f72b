//! The guide in `docs/`, an mdBook: SUMMARY.md names every page, links lead to pages and headings
//! that are there, and Rust is compiled by `lib.rs` beside this file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

const SUMMARY: &str = "SUMMARY.md";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// All pages by the names of their files.
fn pages() -> io::Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(docs())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            pages.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(pages)
}

#[test]
fn the_summary_names_every_page_once() -> io::Result<()> {
    let pages = pages()?;
    let named: Vec<_> = links(&pages[SUMMARY]);
    let all: BTreeSet<_> = pages.keys().map(String::as_str).filter(|page| *page != SUMMARY).collect();
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), all);
    assert_eq!(named.len(), all.len(), "a page is named twice");
    Ok(())
}

/// Links stay within the book, where `../` leads nowhere.
#[test]
fn links_lead_to_pages_and_headings() -> io::Result<()> {
    let pages = pages()?;
    let mut dead = Vec::new();
    for (name, text) in &pages {
        for link in links(text).into_iter().filter(|link| !link.starts_with("https://")) {
            let (page, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = pages.get(if page.is_empty() { name.as_str() } else { page });
            let is_there =
                |text: &String| heading.is_empty() || headings(text).iter().any(|found| found == heading);
            if !target.is_some_and(is_there) {
                dead.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
    Ok(())
}

#[test]
fn the_rust_of_every_page_is_compiled() -> io::Result<()> {
    let compiled = include_str!("lib.rs");
    for (page, text) in pages()? {
        for line in text.lines().map(str::trim_start).filter(|line| line.starts_with("```")) {
            let fence = line.trim_start_matches('`');
            let language = fence.split([',', ' ']).next().unwrap_or_default();
            assert!(line.len() == 3 || !language.is_empty(), "{page}: {line}");
            match fence {
                // Parts of the compiler, which do not stand alone.
                "rust,ignore" => assert_eq!(page, "adding-a-layer.md"),
                // Of another library, in a version that the page names.
                "rust,ignore,burn" => assert_eq!(page, "from-burn.md"),
                _ if language == "rust" => {
                    assert!(compiled.contains(&format!("\"{page}\"")), "{page} is not in tests/guide/lib.rs");
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Messages that the page about errors explains are those of the compiler.
#[test]
fn explained_errors_are_in_the_gallery() -> io::Result<()> {
    let pages = pages()?;
    let table = pages["reading-an-error.md"].split("| message | often means |").nth(1).unwrap_or_default();
    let rows: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(!rows.is_empty());
    for message in rows {
        assert!(pages["errors.md"].contains(message), "docs/errors.md has no `{message}`");
    }
    Ok(())
}

#[test]
fn the_guide_names_every_feature() -> io::Result<()> {
    let manifest = fs::read_to_string(docs().join("../cnn-runtime/Cargo.toml"))?;
    let features =
        manifest.split("[features]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or("");
    let page = &pages()?["deploying.md"];
    for feature in features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        let is_there = page.contains(&format!("| `{feature}`")) || ["default", "testing"].contains(&feature);
        assert!(is_there, "docs/deploying.md does not list the feature {feature}");
    }
    Ok(())
}

/// Where the links of a page lead, code aside.
fn links(text: &str) -> Vec<String> {
    let (mut links, mut in_code) = (Vec::new(), false);
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        // What stands between single backticks is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        links.extend(targets.map(String::from));
    }
    links
}

/// The anchors that mdBook and GitHub give the headings of a page.
fn headings(text: &str) -> Vec<String> {
    let mut in_code = false;
    let headings = text.lines().filter_map(|line| {
        in_code ^= line.starts_with("```");
        let title = line.trim_start_matches('#');
        (!in_code && title.len() < line.len()).then(|| {
            let kept = |letter: char| match letter {
                ' ' => Some('-'),
                '-' | '_' => Some(letter),
                letter if letter.is_alphanumeric() => Some(letter.to_ascii_lowercase()),
                _ => None,
            };
            title.trim().chars().filter_map(kept).collect()
        })
    });
    headings.collect()
}
