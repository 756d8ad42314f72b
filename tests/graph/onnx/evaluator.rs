//! A model, evaluated by the specification of its operators alone: f64, one loop a formula. It knows
//! the operators and attributes that are written, and refuses others.

use std::collections::{BTreeMap, BTreeSet};

use cnn_onnx::messages::{AttributeType, ModelProto, NodeProto};

use super::array::Array;

/// What a model answers.
pub(crate) fn run(model: &ModelProto, input: Array) -> Array {
    let graph = model.graph.as_ref().unwrap();
    let [entry, exit] = [&graph.input, &graph.output].map(|ports| {
        assert_eq!(ports.len(), 1);
        ports[0].name.as_str()
    });
    let constants = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), Array::constant(tensor)));
    let mut values: BTreeMap<&str, Array> = constants.collect();
    assert_eq!(values.len(), graph.initializer.len(), "names are of one initializer each");
    assert!(values.insert(entry, input).is_none());
    for node in &graph.node {
        let [output] = &node.output[..] else { panic!("{} has one output", node.name) };
        let inputs = node.input.iter().map(|name| {
            values.get(name.as_str()).or_else(|| {
                assert!(name.is_empty(), "{} reads {name}, which nobody made", node.name);
                None
            })
        });
        let site = Site { node, inputs: inputs.collect(), read: Default::default() };
        let value = site.value();
        let unread =
            node.attribute.iter().find(|attribute| !site.read.borrow().contains(attribute.name.as_str()));
        assert!(unread.is_none(), "{}: {unread:?} is not known", node.name);
        assert!(values.insert(output, value).is_none(), "{output} is made twice");
    }
    values.remove(exit).unwrap()
}

/// A node with what it reads.
struct Site<'a> {
    node: &'a NodeProto,
    inputs: Vec<Option<&'a Array>>,
    /// The attributes that were asked for.
    read: std::cell::RefCell<BTreeSet<&'static str>>,
}

