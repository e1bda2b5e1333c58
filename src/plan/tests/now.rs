//! One project in which a task is in every situation: its state, what it waits for, what must
//! happen, and what a person can do.

use super::*;
use crate::domain::{Approval, Change, Claim, Liveness, PauseKind, QueueIx, Typed, Waits};

fn change(waits: Waits, obstacle: Option<&str>) -> impl FnOnce(&mut Task) {
    let obstacle = obstacle.map(str::to_owned);
    move |task| {
        let word = |text: &str| text.to_owned();
        let (commit, base, verdict) = (word("c"), word("b"), word("PASS"));
        task.status = Status::InProgress;
        task.set(Detail::Change(Box::new(Change { commit, base, verdict, waits, obstacle })));
    }
}

fn claimed(task: &mut Task) {
    task.status = Status::InProgress;
    task.set(Detail::Claim(Box::new(Claim {
        worker: "h:1:00000000".to_owned(),
        attempt: 1,
        since: String::new(),
        host: String::new(),
        boot: String::new(),
        start: 0,
        tag: String::new(),
    })));
}

fn agent(name: &'static str) -> impl FnOnce(&mut Task) {
    move |task| task.set_text(Field::Agent, name)
}

fn child(id: &str, parent: &str, status: Status) -> Task {
    with(task(id, &[]), |task| {
        task.set_text(Field::Parent, parent);
        task.status = status;
    })
}

fn project() -> [Sample; 2] {
    let mine = [tasks(), more_tasks()].concat();
    [Sample::new("mine", mine), Sample::new("theirs", vec![task("halted", &[]), task("T", &[])])]
}

/// Returns tasks that are done, run, wait or are held back.
fn tasks() -> Vec<Task> {
    let by = |id: &str, first: &str| task(id, &[first]);
    vec![
        task("ready", &[]),
        with(task("done", &[]), is(Status::Complete)),
        with(task("runs", &[]), claimed),
        by("flows", "runs"),
        with(task("later", &[]), |task| {
            task.set(Detail::NotBefore(noon() + chrono::Duration::hours(1)));
        }),
        by("behind later", "later"),
        by("elsewhere", "halted"),
        // What would hold it back if it did not run yet is not told.
        with(by("foreign", "nothing of this name"), |task| {
            claimed(task);
            agent("tired")(task);
            task.set_list(Field::Files, ["far.rs"]);
            task.set(Detail::Problem(Field::Scope, "must be a list"));
        }),
        owning("wants far", "far.rs", Status::Pending),
        owning("wants other", "other.rs", Status::Pending),
        // It does not come to its paths before its dependency is complete.
        with(by("wants later", "runs"), |task| {
            task.set_list(Field::Files, ["far.rs"]);
            task.set(Detail::NotBefore(noon()));
        }),
        with(task("asks", &[]), is(Status::Blocked)),
        by("behind asks", "asks"),
        with(task("reviewed", &[]), is(Status::Blocked)),
        with(task("bad", &[]), is(Status::Blocked)),
        by("behind bad", "bad"),
        with(task("parked", &[]), is(Status::Parked)),
        with(by("parked first", "parked"), is(Status::Parked)),
        by("behind parked", "parked first"),
        with(task("aside", &[]), is(Status::Parked)),
        with(by("aside too", "aside"), is(Status::Parked)),
        with(by("runs anyway", "aside"), claimed),
        with(task("approval", &[]), |task| task.approval = Approval::Required),
        with(by("approval later", "runs"), |task| task.approval = Approval::Required),
    ]
}

