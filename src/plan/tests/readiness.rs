use super::*;
use crate::domain::{Approval, Liveness, QueueIx};

fn ready(samples: &[Sample]) -> Vec<String> {
    look(samples, |_, _| {}, |readiness| names(readiness.graph(), readiness.ready()))
}

#[test]
fn only_those_concerned_stand_still() {
    let sample = [Sample::new(
        "q",
        vec![
            task("A", &["B"]),
            task("B", &["A"]),
            task("self", &["self"]),
            task("typo", &["doen"]),
            with(task("done", &[]), is(Status::Complete)),
            task("go", &["done"]),
            with(task("bad", &[]), is(Status::Blocked)),
            task("behind", &["bad", "done"]),
            with(task("odd", &[]), is(Status::Unknown)),
            with(task("aside", &[]), is(Status::Parked)),
            task("last", &["aside", "behind"]),
        ],
    )];
    assert_eq!(ready(&sample), ["go"]);
    let said = |id: &str| waiting(&sample, id);
    assert_eq!(said("A"), [(WaitingKind::Cycle, "A -> B -> A".to_owned())]);
    assert_eq!(said("self"), [(WaitingKind::Cycle, "self -> self".to_owned())]);
    let hint = "doen: no loaded queue has such a task (did you mean done?)".to_owned();
    assert_eq!(said("typo"), [(WaitingKind::Unknown, hint)]);
    assert_eq!(said("behind"), [(WaitingKind::Dependency, "bad (blocked)".to_owned())]);
    assert_eq!(said("odd")[0].0, WaitingKind::Invalid);
    let two = ["aside (parked)", "behind (waiting)"];
    assert_eq!(said("last").iter().map(|(_, what)| &**what).collect::<Vec<_>>(), two);
    assert!(said("go").is_empty() && said("done").is_empty());
    let with_reason = look(
        &sample,
        |_, _| {},
        |readiness| {
            let graph = readiness.graph();
            let queues = readiness.queues;
            let conditions = readiness.conditions;
            let readiness = crate::plan::readiness(graph, queues, conditions)
                .with_reasons(|_| Some("tests fail".to_owned()));
            readiness.waiting(find(graph, "behind"), Naming::WithReason)
        },
    );
    assert_eq!(with_reason[0].what, "bad (blocked: tests fail)");
}

#[test]
fn a_cycle_with_a_finished_member_is_still_a_cycle() {
    let sample = [Sample::new(
        "q",
        vec![with(task("A", &["B"]), is(Status::Complete)), task("B", &["A"]), task("C", &["A"])],
    )];
    assert_eq!(ready(&sample), ["C"], "no edge inside the cycle is ever satisfied");
}

#[test]
fn conditions_hold_back() {
    let tasks = vec![
        with(task("yes", &[]), |task| task.approval = Approval::Required),
        with(task("later", &[]), |task| {
            task.set(Detail::NotBefore(noon() + chrono::Duration::hours(1)))
        }),
        with(task("earlier", &[]), |task| task.set(Detail::NotBefore(noon()))),
        with(task("hand", &[]), |task| task.set_text(Field::Agent, "Manual")),
        with(task("broken", &[]), |task| {
            task.set(Detail::Problem(Field::Files, "must be a list"));
        }),
        with(task("given", &[]), |task| task.approval = Approval::Given),
    ];
    let samples = [Sample::new("q", tasks), Sample::new("p", vec![task("halted", &[])])];
    let pause = |conditions: &mut Conditions, _: &Graph| {
        conditions.paused.insert(QueueIx::new(1));
    };
    let (ready, kinds, backlog) = look(&samples, pause, |readiness| {
        let kinds: Vec<(String, WaitingKind)> = readiness
            .graph()
            .nodes()
            .flat_map(|node| {
                let list = readiness.waiting(node, Naming::WithReason);
                list.into_iter()
                    .map(move |waiting| (readiness.graph().reference(node), waiting.kind))
            })
            .collect();
        let backlog = readiness.backlog(|_| true);
        (names(readiness.graph(), readiness.ready()), kinds, backlog)
    });
    assert_eq!(ready, ["earlier", "given"]);
    let expected = [
        ("yes", WaitingKind::Approval),
        ("later", WaitingKind::NotBefore),
        ("hand", WaitingKind::Manual),
        ("broken", WaitingKind::Invalid),
        ("halted", WaitingKind::Pause),
    ];
    assert_eq!(kinds, expected.map(|(id, kind)| (id.to_owned(), kind)));
    assert_eq!((backlog.ready, backlog.later, backlog.elsewhere), (2, 1, 1));
    assert_eq!((backlog.person, backlog.stuck), (2, 1));
}

