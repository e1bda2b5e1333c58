//! Tests what is said of odd tasks and references, and which id is suggested.

use super::*;

fn told(samples: &[Sample], description: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let describe = |node: Node| description(graph.id(node));
    let input = FindingsInput { graph: &graph, queues: &queues, description: &describe };
    let one = |found: PlanFinding| {
        let name = found.node.map(|node| graph.reference(node)).unwrap_or_default();
        format!("{} {} {name}: {}", found.severity.word(), found.code, found.message)
    };
    findings(&input).into_iter().map(one).collect()
}

fn said(tasks: Vec<Task>) -> Vec<String> {
    told(&[Sample::new("q", tasks)], &|_| None)
}

#[test]
fn a_reference_to_nothing_is_an_error_with_the_nearest_id() {
    let unknown = |text: &str, hint: &str| {
        let hint = if hint.is_empty() { String::new() } else { format!(" (did you mean {hint}?)") };
        format!("error unknown-id x: {text}: no loaded queue has such a task{hint}")
    };
    let of = |text: &str| {
        let found = said(vec![
            task("TASK-1", &[]),
            task("TASK-12", &[]),
            task("other", &[]),
            task("x", &[text]),
        ]);
        found.into_iter().filter(|line| line.contains("unknown-id")).collect::<Vec<_>>()
    };
    for (text, hint) in [
        ("TSAK-1", "TASK-1"),
        ("task-12", "TASK-12"),
        ("TASK-122", "TASK-12"),
        ("oter", "other"),
        ("q:otehr", "other"),
        ("q.json#othr", "other"),
        ("nothing at all", ""),
        ("y", ""),
        (":", ""),
    ] {
        assert_eq!(of(text), [unknown(text, hint)]);
    }
}

#[test]
fn what_is_wrong_with_a_finished_task_is_a_warning() {
    let done = with(task("a", &["nothing", "a"]), is(Status::Complete));
    let found = said(vec![done]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| line.starts_with("warning ")), "{found:?}");
    let open = said(vec![task("a", &["nothing", "a"])]);
    assert!(open.iter().all(|line| line.starts_with("error ")), "{open:?}");
}

#[test]
fn tasks_that_wait_for_each_other_are_shown_as_a_circle() {
    let found =
        said(vec![task("A", &["B"]), task("B", &["C"]), task("C", &["A"]), task("D", &["A"])]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("error cycle A: "), "{found:?}");
    assert!(found[0].ends_with(" can never run"), "{found:?}");
    assert!(["A", "B", "C"].iter().all(|id| found[0].contains(id)), "{found:?}");
    assert!(!found[0].contains('D'), "{found:?}");
}

#[test]
fn a_dependency_in_a_state_that_holds_it_up_is_told() {
    let state = |status| with(task("first", &[]), is(status));
    let of = |status: Status, own: Status| {
        said(vec![state(status), with(task("x", &["first"]), is(own))])
    };
    assert_eq!(
        of(Status::Blocked, Status::Pending),
        ["warning dependency-blocked x: depends on first, which is blocked"]
    );
    assert_eq!(
        of(Status::Parked, Status::InProgress),
        ["warning dependency-parked x: depends on first, which is parked"]
    );
    assert_eq!(
        of(Status::Pending, Status::Complete),
        [
            "warning done-before-dependency x: complete, although first, on which it depends, is pending"
        ]
    );
    for (first, own) in [
        (Status::Complete, Status::Pending),
        (Status::Complete, Status::Complete),
        (Status::Pending, Status::Pending),
        (Status::InProgress, Status::Pending),
        (Status::Blocked, Status::Parked),
        (Status::Blocked, Status::Blocked),
    ] {
        assert_eq!(of(first, own), [""; 0], "{first} {own}");
    }
    assert_eq!(
        said(vec![task("x", &["later"]), task("later", &[])]),
        ["warning listed-before-dependency x: is listed before later, on which it depends"]
    );
    let blocks = with(task("later", &[]), |task| task.set_list(Field::Blocks, ["x"]));
    assert_eq!(
        said(vec![task("x", &[]), blocks]),
        [
            "warning listed-before-dependency x: is listed before later (by its `blocks`), on which it depends"
        ]
    );
}

#[test]
fn an_epic_is_done_when_its_children_are_whatever_it_says() {
    let child = |status| {
        with(task("kid", &[]), |task| {
            task.set_text(Field::Parent, "epic");
            task.status = status;
        })
    };
    let of = |kid: Status, epic: Status| {
        let epic = with(task("epic", &[]), is(epic));
        let after = with(task("x", &["epic"]), is(Status::Complete));
        said(vec![child(kid), epic, after])
            .into_iter()
            .filter(|line| line.contains("done-before"))
            .count()
    };
    assert_eq!(of(Status::Complete, Status::Pending), 0);
    assert_eq!(of(Status::Pending, Status::Complete), 1);
}

