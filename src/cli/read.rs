//! Shared by the verbs that only read: queues with their readiness, without a lock.

use super::args::FilterArgs;
use super::failure::Failure;
use super::filter::refuse_empty;
use super::follow::Follow;
use super::open::as_typed;
use super::session::Session;
use super::trails::Trails;
use crate::claims::{ClaimReader, ThisHost};
use crate::config::Selection;
use crate::domain::QueueIx;
use crate::engine::agent_pauses;
use crate::plan::{self, Conditions, EstimateRules, Naming, Node, QueueTasks, Readiness};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::terminal;
use crate::project::{
    Among, Neighbours, Project, QueueSet, Scope, Seen, Structure, others_claims, paused,
    ranking_rules, resolve,
};
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskKey};
use crate::views::known::Known;
use crate::views::mask::Mask;
use crate::views::style::Look;
use crate::views::view::Sources;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::Path;

/// The width of text on a terminal of unknown width.
const WIDTH: usize = 80;

/// Queues that are read, once or repeatedly.
pub(super) struct Reading {
    /// The queues. They are not dropped: the process exits with the verb, and dropping takes time.
    pub(super) project: ManuallyDrop<Project>,
    /// The secrets that must not be shown.
    pub(super) mask: Mask,
    structure: ManuallyDrop<Option<Structure>>,
    rules: EstimateRules,
    shown: Vec<String>,
}

/// The queues at one moment.
pub(super) struct Snapshot<'a> {
    pub(super) set: &'a QueueSet,
    pub(super) queues: &'a [Queue],
    pub(super) tasks: &'a [QueueTasks<'a>],
    pub(super) structure: &'a Structure,
    pub(super) readiness: &'a Readiness<'a>,
    mask: &'a Mask,
    shown: &'a [String],
    known: &'a dyn Fn(Node) -> Known,
}

impl Reading {
    /// Opens the selected queues.
    pub(super) fn open(session: &mut Session<'_>, selection: Selection) -> Result<Self, Failure> {
        let queues = selection.queues.clone();
        Ok(session.try_open(selection).map_err(|error| as_typed(error, &queues))?)
    }

    /// Uses the estimate rules by which a loop ranks.
    pub(super) fn ranked(self) -> Self {
        let rules = ranking_rules(self.project.set(), self.project.queues());
        self.with_rules(rules)
    }

    /// Uses other estimate rules.
    pub(super) fn with_rules(mut self, rules: EstimateRules) -> Self {
        self.rules = rules;
        self
    }

    /// Rejects filters that no task matches.
    ///
    /// # Errors
    /// Fails as wrong usage, with the existing values.
    pub(super) fn refuse_empty(&self, filter: &FilterArgs) -> Result<(), Failure> {
        refuse_empty(filter, self.project.served())
    }

    /// Calls `see` with a snapshot of the queues as they were last read.
    pub(super) fn look<T>(&mut self, see: impl FnOnce(&Snapshot<'_>) -> T) -> T {
        let (set, queues) = (self.project.set(), self.project.queues());
        let structure = &*self.structure.insert(Structure::build(set, queues, &self.rules));
        let tasks = set.tasks(queues);
        let conditions = conditions(set, queues, structure);
        let reason = |node: Node| {
            let (queue, task) = structure.graph.location(node);
            let word = structure.unknown_word(queues, node);
            let word = word.map(|word| format!("its status `{word}` is unknown"));
            word.or_else(|| queues[queue].text(task, crate::domain::Field::Error))
        };
        let readiness = plan::readiness(&structure.graph, &tasks, &conditions);
        let readiness = readiness.with_reasons(reason);
        let trails = Trails::of(set);
        let known = |node: Node| trails.known((set, queues), structure, node, &self.mask);
        see(&Snapshot {
            known: &known,
            set,
            queues,
            tasks: &tasks,
            structure,
            readiness: &readiness,
            mask: &self.mask,
            shown: &self.shown,
        })
    }

    /// Follows the changes of the queues and of their journals.
    pub(super) fn follow(&self) -> Follow {
        let set = self.project.set();
        let queues: Vec<&Path> = set.all_real().collect();
        Follow::queues(set.control(), &queues, set.served())
    }
}

impl<'a> Snapshot<'a> {
    /// Returns the inputs of views.
    pub(super) fn sources(&self) -> Sources<'a> {
        Sources {
            queues: self.queues,
            shown: self.shown,
            served: self.set.served(),
            readiness: self.readiness,
            mask: self.mask,
            estimates: &self.structure.estimates,
            known: Some(self.known),
            naming: Naming::WithReason,
        }
    }

    /// Returns whether a task is in a served queue and in scope.
    pub(super) fn includes(&self, scope: &Scope, node: Node) -> bool {
        self.set.serves(self.structure.graph.location(node).0)
            && scope.includes(self.readiness.task(node))
    }

    /// Returns the place of a task, and the key of its folders.
    pub(super) fn key(&self, node: Node) -> (Place, TaskKey) {
        let (queue, task) = self.structure.graph.location(node);
        let id = self.structure.graph.id(node);
        (Place { queue, task }, self.set.queue(queue).task(id))
    }

    /// Returns the task to which the reference `text` resolves.
    pub(super) fn find(&self, text: &str) -> Result<Node, Failure> {
        let place = resolve(self.set, self.queues, text, Among::All)?;
        Ok(self.structure.graph.node(place.queue, place.task))
    }
}

/// Collects everything outside the queues that determines which tasks are ready.
fn conditions(set: &QueueSet, queues: &[Queue], structure: &Structure) -> Conditions {
    let (now, system) = (SystemClock.now(), ThisHost::current());
    let reader = ClaimReader::new(&**set.claims(), &system);
    let seen = Seen {
        now,
        paused: paused(set, queues.len()),
        agent_pauses: agent_pauses(set, now),
        claims: others_claims(set, queues, 0, &reader),
        // A view makes no decisions, so neighbours that cannot be read are left out.
        outside: Neighbours::default().running(set, queues, &reader).unwrap_or_default(),
    };
    seen.conditions(set, queues, structure)
}

impl Session<'_> {
    /// Opens the selected queues for reading. Returns the unconverted error.
    pub(super) fn try_open(&self, selection: Selection) -> Result<Reading, StoreError> {
        let project = self.open_project(selection)?;
        let mask = Mask::new(&project.config().and_own(&self.world.vars));
        let set = project.set();
        let all = QueueIx::first(project.queues().len());
        let shown = all.map(|queue| set.queue(queue).shown().to_string()).collect();
        let (project, structure) = (ManuallyDrop::new(project), ManuallyDrop::default());
        let rules = EstimateRules::default();
        Ok(Reading { project, mask, structure, rules, shown })
    }

    /// Returns how text on standard output is formatted.
    pub(super) fn look(&self) -> Look {
        let out = &self.streams.out;
        let width = out.is_terminal().then(|| terminal::width().unwrap_or(WIDTH));
        Look { color: out.color(), width }
    }

    /// Returns how text on standard error is formatted.
    pub(super) fn look_of_stderr(&self) -> Look {
        let err = &self.streams.err;
        let columns = || terminal::size_of_stderr().map_or(WIDTH, |(columns, _)| columns);
        Look { color: err.color(), width: err.is_terminal().then(columns) }
    }

    /// Writes to standard output and flushes it.
    pub(super) fn print(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.streams.out.write_all(bytes.as_ref())?;
        Ok(self.streams.out.flush()?)
    }
}
