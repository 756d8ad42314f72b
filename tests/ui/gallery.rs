//! docs/errors.md shows every case of tests/ui by topic, and PyTorch's answer where a `.torch` file
//! has it, which tests/ui/torch_errors.py wrote. `REWRITE_GALLERY=1 cargo test -p cnn-ui-tests
//! --test gallery` writes the page anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const INTRODUCTION: &str = "# Errors

What `network!` says to mistakes, at compile time; beside some of them, what PyTorch says to the same mistake, most often when
the line first runs.
Made from `tests/ui` by `tests/ui/gallery.rs`; do not edit it by hand.
";

#[test]
fn the_gallery_shows_the_messages_of_the_tests() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("../../docs/errors.md");
    let gallery = gallery(root)?;
    if std::env::var_os("REWRITE_GALLERY").is_some() {
        fs::write(&page, &gallery)?;
    }
    assert!(fs::read_to_string(&page)? == gallery, "docs/errors.md is stale; see tests/ui/gallery.rs");
    Ok(())
}

/// The whole page: topics, then a section for each case.
fn gallery(ui: &Path) -> io::Result<String> {
    let (mut contents, mut topics) = (String::new(), String::new());
    for topic in sorted(ui)?.into_iter().filter(|path| path.is_dir()) {
        let cases: Vec<_> =
            sorted(&topic)?.into_iter().filter(|file| has_extension(file, "stderr")).collect();
        if cases.is_empty() {
            continue;
        }
        let (title, count) = (title(&topic), cases.len());
        contents += &format!("- [{title}](#{}): {count}\n", title.to_lowercase());
        topics += &format!("\n## {title}\n");
        for case in cases {
            topics += &section(&case)?;
        }
    }
    Ok(format!("{INTRODUCTION}\n{contents}{topics}"))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Title, our message with its source line, the same in PyTorch if it is known.
fn section(case: &Path) -> io::Result<String> {
    let ours = fs::read_to_string(case)?;
    let torch = case.with_extension("torch");
    let theirs = if torch.exists() { answer(&fs::read_to_string(torch)?) } else { String::new() };
    Ok(format!("\n### {}\n\n```text\n{}\n```\n{theirs}", title(case), ours.trim_end()))
}

/// What PyTorch says to the snippet above the last paragraph, which is its answer.
fn answer(torch: &str) -> String {
    let (snippet, answer) = torch.trim_end().rsplit_once("\n\n").unwrap_or(("", torch));
    match answer {
        "(nothing)" => format!("\nPyTorch accepts\n\n```python\n{snippet}\n```\n"),
        _ => format!("\nPyTorch, on\n\n```python\n{snippet}\n```\n\n```text\n{answer}\n```\n"),
    }
}

/// `Kernel larger than input` of a path that ends in `kernel_larger_than_input.torch`.
fn title(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
