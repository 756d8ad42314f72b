//! The OpenCL engine as a program meets it: starting without a library, choosing a device, and
//! errors that say what to do.
//!
//! What its kernels compute is tested with every other engine in `tests/layers`. Tests that need a
//! device say so and pass without one, unless `CNN_REQUIRE_OPENCL` is 1.

use std::{
    env,
    ffi::c_void,
    process::Command,
    ptr::{null, null_mut},
};

use cnn_runtime::{
    __testing::{
        engine::{Class, Engine, Pass, PendingUpdate, Sizes, checked},
        opencl::{OpenCl, Selection, devices},
        plan::{
            Act, Arena, Elementwise, Elt, Layout, Loss, LossKind, Map, Param, StepRef, Steps, TargetKind,
        },
        rng::{Mask, element_bits},
    },
    Error, Remedy, Result, Targets,
    backend::Backend as _,
    optim::{Optimizer, Sgd, Update},
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
    let sizes =
        Sizes { params: 8, grads: 8, state: 0, arena: ARENA.len(BATCH), batch: BATCH, targets: BATCH };
    checked(device.engine(&sizes).expect("small enough"), &sizes)
}

/// Runs steps whose operands are all `MAP`.
fn run(engine: &mut dyn Engine, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
    // SAFETY: the map lies inside of `ARENA`, and element-wise steps may work in place.
    unsafe { engine.run(pass, body) }
}

// Functions as another crate of the program declares them, among them one of OpenCL 2.0 and one of
// 3.0.
#[link(name = "OpenCL")]
unsafe extern "C" {
    fn clGetPlatformIDs(entries: u32, platforms: *mut *mut c_void, count: *mut u32) -> i32;
    fn clGetDeviceIDs(
        platform: *mut c_void,
        kind: u64,
        entries: u32,
        devices: *mut *mut c_void,
        count: *mut u32,
    ) -> i32;
    fn clCreateContext(
        properties: *const isize,
        count: u32,
        devices: *const *mut c_void,
        notify: *const c_void,
        data: *mut c_void,
        status: *mut i32,
    ) -> *mut c_void;
    fn clReleaseContext(context: *mut c_void) -> i32;
    fn clSVMAlloc(context: *mut c_void, flags: u64, size: usize, alignment: u32) -> *mut c_void;
    fn clSVMFree(context: *mut c_void, memory: *mut c_void);
    fn clCreateBufferWithProperties(
        context: *mut c_void,
        properties: *const u64,
        flags: u64,
        size: usize,
        host: *mut c_void,
        status: *mut i32,
    ) -> *mut c_void;
}

/// `CL_PLATFORM_NOT_FOUND_KHR`
const NOT_FOUND: i32 = -1001;

fn every_form_of_function_reports_that_there_is_no_library() {
    let (mut status, mut count) = (0, 0);
    // SAFETY: without a library, nothing is read from these handles.
    unsafe {
        assert_eq!(clGetPlatformIDs(0, null_mut(), &mut count), NOT_FOUND);
        assert!(clCreateBufferWithProperties(null_mut(), null(), 0, 4, null_mut(), &mut status).is_null());
        assert_eq!(status, NOT_FOUND);
        assert!(clCreateBufferWithProperties(null_mut(), null(), 0, 4, null_mut(), null_mut()).is_null());
        assert!(clSVMAlloc(null_mut(), 0, 4, 0).is_null());
        clSVMFree(null_mut(), null_mut());
    }
}

#[test]
fn another_opencl_in_the_program_finds_its_functions() {
    if device().is_none() {
        return;
    }
    const ALL_DEVICES: u64 = 0xFFFF_FFFF;
    let (mut platform, mut device, mut status) = (null_mut(), null_mut(), 0);
    // SAFETY: each call gets places for one handle, and handles that the calls before it have made.
    unsafe {
        assert_eq!(clGetPlatformIDs(1, &mut platform, null_mut()), 0);
        assert_eq!(clGetDeviceIDs(platform, ALL_DEVICES, 1, &mut device, null_mut()), 0);
        let context = clCreateContext(null(), 1, &device, null(), null_mut(), &mut status);
        assert!(!context.is_null() && status == 0, "{status}");
        let memory = clSVMAlloc(context, 1, 64, 0);
        if !memory.is_null() {
            memory.cast::<u8>().write_bytes(7, 64);
        }
        clSVMFree(context, memory);
        assert_eq!(clReleaseContext(context), 0);
    }
}

