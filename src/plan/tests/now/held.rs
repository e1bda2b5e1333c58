//! Who holds up what, and whom.

use super::*;

#[test]
fn an_epic_is_settled_only_if_its_record_differs() {
    let settled = |epic, child_status| {
        let epic = with(task("epic", &[]), is(epic));
        let samples = [Sample::new("q", vec![epic, child("c", "epic", child_status)])];
        look(&samples, |_, _| {}, |readiness| readiness.unsettled())
            .into_iter()
            .map(|(_, status, reason)| (status, reason))
            .next()
    };
    let blocked = Some((Status::Blocked, Some("child c is blocked".to_owned())));
    for (epic, child, expected) in [
        (Status::Pending, Status::Complete, Some((Status::Complete, None))),
        (Status::Complete, Status::Complete, None),
        (Status::Parked, Status::Complete, Some((Status::Complete, None))),
        (Status::Pending, Status::Blocked, blocked.clone()),
        (Status::InProgress, Status::Blocked, blocked),
        (Status::Blocked, Status::Blocked, None),
        (Status::Complete, Status::Blocked, None),
        (Status::Parked, Status::Blocked, None),
        (Status::Blocked, Status::Pending, Some((Status::Pending, None))),
        (Status::Pending, Status::Pending, None),
        (Status::InProgress, Status::Pending, None),
        (Status::Parked, Status::Pending, None),
    ] {
        assert_eq!(settled(epic, child), expected, "{epic} with a child that is {child}");
    }
}

#[test]
fn what_is_held_up_is_behind_open_tasks_only() {
    let samples = [Sample::new(
        "q",
        vec![
            task("A", &[]),
            with(task("done", &["A"]), is(Status::Complete)),
            task("behind done", &["done"]),
            task("B", &["A"]),
            task("C", &["B", "A"]),
            task("other", &[]),
            with(task("D", &["C"]), |task| task.set_list(Field::ChildTasks, ["E"])),
            task("E", &[]),
        ],
    )];
    let held = |id| {
        look(
            &samples,
            |_, _| {},
            |readiness| names(readiness.graph(), readiness.held_up_by(find(readiness.graph(), id))),
        )
    };
    // `done` itself is listed, because A was reopened or edited. What follows it may start.
    assert_eq!(held("A"), ["done", "B", "C", "D", "E"]);
    assert_eq!(held("done"), ["behind done"]);
    assert_eq!(held("E"), ["D"]);
    assert_eq!(held("other"), [""; 0]);
    let circle = [Sample::new("q", vec![task("A", &["B"]), task("B", &["A"])])];
    let held = look(&circle, |_, _| {}, |readiness| readiness.held_up_by(Node(0)));
    assert_eq!(held, [Node(1)], "a task in a cycle does not hold itself up");
}

#[test]
fn nobody_is_held_by_its_own_paths() {
    let samples = [Sample::new(
        "q",
        vec![
            owning("runs", "src", Status::InProgress),
            owning("first", "doc/a.md", Status::Pending),
            owning("second", "doc", Status::Pending),
            task("plain", &[]),
        ],
    )];
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let conditions = Conditions::at(noon(), Agents::plain(&queues));
    let mut readiness = crate::plan::readiness(&graph, &queues, &conditions);
    let at = |id| find(&graph, id);
    let holder =
        |readiness: &Readiness, id| readiness.scope_holder(at(id)).map(|(holder, _)| holder);
    assert_eq!(holder(&readiness, "runs"), None);
    assert!(readiness.is_free(at("first")) && readiness.is_free(at("second")));
    readiness.claim(at("first"));
    assert_eq!(readiness.state(at("first")), State::InProgress);
    assert_eq!(holder(&readiness, "first"), None);
    assert_eq!(holder(&readiness, "second"), Some(Holder::Task(at("first"))));
    assert_eq!(holder(&readiness, "plain"), None);
    assert!(!readiness.is_free(at("first")) && !readiness.is_free(at("second")));
    assert!(readiness.is_free(at("plain")));
}

#[test]
fn agents_are_found_by_their_tasks() {
    let samples = project();
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let agents = Agents::plain(&queues);
    let of = |id| agents.of(find(&graph, id)).map(|agent| (agent.name.as_str(), agent.manual));
    assert_eq!(of("rests"), Some(("tired", false)));
    assert_eq!(of("limited"), Some(("few", false)));
    assert_eq!(of("in hand").map(|(_, manual)| manual), Some(true));
    assert_eq!(agents.of(Node(1000)), None);
    assert_eq!(agents.index(1000), None);
    let (ready, rests) = (find(&graph, "ready").0, find(&graph, "rests").0);
    assert_ne!(agents.index(ready), agents.index(rests));
    assert_eq!(agents.index(rests).map(|index| agents.table()[index].name.as_str()), Some("tired"));
}
