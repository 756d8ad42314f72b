//! A new project: what it is called, and its files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files of the template, which is a network that this repository compiles and tests.
const FILES: [(&str, &str); 5] = [
    ("src/main.rs", include_str!("../template/src/main.rs")),
    ("Cargo.toml", include_str!("../template/Cargo.toml.txt")),
    ("README.md", include_str!("../template/README.md.txt")),
    ("Dockerfile", include_str!("../template/Dockerfile")),
    (".gitignore", "/target\n/run\n"),
];

/// Classes, unless the command line says another number.
const CLASSES: usize = 10;

/// A project that is to be written.
#[derive(Debug, PartialEq)]
pub(crate) struct Project {
    folder: PathBuf,
    /// The package.
    name: String,
    classes: usize,
}

impl Project {
    /// What a command line asks for.
    pub(crate) fn of(arguments: &[String]) -> Result<Project, String> {
        let mut words = arguments.iter();
        if words.next().map(String::as_str) != Some("new") {
            return Err("expected the command new".into());
        }
        let (mut folder, mut classes) = (None, CLASSES);
        while let Some(word) = words.next() {
            let value = match word.split_once('=') {
                Some(("--classes", value)) => Some(value.to_owned()),
                None if word == "--classes" => Some(words.next().cloned().unwrap_or_default()),
                _ => None,
            };
            match value {
                Some(value) => {
                    classes =
                        value.parse().ok().filter(|&classes| classes > 1).ok_or_else(|| {
                            format!("--classes {value}: expected a whole number of at least 2")
                        })?;
                }
                None if word.starts_with('-') => return Err(format!("unknown option {word}")),
                None if folder.is_some() => return Err(format!("one name is enough, found {word}, too")),
                None => folder = Some(PathBuf::from(word)),
            }
        }
        let folder = folder.ok_or("expected a name")?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !name.chars().all(is_plain) {
            return Err(format!(
                "{name:?} is no name of a package: letters, digits, - and _, a letter first"
            ));
        }
        Ok(Project { folder, name, classes })
    }

    /// Writes the files into a folder that is not there yet, or is empty.
    pub(crate) fn write(&self) -> Result<(), String> {
        let shown = self.folder.display();
        if fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(format!("{shown} is there already, and not empty"));
        }
        for (file, text) in FILES {
            let path = self.folder.join(file);
            let folder = path.parent().unwrap_or(Path::new(""));
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, self.fill_in(text)))
                .map_err(|error| format!("{}: cannot write: {error}", path.display()))?;
        }
        Ok(())
    }

    /// A text of the template with this project's names and numbers.
    fn fill_in(&self, text: &str) -> String {
        let classes = self.classes.to_string();
        text.replace("MyNetwork", &self.network())
            .replace("my-network", &self.name)
            .replace("-> 10>", &format!("-> {classes}>"))
            .replace("dense(10)", &format!("dense({classes})"))
            .replace("CNN_RUNTIME", &dependency())
    }

    /// The network's name: `my-birds` has `MyBirds`.
    fn network(&self) -> String {
        let words = self.name.split(['-', '_']).filter(|word| !word.is_empty());
        words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    }

    /// What to do with it.
    pub(crate) fn next_steps(&self) -> String {
        let folder = self.folder.display();
        format!(
            "{folder} is a project with a network for {} classes. To train it on folders of images, one a class:\n\n  cd \
             {folder}\n  cargo run --release -- --data folder:PHOTOS --output run\n",
            self.classes
        )
    }
}

/// Where the runtime is: in the repository that this program was built from, if that is still there.
fn dependency() -> String {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-runtime");
    match fs::canonicalize(beside) {
        Ok(path) => format!("path = {:?}", path.display().to_string()),
        Err(_) => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Project, String> {
        Project::of(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_project_has_its_own_names() {
        let parent = tempfile::tempdir().unwrap();
        let project = of("new my-birds --classes 3").unwrap();
        let project = Project { folder: parent.path().join(&project.name), ..project };
        project.write().unwrap();
        let read = |file: &str| fs::read_to_string(project.folder.join(file)).unwrap();
        let main = read("src/main.rs");
        assert!(main.contains("pub MyBirds<[3, 96, 96] -> 3> {") && main.contains("fc: dense(3)"), "{main}");
        assert!(main.contains("trainer::main::<MyBirds>()") && !main.contains("MyNetwork"), "{main}");
        let manifest = read("Cargo.toml");
        assert!(
            manifest.contains("name = \"my-birds\"") && manifest.contains("cnn-runtime\", features"),
            "{manifest}"
        );
        assert!(read("Dockerfile").contains("release/my-birds"));
        assert!(project.write().unwrap_err().ends_with("is there already, and not empty"));
    }

    #[test]
    fn what_is_no_project_is_said() {
        for (line, expected) in [
            ("old x", "expected the command new"),
            ("new", "expected a name"),
            ("new 1st", "no name of a package"),
            ("new a b", "found b, too"),
            ("new a --classes 1", "--classes 1: expected a whole number of at least 2"),
            ("new a --classes", "expected a whole number"),
            ("new a --class 3", "unknown option --class"),
        ] {
            let error = of(line).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(of("new a --classes=7").unwrap().classes, 7);
    }
}