#[test]
fn an_epic_follows_its_children_and_holds_them_back() {
    let mut sample = [Sample::new(
        "q",
        vec![
            task("first", &[]),
            with(task("epic", &["first"]), |task| task.set_list(Field::ChildTasks, ["c1"])),
            task("c1", &[]),
            with(task("c2", &["c1"]), |task| task.set_text(Field::Parent, "epic")),
            task("after", &["epic"]),
        ],
    )];
    assert_eq!(ready(&sample), ["first"]);
    let held = "first (ready), for which its epic epic waits".to_owned();
    assert_eq!(waiting(&sample, "c1"), [(WaitingKind::Dependency, held)]);
    sample[0].tasks[0].status = Status::Complete;
    assert_eq!(ready(&sample), ["c1"]);
    let open = "c1 (ready), c2 (waiting)".to_owned();
    assert_eq!(waiting(&sample, "epic"), [(WaitingKind::Children, open)]);
    sample[0].tasks[2].status = Status::Blocked;
    let settled = look(&sample, |_, _| {}, |r| r.unsettled());
    let text = "child c1 is blocked".to_owned();
    assert_eq!(settled, [(Node(1), Status::Blocked, Some(text))]);
    sample[0].tasks[1].status = Status::Blocked;
    sample[0].tasks[2].status = Status::Pending;
    assert_eq!(look(&sample, |_, _| {}, |r| r.unsettled()), [(Node(1), Status::Pending, None)]);
    sample[0].tasks[2].status = Status::Complete;
    sample[0].tasks[3].status = Status::Complete;
    assert_eq!(look(&sample, |_, _| {}, |r| r.unsettled()), [(Node(1), Status::Complete, None)]);
    assert_eq!(ready(&sample), ["after"]);
}

#[test]
fn an_epic_may_wait_for_its_own_grandchild() {
    let sample = [Sample::new(
        "q",
        vec![
            task("top", &["leaf", "outside"]),
            with(task("mid", &[]), |task| task.set_text(Field::Parent, "top")),
            with(task("leaf", &[]), |task| task.set_text(Field::Parent, "mid")),
            task("outside", &[]),
        ],
    )];
    assert_eq!(ready(&sample), ["outside"]);
    let graph = Graph::build(&[sample[0].view()]);
    assert_eq!(graph.cycles().count(), 0);
    let said = waiting(&sample, "leaf");
    assert_eq!(said[0].0, WaitingKind::Dependency);
}

#[test]
fn an_unknown_parent_holds_nobody_and_an_unknown_child_holds_the_epic() {
    let sample = [Sample::new(
        "q",
        vec![
            with(task("orphan", &[]), |task| task.set_text(Field::Parent, "gone")),
            with(task("epic", &[]), |task| task.set_list(Field::ChildTasks, ["orphan", "lost"])),
        ],
    )];
    assert_eq!(ready(&sample), ["orphan"]);
    assert_eq!(waiting(&sample, "epic")[0].0, WaitingKind::Unknown);
}

