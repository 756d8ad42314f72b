//! Local response normalisation (Krizhevsky et al. 2012).

use std::ops::Range;

use cnn_runtime::plan::{Lrn, LrnGrad, Response, Shaped};

use crate::{
    machine::Machine,
    values::{Place, Values},
};

/// The channels around one.
fn window(response: &Response, channel: usize, channels: usize) -> Range<usize> {
    let (back, ahead) = (response.size / 2, (response.size - 1) / 2);
    channel.saturating_sub(back)..(channel + ahead + 1).min(channels)
}

/// `s = k + alpha / size * sum of squares in the window`, of each element.
fn scales(response: &Response, x: &Values) -> Values {
    let share = f64::from(response.alpha) / response.size as f64;
    Values::of(x.shape(), |[channel, row, column]| {
        let window = window(response, channel, x.shape()[0]);
        f64::from(response.k)
            + share * window.map(|channel| x.at([channel, row, column]).powi(2)).sum::<f64>()
    })
}

pub(crate) fn forward(machine: &Machine, step: &Lrn) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let scales = scales(&step.response, &x);
        let beta = f64::from(step.response.beta);
        let y = Values::of(step.y.shape(), |place| x.at(place) / scales.at(place).powf(beta));
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn grad(machine: &Machine, step: &LrnGrad) {
    let Response { size, alpha, beta, .. } = step.response;
    let (beta, channels) = (f64::from(beta), step.x.channels);
    let factor = 2.0 * f64::from(alpha) * beta / size as f64;
    for sample in machine.samples() {
        let (x, dy) = (machine.load(sample, &step.x), machine.load(sample, &step.dy));
        let scales = scales(&step.response, &x);
        let term = |place: Place| dy.at(place) * x.at(place) / scales.at(place).powf(beta + 1.0);
        let dx = Values::of(step.dx.shape(), |place @ [channel, row, column]| {
            let holding =
                (0..channels).filter(|&other| window(&step.response, other, channels).contains(&channel));
            let shared: f64 = holding.map(|other| term([other, row, column])).sum();
            dy.at(place) / scales.at(place).powf(beta) - factor * x.at(place) * shared
        });
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}
