//! Norms: batch norm as inference has it, norms of each sample, local response normalisation.

use cnn_plan::{Response, SampleAxes};

use super::Site;
use crate::{
    builder::{Builder, Call},
    model::running_norm,
};

pub(super) fn batch(builder: &mut Builder, site: &Site) -> Call {
    let norm = running_norm(site.node);
    let [scale, shift] = match norm.affine {
        Some(affine) => affine.map(|param| builder.parameter(param)),
        None => neutral(builder, site, site.shape()[0]),
    };
    let [mean, variance] = [norm.mean, norm.variance].map(|param| builder.parameter(param));
    Call::new("BatchNormalization", [site.x().to_owned(), scale, shift, mean, variance])
        .float("epsilon", norm.eps)
}

/// A scale and a shift of so many channels that change nothing.
fn neutral(builder: &mut Builder, site: &Site, channels: usize) -> [String; 2] {
    [("scale", 1.0), ("shift", 0.0)]
        .map(|(what, value)| builder.floats(site.layer(), what, &[channels], vec![value; channels]))
}

/// Statistics of each sample. Groups are instances of a reshaped value; channels come last where the
/// statistics are theirs.
pub(super) fn sample(builder: &mut Builder, site: &Site, axes: SampleAxes, eps: f32) -> Call {
    let affine = <[usize; 2]>::try_from(site.node.params).ok();
    let is_whole = |[weight, _]: [usize; 2]| builder.param_shape(weight) == site.shape();
    match axes {
        SampleAxes::Channels => over_channels(builder, site, affine, eps),
        SampleAxes::Groups(1) if affine.is_none_or(is_whole) => {
            layer_norm(builder, site, site.x().to_owned(), (affine, site.shape()), eps).int("axis", 1)
        }
        SampleAxes::Groups(groups) if groups == site.shape()[0] && site.shape().len() == 3 => {
            let [scale, shift] = match affine {
                Some(affine) => affine.map(|param| builder.parameter(param)),
                None => neutral(builder, site, groups),
            };
            instances(site.x().to_owned(), [scale, shift], eps)
        }
        SampleAxes::Groups(groups) => over_groups(builder, site, affine, groups, eps),
    }
}

fn instances(x: String, [scale, shift]: [String; 2], eps: f32) -> Call {
    Call::new("InstanceNormalization", [x, scale, shift]).float("epsilon", eps)
}

/// The norm over all dimensions of a shape, the last ones of `x`.
fn layer_norm(
    builder: &mut Builder,
    site: &Site,
    x: String,
    (affine, shape): (Option<[usize; 2]>, &[usize]),
    eps: f32,
) -> Call {
    let mut inputs = vec![x];
    match affine {
        Some(affine) => inputs.extend(affine.map(|param| builder.parameter(param))),
        None => {
            let ones = vec![1.0; shape.iter().product()];
            inputs.push(builder.floats(site.layer(), "scale", shape, ones));
        }
    }
    Call::new("LayerNormalization", inputs).float("epsilon", eps)
}

fn over_channels(builder: &mut Builder, site: &Site, affine: Option<[usize; 2]>, eps: f32) -> Call {
    let (layer, channels) = (site.layer(), &site.shape()[..1]);
    if site.shape().len() == 1 {
        return layer_norm(builder, site, site.x().to_owned(), (affine, channels), eps).int("axis", 1);
    }
    let last = builder.step(layer, Call::new("Transpose", [site.x()]).ints("perm", &[0, 2, 3, 1]));
    let norm = layer_norm(builder, site, last, (affine, channels), eps).int("axis", 3);
    let normal = builder.step(layer, norm);
    Call::new("Transpose", [normal]).ints("perm", &[0, 3, 1, 2])
}

fn over_groups(
    builder: &mut Builder,
    site: &Site,
    affine: Option<[usize; 2]>,
    groups: usize,
    eps: f32,
) -> Call {
    let layer = site.layer();
    let reshape = builder.reshape(layer, site.x(), &[groups as i64, -1]);
    let grouped = builder.step(layer, reshape);
    let neutral = neutral(builder, site, groups);
    let normal = builder.step(layer, instances(grouped, neutral, eps));
    let dims: Vec<i64> = site.shape().iter().map(|&side| side as i64).collect();
    let reshape = builder.reshape(layer, &normal, &dims);
    let Some([weight, bias]) = affine else { return reshape };
    let normal = builder.step(layer, reshape);
    let shape = builder.param_shape(weight);
    // A number for each channel stands before rows and columns of one.
    let dims = [shape, &[1, 1][..site.shape().len() - shape.len()]].concat();
    let [weight, bias] = [weight, bias].map(|param| builder.parameter_as(param, &dims));
    let scaled = builder.step(layer, Call::new("Mul", [normal, weight]));
    Call::new("Add", [scaled, bias])
}

/// The operator's window of an even size reaches one channel further ahead than back, torch's one
/// further back than ahead. So such a size is an average of squares over channels.
pub(super) fn lrn(builder: &mut Builder, site: &Site, response: &Response) -> Call {
    let &Response { size, alpha, beta, k } = response;
    let is_map = site.shape().len() == 3;
    if size % 2 == 1 && is_map {
        return Call::new("LRN", [site.x()])
            .float("alpha", alpha)
            .float("beta", beta)
            .float("bias", k)
            .int("size", size);
    }
    let layer = site.layer();
    let squares = builder.step(layer, Call::new("Mul", [site.x(), site.x()]));
    let reshape = builder.reshape(layer, &squares, &[1, site.shape()[0] as i64, -1]);
    let column = builder.step(layer, reshape);
    let pads = [size / 2, 0, (size - 1) / 2, 0];
    let pool = Call::new("AveragePool", [column])
        .int("count_include_pad", 1)
        .ints("kernel_shape", &[size, 1])
        .ints("pads", &pads)
        .ints("strides", &[1, 1]);
    let mean = builder.step(layer, pool);
    let dims: Vec<i64> = site.shape().iter().map(|&side| side as i64).collect();
    let reshape = builder.reshape(layer, &mean, &dims);
    let mean = builder.step(layer, reshape);
    let [alpha, beta, k] =
        [("alpha", alpha), ("beta", beta), ("k", k)].map(|(what, value)| builder.float(layer, what, value));
    let scaled = builder.step(layer, Call::new("Mul", [mean, alpha]));
    let sum = builder.step(layer, Call::new("Add", [scaled, k]));
    let power = builder.step(layer, Call::new("Pow", [sum, beta]));
    Call::new("Div", [site.x(), &power])
}
