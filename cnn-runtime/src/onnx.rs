//! ONNX: a network with its weights as a model that other programs run, such as ONNX Runtime.
//!
//! A model has operator set 17 and IR version 8, which readers since 2022 take. Its batch may have any
//! size. What enters is `[N, C, H, W]` under the name of the network's input, `input`;
//! what leaves are the numbers that [`Session::infer`](crate::Session::infer) answers, or
//! probabilities. Weights have the names that they have in files of weights, and nodes those of
//! layers. Equal sessions make equal files, byte for byte.
//!
//! The metadata of a model hold:
//!
//! | key | is |
//! |---|---|
//! | `classes` | the names of the outputs in order, a list of JSON |
//! | `cnn.data` | what the data set is called |
//! | `preprocessing` | what happens to an image before it enters, as `data { }` has it; resizing is bilinear and antialiased |
//! | `preprocessing.inside` | what happens to values in the model itself |
//! | `mean`, `std` | a number for each channel, lists of JSON: where these say all that happens to values outside of the model, which gets `(pixel - mean) / std` of pixels from 0 to 255 |

use std::path::Path;

use cnn_core::{Error, Result, ValueStage, files::Replacement, floats::FloatType};
use cnn_data::Preparation;
use cnn_onnx::{LARGEST, Model};

use crate::{
    plan::{Description, Prepare},
    session::{Array, Session},
    weights::data_info,
};

/// What a model is beyond the network and its weights.
///
/// ```
/// use cnn_runtime::onnx::Options;
///
/// let for_a_server = Options::default().preprocessing(true).probabilities(true);
/// let small = Options::default().float_type(cnn_runtime::weights::FloatType::F16);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    probabilities: bool,
    preprocessing: bool,
    fold_batch_norm: bool,
    float_type: FloatType,
}

impl Options {
    /// The same with probabilities as outputs in place of scores: a softmax, or a sigmoid where the
    /// network's loss is a binary cross-entropy.
    #[must_use]
    pub const fn probabilities(self, are_wanted: bool) -> Options {
        Options { probabilities: are_wanted, ..self }
    }

    /// The same with pixels from 0 to 255 as input: what `data { }` does to values is part of the
    /// model. Resizing and cropping are not.
    #[must_use]
    pub const fn preprocessing(self, is_wanted: bool) -> Options {
        Options { preprocessing: is_wanted, ..self }
    }

    /// The same without the batch norms that stand behind a convolution or a dense layer: they
    /// become part of its weights.
    #[must_use]
    pub const fn fold_batch_norm(self, is_wanted: bool) -> Options {
        Options { fold_batch_norm: is_wanted, ..self }
    }

    /// The same with weights of this type. All is computed with floats of 32 bits.
    #[must_use]
    pub const fn float_type(self, float_type: FloatType) -> Options {
        Options { float_type, ..self }
    }
}

/// What became of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Nodes of the model.
    pub nodes: usize,
    /// Constant tensors of the model: weights, and what operators go by.
    pub initializers: usize,
    /// Batch norms that became part of other layers.
    pub folded: usize,
    /// Batch norms of the network.
    pub batch_norms: usize,
    /// What has to happen to an image before it enters, as the metadata say it; empty if nothing.
    pub preprocessing: String,
}

