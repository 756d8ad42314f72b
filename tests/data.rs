//! Data sets as users have them: folders of images with a damaged file among them, files cut short,
//! statistics kept in weights.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Arc};

use cnn_runtime::{
    Device, Model, Options, Predictor, Session,
    data::{Batches, Image, Mnist, Part, Preparation, Prepared, SkipPolicy, decode},
    network,
    train::evaluate,
    weights,
};

/// Exit code, stdout and stderr.
fn run(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(cnn_tests::example(name)).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stderr = text(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    (output.status.code(), text(&output.stdout), stderr)
}

/// Stripes that lie in `train/lying` and `val/lying`, and that stand in `standing`: 40 images of
/// many sizes.
fn stripes(root: &Path) {
    for nth in 0..40u32 {
        let (part, class) =
            (["train", "val"][usize::from(nth % 4 == 3)], ["lying", "standing"][nth as usize / 20]);
        let folder = root.join(part).join(class);
        fs::create_dir_all(&folder).unwrap();
        let image = image::GrayImage::from_fn(30 + nth, 50 - nth / 2, |x, y| {
            let line = if class == "lying" { y } else { x };
            image::Luma([if (line + nth) / 6 % 2 == 0 { 230 } else { 20 }])
        });
        image.save(folder.join(format!("{nth}.png"))).unwrap();
    }
}

#[test]
fn a_folder_trains_and_its_damaged_files_are_skipped() {
    let root = tempfile::tempdir().unwrap();
    stripes(root.path());
    let data = format!("folder:{}", root.path().display());
    let output = root.path().join("run");
    let output = output.to_str().unwrap();
    let train =
        ["train", "--device", "cpu", "--data", &data, "--epochs", "2", "--batch", "8", "--output", output];
    let (code, stdout, stderr) = run("lenet5", &train);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.ends_with("(10 images)\n"), "{stdout}");
    assert!(stderr.contains("become 28x28: the shorter side"), "{stderr}");
    assert!(stderr.contains("has 2 classes: no image belongs to the other 8 outputs"), "{stderr}");

    let weights = format!("{output}/last.safetensors");
    let (code, evaluated, _) =
        run("lenet5", &["eval", "--device", "cpu", "--data", &data, "--weights", &weights]);
    assert_eq!(code, Some(0));
    assert!(evaluated.ends_with(&stdout), "{evaluated}");

    let damaged = root.path().join("train/lying/2.png");
    let whole = fs::read(&damaged).unwrap();
    fs::write(&damaged, &whole[..whole.len() / 2]).unwrap();
    let train = [&train[..], &["--overwrite"]].concat();
    let (code, _, stderr) = run("lenet5", &train);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("2.png: damaged") && stderr.contains("--skip-bad"), "{stderr}");
    let (code, _, stderr) = run("lenet5", &[&train[..], &["--skip-bad", "1"]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr.matches("skipped").count(), 1, "{stderr}");
}

#[test]
fn data_that_is_not_there_is_an_error_of_the_data() {
    for data in ["folder:/nonexistent", "cifar10"] {
        let (code, _, stderr) = run("lenet5", &["--data", data, "--data-dir", "/nonexistent"]);
        assert_eq!(code, Some(3), "{stderr}");
        assert!(stderr.contains("/nonexistent"), "{stderr}");
    }
    let (code, _, stderr) = run("lenet5", &["--data", "imagenet"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("cifar100, folder:DIR, csv:FILE or idx:DIR"), "{stderr}");
}

network! {
    Whitened<[1, 10, 10] -> 10> {
        input -> flatten -> fc: dense(10)

        data { resize(14, 14), center_crop(10), scale(1 / 255), standardise(per_channel), whiten(zca, epsilon = 1e-2) }
        augment { rotate(5) }
        train { loss = cross_entropy, optimizer = sgd(lr = 0.2), batch = 100, epochs = 1 }
    }
}

#[test]
fn statistics_travel_with_the_weights() -> cnn_runtime::Result<()> {
    let digits = |part| Arc::new(Mnist::load(&cnn_tests::fixture("../examples/data/mnist"), part).unwrap());
    let model = Model::of::<Whitened>();
    let indices: Vec<u32> = (0..3000).collect();
    let data = Prepared::fit(digits(Part::Train), model.description(), &indices, SkipPolicy::none())?;
    assert_eq!(data.fitted_on(), 3000);
    let mut session = Session::new(model, &Device::cpu()?, &Options::train(&model).batch(100))?;
    session.set_data_info(data.data_info()?);
    let mut training = Batches::new(&data, indices, 100)?;
    for epoch in 1..=6 {
        training.shuffle(0, epoch);
        while let Some(batch) = training.next_batch()? {
            session.train_step(batch.images, batch.targets)?;
        }
    }
    let score = evaluate(&mut session, &mut Batches::all(&data.with_data(digits(Part::Test)), 100)?)?;
    assert!(score.accuracy.is_some_and(|accuracy| accuracy > 0.7), "{score:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    weights::save(&mut session, &path)?;
    let mut session = Session::new(model, &Device::cpu()?, &Options::infer(100))?;
    weights::load(&mut session, &path)?;
    let info = session.data_info().clone();
    assert_eq!(info.classes()[9], "9");
    let preparation = Preparation::new(model.description(), info.statistics().to_vec())?;
    let again = Prepared::new(digits(Part::Test), preparation, SkipPolicy::none());
    assert_eq!(evaluate(&mut session, &mut Batches::all(&again, 100)?)?, score);

    let error = Preparation::new(model.description(), vec![]).unwrap_err();
    assert!(error.to_string().contains("data.mean is missing"), "{error}");
    Ok(())
}

network! {
    /// A few layers behind what torchvision's networks do to images.
    Preset<[3, 224, 224] -> 10> {
        input -> conv1: conv(8, 7, stride = 4, pad = 3) -> relu -> max_pool(3, stride = 2, pad = 1)
            -> conv2: conv(16, 3, pad = 1) -> relu -> global_avg_pool -> flatten -> fc: dense(10)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }
    }
}

/// `goldens/torch_preset.py` asked torchvision, whose jpeg decoder and resizing round to bytes.
#[test]
fn torchvisions_preset_gives_torchvisions_answers() {
    let fixture = |file: &str| cnn_tests::fixture(&format!("goldens/{file}"));
    let weights = fixture("preset.weights.safetensors");
    let predictor =
        Predictor::open(Model::of::<Preset>(), &Device::cpu().unwrap(), weights.as_ref()).unwrap();
    let answers: BTreeMap<String, Vec<f64>> =
        serde_json::from_slice(&fs::read(fixture("preset.json")).unwrap()).unwrap();
    assert_eq!(answers.len(), 8);
    for (name, expected) in answers {
        let mut image = Image::default();
        decode(fixture(&format!("preset/{name}")).as_ref(), &mut image).unwrap();
        let prediction = predictor.predict(&mut image).unwrap();
        for ((_, found), expected) in prediction.outputs().iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-3, "{name}: {found}, not {expected}");
        }
        let mut best: Vec<usize> = (0..10).collect();
        best.sort_by(|&a, &b| expected[b].total_cmp(&expected[a]));
        let names: Vec<String> = prediction.first(5).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, best[..5].iter().map(usize::to_string).collect::<Vec<_>>(), "{name}");
    }
}
