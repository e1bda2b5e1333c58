//! What a change does with the results of attempts, in small projects in memory.

mod answers;
mod apply;
mod changes;
mod configured;
mod elsewhere;

mod on_red;
mod over;
mod settled;
mod trees;

use crate::claims::{Keeper, Processes, System};
use crate::config::{self, SelectedQueue, Selection};
use crate::domain::{
    Checked, ClaimToken, Event, Outcome, QueueIx, ReasonCode, StepKind, StepReport, Typed, Verdict,
    WorkerId,
};
use crate::engine::attempt::{
    CameTo, Carried, Finished, Fixed, Source, Untouched, entry, not_started,
};
use crate::platform::claim_tag::Carried as Tags;
use crate::platform::clock::Clock;
use crate::platform::host::Host;
use crate::platform::ids::{CountingIds, Ids};
use crate::platform::process::TreeEnd;
use crate::platform::scan::Process;
use crate::project::{Among, Planner, Project};
use crate::queue::Queue;
use crate::store::memory::Memory;
use crate::store::{Draft, Place};
use crate::supervisor::Abandoned;
use crate::workspace::Oid;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// One agent and one step. What a test adds begins in `[limits]`.
const CONFIG: &str = "[agents.default]\nrun = \"true\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n\
                      [limits]\n";
/// The worker that has the claims of [`claimed`].
const WORKER: &str = "h:7:00000000";

/// Changes the end of an attempt.
type Change = fn(&mut Finished);
/// The kind of an event, and its data.
type Noted = (String, Map<String, Value>);

/// A clock that stands still.
#[derive(Debug)]
pub(super) struct Still(pub(super) DateTime<Utc>, pub(super) Instant);

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn monotonic(&self) -> Instant {
        self.1
    }
}

/// Returns the time `seconds` after the moment of all changes.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000 + seconds, 0).unwrap()
}

fn still() -> Still {
    Still(at(0), Instant::now())
}

/// Returns the clock and the names of a loop.
fn tools() -> (Arc<dyn Clock>, Arc<dyn Ids>) {
    (Arc::new(still()), Arc::new(CountingIds::default()))
}

/// A host with a table of processes, seen by process 7.
#[derive(Debug)]
struct Table {
    host: Host,
    alive: Vec<u32>,
    /// What a process carries that does not end.
    stubborn: Option<String>,
}

impl Table {
    fn new(alive: &[u32]) -> Self {
        let word = |text: &str| text.to_owned();
        let host = Host { name: word("h"), id: word("0123abcd"), boot: word("4567cdef") };
        Self { host, alive: alive.to_vec(), stubborn: None }
    }
}

impl System for Table {
    fn host(&self) -> &Host {
        &self.host
    }

    fn own(&self) -> (u32, u64) {
        (7, 1)
    }

    fn distrust(&self) -> Option<String> {
        None
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        start == 1 && self.alive.contains(&pid)
    }

    fn look(&self) -> io::Result<Processes> {
        Ok(Processes::of(self.stubborn.iter().map(|tags| Tags::of(tags)).collect()))
    }

    fn end(&self, _: &Abandoned<'_>) -> io::Result<TreeEnd> {
        let process = Process { pid: 98, parent: 1, group: 98, session: 98, start: 1, dead: false };
        let left = self.stubborn.iter().map(|_| process).collect();
        Ok(TreeEnd { ended: 0, left, unreadable: Vec::new() })
    }
}

/// A project with one queue in memory. Its state is in a folder.
struct Case {
    memory: Memory,
    project: Project,
    queue: PathBuf,
    _dir: tempfile::TempDir,
}

impl Case {
    /// Creates it with these tasks; `more` follows [`CONFIG`].
    fn new(more: &str, tasks: Value) -> Self {
        Self::of(&format!("{CONFIG}{more}"), &json!({"tasks": tasks}))
    }

    fn of(config: &str, queue: &Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("q.json");
        let config = config::parse(&dir.path().join("workloop.toml"), config).unwrap();
        let memory = Memory::default();
        memory.put(&path, queue.to_string());
        let selected = SelectedQueue {
            path: path.clone(),
            shown: path.clone(),
            name: "q".to_owned(),
            aliases: vec!["q".to_owned()],
            project: None,
        };
        let selection = Selection { config, queues: vec![selected], typed: Typed::default() };
        let project = Project::open(selection, Box::new(memory.at(Arc::new(still())))).unwrap();
        Self { memory, project, queue: path, _dir: dir }
    }

