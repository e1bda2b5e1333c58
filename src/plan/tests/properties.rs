//! Tests random graphs against independent, naive computations.

use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// Generates a random queue. Every dependency refers to an earlier task in a random order, so there
/// is no cycle unless `component` adds one.
fn queue(most: usize) -> impl Strategy<Value = Vec<Task>> {
    let node = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        0u32..200,
        prop::option::of(0i64..4),
        0..12u8,
    );
    prop::collection::vec(node, 1..most).prop_map(|nodes| {
        let mut tasks = Vec::new();
        for (number, (firsts, minutes, priority, status)) in nodes.into_iter().enumerate() {
            let mut made = task(&format!("T{number}"), &[]);
            if number > 0 {
                let firsts: HashSet<usize> =
                    firsts.iter().map(|index| index.index(number)).collect();
                let firsts = firsts.iter().map(|first| format!("T{first}"));
                made.set_list(Field::Dependencies, firsts);
            }
            made.set(Detail::Minutes(f64::from(minutes)));
            made.priority = priority;
            made.status = match status {
                0 => Status::Blocked,
                1 => Status::Parked,
                2 | 3 => Status::Complete,
                4 => Status::InProgress,
                _ => Status::Pending,
            };
            tasks.push(made);
        }
        // List order must not matter, so the last task comes first.
        tasks.reverse();
        tasks
    })
}

fn all_pending(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.iter_mut().for_each(|task| task.status = Status::Pending);
    tasks
}

fn by_id(tasks: &[Task]) -> HashMap<&str, &Task> {
    tasks.iter().map(|task| (task.id.as_str(), task)).collect()
}

/// Returns the level of a task by its definition.
fn level<'a>(
    tasks: &HashMap<&'a str, &'a Task>,
    id: &'a str,
    known: &mut HashMap<&'a str, usize>,
) -> usize {
    if let Some(&level) = known.get(id) {
        return level;
    }
    let task = tasks[id];
    let firsts = task.dependencies().iter().map(|first| level(tasks, first.as_str(), known));
    let found = firsts.max().map_or(0, |level| level + 1);
    known.insert(id, found);
    found
}

/// Returns the longest chain in minutes by its definition.
fn longest<'a>(
    tasks: &HashMap<&'a str, &'a Task>,
    id: &'a str,
    known: &mut HashMap<&'a str, u64>,
) -> u64 {
    if let Some(&minutes) = known.get(id) {
        return minutes;
    }
    let task = tasks[id];
    let firsts = task.dependencies().iter().map(|first| longest(tasks, first.as_str(), known));
    let found = firsts.max().unwrap_or(0) + task.estimate().minutes.unwrap_or(0.0) as u64;
    known.insert(id, found);
    found
}

