//! Files among images that are not taken, so that none is missed without a word.

use std::{
    collections::BTreeMap,
    fmt::{Display, Formatter, Result},
    path::Path,
};

use super::super::decode::Kind;

/// Kinds that are named before the rest is only counted.
const LISTED: usize = 8;

/// Files in folders of images that are no images, of formats that are not read, or in places where
/// images mean nothing; how many of each.
///
/// ```
/// # let folder = std::env::temp_dir().join("cnn-left-out");
/// # for class in ["cat", "dog"] {
/// #     std::fs::create_dir_all(folder.join(class))?;
/// #     std::fs::write(folder.join(class).join("1.png"), "")?;
/// # }
/// # std::fs::write(folder.join("cat/notes.txt"), "whiskers")?;
/// let images = cnn_runtime::data::Folder::open(&folder)?;
/// assert_eq!(images.left_out().to_string(), "1 file is left out: 1 .txt");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    kinds: BTreeMap<String, usize>,
}

impl LeftOut {
    /// The number of files.
    pub fn len(&self) -> usize {
        self.kinds.values().sum()
    }

    /// True if every file is taken.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Counts a file that is no image that is read.
    pub(super) fn add(&mut self, path: &Path, kind: Kind) {
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy().to_lowercase()));
        self.count(match (kind, ending) {
            (Kind::Rare(format) | Kind::Unread(format), _) => format!("{format} (not supported)"),
            (_, Some(ending)) => ending,
            (_, None) => "without an ending".into(),
        });
    }

    /// Counts an image in a folder of classes that belongs to none.
    pub(super) fn add_beside(&mut self) {
        self.count("images beside the folders of the classes".into());
    }

    fn count(&mut self, kind: String) {
        *self.kinds.entry(kind).or_default() += 1;
    }

    /// Adds those of other folders.
    pub(crate) fn extend(&mut self, other: &LeftOut) {
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count;
        }
    }
}

impl Display for LeftOut {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (all, files) = (self.len(), if self.len() == 1 { "file is" } else { "files are" });
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named: Vec<_> =
            kinds.iter().take(LISTED).map(|(kind, count)| format!("{count} {kind}")).collect();
        let rest: usize = kinds.iter().skip(LISTED).map(|(_, count)| **count).sum();
        let rest = if rest > 0 { format!(", {rest} others") } else { String::new() };
        write!(f, "{all} {files} left out: {}{rest}", named.join(", "))
    }
}
