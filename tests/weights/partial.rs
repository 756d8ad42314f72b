//! A policy that takes part of a file, or reads it under other names.

use cnn_runtime::{
    Device, Model, Options, Session, network,
    weights::{DataInfo, Policy, Tensor, load as strict, load_by as load, save, save_tensors},
};

use super::{expected, file, load_by, parameters, session};

#[test]
fn what_fits_is_taken_and_the_rest_is_as_it_was() {
    let (loaded, mut found) = load_by("other_head.pth", &Policy::strict().partial()).unwrap();
    assert_eq!(loaded.fresh, ["fc.weight", "fc.bias"]);
    assert_eq!(loaded.taken.len(), 6);
    let text = "6 tensors taken; fresh: fc.weight, fc.bias; fc.weight is [5, 16] there, [3, 16] here; \
                fc.bias is [5] there, [3] here";
    assert_eq!(loaded.to_string(), text);
    let (drawn, taken) = (parameters(&mut session()), expected());
    for ((found, drawn), taken) in parameters(&mut found).into_iter().zip(drawn).zip(taken) {
        let expected = if found.0.starts_with("fc.") { drawn } else { taken };
        assert_eq!(found, expected);
    }
}

#[test]
fn what_is_skipped_is_as_it_was_though_it_would_fit() {
    for (policy, fresh) in [
        (Policy::strict().skip("fc"), &["fc.weight", "fc.bias"][..]),
        (Policy::strict().skip("fc.*"), &["fc.weight", "fc.bias"]),
        (Policy::strict().skip("*.bias"), &["conv1.bias", "bn1.bias", "fc.bias"]),
    ] {
        let (loaded, mut found) = load_by("zip.pth", &policy).unwrap();
        assert_eq!(loaded.fresh, fresh);
        assert!(loaded.unused.is_empty(), "{loaded}");
        let drawn = parameters(&mut session());
        for (found, drawn) in parameters(&mut found).into_iter().zip(drawn) {
            assert!(found == drawn || !fresh.contains(&found.0), "{}", found.0);
        }
    }
    // A head of another shape is no difference where the layer is skipped.
    assert!(load_by("other_head.pth", &Policy::strict().skip("fc")).is_ok());
    let error = load_by("zip.pth", &Policy::strict().skip("fc7")).err().unwrap().to_string();
    assert!(error.ends_with("Tiny has no layer or parameter fc7 that could be skipped"), "{error}");
}

#[test]
fn names_are_read_as_others() {
    let policy = ["encoder.=>", "norm.1=>bn1"]
        .iter()
        .fold(Policy::strict(), |policy, rule| policy.rename(rule.parse().unwrap()));
    let (_, mut found) = load_by("called_otherwise.pth", &policy).unwrap();
    assert_eq!(parameters(&mut found), expected());
    // Without the first rule, what stands before most names is found.
    let policy = Policy::strict().rename("norm.1=>bn1".parse().unwrap());
    let (loaded, mut found) = load_by("called_otherwise.pth", &policy).unwrap();
    assert_eq!(loaded.prefix, "encoder.");
    assert_eq!(parameters(&mut found), expected());
    let chosen = Policy::strict().rename("ema.=>".parse().unwrap());
    let error = load_by("two.pth", &chosen).err().unwrap().to_string();
    assert!(error.contains("model.conv1.weight is unknown"), "{error}");
    assert!(load_by("two.pth", &chosen.partial()).is_ok());
}

#[test]
fn nothing_that_fits_is_an_error_even_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let other = [Tensor::new("a.weight", &[1], vec![0.5]).unwrap()];
    save_tensors(&path, &other).unwrap();
    let error = load(&mut session(), &path, &Policy::strict().partial()).unwrap_err();
    let message = "not the weights of Tiny: it holds none of its parameters, but a.weight";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn names_of_outputs_go_with_the_layer_that_gives_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("named.safetensors");
    let names = ["ant", "bee", "cat"].map(String::from).to_vec();
    let mut named = session();
    strict(&mut named, &file("expected.safetensors")).unwrap();
    named.set_data_info(DataInfo::new(Vec::new(), names.clone()).unwrap());
    save(&mut named, &path).unwrap();
    let classes = |policy: Policy| {
        let mut session = session();
        load(&mut session, &path, &policy).unwrap();
        session.data_info().classes().to_vec()
    };
    assert_eq!(classes(Policy::strict()), names);
    assert_eq!(classes(Policy::strict().skip("conv1")), names);
    assert!(classes(Policy::strict().skip("fc.bias")).is_empty());
}

network! {
    /// From the output to the layer there are 2^40 ways.
    Doubled<[1, 2, 2] -> 3> {
        let x = input -> flatten -> fc: dense(3);
        for _ in 0..40 {
            x = add(x, x);
        }
        x
    }
}

#[test]
fn the_layer_of_the_outputs_is_found_behind_whatever_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doubled.safetensors");
    let mut session =
        Session::new(Model::of::<Doubled>(), &Device::cpu().unwrap(), &Options::infer(1)).unwrap();
    session.set_data_info(DataInfo::new(Vec::new(), ["a", "b", "c"].map(String::from).to_vec()).unwrap());
    save(&mut session, &path).unwrap();
    load(&mut session, &path, &Policy::strict().skip("fc.weight")).unwrap();
    assert!(session.data_info().classes().is_empty());
}