#[test]
fn what_runs_in_queues_that_are_not_loaded_holds_files_and_agents() {
    let mut tasks = vec![owning("waits", "src/a.rs", Status::Pending), task("free", &[])];
    tasks[1].set_text(Field::Agent, "few");
    let samples = [Sample::new("q", tasks)];
    let neighbour = |agent: &str, foreign| NeighbourTask {
        name: "other:X".to_owned(),
        root: PathBuf::from("/project"),
        task: owning("X", "src/", Status::InProgress),
        agent: agent.to_owned(),
        foreign,
    };
    let outside = |conditions: &mut Conditions, _: &Graph| {
        conditions.outside = vec![neighbour("few", false)];
    };
    let found = look(&samples, outside, |r| {
        (
            r.waiting(Node(0), Naming::WithReason)[0].what.clone(),
            r.ready().count(),
            r.backlog(|_| true).flowing,
        )
    });
    assert_eq!(found, ("src/a.rs, held by other:X".to_owned(), 1, 1));
    let foreign = |conditions: &mut Conditions, _: &Graph| {
        conditions.outside = vec![neighbour("few", true)];
    };
    assert_eq!(look(&samples, foreign, |r| r.backlog(|_| true).elsewhere), 1);
    let full = |conditions: &mut Conditions, _: &Graph| {
        let agents = |task: &Task| AgentLimit {
            name: task.agent().unwrap_or_default().to_owned(),
            max_parallel: task.agent().is_some().then_some(1),
            manual: false,
        };
        conditions.agents = Agents::new(&[samples[0].view()], agents);
        conditions.outside = vec![neighbour("few", false)];
    };
    assert_eq!(look(&samples, full, |r| r.ready().count()), 0);
}

#[test]
fn a_task_whose_budget_is_used_up_waits_for_a_person() {
    let tried = |id: &str, attempts, details: &[(Field, u32)]| {
        with(task(id, &[]), |task| {
            task.attempts = attempts;
            details.iter().for_each(|&(field, count)| task.set(Detail::Count(field, count)));
        })
    };
    let used = Field::BudgetUsed;
    let samples = [Sample::new(
        "q",
        vec![
            tried("spent", 5, &[]),
            tried("own", 2, &[(Field::MaxIterations, 2)]),
            tried("zero", 1, &[(Field::MaxIterations, 0)]),
            tried("once", 0, &[(Field::MaxIterations, 0)]),
            tried("renewed", 9, &[(used, 0)]),
            tried("left", 4, &[]),
            tried("more", 9, &[(Field::MaxIterations, 10)]),
            tried("huge", u32::MAX, &[(used, u32::MAX)]),
            with(tried("stale", 5, &[]), is(Status::InProgress)),
            with(tried("person", 5, &[]), |task| task.set_text(Field::Agent, "manual")),
        ],
    )];
    let five = |conditions: &mut Conditions, _: &Graph| {
        conditions.attempts = 5;
        conditions.claims.insert(Node(8), Liveness::Dead { strays: false });
    };
    let seen = look(&samples, five, |readiness| {
        let ready = names(readiness.graph(), readiness.ready());
        let why = readiness.waiting(find(readiness.graph(), "own"), Naming::WithReason).remove(0);
        let kinds = readiness.waiting(find(readiness.graph(), "person"), Naming::WithReason);
        (ready, why, kinds.len(), readiness.backlog(|_| true).stuck)
    });
    // The attempt of a dead worker does not count.
    assert_eq!(seen.0, ["once", "renewed", "left", "more", "stale"]);
    assert_eq!(seen.1.kind, WaitingKind::Budget);
    let what = "its budget is used up (2 of 2 attempts); workloop retry own gives a new one";
    assert_eq!(seen.1.what, what);
    assert_eq!((seen.2, seen.3), (1, 4));
}

