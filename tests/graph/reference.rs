//! The graph of inference, evaluated from its table alone: f64, one image, one loop a formula.

use cnn_runtime::plan::{
    Act, Axes, Description, GraphNode, GraphOp, PoolKind, Response, SampleAxes, Upsampling, Window,
};

/// A node's value, in row-major order.
struct Tensor {
    /// `[C, H, W]`; a flat value has one row and one column.
    shape: [usize; 3],
    data: Vec<f64>,
}

/// A node with what it reads.
struct Site<'a> {
    node: &'a GraphNode,
    inputs: Vec<&'a Tensor>,
    params: Vec<&'a [f32]>,
    shape: [usize; 3],
}

/// The scores of one image; `params` are all parameters in torch's order of elements.
pub(crate) fn scores(description: &Description, params: &[Vec<f32>], image: &[f32]) -> Vec<f64> {
    let mut values: Vec<Tensor> = Vec::new();
    for node in description.graph {
        let site = Site {
            node,
            inputs: node.inputs.iter().map(|&input| &values[input]).collect(),
            params: node.params.iter().map(|&param| &params[param][..]).collect(),
            shape: extents(node.shape),
        };
        let data = match node.op {
            GraphOp::Input => image.iter().map(|&pixel| f64::from(pixel)).collect(),
            _ => site.value(),
        };
        assert_eq!(data.len(), node.shape.iter().product::<usize>(), "{}", node.layer);
        values.push(Tensor { shape: extents(node.shape), data });
    }
    values.pop().expect("the last node yields the scores").data
}

fn extents(shape: &[usize]) -> [usize; 3] {
    [shape[0], *shape.get(1).unwrap_or(&1), *shape.get(2).unwrap_or(&1)]
}

impl Tensor {
    /// An element, or nothing outside of the map.
    fn at(&self, channel: usize, [row, column]: [isize; 2]) -> Option<f64> {
        let [_, height, width] = self.shape;
        let inside = (0..height as isize).contains(&row) && (0..width as isize).contains(&column);
        inside.then(|| self.data[(channel * height + row as usize) * width + column as usize])
    }

    /// Elements of a channel.
    fn area(&self) -> usize {
        self.shape[1] * self.shape[2]
    }
}

