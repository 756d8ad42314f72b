//! `inspect`: everything a network computes from given weights and images, for comparison with
//! another implementation.
//!
//! It reads weights under torch names, `images` f32 `[N, C, H, W]`, which are fed as they are, and
//! `labels` i64 `[N]`, or, of a network for values or labels, `targets` f32 `[N, outputs]`. It
//! writes `logits` `[N, outputs]` in inference mode, with the running
//! statistics as they were given; then, of a training-mode pass without dropout, `loss` `[1]`,
//! `grad.NAME` for every parameter that is not frozen, and `stat.NAME`, the running statistics
//! after it. With `--infer` it reads images alone and writes logits alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cnn_core::{
    Error, Result,
    reserve::{filled, product},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{common::Common, load_weights, targets::TargetList};
use crate::{
    device::Device,
    network::Model,
    optim::{Optimizer, Sgd, Update},
    plan::{Description, Param, TargetKind},
    session::{Options, Session},
    weights::{Tensor, save_tensors},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Tensors images and labels, or images and targets
    #[arg(long, value_name = "FILE")]
    batch: PathBuf,

    /// Where logits, loss, gradients and running statistics go
    #[arg(long, value_name = "FILE")]
    output: PathBuf,

    /// Write the logits alone, of images alone
    #[arg(long)]
    infer: bool,
}

struct Batch {
    images: Vec<f32>,
    /// What images are compared with; nothing where only logits are wanted.
    targets: Option<TargetList>,
    count: usize,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let batch = read_batch(&args.batch, model.description(), args.infer)?;
    let device = common.open_device()?;
    // Only gradients are asked for: this rule keeps no state.
    let update = Update::new(Optimizer::Sgd(Sgd::DEFAULT));
    let options = match batch.targets {
        Some(_) => Options::train(&model).batch(batch.count).update(update),
        None => Options::infer(batch.count),
    };
    let mut session = Session::zeroed(model, &device, &options.seed(common.seed))?;
    load_weights(&mut session, &args.weights)?;
    save_tensors(&args.output, &compute(&mut session, &device, &batch)?)
}

fn compute(session: &mut Session, device: &Device, batch: &Batch) -> Result<Vec<Tensor>> {
    let Batch { images, targets, count } = batch;
    let description = session.description();
    let shape = [*count, description.output_len()];
    let mut logits = filled(product(&shape), 0.0, "the logits")?;
    let loss = device.install(|| {
        session.infer(images, &mut logits)?;
        targets.as_ref().map(|targets| session.forward_backward(images, targets.all())).transpose()
    })?;
    let mut tensors = vec![Tensor::new("logits", &shape, logits)?];
    let Some(loss) = loss else { return Ok(tensors) };
    tensors.push(Tensor::new("loss", &[1], vec![loss as f32])?);
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

fn read_batch(path: &Path, description: &Description, infer: bool) -> Result<Batch> {
    let data = |message| Error::Data { path: path.into(), message };
    let bytes = fs::read(path).map_err(|error| data(format!("cannot read: {error}")))?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|error| data(format!("not a whole safetensors file ({error})")))?;
    let parse = if infer { parse_images } else { parse_batch };
    parse(&tensors, description).map_err(data)
}

fn parse_images(tensors: &SafeTensors, description: &Description) -> Result<Batch, String> {
    let images = tensor(tensors, "images", Dtype::F32)?;
    let [channels, height, width] = description.image_shape();
    match *images.shape() {
        [count, a, b, c] if count > 0 && [a, b, c] == [channels, height, width] => {
            Ok(Batch { images: floats(&images), targets: None, count })
        }
        _ => Err(format!("expected images [N, {channels}, {height}, {width}], found {:?}", images.shape())),
    }
}

fn parse_batch(tensors: &SafeTensors, description: &Description) -> Result<Batch, String> {
    let images = tensor(tensors, "images", Dtype::F32)?;
    let (kind, outputs) = (description.target(), description.output_len());
    let targets = match kind {
        TargetKind::Class => tensor(tensors, "labels", Dtype::I64)?,
        TargetKind::Values | TargetKind::Labels => tensor(tensors, "targets", Dtype::F32)?,
    };
    let count = targets.shape().first().copied().unwrap_or(0);
    let [channels, height, width] = description.image_shape();
    let (name, rest) = match kind {
        TargetKind::Class => ("labels [N]", vec![]),
        TargetKind::Values | TargetKind::Labels => ("targets [N, outputs]", vec![outputs]),
    };
    let expected = [vec![count], rest].concat();
    if count == 0 || targets.shape() != expected || images.shape() != [count, channels, height, width] {
        let (images, targets) = (images.shape(), targets.shape());
        return Err(format!(
            "expected images [N, {channels}, {height}, {width}] and {name}, found {images:?} and {targets:?}"
        ));
    }
    let label = |value: i64| {
        let label = u32::try_from(value).ok().filter(|&label| (label as usize) < outputs);
        label.ok_or_else(|| format!("label {value} is none of the network's {outputs} classes"))
    };
    let targets = match kind {
        TargetKind::Class => {
            let classes = targets.data().as_chunks().0.iter();
            let classes = classes.map(|&bytes| label(i64::from_le_bytes(bytes))).collect::<Result<_, _>>()?;
            TargetList::Classes(classes)
        }
        TargetKind::Values | TargetKind::Labels => TargetList::Values(floats(&targets)),
    };
    Ok(Batch { images: floats(&images), targets: Some(targets), count })
}

fn floats(tensor: &TensorView) -> Vec<f32> {
    tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
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

    fn parse(images: &[usize], labels: &[i64]) -> Result<Batch, String> {
        parse_by(parse_batch, images, labels)
    }

    fn parse_by(
        parse: fn(&SafeTensors, &Description) -> Result<Batch, String>,
        images: &[usize],
        labels: &[i64],
    ) -> Result<Batch, String> {
        let pixels = vec![0; images.iter().product::<usize>() * 4];
        let numbers: Vec<u8> = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
        let images = TensorView::new(Dtype::F32, images.to_vec(), &pixels).unwrap();
        let labels = TensorView::new(Dtype::I64, vec![labels.len()], &numbers).unwrap();
        let bytes = safetensors::serialize([("images", images), ("labels", labels)], None).unwrap();
        parse(&SafeTensors::deserialize(&bytes).unwrap(), &DESCRIPTION)
    }

    #[test]
    fn labels_do_not_matter_to_logits() {
        let images = |shape: &[usize]| parse_by(parse_images, shape, &[]);
        let batch = images(&[2, 1, 28, 28]).unwrap();
        assert_eq!((batch.images.len(), batch.targets, batch.count), (2 * 784, None, 2));
        for shape in [&[0, 1, 28, 28][..], &[2, 28, 28, 1], &[2, 784]] {
            let error = images(shape).err().unwrap();
            assert_eq!(error, format!("expected images [N, 1, 28, 28], found {shape:?}"));
        }
    }

    #[test]
    fn images_and_labels_that_fit() {
        let batch = parse(&[2, 1, 28, 28], &[9, 0]).unwrap();
        assert_eq!((batch.images.len(), batch.targets), (2 * 784, Some(TargetList::Classes(vec![9, 0]))));
    }

    #[test]
    fn a_missing_or_damaged_file_is_an_error_of_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.safetensors");
        let fails = |reason: &str| {
            let error = read_batch(&path, &DESCRIPTION, false).err().unwrap();
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
