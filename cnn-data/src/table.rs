//! Images that a table names: a CSV file with a column of paths and columns of targets.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};
use csv::{ReaderBuilder, StringRecord};

use super::{
    Dataset, Image, Target, TargetKind, bad, beyond,
    decode::{check, decode},
    folder::{Role, drawn, hash, path_identity, role},
};

/// Names of columns of paths, of classes, of sets of labels, and of what an image is for.
const PATHS: [&str; 11] = [
    "path",
    "file",
    "filename",
    "filepath",
    "image",
    "imagepath",
    "imagefile",
    "imagename",
    "img",
    "imageid",
    "id",
];
const CLASSES: [&str; 10] =
    ["label", "class", "target", "category", "classname", "labelname", "breed", "species", "diagnosis", "y"];
const LABELS: [&str; 4] = ["labels", "tags", "classes", "attributes"];
const PARTS: [&str; 5] = ["split", "set", "subset", "part", "partition"];

/// Signs between the names of labels, beside spaces.
const SIGNS: [char; 3] = ['|', ';', ','];

/// Classes that are called by whole numbers from 0, at most.
const MOST_NUMBERS: u32 = 10_000;

/// Endings of files that a table names without theirs.
const ENDINGS: [&str; 5] = ["", ".jpg", ".png", ".jpeg", ".webp"];

/// Image files with their targets, as rows of a table.
#[derive(Clone, Debug)]
pub struct Table {
    kind: TargetKind,
    /// What the outputs are called.
    names: Vec<String>,
    rows: Vec<(PathBuf, Target)>,
}

/// The images of a table by what they are for; each part has images, or is not there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableParts {
    /// For training.
    pub train: Option<Table>,
    /// For validation, if a column says so of some beside others for testing.
    pub validation: Option<Table>,
    /// For testing.
    pub test: Option<Table>,
    /// True if the test images were drawn: an image is one by its path alone.
    pub drawn: bool,
    /// Columns that are neither paths nor targets nor parts.
    pub unused: Vec<String>,
}

/// What the columns of a table are.
struct Columns {
    path: usize,
    part: Option<usize>,
    targets: Vec<usize>,
    /// The targets are one column of the names of labels.
    is_list: bool,
    /// Spaces stand between these names.
    by_spaces: bool,
}

impl Table {
    /// The images that a CSV file names, with targets of a kind. The first row names the columns:
    /// one of paths (`path`, `file`, `image`, `id` …), which lead from the folder `images` or else
    /// that of the table and may lack their endings, and
    ///
    /// * for classes one called `label`, `class`, `target` … or the only other one;
    /// * for values all others that hold numbers;
    /// * for labels one called `labels` or `tags`, with names between `|`, `;` or `,`, or else between
    ///   spaces; or all others, of zeros and ones.
    ///
    /// Classes that are whole numbers are in their order, and from 0 on the numbers of the outputs.
    ///
    /// A column `split` says what an image is for, in words such as `train`, `val` and `test`.
    /// Without it one image in five is for testing, by its path.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming the table and the row that cannot be used.
    pub fn open_parts(table: &Path, images: Option<&Path>, kind: TargetKind) -> Result<TableParts> {
        let refused = |message: String| bad(table, message);
        let file = files::open_regular(table).map_err(|error| refused(format!("cannot read: {error}")))?;
        let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let unreadable = |error: csv::Error| refused(format!("no table: {error}"));
        let header = reader.headers().map_err(unreadable)?.clone();
        let rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        if rows.is_empty() {
            return Err(refused("holds no rows behind the names of its columns".into()));
        }
        let columns = Columns::of(&header, &rows, kind).map_err(refused)?;
        let names = columns.names(&header, &rows, kind);
        let root = images.or(table.parent()).unwrap_or(Path::new(""));
        let mut images = Vec::new();
        for (nth, row) in rows.iter().enumerate() {
            // The header is the first line.
            let of_row = |message: String| refused(format!("row {}: {message}", nth + 2));
            let path = row.get(columns.path).unwrap_or_default();
            if path.is_empty() {
                return Err(of_row("it names no image".into()));
            }
            let target = columns.target(row, &names, kind).map_err(of_row)?;
            let role = match columns.part.map(|column| row.get(column).unwrap_or_default()) {
                Some(word) => {
                    let role = role(word);
                    Some(role.ok_or_else(|| of_row(format!("{word:?} is none of train, val and test")))?)
                }
                None => None,
            };
            images.push((located(root, path), target, role));
        }
        let class = |target: &Target| if let Target::Class(class) = target { Some(*class) } else { None };
        let hashes: Vec<_> =
            images.iter().map(|(path, target, _)| (hash(path, root), class(target))).collect();
        let mut parts = [Role::Train, Role::Validation, Role::Test].map(|role| (role, Vec::new()));
        for ((path, target, role), is_test) in images.into_iter().zip(drawn(&hashes)) {
            let role = role.unwrap_or(if is_test { Role::Test } else { Role::Train });
            let part = parts.iter_mut().find(|(known, _)| *known == role).expect("each has a place");
            part.1.push((path, target));
        }
        let mut part = |role: Role| {
            let (_, rows) = parts.iter_mut().find(|(known, _)| *known == role)?;
            let rows = std::mem::take(rows);
            (!rows.is_empty()).then(|| Table { kind, names: names.clone(), rows })
        };
        let (train, validation, test) = (part(Role::Train), part(Role::Validation), part(Role::Test));
        let (validation, test) = if test.is_none() { (None, validation) } else { (validation, test) };
        let is_drawn = columns.part.is_none();
        if is_drawn && (train.is_none() || test.is_none()) {
            return Err(refused(format!("{} images are too few to draw some for testing", rows.len())));
        }
        Ok(TableParts { train, validation, test, drawn: is_drawn, unused: columns.unused(&header) })
    }
}

