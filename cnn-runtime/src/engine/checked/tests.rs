use super::*;
use crate::{
    backend::Backend,
    cpu::Cpu,
    opencl::{OpenCl, Selection},
    optim::{Adam, Optimizer, Sgd, Update},
    plan::{Arena, Layout, Param},
};

const ARENA: Arena = Arena { slab: 16, fixed: 8 };
const MAP: Map = Map { offset: 8, channels: 8, height: 1, width: 1, layout: Layout::Blocked };
const SIZES: Sizes = Sizes { params: 16, grads: 16, state: 16, arena: ARENA.len(2), batch: 2, targets: 2 };
const PASS: Pass = Pass { batch: 2, arena: ARENA, key: None };
const PARAM: Param = Param::vector("bias", &[16]);
const UPDATE: PendingUpdate =
    PendingUpdate::new(Update::new(Optimizer::Sgd(Sgd { momentum: 0.5, ..Sgd::DEFAULT })), 1, &[PARAM]);

/// A call of an engine.
type Call = dyn Fn(&mut dyn Engine) -> Result<()>;
/// The making of an engine.
type Make = dyn Fn() -> Box<dyn Engine>;

/// A call that leaves the engine's memory.
struct Case {
    name: &'static str,
    call: Box<Call>,
}

fn case(name: &'static str, call: impl Fn(&mut dyn Engine) -> Result<()> + 'static) -> Case {
    Case { name, call: Box::new(call) }
}

/// Every safe method of an engine with arguments that are too large by one, by much, and foreign.
fn foreign_calls() -> Vec<Case> {
    let mut cases = Vec::new();
    for class in [Class::Params, Class::Grads, Class::State] {
        for offset in [16, usize::MAX] {
            cases.push(case("write", move |engine| engine.write(class, offset, &[0.0])));
            cases.push(case("read", move |engine| engine.read(class, offset, &mut [0.0])));
        }
    }
    let slab = |slab| Arena { slab, ..ARENA };
    let passes = [0, 3, usize::MAX].map(|batch| Pass { batch, ..PASS });
    let arenas = [17, usize::MAX].map(|floats| Pass { arena: slab(floats), ..PASS });
    for pass in passes.into_iter().chain(arenas) {
        cases.push(case("write_map", move |engine| engine.write_map(&pass, &MAP, &[0.0; 16])));
        cases.push(case("read_map", move |engine| engine.read_map(&pass, &MAP, &mut [0.0; 16])));
        cases.push(case("add_losses", move |engine| engine.add_losses(&pass, &[MAP])));
    }
    for map in [Map { offset: 16, ..MAP }, Map { offset: usize::MAX, ..MAP }, Map { channels: 9, ..MAP }] {
        let values = vec![0.0; 2 * map.len()];
        let written = values.clone();
        cases.push(case("write_map", move |engine| engine.write_map(&PASS, &map, &written)));
        cases.push(case("read_map", move |engine| engine.read_map(&PASS, &map, &mut values.clone())));
        cases.push(case("add_losses", move |engine| engine.add_losses(&PASS, &[map])));
    }
    for len in [0, 8, 17] {
        cases.push(case("write_map", move |engine| engine.write_map(&PASS, &MAP, &vec![0.0; len])));
        cases.push(case("read_map", move |engine| engine.read_map(&PASS, &MAP, &mut vec![0.0; len])));
    }
    cases.push(case("write_targets", |engine| engine.write_targets(Targets::Classes(&[0, 1, 2]))));
    let adam = Update::new(Optimizer::Adam(Adam::DEFAULT));
    for update in [
        PendingUpdate { params: &[Param { offset: 8, ..PARAM }], ..UPDATE },
        PendingUpdate { params: &[Param { offset: usize::MAX, ..PARAM }], ..UPDATE },
        PendingUpdate { params: &[Param { len: 12, ..PARAM }], ..UPDATE },
        PendingUpdate { update: adam, ..UPDATE },
        PendingUpdate { number: 0, ..UPDATE },
        PendingUpdate { update: Update { clip: Some(Clip::Norm(1.0)), ..UPDATE.update }, ..UPDATE },
    ] {
        cases.push(case("update", move |engine| engine.update(&update)));
    }
    for pass in passes {
        // SAFETY: there are no steps.
        cases.push(case("run", move |engine| unsafe { engine.run(&pass, &|_| {}) }));
        // SAFETY: as above.
        cases.push(case("train", move |engine| unsafe { engine.train(&pass, &|_| {}, &UPDATE) }));
    }
    cases.push(case("merge_stashed", |engine| engine.merge_stashed(0.5)));
    cases
}

/// What makes an engine of these sizes: the processor, and an OpenCL device where there is one.
fn makers() -> Vec<Box<Make>> {
    let cpu = Cpu::new(Some(1)).expect("a thread");
    let mut makers: Vec<Box<Make>> =
        vec![Box::new(move || checked(cpu.engine(&SIZES).expect("small enough"), &SIZES))];
    match OpenCl::open(Selection::First) {
        Ok(device) => {
            makers.push(Box::new(move || checked(device.engine(&SIZES).expect("small enough"), &SIZES)))
        }
        Err(error) => eprintln!("skipped on OpenCL: {error}"),
    }
    makers
}

#[test]
fn what_leaves_the_memory_of_an_engine_never_runs() {
    for make in makers() {
        let mut engine = make();
        for Case { name, call } in foreign_calls() {
            let answer = call(&mut *engine);
            assert!(matches!(answer, Err(Error::Usage(_))), "{name} accepts what is not its own");
        }
    }
}

#[test]
fn what_stays_in_the_memory_of_an_engine_runs() {
    for make in makers() {
        let mut engine = make();
        for class in [Class::Params, Class::Grads, Class::State] {
            engine.write(class, 15, &[1.0]).expect("the last float");
        }
        engine.write_map(&PASS, &MAP, &[0.25; 16]).expect("both samples");
        engine.write_targets(Targets::Classes(&[2, 0])).expect("two labels");
        engine.add_losses(&PASS, &[MAP]).expect("a loss");
        engine.update(&UPDATE).expect("an update");
        engine.stash_gradients().expect("a stash");
        engine.merge_stashed(0.5).expect("a merge");
        assert_eq!(engine.take_losses().expect("sums").loss, 0.5);
    }
}
