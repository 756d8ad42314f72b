//! A network against the files that `goldens/torch_reference.py` made of PyTorch's answers in
//! float64.

use cnn_runtime::{Device, Model, Network, Options, Session, network::Param};
use safetensors::SafeTensors;

struct Golden(Vec<u8>);

impl Golden {
    fn read(file: &str) -> Golden {
        Golden(std::fs::read(cnn_tests::fixture(&format!("goldens/{file}.safetensors"))).unwrap())
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

    fn len(&self) -> usize {
        SafeTensors::deserialize(&self.0).unwrap().len()
    }
}

/// Logits, loss, gradients and running statistics of a network, on every device.
pub(crate) fn equals_torch<N: Network>(name: &str) {
    let [weights, batch, expected] =
        ["weights", "batch", "expected"].map(|file| Golden::read(&format!("{name}.{file}")));
    let (images, labels) = (batch.floats("images"), batch.labels());
    for device in cnn_tests::devices() {
        compare::<N>(&device, &weights, &images, &labels, &expected);
    }
}

fn compare<N: Network>(device: &Device, weights: &Golden, images: &[f32], labels: &[u32], expected: &Golden) {
    let model = Model::of::<N>();
    let params = model.description().params;
    // A capacity above the batch: the plan must hold for a short last batch too.
    let options = Options::train(&model).batch(labels.len() + 2);
    let mut session = Session::new(model, device, &options).unwrap();
    assert_eq!(params.len(), weights.len());
    for (index, param) in params.iter().enumerate() {
        session.set_parameter(index, &weights.floats(param.name)).unwrap();
    }
    let check = |what: &str, found: &[f32], tolerance: f64| {
        let distance = cnn_tests::relative_distance(found, &expected.floats(what));
        assert!(distance < tolerance, "{}: {what}: relative error {distance:.2e}", device.describe());
    };
    let mut logits = vec![0.0; labels.len() * model.description().output_len()];
    session.infer(images, &mut logits).unwrap();
    check("logits", &logits, 1e-5);
    let loss = session.forward_backward(images, labels).unwrap();
    check("loss", &[loss as f32], 1e-5);
    for (index, Param { name, buffer, .. }) in params.iter().enumerate() {
        if *buffer {
            check(&format!("stat.{name}"), &session.parameter(index).unwrap(), 1e-5);
        } else {
            check(&format!("grad.{name}"), &session.gradient(index).unwrap(), 1e-4);
        }
    }
    assert_eq!(params.len() + 2, expected.len());
}
