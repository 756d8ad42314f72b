//! `visualize`: the filters of given weights, and the feature maps of an image, as PNG.

use std::{path::PathBuf, sync::Arc};

use cnn_core::Result;

use super::{common::Common, load_weights, print, source};
use crate::{
    data::{Batches, ImageFiles},
    network::Model,
    session::{Options, Session},
    visualize,
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Draw this image's feature maps, too
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,

    /// Folder for filters/LAYER.png and maps/LAYER.png
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options::infer(1).seed(common.seed))?;
    load_weights(&mut session, &args.weights)?;
    let mut image = match &args.image {
        Some(path) => {
            let file = Arc::new(ImageFiles::new(vec![path.clone()]));
            Some(Batches::all(&source::files(file, &session, &args.weights)?, 1)?)
        }
        None => None,
    };
    let image = image.as_mut().map(Batches::next_batch).transpose()?.flatten();
    let filters = visualize::filters(&mut session, &args.output)?;
    let maps = match image {
        Some(image) => {
            device.install(|| visualize::feature_maps(&mut session, image.images, &args.output))?
        }
        None => 0,
    };
    print(&format!("{filters} pictures of filters, {maps} of feature maps in {}\n", args.output.display()))
}
