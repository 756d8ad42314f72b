//! `cnn new NAME` starts a project that trains a network on a folder of images.

mod project;

use std::{env, io::Write, process::ExitCode};

use project::Project;

const USAGE: &str = "\
Starts a project that trains a convolutional network on a folder of images.

Usage: cnn new NAME [--classes N]

  NAME         the folder of the project, which is made; its last part is the package's name
  --classes N  the number of classes [default: 10]
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let asks_for_help = arguments.is_empty() || arguments.iter().any(|word| word == "--help" || word == "-h");
    let (text, code) = match Project::of(&arguments) {
        _ if asks_for_help => (USAGE.to_owned(), 0),
        Err(message) => (format!("error: {message}; see cnn --help\n"), 2),
        Ok(project) => match project.write() {
            Ok(()) => (project.next_steps(), 0),
            Err(message) => (format!("error: {message}\n"), 1),
        },
    };
    let written = if code == 0 {
        std::io::stdout().write_all(text.as_bytes())
    } else {
        std::io::stderr().write_all(text.as_bytes())
    };
    written.map_or(ExitCode::FAILURE, |()| ExitCode::from(code))
}