fn report(tasks: Vec<Task>, loops: &[usize]) -> PlanReport {
    Sample::new("q", tasks).planned(false, |input| plan(input, loops, |_| true))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waves_equal_the_levels_by_definition(tasks in queue(40)) {
        let tasks = all_pending(tasks);
        let index = by_id(&tasks);
        let mut known = HashMap::new();
        let levels: Vec<(String, usize)> = tasks
            .iter()
            .map(|task| (task.id.to_string(), level(&index, task.id.as_str(), &mut known)))
            .collect();
        let report = report(tasks.clone(), &[]);
        for (id, level) in levels {
            prop_assert!(report.waves[level].iter().any(|other| *other == id));
        }
        for wave in &report.waves {
            for id in wave {
                prop_assert!(index[id.as_str()].dependencies().iter().all(|first| wave.iter().all(|id| first != id)));
            }
        }
    }

    #[test]
    fn bounds_of_schedules_hold(tasks in queue(40), loops in 1usize..9) {
        let tasks = all_pending(tasks);
        let index = by_id(&tasks);
        let mut known = HashMap::new();
        let path = tasks.iter().map(|task| longest(&index, task.id.as_str(), &mut known)).max().unwrap_or(0);
        let work: u64 = tasks.iter().map(|task| task.estimate().minutes.unwrap_or(0.0) as u64).sum();
        let report = report(tasks.clone(), &[1, loops]);
        let time = report.loops[1].makespan_minutes.seconds() / 60;
        prop_assert_eq!(report.critical_path.minutes.seconds() / 60, path);
        prop_assert_eq!(report.work_minutes.seconds() / 60, work);
        prop_assert_eq!(report.loops[0].makespan_minutes.seconds() / 60, work);
        prop_assert!(path <= time && time <= work);
        let lower = path.max(work.div_ceil(loops as u64));
        prop_assert!(time <= 2 * lower, "{} loops: {} of {}", loops, time, lower);
        // The critical path is a chain of that length, without slack.
        let chain = &report.critical_path.tasks;
        let sum: u64 = chain.iter().map(|id| index[id.as_str()].estimate().minutes.unwrap_or(0.0) as u64).sum();
        prop_assert_eq!(sum, path);
        for pair in chain.windows(2) {
            prop_assert!(index[pair[1].as_str()].dependencies().iter().any(|first| *first == pair[0]));
        }
    }

    #[test]
    fn schedules_run_nothing_before_its_time_and_never_idle(tasks in queue(30), loops in 1usize..6) {
        let tasks = all_pending(tasks);
        let sample = Sample::new("q", tasks);
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        let input = PlanInput { graph: &graph, queues: &queues, estimates: &estimates, agents: None, respect_scopes: false };
        let made = schedule(&input, loops, |_| true);
        let times: HashMap<Node, (u64, u64)> = made.slots.iter().map(|slot| (slot.node, (slot.start, slot.end))).collect();
        prop_assert_eq!(times.len(), sample.tasks.len());
        for slot in &made.slots {
            for first in graph.dependencies(slot.node) {
                prop_assert!(times[&first].1 <= slot.start);
            }
            let beside = made.slots.iter().filter(|other| other.lane == slot.lane && other.node != slot.node);
            for other in beside {
                prop_assert!(other.end <= slot.start || slot.end <= other.start);
            }
            // A loop that is free when the task could start takes it.
            let could = graph.dependencies(slot.node).map(|first| times[&first].1).max().unwrap_or(0);
            for moment in [could, slot.start.saturating_sub(1)] {
                if moment >= could && moment < slot.start {
                    let busy = made.slots.iter().filter(|other| other.start <= moment && moment < other.end).count();
                    prop_assert_eq!(busy, loops);
                }
            }
        }
    }

    #[test]
    fn readiness_equals_its_definition(tasks in queue(40), component in prop::option::of(any::<prop::sample::Index>())) {
        let mut tasks = tasks;
        if let Some(component) = component {
            // Adds edges from the first task to a later one and back.
            let (last, other) = (tasks.len() - 1, component.index(tasks.len()));
            for (task, first) in [(other, last), (last, other)] {
                let first = Text::from(tasks[first].id.as_str());
                let mut list = tasks[task].take_list(Field::Dependencies);
                if !list.contains(&first) {
                    list.push(first);
                }
                tasks[task].set_list(Field::Dependencies, list);
            }
        }
        let index = by_id(&tasks);
        let reaches = |from: &str, to: &str| {
            let (mut seen, mut stack) = (HashSet::new(), vec![Text::from(from)]);
            while let Some(id) = stack.pop() {
                for first in index[id.as_str()].dependencies() {
                    if first == to {
                        return true;
                    }
                    if seen.insert(first.clone()) {
                        stack.push(first.clone());
                    }
                }
            }
            false
        };
        let mut ready = Vec::new();
        for task in &tasks {
            let id = task.id.as_str();
            let satisfied = |first: &Text| index[first.as_str()].status == Status::Complete;
            if task.status == Status::Pending && !reaches(id, id) && task.dependencies().iter().all(satisfied) {
                ready.push(id.to_owned());
            }
        }
        let sample = [Sample::new("q", tasks.clone())];
        let (found, resolutions) = look(&sample, |_, _| {}, |readiness| {
            (names(readiness.graph(), readiness.ready()), readiness.resolutions(|_| true))
        });
        prop_assert_eq!(found, ready);
        // Stuck by definition: blocked, parked, in a cycle, or waiting for such a task.
        for (number, task) in tasks.iter().enumerate() {
            let id = task.id.as_str();
            let bad = |other: &Task| {
                matches!(other.status, Status::Blocked | Status::Parked)
                    || other.status == Status::Pending && reaches(other.id.as_str(), other.id.as_str())
            };
            // Dependencies of complete and running tasks do not matter.
            let (mut stack, mut stuck) = (vec![id], false);
            let mut seen = HashSet::new();
            while let Some(id) = stack.pop() {
                let task = index[id];
                stuck |= bad(task);
                if matches!(task.status, Status::Complete | Status::InProgress) {
                    continue;
                }
                for first in task.dependencies() {
                    if seen.insert(first.as_str()) {
                        stack.push(first.as_str());
                    }
                }
            }
            if task.status == Status::InProgress { stuck = false; }
            prop_assert_eq!(resolutions[number] == Resolution::Stuck, stuck, "{}", id);
        }
    }

    #[test]
    fn effective_priority_is_the_best_of_all_that_waits(tasks in queue(30)) {
        let tasks = all_pending(tasks);
        let index = by_id(&tasks);
        let sample = Sample::new("q", tasks.clone());
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        let order = Order::new(&graph, &queues, &estimates);
        for node in graph.nodes() {
            let mut best = tasks[node.0 as usize].priority;
            let (mut stack, mut seen) = (vec![node], HashSet::new());
            while let Some(at) = stack.pop() {
                let own = index[graph.id(at)].priority;
                best = match (best, own) { (Some(a), Some(b)) => Some(a.min(b)), (a, b) => a.or(b) };
                stack.extend(graph.dependants(at).filter(|next| seen.insert(*next)));
            }
            prop_assert_eq!(order.priority(node), best);
        }
    }

    #[test]
    fn barriers_hold_whatever_the_graph(tasks in queue(30), phases in prop::collection::vec(0usize..3, 30)) {
        let mut tasks = all_pending(tasks);
        // Phases follow the dependencies, so no barrier creates a cycle.
        let count = tasks.len();
        for (number, task) in tasks.iter_mut().enumerate() {
            let third = (count - 1 - number) * 3 / count;
            if phases[number] > 0 {
                task.set_text(Field::Phase, third.to_string());
            }
        }
        let sample = Sample::new("q", tasks).phases(&[("0", true), ("1", false), ("2", true)]);
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        let input = PlanInput { graph: &graph, queues: &queues, estimates: &estimates, agents: None, respect_scopes: false };
        let made = schedule(&input, 4, |_| true);
        let phase = |slot: &Slot| sample.tasks[slot.node.0 as usize].phase();
        for early in made.slots.iter().filter(|slot| phase(slot) == Some("0")) {
            for late in made.slots.iter().filter(|slot| phase(slot).is_some_and(|phase| phase != "0")) {
                prop_assert!(early.end <= late.start);
            }
        }
    }
}