#[test]
fn the_same_work_twice_is_told_unless_both_are_done() {
    let owns = |id: &str, files: &[&str], status: Status| {
        with(task(id, &[]), |task| {
            task.set_list(Field::Files, files.iter().copied());
            task.status = status;
        })
    };
    let text = |id: &str| match id {
        "a" => Some("Add the PARSER, please!".to_owned()),
        "b" => Some("add the parser (please)".to_owned()),
        "c" => Some("add a parser please".to_owned()),
        "blank" => Some(" -- ".to_owned()),
        _ => None,
    };
    let of = |first: Task, second: Task| told(&[Sample::new("q", vec![first, second])], &text);
    let open = Status::Pending;
    let same = ["warning duplicate-work b: same files and description as a (pending)"];
    assert_eq!(of(owns("a", &["x", "y"], open), owns("b", &["./y/", "x"], open)), same);
    let done = ["warning duplicate-work b: same files and description as a (complete)"];
    assert_eq!(of(owns("a", &["x"], Status::Complete), owns("b", &["x"], open)), done);
    for (first, second) in [
        (owns("a", &["x"], Status::Complete), owns("b", &["x"], Status::Complete)),
        (owns("a", &["x"], open), owns("b", &["z"], open)),
        (owns("a", &["x"], open), owns("c", &["x"], open)),
        (owns("a", &[], open), owns("b", &[], open)),
        (owns("blank", &["x"], open), owns("blank2", &["x"], open)),
    ] {
        assert_eq!(of(first, second), [""; 0]);
    }
    let gate = with(owns("b", &["x"], open), |task| task.set_text(Field::Type, "gate"));
    assert_eq!(of(owns("a", &["x"], open), gate), [""; 0]);
}

#[test]
fn an_id_of_several_queues_is_told_where_its_dependencies_differ() {
    let queue = |name: &str, needs: &[&str]| {
        Sample::new(name, vec![task("base", &[]), task("same", needs)])
    };
    let of =
        |one: &[&str], other: &[&str]| told(&[queue("one", one), queue("two", other)], &|_| None);
    assert_eq!(of(&[], &[]), [""; 0]);
    assert_eq!(
        of(&["base"], &[]),
        [
            "warning same-id-different-dependencies two:same: same exists in queue one too, with different dependencies"
        ]
    );
    // The same text means the task of the own file.
    assert_eq!(of(&["base"], &["base"]).len(), 1);
}

#[test]
fn too_many_loops_are_told_with_why() {
    let found = too_many_loops(20).expect("too many");
    assert_eq!((found.severity.word(), found.node), ("warning", None));
    assert_eq!(
        found.message,
        "20 loops: beyond 15 they mostly wait for each other, for the machine and for you; see what \
         `plan` recommends"
    );
}

#[test]
fn phases_in_the_order_of_their_numbers_have_barriers_if_all_are_asked_for() {
    let of = |phases: &[&str]| {
        let tasks = phases.iter().enumerate().map(|(at, phase)| {
            with(task(&format!("t{at}"), &[]), |task| task.set_text(Field::Phase, *phase))
        });
        let sample = Sample::new("q", tasks.collect());
        let queues = [sample.view()];
        let graph = Graph::build_with(&queues, Barriers::All);
        graph.barriers().iter().map(|(_, phase)| phase.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["10", "2", "1.5", "2"]), ["1.5", "2"], "none after the last one");
    assert_eq!(of(&["later", "2", "first"]), ["later", "2"], "in order of appearance");
    assert_eq!(of(&["1", "nan"]), ["1"]);
    assert_eq!(of(&[""]), [""; 0]);
}

#[test]
fn a_gate_that_is_declared_and_missing_is_listed() {
    let phase = |name: &str, gate: &[&str]| Phase {
        phase: name.into(),
        gate: gate.iter().copied().map(Text::from).collect(),
        ..Phase::default()
    };
    let phases = [phase("1", &["q", "r"]), phase("2", &[]), phase("3", &["q"])];
    let tasks = [task("a", &[]), task("gate-3", &[])];
    let missing = missing_gates(&tasks, &phases);
    let [one] = &missing[..] else { panic!("one gate: {missing:?}") };
    assert_eq!((one.id.as_str(), one.phase.as_str()), ("gate-1", "1"));
    assert_eq!(one.verify.as_slice(), ["q", "r"]);
    assert_eq!(missing_gates(&tasks, &phases[1..2]), []);
    assert_eq!(gate_id("two words"), "gate-two words");
}
