use super::{
    Memory, Program, lives,
    pack::pack,
    place::{Life, place},
    verify,
};
use crate::{
    ir::Graph,
    passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    schedule::Schedule,
    testing::{self, random::Random},
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

/// With the largest first, the first of two equal ones would lie below the one that outlives it.
#[test]
fn what_lives_long_may_come_before_what_is_large() {
    let lives = [Some(2..=2), Some(3..=3), Some(3..=3), Some(0..=3)];
    assert_eq!(place(&[24, 16, 16, 24], &lives), [24, 24, 40, 0]);
}

/// The same offsets by comparing each buffer with every other.
fn naive_place(lengths: &[usize], lives: &[Life]) -> Vec<usize> {
    let steps = |buffer: usize| lives[buffer].as_ref().map_or(0, |life| life.end() - life.start() + 1);
    let largest = naive_order(lengths, lives, &|buffer| lengths[buffer]);
    let lasting = naive_order(lengths, lives, &|buffer| lengths[buffer] * steps(buffer));
    let end = |offsets: &Vec<usize>| offsets.iter().zip(lengths).map(|(start, len)| start + len).max();
    if end(&lasting) < end(&largest) { lasting } else { largest }
}

fn naive_order(lengths: &[usize], lives: &[Life], urgency: &dyn Fn(usize) -> usize) -> Vec<usize> {
    let overlap = |one: &Life, other: &Life| match (one, other) {
        (Some(one), Some(other)) => one.start() <= other.end() && other.start() <= one.end(),
        _ => false,
    };
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&buffer| std::cmp::Reverse(urgency(buffer)));
    let mut offsets = vec![0; lengths.len()];
    for (rank, &buffer) in order.iter().enumerate() {
        let others = order[..rank].iter().filter(|&&other| overlap(&lives[other], &lives[buffer]));
        let mut taken: Vec<_> =
            others.map(|&other| offsets[other]..offsets[other] + lengths[other]).collect();
        taken.sort_by_key(|range| range.start);
        offsets[buffer] = taken.iter().fold(0, |start, range| {
            if start + lengths[buffer] <= range.start { start } else { start.max(range.end) }
        });
    }
    offsets
}

#[test]
fn each_buffer_lies_at_the_lowest_free_place() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let count = 1 + random.below(40);
        let lengths: Vec<usize> = (0..count).map(|_| 8 * random.below(6)).collect();
        let mut life = || {
            let start = random.below(30);
            (random.below(8) > 0).then(|| start..=start + random.below(12))
        };
        let lives: Vec<Life> = (0..count).map(|_| life()).collect();
        assert_eq!(place(&lengths, &lives), naive_place(&lengths, &lives), "seed {seed}");
    }
}

/// A deep network on large maps: neither its depth squared nor the size of its slab is gone
/// through.
#[test]
fn planning_costs_the_number_of_steps() {
    let (mut net, mut x) = testing::Net::new([8, 1 << 14, 1 << 14]);
    for _ in 0..5000 {
        x = net.conv(x, 8, testing::window(3, 1, 1, 1), 1, false);
        x = net.act(x, crate::ir::Act::Sigmoid);
    }
    x = net.adaptive_avg(x, [1, 1]);
    x = net.flatten(x);
    let (_, _, program) = training(net.finish(x));
    verify::program(&program);
    assert!(program.memory.slab > 5000 << 31);
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
    assert!(packed.iter().all(|param| param.fused_update == (param.len >= 1 << 20)));
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