/// A name of a column without its case and signs.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Columns {
    fn of(header: &StringRecord, rows: &[StringRecord], kind: TargetKind) -> Result<Columns, String> {
        let names: Vec<String> = header.iter().map(plain).collect();
        let listed = || header.iter().collect::<Vec<_>>().join(", ");
        let find = |known: &[&str]| known.iter().find_map(|word| names.iter().position(|name| name == word));
        let path = find(&PATHS).ok_or_else(|| {
            format!("no column is called path, file or image; they are called {}", listed())
        })?;
        let part = find(&PARTS);
        let others = (0..names.len()).filter(|&column| column != path && Some(column) != part);
        let others: Vec<usize> = others.collect();
        let is_number = |column: &usize| {
            rows.iter().all(|row| row.get(*column).is_some_and(|text| text.parse::<f32>().is_ok()))
        };
        let (targets, is_list) = match kind {
            TargetKind::Class => match (find(&CLASSES), &others[..]) {
                (Some(column), _) => (vec![column], false),
                (None, [column]) => (vec![*column], false),
                _ => return Err(format!("no column is called label or class; they are called {}", listed())),
            },
            TargetKind::Labels => match find(&LABELS) {
                Some(column) => (vec![column], true),
                None => {
                    let flags =
                        |column: &usize| rows.iter().all(|row| matches!(row.get(*column), Some("0" | "1")));
                    (others.into_iter().filter(flags).collect(), false)
                }
            },
            TargetKind::Values => (others.into_iter().filter(is_number).collect(), false),
        };
        if targets.is_empty() {
            let what = if kind == TargetKind::Values {
                "numbers"
            } else {
                "zeros and ones, and none is called labels"
            };
            return Err(format!("no column holds {what}; they are called {}", listed()));
        }
        let mut texts = rows.iter().filter_map(|row| row.get(targets[0]));
        let by_spaces = !texts.any(|text| text.contains(SIGNS));
        Ok(Columns { path, part, targets, is_list, by_spaces })
    }

    /// The names of the outputs.
    fn names(&self, header: &StringRecord, rows: &[StringRecord], kind: TargetKind) -> Vec<String> {
        let column = self.targets[0];
        let texts = rows.iter().filter_map(|row| row.get(column));
        let names: BTreeSet<&str> = match kind {
            TargetKind::Class => texts.collect(),
            TargetKind::Labels if self.is_list => texts.flat_map(|text| self.labels(text)).collect(),
            _ => return self.targets.iter().map(|&column| header[column].to_owned()).collect(),
        };
        // Whole numbers are in their own order; those from 0 on are the numbers of the outputs.
        let numbers: Option<BTreeSet<u32>> = names.iter().map(|name| name.parse().ok()).collect();
        match numbers.as_ref().map(|numbers| (numbers.first(), numbers.last())) {
            Some((Some(0), Some(&last))) if last < MOST_NUMBERS => {
                (0..=last).map(|number| number.to_string()).collect()
            }
            Some((Some(_), _)) => numbers.iter().flatten().map(u32::to_string).collect(),
            _ => names.into_iter().map(String::from).collect(),
        }
    }

    /// The names in a list of labels: between spaces only where no list of the table has other signs
    /// between them.
    fn labels<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> + use<'t> {
        let by_spaces = self.by_spaces;
        let is_between = move |letter: char| SIGNS.contains(&letter) || by_spaces && letter == ' ';
        text.split(is_between).map(str::trim).filter(|label| !label.is_empty())
    }

    fn target(&self, row: &StringRecord, names: &[String], kind: TargetKind) -> Result<Target, String> {
        let text = |column: usize| row.get(column).unwrap_or_default();
        let place = |name: &str| {
            // `07` is the number 7.
            let number = name.parse::<u32>().map(|number| number.to_string());
            let known = |name: &str| names.iter().position(|known| known == name);
            known(name).or_else(|| known(&number.ok()?)).map(|place| place as u32).ok_or(())
        };
        let first = text(self.targets[0]);
        let unnamed = |()| format!("{first:?} is no name");
        Ok(match kind {
            TargetKind::Class if first.is_empty() => return Err("it names no class".into()),
            TargetKind::Class => Target::Class(place(first).map_err(unnamed)?),
            TargetKind::Labels if self.is_list => {
                Target::Labels(self.labels(first).map(place).collect::<Result<_, _>>().map_err(unnamed)?)
            }
            TargetKind::Labels => {
                let there = (0..).zip(&self.targets).filter(|(_, column)| text(**column) == "1");
                Target::Labels(there.map(|(label, _)| label).collect())
            }
            TargetKind::Values => {
                let values = self.targets.iter().map(|&column| text(column).parse::<f32>());
                Target::Values(values.collect::<Result<_, _>>().map_err(|error| error.to_string())?)
            }
        })
    }

    fn unused(&self, header: &StringRecord) -> Vec<String> {
        let is_used = |column: usize| {
            column == self.path || Some(column) == self.part || self.targets.contains(&column)
        };
        let unused = header.iter().enumerate().filter(|(column, _)| !is_used(*column));
        unused.map(|(_, name)| name.to_owned()).collect()
    }
}

