//! `inspect`: everything a network computes from given weights and images, for comparison with
//! another implementation.
//!
//! It reads weights under torch names, `images` f32 `[N, C, H, W]`, which are fed as they are, and
//! `labels` i64 `[N]`. It writes `logits` `[N, classes]` in inference mode, with the running
//! statistics as they were given; then, of a training-mode pass without dropout, `loss` `[1]`,
//! `grad.NAME` for every parameter that is not frozen, and `stat.NAME`, the running statistics
//! after it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cnn_core::{
    Error, Result,
    reserve::{filled, product},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::common::Common;
use crate::{
    device::Device,
    network::Model,
    optim::{Optimizer, Sgd, Update},
    plan::{Description, Param},
    session::{Options, Session},
    weights::{self, Tensor, save_tensors},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Tensors images and labels
    #[arg(long, value_name = "FILE")]
    batch: PathBuf,

    /// Where logits, loss, gradients and running statistics go
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

struct LabelledImages {
    images: Vec<f32>,
    labels: Vec<u32>,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let batch = read_batch(&args.batch, model.description())?;
    let device = common.open_device()?;
    // Only gradients are asked for: this rule keeps no state.
    let update = Update::new(Optimizer::Sgd(Sgd::DEFAULT));
    let options = Options::train(&model).batch(batch.labels.len()).update(update).seed(common.seed);
    let mut session = Session::new(model, &device, &options)?;
    weights::load(&mut session, &args.weights)?;
    save_tensors(&args.output, &compute(&mut session, &device, &batch)?)
}

fn compute(session: &mut Session, device: &Device, batch: &LabelledImages) -> Result<Vec<Tensor>> {
    let LabelledImages { images, labels } = batch;
    let description = session.description();
    let mut logits = filled(product(&[labels.len(), description.classes]), 0.0, "the logits")?;
    let loss = device.install(|| {
        session.infer(images, &mut logits)?;
        session.forward_backward(images, labels)
    })?;
    let mut tensors = vec![
        Tensor::new("logits", &[labels.len(), description.classes], logits)?,
        Tensor::new("loss", &[1], vec![loss as f32])?,
    ];
    for (index, param) in description.params.iter().enumerate() {
        let (kind, values) = match param {
            Param { buffer: true, .. } => ("stat", session.parameter(index)?),
            Param { trainable: true, .. } => ("grad", session.gradient(index)?),
            _ => continue,
        };
        tensors.push(Tensor::new(format!("{kind}.{}", param.name), param.shape, values)?);
    }
    Ok(tensors)
}

fn read_batch(path: &Path, description: &Description) -> Result<LabelledImages> {
    let data = |message| Error::Data { path: path.into(), message };
    let bytes = fs::read(path).map_err(|error| data(format!("cannot read: {error}")))?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|error| data(format!("not a whole safetensors file ({error})")))?;
    parse_batch(&tensors, description).map_err(data)
}

fn parse_batch(tensors: &SafeTensors, description: &Description) -> Result<LabelledImages, String> {
    let images = tensor(tensors, "images", Dtype::F32)?;
    let labels = tensor(tensors, "labels", Dtype::I64)?;
    let count = labels.shape().first().copied().unwrap_or(0);
    let [channels, height, width] = description.input;
    if count == 0 || labels.shape() != [count] || images.shape() != [count, channels, height, width] {
        let (images, labels) = (images.shape(), labels.shape());
        return Err(format!(
            "expected images [N, {channels}, {height}, {width}] and labels [N], found {images:?} and {labels:?}"
        ));
    }
    let label = |value: i64| {
        let label = u32::try_from(value).ok().filter(|&label| (label as usize) < description.classes);
        label.ok_or_else(|| format!("label {value} is none of the network's {} classes", description.classes))
    };
    let (images, labels) = (images.data().as_chunks().0, labels.data().as_chunks().0);
    let images = images.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let labels = labels.iter().map(|&bytes| label(i64::from_le_bytes(bytes))).collect::<Result<_, _>>()?;
    Ok(LabelledImages { images, labels })
}

fn tensor<'a>(tensors: &SafeTensors<'a>, name: &str, dtype: Dtype) -> Result<TensorView<'a>, String> {
    let found = tensors.tensor(name).map_err(|_| format!("tensor {name} is missing"))?;
    if found.dtype() == dtype {
        Ok(found)
    } else {
        Err(format!("{name} is {}, expected {dtype}", found.dtype()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    fn parse(images: &[usize], labels: &[i64]) -> Result<LabelledImages, String> {
        let pixels = vec![0; images.iter().product::<usize>() * 4];
        let numbers: Vec<u8> = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
        let images = TensorView::new(Dtype::F32, images.to_vec(), &pixels).unwrap();
        let labels = TensorView::new(Dtype::I64, vec![labels.len()], &numbers).unwrap();
        let bytes = safetensors::serialize([("images", images), ("labels", labels)], None).unwrap();
        parse_batch(&SafeTensors::deserialize(&bytes).unwrap(), &DESCRIPTION)
    }

    #[test]
    fn images_and_labels_that_fit() {
        let batch = parse(&[2, 1, 28, 28], &[9, 0]).unwrap();
        assert_eq!((batch.images.len(), batch.labels), (2 * 784, vec![9, 0]));
    }

    #[test]
    fn a_missing_or_damaged_file_is_an_error_of_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.safetensors");
        let fails = |reason: &str| {
            let error = read_batch(&path, &DESCRIPTION).err().unwrap();
            assert_eq!(crate::trainer::exit::code(&error), 3);
            assert!(error.to_string().contains(reason), "{error}");
        };
        fails("cannot read");
        fs::write(&path, "not a safetensors file").unwrap();
        fails("not a whole safetensors file");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let error = |images: &[usize], labels: &[i64]| parse(images, labels).err().unwrap();
        assert!(error(&[1, 28, 28, 1], &[0]).contains("expected images [N, 1, 28, 28] and labels [N]"));
        assert!(error(&[2, 1, 28, 28], &[0]).contains("found [2, 1, 28, 28] and [1]"));
        assert!(error(&[0, 1, 28, 28], &[]).contains("found [0, 1, 28, 28] and [0]"));
        assert_eq!(error(&[1, 1, 28, 28], &[-1]), "label -1 is none of the network's 10 classes");
    }
}
