//! Whole networks against PyTorch in float64, on every device. `goldens/torch_reference.py` made the files.

mod common;

use cnn_runtime::{Device, Model, Network, Options, Session, network};
use safetensors::SafeTensors;

network! {
    /// The Keras convnet in small.
    SmallMnist<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> conv2: conv(12, 3) -> relu -> max_pool(2) -> dropout(0.25) -> flatten
            -> fc1: dense(20) -> relu -> dropout(0.5) -> fc2: dense(10)
    }
}

network! {
    LeNet5<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(6, 5, pad = 2) -> tanh -> avg_pool(2)
            -> conv2: conv(16, 5) -> tanh -> avg_pool(2)
            -> flatten -> fc1: dense(120) -> tanh -> fc2: dense(84) -> tanh -> fc3: dense(10)
    }
}

network! {
    /// Two branches concatenated at channels that are no multiple of a block, beside a residual sum.
    Joins<[3, 15, 12] -> 7> {
        let x = input -> stem: conv(8, 3, stride = 2, pad = 1) -> tanh;
        let left = x -> left: conv(8, 1) -> sigmoid;
        let right = x -> right: conv(5, 3, pad = 1, bias = false) -> leaky_relu(0.1);
        let merged = concat(left, right) -> merge: conv(8, 3, pad = 2, dilation = 2);
        add(merged, x) -> elu -> avg_pool(3, stride = 2, pad = 1, count_include_pad = false) -> flatten -> fc: dense(7)
    }
}

struct Golden(Vec<u8>);

impl Golden {
    fn read(file: &str) -> Golden {
        Golden(std::fs::read(common::fixture(&format!("goldens/{file}.safetensors"))).unwrap())
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let bytes = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}")).data();
        bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    fn labels(&self) -> Vec<u32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let bytes = file.tensor("labels").unwrap().data();
        bytes.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()) as u32).collect()
    }
}

fn equals_torch<N: Network>(name: &str) {
    let [weights, batch, expected] =
        ["weights", "batch", "expected"].map(|file| Golden::read(&format!("{name}.{file}")));
    let (images, labels) = (batch.floats("images"), batch.labels());
    for device in common::devices() {
        compare::<N>(&device, &weights, &images, &labels, &expected);
    }
}

fn compare<N: Network>(device: &Device, weights: &Golden, images: &[f32], labels: &[u32], expected: &Golden) {
    let model = Model::of::<N>();
    let training = Some(model.description.training.optimizer);
    // A capacity above the batch: the plan must hold for a short last batch too.
    let options = Options { batch: labels.len() + 2, training, seed: 0 };
    let mut session = Session::new(model, device, &options).unwrap();
    for (index, param) in model.description.params.iter().enumerate() {
        session.set_parameter(index, &weights.floats(param.name)).unwrap();
    }
    let check = |what: &str, found: &[f32], tolerance: f64| {
        let distance = common::relative_distance(found, &expected.floats(what));
        assert!(distance < tolerance, "{}: {what}: relative error {distance:.2e}", device.describe());
    };
    let mut logits = vec![0.0; labels.len() * model.description.classes];
    session.infer(images, &mut logits).unwrap();
    check("logits", &logits, 1e-5);
    let loss = session.forward_backward(images, labels).unwrap();
    check("loss", &[loss as f32], 1e-5);
    for (index, param) in model.description.params.iter().enumerate() {
        check(&format!("grad.{}", param.name), &session.gradient(index).unwrap(), 1e-4);
    }
}

#[test]
fn small_mnist_equals_torch() {
    equals_torch::<SmallMnist>("small_mnist");
}

#[test]
fn lenet5_equals_torch() {
    equals_torch::<LeNet5>("lenet5");
}

#[test]
fn joins_equal_torch() {
    equals_torch::<Joins>("joins");
}
