//! `export`: weights for other tools, in the format that the output's ending names.

use std::path::{Path, PathBuf};

use cnn_core::{Result, floats::FloatType};

use super::{common::Common, load_weights, log_line, print, usage, values};
use crate::{
    network::Model,
    onnx,
    session::{Options, Session},
    weights::{self, Tensor},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE", required_unless_present = "initial")]
    weights: Option<PathBuf>,

    /// Weights as training draws them by --seed, in place of --weights
    #[arg(long, conflicts_with = "weights")]
    initial: bool,

    /// Where they go: FILE.onnx is the network with its weights, FILE.safetensors a state dict that
    /// PyTorch loads strictly, FILE.npz the same for NumPy
    #[arg(long, value_name = "FILE")]
    output: PathBuf,

    /// Type of the weights in the file: f32, f16 or bf16, which npz does not have
    #[arg(long, value_name = "TYPE", value_parser = values::float_type, default_value = "f32")]
    dtype: FloatType,

    /// Of ONNX: probabilities as outputs in place of scores, by a softmax, or of labels by a sigmoid
    #[arg(long)]
    softmax: bool,

    /// Of ONNX: pixels from 0 to 255 as input; what data { } does to values is part of the model
    #[arg(long)]
    preprocessing: bool,

    /// Of ONNX: batch norms as part of the layers before them
    #[arg(long)]
    fold_batch_norm: bool,
}

/// A format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Safetensors,
    Npz,
    Onnx,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let format = args.format()?;
    if args.weights.as_ref().is_some_and(|weights| is_same(weights, &args.output)) {
        return Err(usage(
            "--output names the file of --weights, which holds more than what is exported; name another",
        ));
    }
    let device = common.open_device()?;
    let options = Options::infer(1).seed(common.seed);
    let mut session = match &args.weights {
        None => Session::new(model, &device, &options)?,
        Some(weights) => {
            let mut session = Session::zeroed(model, &device, &options)?;
            load_weights(&mut session, weights)?;
            session
        }
    };
    let path = args.output.display();
    print(&match format {
        Format::Safetensors => {
            let count = weights::export(&mut session, &args.output, args.dtype)?;
            say_statistics(&session);
            format!("{count} tensors in {path}\n")
        }
        Format::Npz => {
            let count = weights::export_npz(&mut session, &args.output, args.dtype)?;
            say_statistics(&session);
            format!("{count} arrays in {path}\n")
        }
        Format::Onnx => {
            let exported = onnx::export(&mut session, &args.output, &args.onnx())?;
            args.say_of(&exported);
            format!("{} nodes and {} constant tensors in {path}\n", exported.nodes, exported.initializers)
        }
    })
}

impl Args {
    /// The format of the output, unless it is none, or an option has no meaning for it.
    fn format(&self) -> Result<Format> {
        let path = self.output.display();
        let ending = self.output.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let format = match ending.as_deref() {
            Some("safetensors") => Format::Safetensors,
            Some("npz") => Format::Npz,
            Some("onnx") => Format::Onnx,
            _ => {
                let expected = "expected a name that ends in .onnx, .safetensors or .npz";
                return Err(usage(format!("--output {path}: {expected}")));
            }
        };
        let of_onnx = [
            (self.softmax, "--softmax"),
            (self.preprocessing, "--preprocessing"),
            (self.fold_batch_norm, "--fold-batch-norm"),
        ];
        match of_onnx.into_iter().find(|(is_given, _)| *is_given && format != Format::Onnx) {
            Some((_, option)) => {
                Err(usage(format!("{option} is of ONNX alone, and --output {path} holds weights")))
            }
            None if format == Format::Npz && self.dtype == FloatType::Bf16 => {
                Err(usage(format!("--dtype bf16 is no type of NumPy: use f16 or f32 for --output {path}")))
            }
            None => Ok(format),
        }
    }

    fn onnx(&self) -> onnx::Options {
        onnx::Options::default()
            .probabilities(self.softmax)
            .preprocessing(self.preprocessing)
            .fold_batch_norm(self.fold_batch_norm)
            .float_type(self.dtype)
    }

    /// Says what is left to whoever runs a model, and what became of batch norms.
    fn say_of(&self, exported: &onnx::Exported) {
        if !exported.preprocessing.is_empty() {
            let advice = if self.preprocessing {
                ""
            } else {
                " (with --preprocessing the model changes values itself)"
            };
            log_line(&format!("before an image enters the model: {}{advice}", exported.preprocessing));
        }
        if self.fold_batch_norm {
            let (folded, all) = (exported.folded, exported.batch_norms);
            let rest = if folded < all {
                "; the others follow no convolution or dense layer of their own"
            } else {
                ""
            };
            log_line(&format!("{folded} of {all} batch norms became part of the layers before them{rest}"));
        }
    }
}

/// Says which statistics a file of weights does not hold.
fn say_statistics(session: &Session) {
    let statistics = session.data_info().statistics();
    if !statistics.is_empty() {
        let names: Vec<&str> = statistics.iter().map(Tensor::name).collect();
        log_line(&format!(
            "left out, since no module of PyTorch holds them: {} (prepare images by these first)",
            names.join(", ")
        ));
    }
}

/// True of two names of one file that exists.
fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn format(output: &str, options: &[&str]) -> Result<Format> {
        let line = [&["export", "--initial", "--output", output][..], options].concat();
        Line::try_parse_from(line).unwrap().args.format()
    }

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
        assert_eq!(format("a/b.SafeTensors", &["--dtype", "bf16"]).unwrap(), Format::Safetensors);
        assert_eq!(format("a.npz", &["--dtype", "f16"]).unwrap(), Format::Npz);
        let all = ["--softmax", "--preprocessing", "--fold-batch-norm", "--dtype", "bf16"];
        assert_eq!(format("a.onnx", &all).unwrap(), Format::Onnx);
        for (name, options, words) in [
            ("a.pt", &[][..], "--output a.pt: expected a name that ends in .onnx"),
            ("a", &[], "expected a name"),
            ("a.npz", &["--dtype", "bf16"], "--dtype bf16 is no type of NumPy"),
            ("a.npz", &["--softmax"], "--softmax is of ONNX alone, and --output a.npz holds weights"),
            ("a.safetensors", &["--preprocessing"], "--preprocessing is of ONNX alone"),
            ("a.safetensors", &["--fold-batch-norm"], "--fold-batch-norm is of ONNX alone"),
        ] {
            let error = format(name, options).unwrap_err();
            assert_eq!(crate::trainer::exit::code(&error), 2);
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn weights_are_given_or_drawn() {
        let parse = |options: &[&str]| {
            Line::try_parse_from([&["export", "--output", "a.onnx"], options].concat())
                .map(|line| line.args.initial)
        };
        assert!(parse(&[]).is_err() && parse(&["--weights", "a", "--initial"]).is_err());
        assert_eq!([parse(&["--weights", "a"]).unwrap(), parse(&["--initial"]).unwrap()], [false, true]);
    }
}