impl Site<'_> {
    fn x(&self) -> &Array {
        self.input(0)
    }

    fn input(&self, slot: usize) -> &Array {
        self.optional(slot).unwrap_or_else(|| panic!("{} has no input {slot}", self.node.name))
    }

    fn optional(&self, slot: usize) -> Option<&Array> {
        self.inputs.get(slot).copied().flatten()
    }

    fn attribute<T>(
        &self,
        name: &'static str,
        kind: AttributeType,
        value: impl Fn(&cnn_onnx::messages::AttributeProto) -> T,
    ) -> Option<T> {
        self.read.borrow_mut().insert(name);
        let attribute = self.node.attribute.iter().find(|attribute| attribute.name == name)?;
        assert_eq!(attribute.r#type(), kind);
        Some(value(attribute))
    }

    fn float(&self, name: &'static str) -> f64 {
        self.attribute(name, AttributeType::Float, |value| value.f.unwrap()).unwrap().into()
    }

    fn int(&self, name: &'static str) -> usize {
        self.attribute(name, AttributeType::Int, |value| value.i.unwrap()).unwrap() as usize
    }

    fn ints(&self, name: &'static str) -> Vec<usize> {
        self.attribute(name, AttributeType::Ints, |value| {
            value.ints.iter().map(|&int| int as usize).collect()
        })
        .unwrap()
    }

    fn text(&self, name: &'static str) -> String {
        self.attribute(name, AttributeType::String, |value| {
            String::from_utf8(value.s.clone().unwrap()).unwrap()
        })
        .unwrap()
    }

    fn value(&self) -> Array {
        let x = self.x();
        match self.node.op_type.as_str() {
            "Add" => x.with(self.input(1), |x, y| x + y),
            "AveragePool" => self.average_pool(),
            "BatchNormalization" => {
                let eps = self.float("epsilon");
                Array::each(&x.shape, |place| {
                    let [scale, shift, mean, variance] =
                        [1, 2, 3, 4].map(|slot| self.input(slot).data[place[1]]);
                    (x.at(place) - mean) / (variance + eps).sqrt() * scale + shift
                })
            }
            "Cast" => {
                assert_eq!(self.int("to"), 1, "to floats");
                x.clone()
            }
            "Clip" => x.map(|x| x.clamp(self.input(1).data[0], self.input(2).data[0])),
            "Concat" => self.concat(),
            "Conv" => self.conv(),
            "Div" => x.with(self.input(1), |x, y| x / y),
            "Elu" => {
                let alpha = self.float("alpha");
                x.map(|x| if x > 0.0 { x } else { alpha * x.exp_m1() })
            }
            "Erf" => x.map(erf),
            "Flatten" => {
                assert_eq!(self.int("axis"), 1);
                x.reshaped(&[0, -1])
            }
            "Gemm" => self.gemm(),
            "GlobalAveragePool" => self.global(|pixels| pixels.iter().sum::<f64>() / pixels.len() as f64),
            "GlobalMaxPool" => self.global(|pixels| pixels.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            "HardSigmoid" => {
                let [alpha, beta] = [self.float("alpha"), self.float("beta")];
                x.map(|x| (alpha * x + beta).clamp(0.0, 1.0))
            }
            "HardSwish" => x.map(|x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
            "Identity" => x.clone(),
            "InstanceNormalization" => {
                let eps = self.float("epsilon");
                let normal = x.each_run(2, |run| normal(run, eps));
                Array::each(&x.shape, |place| {
                    normal.at(place) * self.input(1).data[place[1]] + self.input(2).data[place[1]]
                })
            }
            "LRN" => self.lrn(),
            "LayerNormalization" => {
                let eps = self.float("epsilon");
                let scaled =
                    x.each_run(self.int("axis"), |run| normal(run, eps)).with(self.input(1), |x, y| x * y);
                self.optional(2).map_or(scaled.clone(), |shift| scaled.with(shift, |x, y| x + y))
            }
            "LeakyRelu" => {
                let alpha = self.float("alpha");
                x.map(|x| if x < 0.0 { alpha * x } else { x })
            }
            "MatMul" => self.mat_mul(),
            "MaxPool" => self.max_pool(),
            "Mul" => x.with(self.input(1), |x, y| x * y),
            "PRelu" => x.with(self.input(1), |x, slope| if x < 0.0 { slope * x } else { x }),
            "Pad" => self.pad(),
            "Pow" => x.with(self.input(1), f64::powf),
            "ReduceMax" => self.reduce_max(),
            "Relu" => x.map(|x| x.max(0.0)),
            "Reshape" => x.reshaped(&self.input(1).ints()),
            "Resize" => self.resize(),
            "Sigmoid" => x.map(|x| 1.0 / (1.0 + (-x).exp())),
            "Slice" => self.slice(),
            "Softmax" => self.softmax(),
            "Softplus" => x.map(|x| x.exp().ln_1p()),
            "Sub" => x.with(self.input(1), |x, y| x - y),
            "Sum" => {
                (1..self.inputs.len()).fold(x.clone(), |sum, slot| sum.with(self.input(slot), |x, y| x + y))
            }
            "Tanh" => x.map(f64::tanh),
            "Transpose" => x.transposed(&self.ints("perm")),
            "Unsqueeze" => {
                let mut shape = x.shape.clone();
                self.input(1).ints().iter().for_each(|&axis| shape.insert(axis as usize, 1));
                Array::new(&shape, x.data.clone())
            }
            other => panic!("{}: {other} is not known", self.node.name),
        }
    }

    fn concat(&self) -> Array {
        assert_eq!(self.int("axis"), 1);
        let x = self.x();
        let channels = (0..self.inputs.len()).map(|slot| self.input(slot).shape[1]).sum();
        let shape = [&[x.shape[0], channels], &x.shape[2..]].concat();
        let data = (0..x.shape[0]).flat_map(|image| {
            (0..self.inputs.len()).flat_map(move |slot| {
                let x = self.input(slot);
                let len = x.data.len() / x.shape[0];
                x.data[image * len..][..len].iter().copied()
            })
        });
        Array::new(&shape, data.collect())
    }

    fn gemm(&self) -> Array {
        assert_eq!(self.int("transB"), 1);
        let (x, weight) = (self.x(), self.input(1));
        assert_eq!((x.shape.len(), x.shape[1]), (2, weight.shape[1]));
        Array::each(&[x.shape[0], weight.shape[0]], |place| {
            let [image, output] = [place[0], place[1]];
            let [x, weight] = [(x, image), (weight, output)]
                .map(|(array, row)| array.data[row * array.shape[1]..][..array.shape[1]].iter());
            x.zip(weight).map(|(x, weight)| x * weight).sum::<f64>()
                + self.optional(2).map_or(0.0, |bias| bias.data[output])
        })
    }

    /// The last two dimensions are those of matrices; one side may have no others.
    fn mat_mul(&self) -> Array {
        let (a, b) = (self.x(), self.input(1));
        let [ra, rb] = [a.shape.len(), b.shape.len()];
        let (rows, inner, columns) = (a.shape[ra - 2], a.shape[ra - 1], b.shape[rb - 1]);
        assert!(inner == b.shape[rb - 2] && (ra == 2 || rb == 2), "{:?} {:?}", a.shape, b.shape);
        let outer = if ra > rb { &a.shape[..ra - 2] } else { &b.shape[..rb - 2] };
        Array::each(&[outer, &[rows, columns]].concat(), |place| {
            let (outer, inside) = place.split_at(place.len() - 2);
            let of =
                |array: &Array, at: [usize; 2]| array.at(&[&outer[..array.shape.len() - 2], &at].concat());
            (0..inner).map(|at| of(a, [inside[0], at]) * of(b, [at, inside[1]])).sum()
        })
    }

    fn softmax(&self) -> Array {
        assert_eq!(self.int("axis"), 1);
        let powers = self.x().map(f64::exp);
        Array::each(&powers.shape, |place| {
            let mut other = place.to_vec();
            let total = (0..powers.shape[1]).map(|channel| {
                other[1] = channel;
                powers.at(&other)
            });
            powers.at(place) / total.sum::<f64>()
        })
    }

    fn reduce_max(&self) -> Array {
        assert_eq!((self.ints("axes"), self.int("keepdims")), (vec![2], 0));
        let x = self.x();
        Array::each(&[&x.shape[..2], &x.shape[3..]].concat(), |place| {
            let at = |piece: usize| x.at(&[&place[..2], &[piece], &place[2..]].concat());
            (0..x.shape[2]).map(at).fold(f64::NEG_INFINITY, f64::max)
        })
    }

    fn lrn(&self) -> Array {
        let [alpha, beta, bias] = ["alpha", "beta", "bias"].map(|name| self.float(name));
        let (x, size) = (self.x(), self.int("size"));
        assert_eq!(x.shape.len(), 4);
        Array::each(&x.shape, |place| {
            let first = place[1].saturating_sub((size - 1) / 2);
            let last = (place[1] + (size - 1).div_ceil(2)).min(x.shape[1] - 1);
            let square = |channel| x.at(&[place[0], channel, place[2], place[3]]).powi(2);
            let squares: f64 = (first..=last).map(square).sum();
            x.at(place) / (bias + alpha / size as f64 * squares).powf(beta)
        })
    }

    fn global(&self, of: impl Fn(&[f64]) -> f64) -> Array {
        let x = self.x();
        let data = x.data.chunks(x.shape[2] * x.shape[3]).map(of).collect();
        Array::new(&[x.shape[0], x.shape[1], 1, 1], data)
    }

    fn pad(&self) -> Array {
        let (x, pads) = (self.x(), self.input(1).ints());
        assert!(x.shape.len() == 4 && pads.iter().all(|&pad| pad >= 0) && self.inputs.len() == 2);
        assert_eq!([pads[0], pads[1], pads[4], pads[5]], [0; 4]);
        let [height, width] = [2, 3].map(|axis| x.shape[axis] + (pads[axis] + pads[axis + 4]) as usize);
        Array::each(&[x.shape[0], x.shape[1], height, width], |place| {
            let at = [place[2] as isize - pads[2], place[3] as isize - pads[3]];
            x.pixel(place[0], place[1], at).unwrap_or(0.0)
        })
    }

    fn slice(&self) -> Array {
        let [starts, ends, axes] = [1, 2, 3].map(|slot| self.input(slot).ints());
        let mut shape = self.x().shape.clone();
        let mut first = vec![0; shape.len()];
        for (at, &axis) in axes.iter().enumerate() {
            let axis = axis as usize;
            (first[axis], shape[axis]) = (starts[at] as usize, (ends[at] - starts[at]) as usize);
        }
        Array::each(&shape, |place| {
            self.x().at(&place.iter().zip(&first).map(|(at, first)| at + first).collect::<Vec<_>>())
        })
    }

    fn resize(&self) -> Array {
        let (x, scales) = (self.x(), self.input(2).data.clone());
        assert!(self.optional(1).is_none() && scales[..2] == [1.0; 2]);
        let [height, width] = [2, 3].map(|axis| (x.shape[axis] as f64 * scales[axis]) as usize);
        let kind = (self.text("coordinate_transformation_mode"), self.text("mode"));
        let shape = [x.shape[0], x.shape[1], height, width];
        match (kind.0.as_str(), kind.1.as_str()) {
            ("asymmetric", "nearest") => {
                assert_eq!(self.text("nearest_mode"), "floor");
                Array::each(&shape, |place| {
                    let at = [2, 3].map(|axis| (place[axis] as f64 / scales[axis]).floor() as isize);
                    x.pixel(place[0], place[1], at).unwrap()
                })
            }
            ("half_pixel", "linear") => Array::each(&shape, |place| {
                let [row, column] = [2, 3].map(|axis| (place[axis] as f64 + 0.5) / scales[axis] - 0.5);
                let pixel = |down: isize, across: isize| {
                    let [bottom, right] = [2, 3].map(|axis| x.shape[axis] as isize - 1);
                    let at = [
                        (row.floor() as isize + down).clamp(0, bottom),
                        (column.floor() as isize + across).clamp(0, right),
                    ];
                    x.pixel(place[0], place[1], at).unwrap()
                };
                let [down, across] = [row - row.floor(), column - column.floor()];
                let line = |at| (1.0 - across) * pixel(at, 0) + across * pixel(at, 1);
                (1.0 - down) * line(0) + down * line(1)
            }),
            other => panic!("{other:?}"),
        }
    }
}

/// How a kernel slides.
struct Window {
    kernel: Vec<usize>,
    strides: Vec<usize>,
    pads: Vec<usize>,
    dilations: Vec<usize>,
}

impl Window {
    fn of(site: &Site) -> Window {
        let dilations = match site.node.op_type.as_str() {
            "AveragePool" => vec![1, 1],
            _ => site.ints("dilations"),
        };
        let [kernel, strides, pads] = ["kernel_shape", "strides", "pads"].map(|name| site.ints(name));
        if site.node.op_type != "Conv" {
            // Runtimes refuse a padding that a window could lie in.
            assert!(pads.iter().enumerate().all(|(side, &pad)| pad < kernel[side % 2]), "{}", site.node.name);
        }
        Window { kernel, strides, pads, dilations }
    }

    fn output(&self, input: &[usize]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let span = self.dilations[axis] * (self.kernel[axis] - 1) + 1;
            (input[axis + 2] + self.pads[axis] + self.pads[axis + 2] - span) / self.strides[axis] + 1
        })
    }

    fn taps(&self) -> impl Iterator<Item = [usize; 2]> {
        let [height, width] = [self.kernel[0], self.kernel[1]];
        (0..height).flat_map(move |row| (0..width).map(move |column| [row, column]))
    }

    fn place(&self, place: &[usize], tap: [usize; 2]) -> [isize; 2] {
        [0, 1].map(|axis| {
            let padded = place[axis + 2] * self.strides[axis] + tap[axis] * self.dilations[axis];
            padded as isize - self.pads[axis] as isize
        })
    }
}

