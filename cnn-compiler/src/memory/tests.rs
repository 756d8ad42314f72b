use super::{Life, Memory, Program, lives, pack::pack, place, verify};
use crate::{
    ir::Graph,
    passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    schedule::Schedule,
    testing,
};

fn training(graph: Graph) -> (Graph, Agreed, Program) {
    let graph = simplify::training(differentiate(lower(graph, Mode::Train)));
    let mut agreed = Agreed::default();
    let program = Program::new(&graph, &mut agreed);
    (graph, agreed, program)
}

/// Floats that live at once, at most: no plan can do with less.
fn peak(schedule: &Schedule) -> usize {
    let lives = lives(schedule);
    let at = |step: usize| {
        let alive = |life: &Life| life.as_ref().is_some_and(|life| life.contains(&step));
        lives.iter().zip(&schedule.buffers).filter(|(life, _)| alive(life)).map(|(_, &len)| len).sum()
    };
    (0..=schedule.steps().count()).map(at).max().unwrap_or(0)
}

#[test]
fn buffers_share_memory_when_their_lives_do_not_overlap() {
    let lives = [Some(0..=1), Some(1..=2), Some(2..=3), None];
    assert_eq!(place(&[64, 32, 48, 8], &lives), [0, 64, 0, 0]);
}

#[test]
fn small_buffers_fill_gaps() {
    let lives = [Some(0..=9), Some(0..=3), Some(4..=9), Some(4..=9)];
    assert_eq!(place(&[64, 32, 16, 16], &lives), [0, 64, 64, 80]);
}

#[test]
fn samples_do_not_compete_for_cache_sets() {
    let (mut net, x) = testing::Net::new([16, 8, 8]);
    let x = net.flatten(x);
    let graph = net.finish(x);
    let schedule = Schedule::new(&graph, &mut Agreed::default());
    assert_eq!(peak(&schedule) % 1024, 0);
    assert_eq!(Memory::plan(&schedule).slab, peak(&schedule) + 16);
}

#[test]
fn plans_come_near_the_peak_of_live_values() {
    for seed in 0..200 {
        let (_, _, program) = training(testing::random::network(seed));
        let (slab, peak) = (program.memory.slab, peak(&program.schedule));
        assert!((peak..=peak * 5 / 4 + 16).contains(&slab), "network {seed}: {slab} floats for {peak}");
    }
    let (_, _, program) = training(testing::mnist());
    assert_eq!(program.memory.slab, peak(&program.schedule));
}

#[test]
fn parameters_lie_one_after_the_other() {
    let (graph, agreed, program) = training(testing::mnist());
    let packed = pack(&graph, &program.schedule, &agreed);
    let lens: Vec<usize> = packed.iter().map(|param| param.len).collect();
    assert_eq!(lens, [288, 32, 64 * 32 * 9, 64, 128 * 9216, 128, 16 * 128, 16]);
    let ends = packed.iter().scan(0, |end, param| Some(std::mem::replace(end, *end + param.len)));
    assert!(packed.iter().map(|param| param.offset).eq(ends));
    assert!(packed.iter().all(|param| param.trained));
    assert!(packed.iter().all(|param| param.at_once == (param.len >= 1 << 20)));
}

#[test]
#[should_panic(expected = "overwritten")]
fn the_verifier_sees_an_overwritten_value() {
    let (_, _, mut program) = training(testing::mnist());
    let pooled = program.memory.buffers[3];
    program.memory.buffers[0] = pooled;
    verify::program(&program);
}

#[test]
#[should_panic(expected = "writes what it reads")]
fn the_verifier_sees_a_step_that_writes_what_it_reads() {
    let (_, _, mut program) = training(testing::mnist());
    program.memory.buffers[1] = program.memory.buffers[0];
    verify::program(&program);
}

#[test]
#[should_panic(expected = "reads a parameter that is updated")]
fn the_verifier_sees_an_update_that_comes_too_early() {
    let (_, _, mut program) = training(testing::mnist());
    // Gradients of the input and of the weights of the same layer.
    program.schedule.backward[0].steps.swap(2, 3);
    verify::program(&program);
}

#[test]
fn statistics_outlive_what_input_gradients_work_in() {
    let (mut net, x) = testing::Net::new([3, 8, 8]);
    let mut x = net.conv(x, 8, testing::window(3, 1, 1, 1), 1, false);
    for _ in 0..3 {
        x = net.batch_norm(x);
        x = net.relu(x);
        x = net.conv(x, 8, testing::window(3, 1, 1, 1), 1, false);
    }
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let (_, _, program) = training(net.finish(x));
    let (statistics, filters) = (2 * 8, 8 * 8 * 9);
    assert_eq!(program.memory.fixed, 3 * statistics + filters, "filters are transposed in one place");
}

#[test]
#[should_panic(expected = "finds area 0 overwritten")]
fn the_verifier_sees_overwritten_statistics() {
    let (mut net, x) = testing::Net::new([3, 8, 8]);
    let mut x = net.conv(x, 8, testing::window(3, 1, 1, 1), 1, false);
    for _ in 0..2 {
        x = net.batch_norm(x);
        x = net.conv(x, 8, testing::window(3, 1, 1, 1), 1, false);
    }
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let (_, _, mut program) = training(net.finish(x));
    program.memory.areas[1] = program.memory.areas[0];
    verify::program(&program);
}
