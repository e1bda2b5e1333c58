use super::*;
use crate::domain::QueueIx;

#[test]
fn references_are_looked_up_in_the_order_of_the_format() {
    let first = Sample::new(
        "first",
        vec![
            task("A", &[]),
            task("second:B", &[]),
            task("own", &["A"]),
            task("odd", &["second:B"]),
            task("by-name", &["second:C"]),
            task("by-stem", &["renamed-file:D"]),
            task("by-folder", &["second.json#C"]),
            task("by-root", &["queues/second.json#C"]),
            task("by-end", &["elsewhere/third.json#D"]),
            task("plain", &["C"]),
            task("both", &["D"]),
            task("none", &["second:A2"]),
        ],
    );
    let second =
        Sample::new("second", vec![task("A", &[]), task("B", &[]), task("C", &[]), task("D", &[])]);
    let mut third = Sample::new("third", vec![task("D", &[])]);
    third.path = PathBuf::from("/far/elsewhere/third.json");
    let mut fourth = Sample::new("fourth", vec![task("D", &[])]);
    fourth.path = PathBuf::from("/far/renamed-file.json");
    let samples = [first, second, third, fourth];
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let named = |id: &str| names(&graph, graph.dependencies(find(&graph, id))).join(" ");
    assert_eq!(named("own"), "first:A");
    assert_eq!(named("odd"), "second:B", "the exact id of the own file comes first");
    assert_eq!(graph.dependencies(find(&graph, "odd")).next(), Some(graph.node(QueueIx::FIRST, 1)));
    assert_eq!(named("by-name"), "C");
    assert_eq!(named("by-stem"), "fourth:D");
    assert_eq!(named("by-folder"), "C");
    assert_eq!(named("by-root"), "C");
    assert_eq!(named("by-end"), "third:D");
    assert_eq!(named("plain"), "C");
    let broken: Vec<(String, usize)> = graph
        .broken()
        .iter()
        .map(|broken| match &broken.why {
            BrokenKind::Ambiguous(nodes) => (broken.text.to_string(), nodes.len()),
            BrokenKind::Unknown | BrokenKind::Itself | BrokenKind::Words => {
                (broken.text.to_string(), 0)
            }
        })
        .collect();
    assert_eq!(broken, [("D".to_owned(), 3), ("second:A2".to_owned(), 0)]);
}

#[test]
fn a_cycle_is_shown_as_the_path_that_waits_in_a_circle() {
    let sample = [Sample::new(
        "q",
        vec![
            task("A", &["B"]),
            task("B", &["C"]),
            task("C", &["A"]),
            task("free", &[]),
            task("behind", &["A"]),
            task("self", &["self"]),
        ],
    )];
    let queues = [sample[0].view()];
    let graph = Graph::build(&queues);
    let cycles: Vec<String> = graph.cycles().map(|cycle| graph.cycle_text(&cycle)).collect();
    assert_eq!(cycles, ["A -> B -> C -> A"]);
    assert!(graph.cycle_of(find(&graph, "behind")).is_none());
    assert!(matches!(graph.broken(), [Broken { why: BrokenKind::Itself, .. }]));
}

#[test]
fn a_chain_of_a_hundred_thousand_needs_no_deep_stack() {
    let ids: Vec<String> = (0..100_000).map(|n| format!("T{n}")).collect();
    let chain = (0..ids.len()).map(|n| match n {
        0 => task(&ids[0], &[]),
        _ => task(&ids[n], &[&ids[n - 1]]),
    });
    let mut sample = [Sample::new("q", chain.collect())];
    let ends: Vec<usize> =
        Graph::build(&[sample[0].view()]).order().iter().map(|&node| node as usize).collect();
    assert!(ends.is_sorted());
    sample[0].tasks[0].set_list(Field::Dependencies, [ids[ids.len() - 1].clone()]);
    let graph = Graph::build(&[sample[0].view()]);
    assert_eq!(graph.cycles().map(|cycle| cycle.len()).collect::<Vec<_>>(), [100_000]);
    assert!(graph.cycle_text(&graph.cycles().next().unwrap_or_default()).len() < 400);
}

#[test]
fn a_barrier_against_a_dependency_is_a_cycle() {
    let tasks = vec![
        with(task("early", &["late"]), |task| task.set_text(Field::Phase, "1")),
        with(task("other", &[]), |task| task.set_text(Field::Phase, "1")),
        with(task("late", &[]), |task| task.set_text(Field::Phase, "2")),
        with(task("late2", &[]), |task| task.set_text(Field::Phase, "2")),
    ];
    let sample = [Sample::new("q", tasks).phases(&[("1", true), ("2", false)])];
    let graph = Graph::build(&[sample[0].view()]);
    let cycles: Vec<String> = graph.cycles().map(|cycle| graph.cycle_text(&cycle)).collect();
    assert_eq!(cycles, ["early -> late -> early"]);
    assert_eq!(look(&sample, |_, _| {}, |r| names(r.graph(), r.ready())), ["other"]);
    assert!(graph.cycle_of(find(&graph, "late2")).is_none());
}

#[test]
fn missing_gates_are_listed_and_present_ones_close_their_phase() {
    let in_phase =
        |id: &str, phase: &str| with(task(id, &[]), |task| task.set_text(Field::Phase, phase));
    let tasks = vec![in_phase("a", "1"), in_phase("b", "2")];
    let mut sample = [Sample::new("q", tasks).phases(&[("1", false), ("2", false)])];
    sample[0].phases[0].gate = ["quick".into()].into_iter().collect();
    let missing = missing_gates(&sample[0].tasks, &sample[0].phases);
    assert_eq!((missing.len(), &*missing[0].id, &*missing[0].phase), (1, "gate-1", "1"));
    sample[0].tasks[0].status = Status::Complete;
    let text = waiting(&sample, "b");
    assert_eq!(text[0].0, WaitingKind::Phase);
    assert!(text[0].1.contains("not in the queue yet"), "{text:?}");
    sample[0].tasks.push(with(in_phase("gate-1", "1"), |task| task.set_text(Field::Type, "gate")));
    assert!(missing_gates(&sample[0].tasks, &sample[0].phases).is_empty());
    assert_eq!(look(&sample, |_, _| {}, |r| names(r.graph(), r.ready())), ["gate-1"]);
    sample[0].tasks[0].status = Status::Pending;
    assert_eq!(look(&sample, |_, _| {}, |r| names(r.graph(), r.ready())), ["a"]);
    sample[0].tasks[0].status = Status::Complete;
    sample[0].tasks[2].status = Status::Complete;
    assert_eq!(look(&sample, |_, _| {}, |r| names(r.graph(), r.ready())), ["b"]);
}