/// Where an image is, whose ending a table may leave out.
fn located(root: &Path, path: &str) -> PathBuf {
    let with = |ending: &&str| Some(root.join(format!("{path}{ending}"))).filter(|path| path.is_file());
    ENDINGS.iter().find_map(with).unwrap_or_else(|| root.join(path))
}

impl Dataset for Table {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn target(&self) -> TargetKind {
        self.kind
    }

    fn outputs(&self) -> usize {
        self.names.len()
    }

    fn output_name(&self, output: usize) -> String {
        self.names.get(output).cloned().unwrap_or_else(|| output.to_string())
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let (path, target) = self.rows.get(index).ok_or_else(|| beyond(index, self.len()))?;
        decode(path, image)?;
        Ok(target.clone())
    }

    fn check(&self, index: usize) -> Result<()> {
        self.rows.get(index).map_or(Ok(()), |(path, _)| check(path))
    }

    fn identity(&self, index: usize) -> Option<u64> {
        let (path, target) = self.rows.get(index)?;
        Some(path_identity(path, format!("{target:?}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A table, beside images that are not read.
    fn open(text: &str, kind: TargetKind) -> Result<TableParts> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.png"), "").unwrap();
        fs::write(folder.path().join("table.csv"), text).unwrap();
        Table::open_parts(&folder.path().join("table.csv"), None, kind)
    }

    fn rows(table: Option<Table>) -> Vec<(String, Target)> {
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        table
            .map_or(Vec::new(), |table| table.rows)
            .into_iter()
            .map(|(path, target)| (name(path), target))
            .collect()
    }

    #[test]
    fn classes_labels_and_values() {
        let text = "Image_ID,breed,split,age\nx/a.jpg,pug,train,3\nb,collie,train,4\nc.jpg,pug,valid,5\n";
        let parts = open(text, TargetKind::Class).unwrap();
        assert_eq!(parts.train.as_ref().unwrap().names, ["collie", "pug"]);
        assert_eq!(
            rows(parts.train),
            [("a.jpg".into(), Target::Class(1)), ("b.png".into(), Target::Class(0))]
        );
        assert_eq!(rows(parts.test), [("c.jpg".into(), Target::Class(1))]);
        assert_eq!((parts.drawn, parts.unused), (false, vec!["age".to_owned()]));

        let parts = open(
            "file,x,note,y,split\na.png,0.5,left,1,train\nb.png,-1,right,2e1,test\n",
            TargetKind::Values,
        )
        .unwrap();
        assert_eq!(parts.train.as_ref().unwrap().names, ["x", "y"]);
        assert_eq!(rows(parts.test), [("b.png".into(), Target::Values(vec![-1.0, 20.0]))]);

        let parts = open("path,label,split\na,10,train\nb,02,test\nc,0,test\n", TargetKind::Class).unwrap();
        assert_eq!(parts.train.as_ref().unwrap().names.len(), 11);
        assert_eq!(rows(parts.test)[0].1, Target::Class(2));
        let findings = "image,labels,split\na.png,No Finding,train\nb.png,Mass|Effusion,test\n";
        let parts = open(findings, TargetKind::Labels).unwrap();
        assert_eq!(parts.train.as_ref().unwrap().names, ["Effusion", "Mass", "No Finding"]);

        let parts = open("image,tags,split\na.png,sea sky,train\nb.png,,test\n", TargetKind::Labels).unwrap();
        assert_eq!(rows(parts.train), [("a.png".into(), Target::Labels(vec![0, 1]))]);
        assert_eq!(rows(parts.test), [("b.png".into(), Target::Labels(vec![]))]);
        let parts =
            open("image,sea,sky,split\na.png,0,1,train\nb.png,1,1,test\n", TargetKind::Labels).unwrap();
        assert_eq!(rows(parts.train), [("a.png".into(), Target::Labels(vec![1]))]);
    }

    #[test]
    fn test_images_are_drawn_by_their_paths() {
        let lines =
            |count: usize| (0..count).map(|nth| format!("{nth}.png,{}\n", nth % 2)).collect::<String>();
        let draw = |count| open(&format!("path,label\n{}", lines(count)), TargetKind::Class).unwrap();
        let (few, many) = (draw(50), draw(60));
        assert!(few.drawn);
        let (few, many) = (rows(few.test), rows(many.test));
        assert!((5..16).contains(&few.len()) && many.starts_with(&few), "{few:?} {many:?}");
    }

    #[test]
    fn what_is_no_such_table_is_said() {
        for (text, kind, expected) in [
            (
                "name,label\na,b\n",
                TargetKind::Class,
                "no column is called path, file or image; they are called name, label",
            ),
            ("path,a,b\nx,y,z\n", TargetKind::Class, "no column is called label or class"),
            ("path,a\nx,y\n", TargetKind::Values, "no column holds numbers"),
            ("path,label\n", TargetKind::Class, "holds no rows"),
            (
                "path,label,split\na.png,b,maybe\n",
                TargetKind::Class,
                "row 2: \"maybe\" is none of train, val and test",
            ),
            ("path,label\na.png,\n", TargetKind::Class, "row 2: it names no class"),
            ("path,label\na.png,b,c\n", TargetKind::Class, "no table: "),
            ("path,label\na.png,b\n", TargetKind::Class, "too few to draw"),
        ] {
            let error = open(text, kind).unwrap_err().to_string();
            assert!(error.contains("table.csv: ") && error.contains(expected), "{error}");
        }
    }
}
