//! Activations and their derivatives.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use cnn_runtime::plan::Act;

/// `sqrt(2 / pi)`
const ROOT: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// Factor of the cube in the approximation of GELU.
const CUBE: f64 = 0.044715;

/// `act(x)`; NaN stays.
pub(crate) fn value(act: Act, x: f64) -> f64 {
    match act {
        Act::Relu if x <= 0.0 => 0.0,
        Act::Relu => x,
        Act::Relu6 => x.clamp(0.0, 6.0),
        Act::LeakyRelu(slope) => x * falling(x, slope.into()),
        Act::Elu(alpha) if x <= 0.0 => f64::from(alpha) * x.exp_m1(),
        Act::Elu(_) => x,
        Act::Sigmoid => sigmoid(x),
        Act::HardSigmoid => hard_sigmoid(x),
        Act::Tanh => x.tanh(),
        Act::Softplus(beta) => softplus(f64::from(beta) * x) / f64::from(beta),
        Act::Silu => x * sigmoid(x),
        Act::HardSwish => x * hard_sigmoid(x),
        Act::Gelu => x * below(x),
        Act::GeluTanh => x / 2.0 * (1.0 + stretched(x).tanh()),
    }
}

/// The derivative where the function's value is `at`, or its argument where the slope does not
/// follow from the value ([`Act::slope_follows_value`]).
pub(crate) fn derivative(act: Act, at: f64) -> f64 {
    match act {
        Act::Relu => falling(at, 0.0),
        Act::Relu6 => within(at, 6.0),
        Act::LeakyRelu(slope) => falling(at, slope.into()),
        Act::Elu(alpha) => falling(at, at + f64::from(alpha)),
        Act::Sigmoid => at * (1.0 - at),
        Act::HardSigmoid => within(at, 1.0) / 6.0,
        Act::Tanh => 1.0 - at * at,
        Act::Softplus(beta) => -(-at * f64::from(beta)).exp_m1(),
        Act::Silu => sigmoid(at) * (1.0 + at * sigmoid(-at)),
        Act::HardSwish if at <= -3.0 => 0.0,
        Act::HardSwish if at >= 3.0 => 1.0,
        Act::HardSwish => at / 3.0 + 0.5,
        Act::Gelu => below(at) + at * density(at),
        Act::GeluTanh => {
            let tanh = stretched(at).tanh();
            let rise = ROOT * (1.0 + 3.0 * CUBE * at * at);
            (1.0 + tanh) / 2.0 + at / 2.0 * (1.0 - tanh * tanh) * rise
        }
    }
}

/// 1 for positive numbers, else another slope.
fn falling(x: f64, slope: f64) -> f64 {
    if x > 0.0 { 1.0 } else { slope }
}

/// 1 between 0 and the top, else 0.
fn within(x: f64, top: f64) -> f64 {
    f64::from(u8::from(x > 0.0 && x < top))
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn hard_sigmoid(x: f64) -> f64 {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// `ln(1 + exp(x))`, without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    (if x < 0.0 { 0.0 } else { x }) + (-x.abs()).exp().ln_1p()
}

fn stretched(x: f64) -> f64 {
    ROOT * (x + CUBE * x.powi(3))
}

/// The density of the standard normal distribution.
fn density(x: f64) -> f64 {
    ROOT / 2.0 * (-x * x / 2.0).exp()
}

/// The probability that a standard normal number is below `x` (Marsaglia 2004).
fn below(x: f64) -> f64 {
    if x.abs() > 9.0 {
        return falling(x, 0.0);
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + density(x) * sum
}
