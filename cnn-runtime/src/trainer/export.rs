//! `export`: weights for other tools, in the format that the output's ending names.

use std::path::{Path, PathBuf};

use cnn_core::Result;

use super::{common::Common, load_weights, log_line, print, usage};
use crate::{
    network::Model,
    session::{Options, Session},
    weights::{self, Tensor},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Where they go: FILE.safetensors holds a state dict that PyTorch loads strictly
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    check(&args.output)?;
    if is_same(&args.weights, &args.output) {
        return Err(usage(
            "--output names the file of --weights, which holds more than a state dict; name another",
        ));
    }
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options::infer(1).seed(common.seed))?;
    load_weights(&mut session, &args.weights)?;
    let count = weights::export(&mut session, &args.output)?;
    let statistics = session.data_info().statistics();
    if !statistics.is_empty() {
        let names: Vec<&str> = statistics.iter().map(Tensor::name).collect();
        log_line(&format!(
            "left out, since no module of PyTorch holds them: {} (prepare images by these first)",
            names.join(", ")
        ));
    }
    print(&format!("{count} tensors in {}\n", args.output.display()))
}

/// True of two names of one file that exists.
fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Refuses a format that is not written, before anything is loaded.
fn check(output: &Path) -> Result<()> {
    let path = output.display();
    match output.extension().map(|ending| ending.to_string_lossy().to_lowercase()).as_deref() {
        Some("safetensors") => Ok(()),
        Some("onnx") => Err(usage(format!(
            "--output {path}: ONNX is not written; export FILE.safetensors, load it into the same network in PyTorch, and \
             torch.onnx.export writes it from there"
        ))),
        _ => Err(usage(format!("--output {path}: expected a name that ends in .safetensors"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_several_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.safetensors");
        assert!(!is_same(&file, &file), "there is nothing to lose");
        std::fs::write(&file, "").unwrap();
        assert!(is_same(&file, &folder.path().join(".").join("a.safetensors")));
        assert!(!is_same(&file, &folder.path().join("b.safetensors")));
    }

    #[test]
    fn the_ending_says_the_format() {
        assert!(check(Path::new("a/b.SafeTensors")).is_ok());
        for (name, word) in [("a.onnx", "torch.onnx.export"), ("a.pt", ".safetensors"), ("a", ".safetensors")]
        {
            let error = check(Path::new(name)).unwrap_err();
            assert_eq!(crate::trainer::exit::code(&error), 2);
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