/// This test runs itself again in a process that has no OpenCL library.
#[test]
fn no_library_means_no_device() {
    const MISSING: &str = "/nonexistent";
    if env::var("CNN_OPENCL_LIB").is_ok_and(|path| path == MISSING) {
        assert!(devices().is_empty());
        let error = OpenCl::open(Selection::First).expect_err("nothing to open");
        assert!(error.to_string().starts_with("CNN_OPENCL_LIB is /nonexistent, which cannot be"), "{error}");
        assert!(matches!(error, Error::Device(_)), "{error}");
        every_form_of_function_reports_that_there_is_no_library();
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
    let sizes = |batch| Sizes { params: 0, grads: 0, state: 0, arena: batch * sample, batch, targets: batch };
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

/// Every way to ask an engine for more than it has is an error, and the engine goes on.
#[test]
fn what_leaves_the_engine_is_refused() {
    let Some(device) = device() else { return };
    let engine = &mut *engine(&device);
    let pass = Pass { batch: BATCH, arena: ARENA, key: None };
    let many = Pass { batch: 4096, ..pass };
    let none = Pass { batch: 0, ..pass };
    let long = Pass { arena: Arena { slab: usize::MAX / 2, fixed: usize::MAX }, ..pass };
    let far = Map { offset: ARENA.slab - 4, ..MAP };
    let endless = Map { offset: usize::MAX, ..MAP };
    let mut values = vec![0.0; BATCH * MAP.len()];
    for (pass, map) in
        [(many, MAP), (none, MAP), (long, MAP), (pass, far), (pass, endless)].iter().map(|(p, m)| (p, m))
    {
        usage(engine.write_map(pass, map, &values));
        usage(engine.read_map(pass, map, &mut values));
        usage(engine.add_losses(pass, &[*map]));
    }
    for len in [0, 1, values.len() - 1, values.len() + 1] {
        usage(engine.write_map(&pass, &MAP, &vec![0.0; len]));
        usage(engine.read_map(&pass, &MAP, &mut vec![0.0; len]));
    }
    for pass in [many, none, long] {
        usage(run(engine, &pass, &|_| {}));
    }
    for class in [Class::Params, Class::Grads, Class::State] {
        for offset in [1, 8, usize::MAX] {
            usage(engine.write(class, offset, &[0.0; 8]));
            usage(engine.read(class, offset, &mut [0.0; 8]));
        }
    }
    usage(engine.write_targets(Targets::Classes(&[0; BATCH + 1])));
    usage(engine.merge_stashed(0.5));
    engine.write_map(&pass, &MAP, &values).expect("the engine goes on");
}

fn usage<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("leaves the engine");
    assert!(matches!(error, Error::Usage(_)), "{error}");
}

#[test]
fn an_update_of_foreign_parameters_is_refused() {
    let Some(device) = device() else { return };
    const PARAM: Param = Param::vector("own", &[8]);
    static OWN: [Param; 1] = [PARAM];
    static FAR: [Param; 1] = [Param { offset: 8, ..PARAM }];
    static LONG: [Param; 1] = [Param { len: 16, ..PARAM }];
    static ODD: [Param; 1] = [Param { len: 4, ..PARAM }];
    static ENDLESS: [Param; 1] = [Param { offset: usize::MAX - 7, ..PARAM }];
    let update = Update::new(Optimizer::Sgd(Sgd { momentum: 0.0, ..Sgd::DEFAULT }));
    let pending = |params| PendingUpdate::new(update, 1, params);
    let engine = &mut *engine(&device);
    engine.update(&pending(&OWN)).expect("the engine's own");
    for params in [&FAR, &LONG, &ODD, &ENDLESS] {
        usage(engine.update(&pending(params)));
    }
    usage(engine.update(&PendingUpdate { number: 0, ..pending(&OWN) }));
    let averaged = Update { average: Some(0.9), ..update };
    usage(engine.update(&PendingUpdate { update: averaged, ..pending(&OWN) }));
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    let Some(device) = device() else { return };
    const WEIGHTS: &[f32] = &[1.0, 2.0, 3.0, 4.0, 5.0];
    const LOGITS: Map = Map { height: 1, width: 1, ..MAP };
    const LOSS: Map = Map { offset: 16, channels: 2, ..LOGITS };
    static STEP: Loss = Loss {
        name: "loss",
        kind: LossKind::CrossEntropy { smoothing: 0.0, class_weights: Some(WEIGHTS) },
        target: TargetKind::Class,
        logits: LOGITS,
        loss: LOSS,
        grad: None,
        weight: 1.0,
    };
    let engine = &mut *engine(&device);
    let pass = Pass { batch: BATCH, arena: ARENA, key: None };
    engine.write_map(&pass, &LOGITS, &[0.0; BATCH * 8]).expect("scores");
    for wrong in [5, 1 << 28, u32::MAX] {
        engine.write_targets(Targets::Classes(&[0, wrong, 4])).expect("as many as samples");
        usage(run(engine, &pass, &|steps| steps.step(StepRef::Loss(&STEP))));
    }
    engine.write_targets(Targets::Classes(&[0, 1, 4])).expect("classes");
    run(engine, &pass, &|steps| steps.step(StepRef::Loss(&STEP))).expect("labels are classes");
}

#[test]
fn sizes_whose_sum_is_beyond_a_word_are_refused() {
    let Some(device) = device() else { return };
    let sizes = Sizes {
        params: 8,
        grads: usize::MAX,
        state: usize::MAX,
        arena: 64,
        batch: usize::MAX,
        targets: usize::MAX,
    };
    let error = device.engine(&sizes).err().expect("too large");
    assert!(matches!(error, Error::Device(_)) && error.to_string().contains("bytes"), "{error}");
}
