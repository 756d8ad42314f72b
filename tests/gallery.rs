//! docs/errors.md is made of the cases of tests/ui that have PyTorch's answer beside them, in a `.torch` file that
//! tests/ui/torch_errors.py wrote. `REWRITE_GALLERY=1 cargo test --test gallery` writes it anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const INTRODUCTION: &str = "# Errors

What `network!` says to a mistake, at compile time, beside what PyTorch says to the same mistake, most often when the line first runs.
Made from `tests/ui` by `tests/gallery.rs`; do not edit it by hand.
";

#[test]
fn the_gallery_shows_the_messages_of_the_tests() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/errors.md");
    let gallery = gallery(&root.join("tests/ui"))?;
    if std::env::var_os("REWRITE_GALLERY").is_some() {
        fs::write(&page, &gallery)?;
    }
    assert!(fs::read_to_string(&page)? == gallery, "docs/errors.md is stale; see tests/gallery.rs");
    Ok(())
}

/// The whole page, a section for each case.
fn gallery(ui: &Path) -> io::Result<String> {
    let mut text = INTRODUCTION.to_string();
    for topic in sorted(ui)?.into_iter().filter(|path| path.is_dir()) {
        let mut sections = String::new();
        for file in sorted(&topic)? {
            if file.extension().is_some_and(|extension| extension == "torch") {
                sections += &section(&file)?;
            }
        }
        if !sections.is_empty() {
            text += &format!("\n## {}\n{sections}", title(&topic));
        }
    }
    Ok(text)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Title, our message with its source line, the same in PyTorch.
fn section(torch: &Path) -> io::Result<String> {
    let ours = fs::read_to_string(torch.with_extension("stderr"))?;
    let theirs = fs::read_to_string(torch)?;
    let (snippet, answer) = theirs.trim_end().rsplit_once("\n\n").unwrap_or(("", &theirs));
    let ours = format!("\n### {}\n\n```text\n{}\n```\n", title(torch), ours.trim_end());
    let theirs = match answer {
        "(nothing)" => format!("PyTorch accepts\n\n```python\n{snippet}\n```\n"),
        _ => format!("PyTorch, on\n\n```python\n{snippet}\n```\n\n```text\n{answer}\n```\n"),
    };
    Ok(format!("{ours}\n{theirs}"))
}

/// `Kernel larger than input` of a path that ends in `kernel_larger_than_input.torch`.
fn title(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