impl Site<'_> {
    fn x(&self) -> &Tensor {
        self.inputs[0]
    }

    fn param(&self, slot: usize, element: usize) -> f64 {
        f64::from(self.params[slot][element])
    }

    /// The value from that of each element, by channel and position.
    fn each(&self, element: impl Fn(usize, [usize; 2]) -> f64) -> Vec<f64> {
        let [channels, height, width] = self.shape;
        let element = &element;
        let row = |channel, row| (0..width).map(move |column| element(channel, [row, column]));
        (0..channels).flat_map(|channel| (0..height).flat_map(move |line| row(channel, line))).collect()
    }

    /// As [`Site::each`], for what keeps its input's shape.
    fn map(&self, f: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        let area = self.x().area();
        self.x().data.iter().enumerate().map(|(at, &value)| f(at / area, value)).collect()
    }

    fn value(&self) -> Vec<f64> {
        match self.node.op {
            GraphOp::Input => unreachable!("the image is given"),
            GraphOp::Conv { window, groups } => self.conv(&window, groups),
            GraphOp::Dense => self.dense(),
            GraphOp::Pool { kind, window } => self.each(|channel, at| self.pool(kind, &window, channel, at)),
            GraphOp::Act(act) => self.map(|_, x| activation(act, x)),
            GraphOp::Prelu => self.map(|channel, x| {
                let slope = self.param(0, if self.params[0].len() == 1 { 0 } else { channel });
                if x > 0.0 { x } else { slope * x }
            }),
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Groups(groups)), eps } => {
                self.norm(eps, |element| element / (self.x().data.len() / groups))
            }
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Channels), eps } => {
                self.norm(eps, |element| element % self.x().area())
            }
            GraphOp::Norm { axes: Axes::Batch, eps } => self.map(|channel, x| {
                let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|slot| self.param(slot, channel));
                (x - mean) / (variance + f64::from(eps)).sqrt() * weight + bias
            }),
            GraphOp::Lrn(response) => self.lrn(response),
            GraphOp::Maxout { pieces } => self.each(|channel, [row, column]| {
                let piece = |piece| self.x().at(channel * pieces + piece, [row as isize, column as isize]);
                (0..pieces).filter_map(piece).fold(f64::NEG_INFINITY, f64::max)
            }),
            GraphOp::Softmax => self.softmax(),
            GraphOp::Gate => self.map(|channel, x| x * self.inputs[1].data[channel]),
            GraphOp::Pad { top, left, bottom, right } => {
                let [_, height, width] = self.x().shape.map(|size| size as isize);
                let framed = [top + height + bottom, left + width + right];
                assert_eq!(framed, [self.shape[1] as isize, self.shape[2] as isize]);
                self.each(|channel, [row, column]| {
                    self.x().at(channel, [row as isize - top, column as isize - left]).unwrap_or(0.0)
                })
            }
            GraphOp::Flatten => self.x().data.clone(),
            GraphOp::Add => {
                (0..self.x().data.len()).map(|at| self.inputs.iter().map(|x| x.data[at]).sum()).collect()
            }
            GraphOp::Mul => self.x().data.iter().zip(&self.inputs[1].data).map(|(x, y)| x * y).collect(),
            GraphOp::Upsample { scale, mode } => {
                self.each(|channel, at| self.upsample(scale, mode, channel, at))
            }
            GraphOp::Concat => self.inputs.iter().flat_map(|x| x.data.iter().copied()).collect(),
        }
    }

    fn conv(&self, window: &Window, groups: usize) -> Vec<f64> {
        let (seen, outputs) = (self.x().shape[0] / groups, self.shape[0]);
        let [height, width] = window.kernel;
        self.each(|output, at| {
            let bias = self.params.get(1).map_or(0.0, |bias| f64::from(bias[output]));
            let products = (0..seen * height * width).map(|element| {
                let (input, tap) = (element / (height * width), element % (height * width));
                let channel = output / (outputs / groups) * seen + input;
                let place = place(window, at, [tap / width, tap % width]);
                let weight = self.param(0, output * seen * height * width + element);
                weight * self.x().at(channel, place).unwrap_or(0.0)
            });
            bias + products.sum::<f64>()
        })
    }

    fn dense(&self) -> Vec<f64> {
        let features = self.x().data.len();
        self.each(|output, _| {
            let bias = self.params.get(1).map_or(0.0, |bias| f64::from(bias[output]));
            let products = self.x().data.iter().enumerate();
            bias + products.map(|(at, x)| self.param(0, output * features + at) * x).sum::<f64>()
        })
    }

    fn pool(&self, kind: PoolKind, window: &Window, channel: usize, at: [usize; 2]) -> f64 {
        let x = self.x();
        if kind == PoolKind::AdaptiveAvg {
            let [rows, columns] = [0, 1].map(|axis| {
                let (input, output) = (x.shape[axis + 1], self.shape[axis + 1]);
                at[axis] * input / output..((at[axis] + 1) * input).div_ceil(output)
            });
            let count = rows.len() * columns.len();
            let row = |row: usize| columns.clone().map(move |column| [row as isize, column as isize]);
            return rows.flat_map(row).filter_map(|place| x.at(channel, place)).sum::<f64>() / count as f64;
        }
        let taps =
            (0..window.kernel[0]).flat_map(|row| (0..window.kernel[1]).map(move |column| [row, column]));
        let places: Vec<[isize; 2]> = taps.map(|tap| place(window, at, tap)).collect();
        let seen: Vec<f64> = places.iter().filter_map(|&place| x.at(channel, place)).collect();
        let padded = |place: &&[isize; 2]| {
            (0..2).all(|axis| place[axis] < (x.shape[axis + 1] + window.pad_end[axis]) as isize)
        };
        match kind {
            PoolKind::Max => seen.into_iter().fold(f64::NEG_INFINITY, f64::max),
            PoolKind::Avg { count_include_pad: true } => {
                seen.iter().sum::<f64>() / places.iter().filter(padded).count() as f64
            }
            PoolKind::Avg { count_include_pad: false } => seen.iter().sum::<f64>() / seen.len() as f64,
            PoolKind::AdaptiveAvg => unreachable!("answered above"),
        }
    }

    /// Normalised by the statistics of all elements of the same number, then scaled and shifted.
    fn norm(&self, eps: f32, number: impl Fn(usize) -> usize) -> Vec<f64> {
        let x = self.x();
        let affine = |slot: usize, at: usize| {
            let values = self.params[slot];
            f64::from(values[if values.len() == x.data.len() { at } else { at / x.area() }])
        };
        let normal = |at: usize| {
            let fellows = || x.data.iter().enumerate().filter(|&(other, _)| number(other) == number(at));
            let count = fellows().count() as f64;
            let mean = fellows().map(|(_, value)| value).sum::<f64>() / count;
            let variance = fellows().map(|(_, value)| (value - mean).powi(2)).sum::<f64>() / count;
            (x.data[at] - mean) / (variance + f64::from(eps)).sqrt()
        };
        let scaled = |at: usize| match self.params.len() {
            0 => normal(at),
            _ => normal(at) * affine(0, at) + affine(1, at),
        };
        (0..x.data.len()).map(scaled).collect()
    }

    fn upsample(&self, scale: [usize; 2], mode: Upsampling, channel: usize, at: [usize; 2]) -> f64 {
        let pixel = |row: usize, column: usize| {
            self.x().at(channel, [row as isize, column as isize]).expect("a pixel")
        };
        if mode == Upsampling::Nearest {
            return pixel(at[0] / scale[0], at[1] / scale[1]);
        }
        let ends = |axis: usize| {
            let last = self.x().shape[axis + 1] - 1;
            let place = ((at[axis] as f64 + 0.5) / scale[axis] as f64 - 0.5).clamp(0.0, last as f64);
            let before = place as usize;
            [(before, 1.0 - place.fract()), ((before + 1).min(last), place.fract())]
        };
        let row = |(row, down): (usize, f64)| {
            ends(1).map(|(column, across)| down * across * pixel(row, column)).iter().sum::<f64>()
        };
        ends(0).map(row).iter().sum()
    }

    fn lrn(&self, Response { size, alpha, beta, k }: Response) -> Vec<f64> {
        let [alpha, beta, k] = [alpha, beta, k].map(f64::from);
        self.each(|channel, at| {
            let x = |channel| self.x().at(channel, at.map(|place| place as isize)).expect("a pixel");
            let window = channel.saturating_sub(size / 2)..(channel + size.div_ceil(2)).min(self.shape[0]);
            let squares: f64 = window.map(|channel| x(channel).powi(2)).sum();
            x(channel) / (k + alpha / size as f64 * squares).powf(beta)
        })
    }

    fn softmax(&self) -> Vec<f64> {
        let (x, area) = (self.x(), self.x().area());
        let total = |position: usize| -> f64 {
            (0..x.shape[0]).map(|channel| x.data[channel * area + position].exp()).sum()
        };
        x.data.iter().enumerate().map(|(at, value)| value.exp() / total(at % area)).collect()
    }
}

