//! The OpenCL engine as a program meets it: starting without a library, choosing a device, and errors that say what to do.
//!
//! What its kernels compute is tested with every other engine in `tests/layers`. Tests that need a device say so and pass without
//! one, unless `CNN_REQUIRE_OPENCL` is 1.

use std::{env, process::Command};

use cnn_runtime::{
    __testing::{
        engine::{Engine, Pass, Sizes},
        opencl::{OpenCl, Selection, devices},
        plan::{Act, Arena, Elementwise, Elt, Layout, Map, StepRef, Steps},
        rng::{Mask, element_bits},
    },
    Error, Remedy, Result,
};

fn device() -> Option<OpenCl> {
    match OpenCl::open(Selection::First) {
        Ok(device) => Some(device),
        Err(error) if env::var("CNN_REQUIRE_OPENCL").is_ok_and(|value| value == "1") => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

const MAP: Map = Map { offset: 8, channels: 5, height: 3, width: 2, layout: Layout::Blocked };
const ARENA: Arena = Arena { slab: 64, fixed: 0 };
const BATCH: usize = 3;

fn engine(device: &OpenCl) -> Box<dyn Engine> {
    let sizes = Sizes { params: 8, grads: 8, state: 0, arena: ARENA.len(BATCH), batch: BATCH };
    device.engine(&sizes).expect("small enough")
}

/// Runs steps whose operands are all `MAP`.
fn run(engine: &mut dyn Engine, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
    // SAFETY: the map lies inside of `ARENA`, and element-wise steps may work in place.
    unsafe { engine.run(pass, body) }
}

/// This test runs itself again in a process that has no OpenCL library.
#[test]
fn no_library_means_no_device() {
    const MISSING: &str = "/nonexistent";
    if env::var("CNN_OPENCL_LIB").is_ok_and(|path| path == MISSING) {
        assert!(devices().is_empty());
        let error = OpenCl::open(Selection::First).expect_err("nothing to open");
        assert!(error.to_string().starts_with("no OpenCL platform: install a driver"), "{error}");
        assert!(matches!(error, Error::Device(_)), "{error}");
        if let Ok(loaded) = std::fs::read_to_string("/proc/self/maps") {
            assert!(!loaded.contains("libOpenCL"), "the program is linked to libOpenCL");
        }
        return;
    }
    let program = env::current_exe().expect("path of this program");
    let child = Command::new(program)
        .args(["--exact", "no_library_means_no_device"])
        .env("CNN_OPENCL_LIB", MISSING)
        .output()
        .expect("this program starts");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
fn selections() {
    assert_eq!("opencl".parse::<Selection>().unwrap(), Selection::First);
    assert_eq!("opencl:1.20".parse::<Selection>().unwrap(), Selection::At { platform: 1, device: 20 });
    for wrong in ["", "cpu", "openclx", "opencl:", "opencl:1", "opencl:a.b", "opencl:0.0.0", "opencl:-1.0"] {
        let error = wrong.parse::<Selection>().expect_err(wrong);
        assert!(matches!(error, Error::Usage(_)), "{error}");
    }
}

#[test]
fn a_device_computes_and_describes_itself() {
    let Some(device) = device() else { return };
    device.probe().expect("a working device");
    let info = device.info();
    let place = format!("opencl:{}.{} ", info.platform, info.device);
    assert!(device.describe().starts_with(&place), "{}", device.describe());
    let again = Selection::At { platform: info.platform, device: info.device };
    assert_eq!(OpenCl::open(again).unwrap().info().name, info.name);
}

#[test]
fn an_unknown_device_lists_the_known_ones() {
    let Some(device) = device() else { return };
    let error = OpenCl::open(Selection::At { platform: 99, device: 0 }).expect_err("no such platform");
    assert!(error.to_string().contains(&device.info().name), "{error}");
    assert!(matches!(error, Error::Device(_)), "{error}");
}

#[test]
fn too_large_a_batch_is_told_what_fits() {
    let Some(device) = device() else { return };
    let sample = device.info().max_buffer as usize / size_of::<f32>() / 10;
    let sizes = |batch| Sizes { params: 0, grads: 0, state: 0, arena: batch * sample, batch };
    let Err(error) = device.engine(&sizes(64)) else { panic!("exceeds the largest buffer") };
    let message = error.to_string();
    assert!(message.contains(&format!("needs {} bytes", 64 * (sample + 4) * 4)), "{message}");
    assert_eq!(error.remedies(), [Remedy::SmallerBatch { at_most: Some(10) }]);
    assert!(matches!(error, Error::Device(_)), "{error}");
}

#[test]
fn dropout_masks_are_those_of_the_host() {
    let Some(device) = device() else { return };
    const RATE: f32 = 0.3;
    const DROPOUT: Elt = Elt::Dropout { rate: RATE, stream: 4, channelwise: false };
    static STEP: Elementwise = Elementwise { name: "dropout", x: MAP, y: MAP, epilogue: &[DROPOUT] };
    let mut engine = engine(&device);
    for key in [Some(1), Some(u64::MAX), None] {
        let pass = Pass { batch: BATCH, arena: ARENA, key };
        let mut values = vec![1.0; BATCH * MAP.len()];
        engine.write_map(&pass, &MAP, &values).unwrap();
        run(&mut *engine, &pass, &|steps| steps.step(StepRef::Elementwise(&STEP))).unwrap();
        engine.read_map(&pass, &MAP, &mut values).unwrap();
        let mask = Mask::new(key, 4, RATE);
        for (element, &value) in values.iter().enumerate() {
            let kept = element_bits(mask.key, element as u32) >= mask.threshold;
            assert_eq!(value, if kept { mask.scale } else { 0.0 }, "element {element}, key {key:?}");
        }
    }
}

#[test]
fn a_failed_step_ends_the_pass_and_not_the_engine() {
    let Some(device) = device() else { return };
    static LONG: Elementwise =
        Elementwise { name: "long", x: MAP, y: MAP, epilogue: &[Elt::Act(Act::Relu); 17] };
    static SHORT: Elementwise = Elementwise { name: "short", x: MAP, y: MAP, epilogue: &[Elt::Add(MAP)] };
    let mut engine = engine(&device);
    let pass = Pass { batch: BATCH, arena: ARENA, key: None };
    let mut values = vec![1.0; BATCH * MAP.len()];
    engine.write_map(&pass, &MAP, &values).unwrap();
    let body = |steps: &dyn Steps| {
        steps.step(StepRef::Elementwise(&SHORT));
        steps.step(StepRef::Elementwise(&LONG));
        steps.step(StepRef::Elementwise(&SHORT));
    };
    let error = run(&mut *engine, &pass, &body).expect_err("17 operations");
    assert!(error.to_string().starts_with("long: "), "{error}");
    engine.read_map(&pass, &MAP, &mut values).unwrap();
    assert!(values.iter().all(|&value| value == 2.0), "{values:?}");
    run(&mut *engine, &pass, &|steps| steps.step(StepRef::Elementwise(&SHORT))).unwrap();
}
