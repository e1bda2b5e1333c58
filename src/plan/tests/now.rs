//! One project in which a task is in every situation: its state, what it waits for, what must
//! happen, and what a person can do.

use super::*;
use crate::domain::{Approval, Change, Claim, Liveness, PauseKind, QueueIx, Typed, Waits};

mod held;
mod told;

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