/// Returns tasks that need a person, an agent, or another task.
fn more_tasks() -> Vec<Task> {
    let by = |id: &str, first: &str| task(id, &[first]);
    vec![
        with(task("by hand", &[]), agent("human")),
        with(task("in hand", &[]), |task| {
            agent("manual")(task);
            (task.status, task.attempts) = (Status::InProgress, 1);
            task.set_list(Field::Files, ["hand.rs"]);
        }),
        owning("wants hand", "hand.rs", Status::Pending),
        with(task("to review", &[]), change(Waits::Review, None)),
        with(task("to land", &[]), change(Waits::Landing, None)),
        with(task("obstructed", &[]), |task| {
            change(Waits::Checkout, Some("dirty"))(task);
            task.set_list(Field::Files, ["held.rs"]);
        }),
        owning("wants held", "held.rs", Status::Pending),
        with(task("spent", &[]), |task| task.attempts = 3),
        with(by("spent later", "runs"), |task| task.attempts = 3),
        with(task("odd", &[]), is(Status::Unknown)),
        by("behind odd", "odd"),
        with(task("invalid", &[]), |task| {
            task.attempts = 3;
            task.set(Detail::Problem(Field::Files, "must be a list"));
        }),
        task("circle", &["circle 2"]),
        task("circle 2", &["circle"]),
        by("behind circle", "circle"),
        by("typo", "nothing of this name"),
        with(task("limited", &[]), agent("few")),
        with(task("rests", &[]), agent("tired")),
        with(task("gate", &[]), |task| {
            agent("tired")(task);
            task.set_text(Field::Type, "gate");
        }),
        with(task("epic", &[]), is(Status::Blocked)),
        child("child", "epic", Status::Blocked),
        child("sibling", "epic", Status::Complete),
        task("open epic", &[]),
        child("open child", "open epic", Status::Pending),
        task("turning epic", &["after turning"]),
        child("turning child", "turning epic", Status::Pending),
        task("after turning", &["turning epic"]),
        with(task("parked epic", &[]), is(Status::Parked)),
        child("its child", "parked epic", Status::Blocked),
        with(task("blocker", &[]), |task| task.set_list(Field::Blocks, ["is blocked"])),
        task("is blocked", &[]),
    ]
}

fn conditions(samples: &[Sample]) -> impl FnOnce(&mut Conditions, &Graph) {
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let agents = Agents::new(&queues, |task| AgentLimit {
        name: task.agent().unwrap_or("default").to_owned(),
        max_parallel: (task.agent() == Some("few")).then_some(1),
        manual: task.is_persons(),
    });
    move |conditions, graph| {
        conditions.agents = agents;
        conditions.attempts = 3;
        conditions.paused.insert(QueueIx::new(1));
        conditions.claims.insert(find(graph, "foreign"), Liveness::Foreign);
        conditions.questions.insert(find(graph, "asks"));
        conditions.reviews.insert(find(graph, "reviewed"));
        conditions.agent_pauses = vec![AgentPause { trying: true, ..pause() }];
        let outside = |id: &str, file, agent: &str| NeighbourTask {
            name: format!("other:{id}"),
            root: PathBuf::from("/project"),
            task: owning(id, file, Status::InProgress),
            agent: agent.to_owned(),
            foreign: false,
        };
        conditions.outside = vec![outside("X", "x.rs", "few"), outside("Y", "other.rs", "unknown")];
    }
}

fn pause() -> AgentPause {
    AgentPause {
        root: PathBuf::from("/project"),
        agent: "tired".to_owned(),
        account: None,
        kind: PauseKind::Quick,
        stand_in: None,
        since: noon(),
        until: noon(),
        trying: false,
        what: "agent tired failed once within seconds".to_owned(),
        reason: "why".to_owned(),
    }
}

fn mine(graph: &Graph) -> impl Fn(Node) -> bool {
    |node| graph.location(node).0 == QueueIx::FIRST
}