#[test]
fn scopes_and_agent_limits_hold_over_all_queues() {
    let samples = [
        Sample::new("q", vec![owning("runs", "src", Status::InProgress)]),
        Sample::new(
            "p",
            vec![
                owning("waits", "./src/a.rs", Status::Pending),
                owning("free", "doc", Status::Pending),
            ],
        ),
    ];
    assert_eq!(ready(&samples), ["free"]);
    assert_eq!(
        waiting(&samples, "waits"),
        [(WaitingKind::Scope, "src/a.rs, held by runs".to_owned())]
    );
    let warn = look(
        &samples,
        |conditions, _| conditions.scopes = ScopeMode::Warn,
        |r| (r.ready().count(), r.scope_holder(Node(1)).map(|(node, _)| node)),
    );
    assert_eq!(warn, (2, Some(Holder::Task(Node(0)))));
    let off = |conditions: &mut Conditions, _: &Graph| conditions.scopes = ScopeMode::Off;
    assert_eq!(look(&samples, off, |r| r.ready().count()), 2);
    let stale = |conditions: &mut Conditions, _: &Graph| {
        conditions.claims.insert(Node(0), Liveness::Dead { strays: false });
    };
    assert_eq!(look(&samples, stale, |r| r.ready().count()), 3, "a dead worker holds nothing");
    let foreign = |conditions: &mut Conditions, _: &Graph| {
        conditions.claims.insert(Node(0), Liveness::Foreign);
    };
    let said = look(&samples, foreign, |r| {
        (r.state(Node(0)), r.waiting(Node(0), Naming::WithReason)[0].kind)
    });
    assert_eq!(said, (State::InProgress, WaitingKind::ForeignClaim));
    let foreign = |conditions: &mut Conditions, _: &Graph| {
        conditions.claims.insert(Node(0), Liveness::Foreign);
    };
    let resolutions = look(&samples, foreign, |r| r.resolutions(|_| true));
    assert_eq!(resolutions[..2], [Resolution::Elsewhere, Resolution::Elsewhere]);

    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let one = Agents::new(&queues, |_| AgentLimit {
        name: "coder".into(),
        max_parallel: Some(1),
        manual: false,
    });
    let limited = |conditions: &mut Conditions, _: &Graph| conditions.agents = one;
    let said = look(&samples, limited, |r| r.waiting(Node(2), Naming::WithReason));
    assert_eq!(said[0].kind, WaitingKind::AgentLimit);
    assert_eq!(said[0].what, "agent coder runs 1 of at most 1 tasks");
}

#[test]
fn the_backlog_tells_what_a_loop_can_hope_for() {
    let samples = [
        Sample::new(
            "mine",
            vec![
                with(task("runs", &[]), is(Status::InProgress)),
                task("soon", &["runs"]),
                with(task("bad", &[]), is(Status::Blocked)),
                task("never", &["runs", "bad"]),
                task("other", &["theirs:T"]),
                with(task("ask", &[]), |task| task.approval = Approval::Required),
                task("asked", &["ask", "runs"]),
                with(task("done", &[]), is(Status::Complete)),
            ],
        ),
        Sample::new("theirs", vec![task("T", &[])]),
    ];
    let backlog = look(
        &samples,
        |_, _| {},
        |r| {
            let graph = r.graph();
            r.backlog(|node| graph.location(node).0 == QueueIx::FIRST)
        },
    );
    assert_eq!((backlog.total, backlog.complete, backlog.running), (8, 1, 1));
    assert_eq!((backlog.flowing, backlog.elsewhere, backlog.person), (1, 1, 2));
    assert_eq!(backlog.stuck, 2);
    let roots = [
        (Node(2), Resolution::Stuck),
        (Node(5), Resolution::Person),
        (Node(8), Resolution::Elsewhere),
    ];
    let found: Vec<_> = backlog.roots.iter().map(|root| (root.task, root.resolution)).collect();
    assert_eq!(found, roots);
    let causes: Vec<Cause> = backlog.roots.iter().map(|root| root.cause).collect();
    assert_eq!(causes, [Cause::Blocked, Cause::Approval, Cause::Other]);
}

#[test]
fn of_a_long_list_the_rest_is_counted() {
    let named: Vec<String> = (0..103).map(|n| format!("n{n}")).collect();
    let unknown: Vec<String> = (0..103).map(|n| format!("u{n}")).collect();
    let mut tasks: Vec<Task> = named.iter().map(|id| task(id, &[])).collect();
    let mut waits = task("waits", &[]);
    waits.set_list(Field::Dependencies, named.iter().chain(&unknown).map(String::as_str));
    tasks.push(waits);
    let list =
        look(&[Sample::new("q", tasks)], |_, _| {}, |r| r.waiting(Node(103), Naming::WithReason));
    assert_eq!(list.len(), 202);
    assert_eq!(list.iter().map(|waiting| waiting.count).sum::<usize>(), 206);
    let rest: Vec<_> = list[200..].iter().map(|w| (w.kind, w.what.as_str(), w.count)).collect();
    let (unknown, named) = (WaitingKind::Unknown, WaitingKind::Dependency);
    assert_eq!(rest, [(unknown, "3 more", 3), (named, "3 more", 3)]);
}
