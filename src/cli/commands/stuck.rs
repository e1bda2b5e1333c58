//! `stuck`: shows the tasks that make no progress, with the evidence.

use crate::cli::args::StuckArgs;
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::plan::{Node, State, WaitingKind};
use crate::store::attempts::reports;
use crate::views::json;
use crate::views::stuck::{self, Sign, StuckList, StuckView};
use crate::views::style::listed;
use crate::views::timing::measured;
use std::time::Duration;

/// The maximum number of tasks to report that wait behind others.
const BEHIND: usize = 1_000;

pub(super) fn run(args: &StuckArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?;
    reading.refuse_empty(&args.filter)?;
    let limit = reading.project.config().limits.progress_every.value;
    let look = session.look();
    let bytes = reading.look(|snapshot| {
        let nodes =
            snapshot.structure.graph.nodes().filter(|node| snapshot.includes(&scope, *node));
        let looked = Looked {
            snapshot,
            limit,
            measured: measured(&snapshot.queues[..snapshot.set.served()]),
        };
        let mut found = looked.all(nodes);
        found.sort_by_key(|one| one.sign);
        let typed = snapshot.set.typed.clone();
        let list = StuckList { schema_version: 1, stuck: found, typed };
        if args.json {
            return json::object(&list);
        }
        Ok(stuck::text(&list, look).into_bytes())
    })?;
    session.print(bytes)
}

/// The inputs for examining tasks.
struct Looked<'a> {
    snapshot: &'a Snapshot<'a>,
    /// How long an attempt may be silent.
    limit: Duration,
    measured: Vec<Duration>,
}

impl Looked<'_> {
    fn all(&self, nodes: impl Iterator<Item = Node>) -> Vec<StuckView> {
        let mut found = Vec::new();
        let mut behind = 0;
        for node in nodes {
            let task = self.snapshot.readiness.task(node);
            match self.snapshot.readiness.state(node) {
                State::InProgress => self.running(node, &mut found),
                State::Ready => {
                    if self.snapshot.sources().is_worker_gone(node) {
                        let evidence =
                            "its worker is gone, and no loop has picked it up".to_owned();
                        found.push(self.made(node, Sign::WorkerGone, evidence, "why"));
                    }
                }
                State::Waiting if behind < BEHIND => {
                    let waits = self.behind(node);
                    behind += usize::from(waits.is_some());
                    found.extend(waits);
                }
                State::Waiting | State::Blocked | State::Complete | State::Parked => {}
            }
            if task.attempts > 1 && self.snapshot.readiness.state(node) != State::Complete {
                let (place, key) = self.snapshot.key(node);
                let reports = reports(&self.snapshot.set.state(place.queue), &key);
                let same = stuck::same_change(&reports);
                found.extend(same.map(|same| self.made(node, Sign::SameChange, same, "why")));
            }
        }
        found
    }

    fn running(&self, node: Node, found: &mut Vec<StuckView>) {
        let Some(live) = self.snapshot.sources().task(node).live else { return };
        if let Some(evidence) = stuck::silent(&live, self.limit) {
            found.push(self.made(node, Sign::Silent, evidence, "log"));
        }
        if let Some(evidence) = stuck::slow(&live, &self.measured) {
            found.push(self.made(node, Sign::Slow, evidence, "log"));
        }
    }

    /// Reports a task that waits for another one which cannot proceed without a person.
    fn behind(&self, node: Node) -> Option<StuckView> {
        let waits = self.snapshot.sources().waiting(node);
        let is_stuck = |what: &str| {
            // The text has the form `B (blocked: …)`.
            let state = what.split_once(" (").map_or("", |(_, state)| state);
            state.starts_with("blocked") || state.starts_with("parked")
        };
        let stuck: Vec<String> = waits
            .into_iter()
            .filter(|waiting| match waiting.kind {
                WaitingKind::Dependency | WaitingKind::Children | WaitingKind::Phase => {
                    is_stuck(&waiting.what)
                }
                WaitingKind::Cycle | WaitingKind::Unknown | WaitingKind::Ambiguous => true,
                WaitingKind::Approval
                | WaitingKind::Scope
                | WaitingKind::NotBefore
                | WaitingKind::AgentLimit
                | WaitingKind::ForeignClaim
                | WaitingKind::Pause
                | WaitingKind::Invalid
                | WaitingKind::Manual
                | WaitingKind::Budget => false,
            })
            .map(|waiting| waiting.what)
            .collect();
        let evidence = format!("waits for {}", listed(&stuck, 4));
        (!stuck.is_empty()).then(|| self.made(node, Sign::Behind, evidence, "why"))
    }

    fn made(&self, node: Node, sign: Sign, evidence: String, verb: &str) -> StuckView {
        let id = self.snapshot.structure.graph.reference(node);
        let sources = self.snapshot.sources();
        let (queue, index) = sources.place(node);
        StuckView {
            queue: sources.queue_of(node).to_owned(),
            worker: queue.tasks()[index].claim().map(|claim| claim.worker.clone()),
            sign,
            evidence,
            command: self.snapshot.set.typed.about(verb, &id),
            id,
        }
    }
}