/// For each task its state, its resolution, what it needs from a person, and what it waits for.
const NOW: [&str; 57] = [
    "ready: ready Flowing;",
    "done: complete Done;",
    "runs: in_progress Flowing;",
    "flows: waiting Flowing; Dependency: runs (in_progress)",
    "later: waiting Later; NotBefore: 2026-01-19T13:00:00Z",
    "behind later: waiting Later; Dependency: later (waiting)",
    "elsewhere: waiting Elsewhere; Dependency: halted (waiting)",
    "foreign: in_progress Elsewhere; ForeignClaim: the claim of another machine (h:1:00000000)",
    "wants far: waiting Elsewhere; Scope: far.rs, held by foreign (h:1:00000000)",
    "wants other: waiting Flowing; Scope: other.rs, held by other:Y",
    "wants later: waiting Flowing; Dependency: runs (in_progress)",
    "asks: blocked Question Answer;",
    "behind asks: waiting Question; Dependency: asks (blocked)",
    "reviewed: blocked Person Review;",
    "bad: blocked Stuck Blocked;",
    "behind bad: waiting Stuck; Dependency: bad (blocked)",
    "parked: parked Stuck;",
    "parked first: parked Stuck;",
    "behind parked: waiting Stuck; Dependency: parked first (parked)",
    "aside: parked Stuck;",
    "aside too: parked Stuck;",
    "runs anyway: in_progress Flowing;",
    "approval: waiting Person Approval; Approval: workloop approve approval",
    "approval later: waiting Person; Dependency: runs (in_progress) | Approval: workloop \
     approve 'approval later'",
    "by hand: waiting Person Work; Manual: a person does it; workloop done 'by hand' \
     completes it",
    "in hand: in_progress Person;",
    "wants hand: waiting Person; Scope: hand.rs, held by in hand",
    "to review: in_progress Person Review;",
    "to land: in_progress Flowing;",
    "obstructed: in_progress Person Checkout;",
    "wants held: waiting Person; Scope: held.rs, held by obstructed",
    "spent: waiting Stuck Budget; Budget: its budget is used up (3 of 3 attempts); \
     workloop retry spent gives a new one",
    "spent later: waiting Stuck; Dependency: runs (in_progress) | Budget: its budget is \
     used up (3 of 3 attempts); workloop retry 'spent later' gives a new one",
    "odd: waiting Stuck Repair; Invalid: its status is an unknown word",
    "behind odd: waiting Stuck; Dependency: odd (waiting)",
    "invalid: waiting Stuck Repair; Invalid: files must be a list | Budget: its budget \
     is used up (3 of 3 attempts); workloop retry invalid gives a new one",
    "circle: waiting Stuck Repair; Cycle: circle -> circle 2 -> circle",
    "circle 2: waiting Stuck Repair; Cycle: circle -> circle 2 -> circle",
    "behind circle: waiting Stuck; Dependency: circle (waiting)",
    "typo: waiting Stuck Repair; Unknown: nothing of this name: no loaded queue has such a task",
    "limited: waiting Flowing; AgentLimit: agent few runs 1 of at most 1 tasks",
    "rests: waiting Flowing; Pause: agent tired failed once within seconds; one attempt \
     tries it now",
    "gate: ready Flowing;",
    "epic: blocked Stuck;",
    "child: blocked Stuck Blocked;",
    "sibling: complete Done;",
    "open epic: waiting Flowing; Children: open child (ready)",
    "open child: ready Flowing;",
    "turning epic: waiting Stuck Repair; Cycle: turning epic -> after turning -> turning epic | \
     Children: turning child (waiting)",
    "turning child: waiting Stuck Repair; Cycle: turning epic -> after turning -> turning epic",
    "after turning: waiting Stuck Repair; Cycle: turning epic -> after turning -> turning epic",
    "parked epic: parked Stuck;",
    "its child: blocked Stuck Blocked;",
    "blocker: ready Flowing;",
    "is blocked: waiting Flowing; Dependency: blocker (ready), whose `blocks` names it",
    "halted: waiting Elsewhere; Pause: queue theirs is paused",
    "T: waiting Elsewhere; Pause: queue theirs is paused",
];

/// What a person can do something about, worst first.
const ROOTS: [&str; 28] = [
    "bad: Stuck Blocked",
    "parked: Stuck Parked",
    "parked first: Stuck Parked",
    "spent: Stuck Budget",
    "spent later: Stuck Budget",
    "odd: Stuck Other",
    "invalid: Stuck Other",
    "circle: Stuck Other",
    "circle 2: Stuck Other",
    "typo: Stuck Other",
    "child: Stuck Blocked",
    "turning epic: Stuck Other",
    "turning child: Stuck Other",
    "after turning: Stuck Other",
    "its child: Stuck Blocked",
    "reviewed: Person Review",
    "approval: Person Approval",
    "approval later: Person Approval",
    "by hand: Person Work",
    "in hand: Person Work",
    "wants hand: Person Other",
    "to review: Person Review",
    "obstructed: Person Other",
    "wants held: Person Other",
    "asks: Question Question",
    "foreign: Elsewhere Other",
    "wants far: Elsewhere Other",
    "halted: Elsewhere Other",
];

#[test]
fn every_situation_has_its_state_need_resolution_and_words() {
    let samples = project();
    let rows = look(&samples, conditions(&samples), |readiness| {
        let graph = readiness.graph();
        let resolutions = readiness.resolutions(mine(graph));
        let row = |node: Node| {
            let list = readiness.waiting(node, Naming::WithReason);
            let said: Vec<String> = list
                .into_iter()
                .map(|waiting| format!("{:?}: {}", waiting.kind, waiting.what))
                .collect();
            let need = readiness.need(node).map_or_else(String::new, |need| format!(" {need:?}"));
            let (id, state) = (graph.id(node), readiness.state(node).word());
            let resolution = resolutions[node.0 as usize];
            format!("{id}: {state} {resolution:?}{need}; {}", said.join(" | "))
                .trim_end()
                .to_owned()
        };
        graph.nodes().map(row).collect::<Vec<_>>()
    });
    assert_eq!(rows, NOW);
}