/// Writes a network with the parameters of a session as an ONNX model, whole or not at all.
///
/// ```
/// use cnn_runtime::{Device, Model, Options, Session, network, onnx};
///
/// network! { Tiny<[1, 8, 8] -> 3> { input -> conv1: conv(8, 3) -> relu -> flatten -> fc: dense(3) } }
///
/// # let folder = std::env::temp_dir().join(format!("cnn-onnx-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).expect("a folder");
/// # let path = folder.join("tiny.onnx");
/// let mut session = Session::new(Model::of::<Tiny>(), &Device::cpu()?, &Options::infer(1))?;
/// let exported = onnx::export(&mut session, &path, &onnx::Options::default().probabilities(true))?;
/// assert_eq!((exported.nodes, exported.initializers), (5, 4));
/// # std::fs::remove_dir_all(&folder).expect("the folder");
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Usage`] naming a layer that ONNX does not have, if probabilities are asked of a network
/// that is trained by a loss of values, if a weight is too large for the type of floats, or if
/// preprocessing needs statistics that the session does not have; [`Error::Weights`] if the model
/// would be larger than 2 GiB, which no reader takes; [`Error::Io`] if the file cannot be written;
/// [`Error::Device`] if the device fails.
pub fn export(session: &mut Session, path: &Path, options: &Options) -> Result<Exported> {
    let (description, info) = (session.description(), session.data_info().clone());
    let preparation = match Preparation::new(description, info.statistics().to_vec()) {
        Err(error) if options.preprocessing => return Err(error),
        preparation => preparation.ok(),
    };
    let stages: Option<Vec<ValueStage>> =
        preparation.as_ref().map(|preparation| preparation.value_stages().collect());
    let [before, inside] = shares(description, options);
    let input = input(description, options, &before);
    let mut metadata = data_info::metadata(&info);
    let mut note = |key: &str, value: &str| metadata.insert(key.to_owned(), value.to_owned());
    if !before.is_empty() {
        note("preprocessing", &before);
    }
    if options.preprocessing {
        note("preprocessing.inside", &inside);
    } else if let Some([mean, std]) = stages.as_ref().and_then(|stages| by_channel(stages, description)) {
        note("mean", &mean);
        note("std", &std);
    }
    let metadata: Vec<(String, String)> = metadata.into_iter().collect();
    let model = Model::new(
        description,
        &cnn_onnx::Options {
            fold_batch_norm: options.fold_batch_norm,
            probabilities: options.probabilities,
            stored: options.float_type,
            preprocessing: stages.as_deref().filter(|_| options.preprocessing).unwrap_or_default(),
            input: &input,
            metadata: &metadata,
        },
    )?;
    write(session, path, &model)?;
    Ok(Exported {
        nodes: model.nodes(),
        initializers: model.initializers(),
        folded: model.folded(),
        batch_norms: model.batch_norms(),
        preprocessing: before,
    })
}

fn write(session: &mut Session, path: &Path, model: &Model) -> Result<()> {
    check_len(path, model.len())?;
    let mut file = Replacement::create(path)?;
    let mut read = |index: usize, see: &mut dyn FnMut(&[f32]) -> Result<()>| {
        session.read_parts(Array::Parameter, index, see)
    };
    model.write(&mut read, &mut |part| file.write(part))?;
    file.finish()
}

/// Refuses a file that nobody could read.
fn check_len(path: &Path, bytes: u64) -> Result<()> {
    if bytes > LARGEST {
        let advice = "store the weights with 16 bits, or export them without the network";
        let message =
            format!("would have {bytes} bytes, and a model of ONNX has {LARGEST} at most; {advice}");
        return Err(Error::weights(path, message));
    }
    Ok(())
}

/// The stages of `data { }` as text: those before a model, and those in it.
fn shares(description: &Description, options: &Options) -> [String; 2] {
    let is_inside = |stage: &&Prepare| options.preprocessing && !stage.is_geometry();
    let text = |stages: Vec<&Prepare>| stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (inside, before) = description.preparation().iter().partition(is_inside);
    [text(before), text(inside)]
}

/// What people should know of a model's input.
fn input(description: &Description, options: &Options, before: &str) -> String {
    let colours = if description.image_shape()[0] == 3 { ": red, green, blue" } else { "" };
    let values = if options.preprocessing { "pixels from 0 to 255" } else { "images" };
    let after = if before.is_empty() { String::new() } else { format!(", after {before}") };
    format!("{values}{colours}{after}")
}

/// Shift and divisor of each channel as lists of JSON, if they are all that happens to values.
fn by_channel(stages: &[ValueStage], description: &Description) -> Option<[String; 2]> {
    let [channels, height, width] = description.image_shape();
    let list = |values: &[f32]| {
        let mut planes = values.chunks(height * width);
        let is_flat = planes.clone().all(|plane| plane.iter().all(|value| *value == plane[0]));
        let numbers: Vec<f32> = planes.by_ref().map(|plane| plane[0]).collect();
        is_flat.then(|| serde_json::to_string(&numbers).expect("numbers are JSON"))
    };
    match *stages {
        [] => {
            Some([list(&vec![0.0; channels * height * width])?, list(&vec![1.0; channels * height * width])?])
        }
        [ValueStage::Affine { shift, divisor }] => Some([list(shift)?, list(divisor)?]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_more_than_2_gib_is_refused() {
        assert!(check_len(Path::new("net.onnx"), LARGEST).is_ok());
        let error = check_len(Path::new("net.onnx"), LARGEST + 1).unwrap_err().to_string();
        let expected =
            "net.onnx: would have 2147483648 bytes, and a model of ONNX has 2147483647 at most; store the";
        assert!(error.starts_with(expected), "{error}");
    }
}