    fn place(&self, id: &str) -> Place {
        self.project.resolve(id, Among::Served).unwrap()
    }

    /// Returns a copy of the queues, for a draft.
    fn queues(&self) -> Vec<Queue> {
        self.project.queues().to_vec()
    }

    fn keeper(&self, alive: &[u32]) -> Keeper {
        self.keeper_on(Table::new(alive))
    }

    fn keeper_on(&self, table: Table) -> Keeper {
        Keeper::new(Arc::clone(self.project.set().claims()), Arc::new(table))
    }

    /// Returns the end of the attempt for which a task is claimed, as if it had been interrupted.
    fn interrupted(&self, id: &str) -> Finished {
        let (set, queues) = (self.project.set(), self.project.queues());
        let structure = Planner::default().structure(set, queues);
        let (untouched, place) = (Untouched::default(), self.place(id));
        let graph = &structure.graph;
        let source = Source { set, queues, graph, vars: &[], untouched: &untouched, pauses: &[] };
        let token = queues[place.queue].tasks()[place.task].claim().unwrap().token();
        let job = source.job(place, token, &Fixed::default()).unwrap();
        let outcome = Outcome::Interrupted;
        let mut finished = not_started(job, outcome, "interrupted".to_owned(), &still());
        finished.report.reason_code = None;
        finished
    }

    /// Returns the same attempt as one that passed.
    fn passed(&self, id: &str) -> Finished {
        let mut finished = self.interrupted(id);
        let report = &mut finished.report;
        (report.outcome, report.verdict, report.reason) =
            (Outcome::Exited { code: 0 }, Some(Verdict::Pass), None);
        report.steps = vec![step(StepKind::Agent, "agent", 0), step(StepKind::Verify, "test", 0)];
        finished
    }

    /// Returns the same attempt as one that failed at its step.
    fn failed(&self, id: &str) -> Finished {
        let mut finished = self.passed(id);
        let report = &mut finished.report;
        (report.verdict, report.reason) =
            (Some(Verdict::Fail), Some("step test: exit status 1".to_owned()));
        report.reason_code = Some(ReasonCode::TestsFailed);
        report.steps[1] = step(StepKind::Verify, "test", 1);
        finished
    }
}

fn step(kind: StepKind, name: &str, code: i32) -> StepReport {
    StepReport {
        kind,
        name: name.to_owned(),
        outcome: Outcome::Exited { code },
        millis: 30_000,
        log: String::new(),
        checked: Checked::default(),
    }
}

/// Returns a task that [`WORKER`] has claimed for this attempt.
fn claimed(id: &str, attempt: u32) -> Value {
    json!({"id": id, "title": id, "status": "in_progress", "attempts": attempt,
        "claim": {"worker": WORKER, "attempt": attempt, "since": "", "tag": "ab".repeat(16)}})
}

/// Returns `task` with more keys.
fn with(mut task: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    task.as_object_mut().unwrap().extend(more);
    task
}

fn token(attempt: u32) -> ClaimToken {
    ClaimToken { worker: WorkerId::new(WORKER), attempt }
}

/// Returns a task of a draft as JSON.
fn written(draft: &Draft<'_>, place: Place) -> Value {
    serde_json::from_str(draft.queues()[place.queue].task_text(place.task)).unwrap()
}

/// Returns the kinds of the events of a draft with their data.
fn events(draft: Draft<'_>) -> Vec<Noted> {
    let kind = |event: &Event| json!(event.event).as_str().unwrap_or_default().to_owned();
    draft.into_events().into_iter().map(|(_, event)| (kind(&event), event.data)).collect()
}

/// Returns a captured change of an attempt that came this far.
fn carried(finished: &Finished, came_to: CameTo) -> Carried {
    let object = |digit: &str| Oid::parse(&digit.repeat(40)).unwrap();
    Carried { entry: entry(&finished.job, object("b"), object("c")), came_to }
}