#[test]
fn a_backlog_counts_every_task_once_and_names_the_roots() {
    let samples = project();
    let (backlog, roots) = look(&samples, conditions(&samples), |readiness| {
        let graph = readiness.graph();
        let mut backlog = readiness.backlog(mine(graph));
        let roots = std::mem::take(&mut backlog.roots);
        let root = |root: &Root<Node>| {
            format!("{}: {:?} {:?}", graph.reference(root.task), root.resolution, root.cause)
        };
        (backlog, roots.iter().map(root).collect::<Vec<_>>())
    });
    let (complete, ready, running, flowing, later) = (2, 4, 3, 7, 2);
    let (elsewhere, asked, person, stuck, parked) = (3, 2, 9, 20, 3);
    let expected = Backlog {
        total: 52,
        complete,
        ready,
        running,
        flowing,
        later,
        elsewhere,
        asked,
        person,
        stuck,
        parked,
        roots: Vec::new(),
    };
    assert_eq!(roots, ROOTS);
    assert_eq!(backlog, expected);
}

#[test]
fn a_pause_of_an_agent_says_when_it_ends() {
    let typed = Typed::naming(" --queue q".to_owned());
    let at = |hours| noon() + chrono::TimeDelta::hours(hours);
    let local =
        |hours, format: &str| at(hours).with_timezone(&chrono::Local).format(format).to_string();
    let said = |hours, pause: AgentPause| AgentPause { until: at(hours), ..pause }.sentence(&typed);
    let soon = local(19, "%H:%M:%S");
    let what = "agent tired failed once within seconds";
    let resume = "or at once after workloop resume --queue q";
    assert_eq!(said(19, pause()), format!("{what}; next try at {soon}, {resume}"));
    let day = local(20, "%a %-d %b %H:%M");
    let helped = AgentPause { stand_in: Some("codex".to_owned()), ..pause() };
    let expected = format!("{what}; next try at {day}, {resume}; codex works meanwhile");
    assert_eq!(said(20, helped), expected);
    let out = AgentPause { kind: PauseKind::Auth, ..pause() };
    assert_eq!(said(1, out), format!("{what}; tried again by the next run"));
    let trying = AgentPause { trying: true, ..pause() };
    assert_eq!(said(1, trying), format!("{what}; one attempt tries it now"));
}

#[test]
fn a_stand_in_or_another_project_does_not_hold_a_task_back() {
    let samples = project();
    let rests = |change: &dyn Fn(&mut AgentPause)| {
        let mut pause = pause();
        change(&mut pause);
        let setting = move |all: &mut Conditions, _: &Graph| all.agent_pauses = vec![pause];
        look(&samples, setting, |readiness| {
            let node = find(readiness.graph(), "rests");
            let pauses = readiness.agent_pauses().len();
            (readiness.agent_pause(node).is_some(), readiness.waits_for_agent(node), pauses)
        })
    };
    assert_eq!(rests(&|_| {}), (true, true, 1));
    assert_eq!(rests(&|pause| pause.stand_in = Some("codex".to_owned())), (false, false, 1));
    assert_eq!(rests(&|pause| pause.root = PathBuf::from("/other")), (false, false, 1));
    assert_eq!(rests(&|pause| pause.agent = "other".to_owned()), (false, false, 1));
}

#[test]
fn long_lists_are_counted() {
    let of = |children: usize| {
        let child = |number: usize| child(&format!("c{number}"), "epic", Status::Pending);
        let all = std::iter::once(task("epic", &[])).chain((0..children).map(child));
        waiting(&[Sample::new("q", all.collect())], "epic").remove(0).1
    };
    assert_eq!(of(3), "c0 (ready), c1 (ready), c2 (ready)");
    assert_eq!(of(4), "c0 (ready), c1 (ready), c2 (ready), 1 more");
    let behind = |count: usize| {
        let firsts: Vec<String> = (0..count).map(|number| format!("T{number}")).collect();
        let mut tasks: Vec<Task> = firsts.iter().map(|id| task(id, &[])).collect();
        tasks.push(task("last", &firsts.iter().map(String::as_str).collect::<Vec<_>>()));
        let samples = [Sample::new("q", tasks)];
        let last = |readiness: &Readiness| {
            readiness.waiting(find(readiness.graph(), "last"), Naming::Brief)
        };
        look(&samples, |_, _| {}, last)
    };
    assert_eq!(behind(100).len(), 100);
    let list = behind(102);
    let last = Waiting { kind: WaitingKind::Dependency, what: "2 more".to_owned(), count: 2 };
    assert_eq!((list.len(), list.last()), (101, Some(&last)));
}