/// Where a tap of the window of an output lies in the input.
fn place(window: &Window, at: [usize; 2], tap: [usize; 2]) -> [isize; 2] {
    [0, 1].map(|axis| {
        let padded = at[axis] * window.stride[axis] + tap[axis] * window.dilation[axis];
        padded as isize - window.pad[axis] as isize
    })
}

fn activation(act: Act, x: f64) -> f64 {
    match act {
        Act::Relu => x.max(0.0),
        Act::LeakyRelu(slope) => x * if x > 0.0 { 1.0 } else { f64::from(slope) },
        Act::Elu(alpha) => {
            if x > 0.0 {
                x
            } else {
                f64::from(alpha) * x.exp_m1()
            }
        }
        Act::Relu6 => x.clamp(0.0, 6.0),
        Act::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Act::HardSigmoid => (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Act::Tanh => x.tanh(),
        Act::Softplus(beta) => (f64::from(beta) * x).exp().ln_1p() / f64::from(beta),
        Act::Silu => x * activation(Act::Sigmoid, x),
        Act::HardSwish => x * activation(Act::HardSigmoid, x),
        // The density of the normal distribution by its Taylor series, integrated term by term.
        Act::Gelu => {
            let (mut term, mut sum) = (x, x);
            for n in 1..120 {
                term *= -x * x / f64::from(2 * n);
                sum += term / f64::from(2 * n + 1);
            }
            x * (0.5 + sum / std::f64::consts::TAU.sqrt())
        }
        Act::GeluTanh => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            x / 2.0 * (1.0 + inner.tanh())
        }
    }
}
