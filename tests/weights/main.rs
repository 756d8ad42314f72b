//! Files of weights that others write: what PyTorch and NumPy wrote (`torch_files.py`) becomes the
//! same parameters as the safetensors file of their values; part of a file becomes part of a
//! network; and damaged files are errors.

mod damaged;
mod partial;

use std::path::PathBuf;

use cnn_runtime::{
    Device, Error, Model, Options, Session, network,
    weights::{self, Loaded, Policy},
};

network! {
    Tiny<[2, 6, 6] -> 3> {
        input -> conv1: conv(4, 3) -> bn1: batch_norm -> relu -> max_pool(2) -> flatten -> fc: dense(3)
    }
}

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "weights", "files", name].iter().collect()
}

fn session() -> Session {
    Session::new(Model::of::<Tiny>(), &Device::cpu().unwrap(), &Options::infer(1).seed(3)).unwrap()
}

/// All parameters and running statistics, by name.
fn parameters(session: &mut Session) -> Vec<(&'static str, Vec<f32>)> {
    let params = session.description().params;
    params.iter().enumerate().map(|(index, param)| (param.name, session.parameter(index).unwrap())).collect()
}

fn expected() -> Vec<(&'static str, Vec<f32>)> {
    let mut session = session();
    weights::load(&mut session, &file("expected.safetensors")).unwrap();
    parameters(&mut session)
}

fn load_by(name: &str, policy: &Policy) -> Result<(Loaded, Session), Error> {
    let mut session = session();
    weights::load_by(&mut session, &file(name), policy).map(|loaded| (loaded, session))
}

/// What a file becomes, and what is said of it.
fn loaded(name: &str) -> (Vec<(&'static str, Vec<f32>)>, String) {
    let (loaded, mut session) = load_by(name, &Policy::strict()).unwrap();
    (parameters(&mut session), loaded.to_string())
}

#[test]
fn files_of_pytorch_and_numpy_hold_what_was_written() {
    let expected = expected();
    for (name, said) in [
        ("zip.pth", ""),
        ("legacy.pth", ""),
        ("data_parallel.pth", "names without module."),
        ("compiled.pth", "names without _orig_mod."),
        ("channels_last.pth", ""),
        ("half.pth", "8 tensors of F16 converted"),
        ("bfloat16.pth", "8 tensors of BF16 converted"),
        ("double.pth", "8 tensors of F64 converted"),
        ("views.pth", ""),
        ("parameters.pth", ""),
        ("run.pth", "names without state_dict.; 6 tensors beside them are not used"),
        ("run_legacy.pth", "names without state_dict.; 6 tensors beside them are not used"),
        ("module.pth", ""),
        ("plain.npz", ""),
        ("compressed.npz", ""),
        ("big_endian.npz", "8 tensors of F64 converted"),
        ("fortran.npz", ""),
        ("half.npz", "8 tensors of F16 converted"),
        ("objects.npz", ""),
    ] {
        let (found, text) = loaded(name);
        assert_eq!(found, expected, "{name}");
        assert_eq!(text, said, "{name}");
    }
}

#[test]
fn contents_in_memory_are_read_alike() {
    for name in ["zip.pth", "legacy.pth", "fortran.npz", "expected.safetensors"] {
        let mut session = session();
        weights::load_bytes(&mut session, &std::fs::read(file(name)).unwrap()).unwrap();
        assert_eq!(parameters(&mut session), expected(), "{name}");
    }
}

#[test]
fn what_is_not_clear_is_an_error() {
    for (name, message) in [
        ("two.pth", "these names stand there behind ema. and behind model.: a rule that renames"),
        (
            "other_head.pth",
            "fc.weight is [5, 16], expected [3, 16]; fc.bias is [5], expected [3]; 6 of 8 tensors fit",
        ),
        ("one.npy", "one array of NumPy, which has no name: numpy.savez"),
    ] {
        let error = load_by(name, &Policy::strict()).expect_err(name).to_string();
        assert!(error.contains(message), "{error}");
    }
}