#[test]
fn reasons_are_told_unless_they_are_shown_elsewhere() {
    let samples = [Sample::new(
        "q",
        vec![
            with(task("odd", &[]), is(Status::Unknown)),
            with(task("bad", &[]), is(Status::Blocked)),
            task("open", &["typo"]),
            task("last", &["odd", "bad", "open"]),
        ],
    )];
    let said = |naming| {
        look(
            &samples,
            |_, _| {},
            |readiness| {
                let (graph, queues) = (readiness.graph(), readiness.queues);
                let told = crate::plan::readiness(graph, queues, readiness.conditions)
                    .with_reasons(|node| Some(format!("reason {}", node.0)));
                let list = told.waiting(find(graph, "last"), naming);
                let odd = told.waiting(find(graph, "odd"), naming).remove(0).what;
                (odd, list.into_iter().map(|one| one.what).collect::<Vec<_>>())
            },
        )
    };
    let reason = "reason 0".to_owned();
    let all = ["odd (waiting: reason 0)", "bad (blocked: reason 1)", "open (waiting)"];
    assert_eq!(said(Naming::WithReason), (reason.clone(), all.map(str::to_owned).to_vec()));
    let brief = ["odd (waiting)", "bad (blocked)", "open (waiting)"];
    assert_eq!(said(Naming::Brief), (reason, brief.map(str::to_owned).to_vec()));
}

#[test]
fn a_phase_waits_for_a_phase_and_tells_if_there_is_none() {
    let phased =
        |id: &str, phase: &str| with(task(id, &[]), |task| task.set_text(Field::Phase, phase));
    let tasks = vec![phased("A", "one"), phased("B", "two"), phased("C", "three")];
    let mut sample =
        Sample::new("q", tasks).phases(&[("one", true), ("two", false), ("three", false)]);
    sample.phases[2].depends_on = ["nine".into()].into_iter().collect();
    let samples = [sample];
    let held = (WaitingKind::Phase, "all of phase one: A (ready)".to_owned());
    assert_eq!(waiting(&samples, "B"), [held]);
    let unknown = "phase nine, which is not in `phases`".to_owned();
    assert_eq!(waiting(&samples, "C")[0], (WaitingKind::Phase, unknown));
}

#[test]
fn a_missing_gate_is_told_when_its_phase_is_done() {
    let phased = |id: &str, phase: &str, status| {
        with(task(id, &[]), |task| {
            task.set_text(Field::Phase, phase);
            task.status = status;
        })
    };
    let said = |first, gate: &[&str]| {
        let tasks = vec![phased("A", "one", first), phased("B", "two", Status::Pending)];
        let mut sample = Sample::new("q", tasks).phases(&[("one", true), ("two", false)]);
        sample.phases[0].gate = gate.iter().map(|name| Text::from(*name)).collect();
        waiting(&[sample], "B").into_iter().map(|(_, what)| what).collect::<Vec<_>>()
    };
    let missing = "the gate of phase one, which is not in the queue yet";
    assert_eq!(said(Status::Complete, &["full"]), [missing]);
    assert_eq!(said(Status::Pending, &["full"]), ["all of phase one: A (ready)"]);
    assert_eq!(said(Status::Pending, &[]), ["all of phase one: A (ready)"]);
    assert_eq!(said(Status::Complete, &[]), [""; 0]);
}

#[test]
fn switched_off_scopes_have_no_holder() {
    let samples = project();
    let off = |all: &mut Conditions, graph: &Graph| {
        conditions(&samples)(all, graph);
        all.scopes = ScopeMode::Off;
    };
    look(&samples, off, |readiness| {
        for id in ["wants far", "wants hand", "wants held", "wants other"] {
            let node = find(readiness.graph(), id);
            assert_eq!(readiness.scope_holder(node), None, "{id}");
            assert_eq!(readiness.state(node), State::Ready, "{id}");
        }
    });
}

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