impl Site<'_> {
    fn conv(&self) -> Array {
        let (x, weight, window, groups) = (self.x(), self.input(1), Window::of(self), self.int("group"));
        let (outputs, seen) = (weight.shape[0], weight.shape[1]);
        assert_eq!((seen * groups, &weight.shape[2..]), (x.shape[1], &window.kernel[..]));
        let ([height, width], taps) = (window.output(&x.shape), window.taps().collect::<Vec<_>>());
        Array::each(&[x.shape[0], outputs, height, width], |place| {
            let first = place[1] / (outputs / groups) * seen;
            let weights = &weight.data[place[1] * seen * taps.len()..][..seen * taps.len()];
            let mut sum = self.optional(2).map_or(0.0, |bias| bias.data[place[1]]);
            for (channel, weights) in weights.chunks(taps.len()).enumerate() {
                for (&tap, weight) in taps.iter().zip(weights) {
                    sum +=
                        weight * x.pixel(place[0], first + channel, window.place(place, tap)).unwrap_or(0.0);
                }
            }
            sum
        })
    }

    /// What windows over each channel see of it.
    fn pool(&self, of: impl Fn(&[f64], &Window) -> f64) -> Array {
        let (x, window) = (self.x(), Window::of(self));
        let [height, width] = window.output(&x.shape);
        Array::each(&[x.shape[0], x.shape[1], height, width], |place| {
            let places = window.taps().map(|tap| window.place(place, tap));
            let seen: Vec<f64> = places.filter_map(|at| x.pixel(place[0], place[1], at)).collect();
            of(&seen, &window)
        })
    }

    fn max_pool(&self) -> Array {
        self.pool(|seen, _| seen.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    fn average_pool(&self) -> Array {
        let counts_padding = self.int("count_include_pad") == 1;
        self.pool(|seen, window| {
            let count = if counts_padding { window.taps().count() } else { seen.len() };
            seen.iter().sum::<f64>() / count as f64
        })
    }
}

/// Numbers less their mean, divided by the root of their variance.
fn normal(run: &[f64], eps: f64) -> Vec<f64> {
    let mean = run.iter().sum::<f64>() / run.len() as f64;
    let variance = run.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / run.len() as f64;
    run.iter().map(|x| (x - mean) / (variance + eps).sqrt()).collect()
}

/// The error function by its Taylor series.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
