//! What the program needs to know of a task to pick, run and judge it.

use super::claim::Claim;
use super::field::Field;
use super::id::TaskId;
use super::status::Status;
use super::verdict::Verdict;
use chrono::{DateTime, Utc};
use std::ops::{Deref, DerefMut};

/// The typed reading of one task. Long texts stay in the queue's own text.
///
/// What most tasks do not say stands apart and is read as if it stood here, so that a hundred
/// thousand plain tasks are a few megabytes, and a look at all of them is a short one.
#[derive(Clone, Debug)]
pub struct Task {
    /// The id, unique in its file.
    pub id: TaskId,
    /// 0 first; `None` ranks after every given one.
    pub priority: Option<i64>,
    /// Ids as written, all spellings of the key together, doubles dropped, in file order.
    pub dependencies: Vec<String>,
    /// `None` stands for [`NO_DETAILS`].
    details: Option<Box<Details>>,
    /// Agent starts so far.
    pub attempts: u32,
    /// The state.
    pub status: Status,
    /// Whether a person must say yes first.
    pub approval: Approval,
    /// `passes`.
    pub passes: Option<bool>,
    /// `verification_verdict`.
    pub verdict: Option<Verdict>,
}

/// What a task may say besides; read and written through its [`Task`].
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// `type` as written.
    pub kind: Option<String>,
    /// `agent` as written.
    pub agent: Option<String>,
    /// `phase` as text (`1` for the number 1).
    pub phase: Option<String>,
    /// `track`.
    pub track: Option<String>,
    /// `epic`.
    pub epic: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `file`, `files`, `files_to_modify`: literal paths.
    pub files: Vec<String>,
    /// `scope`: paths or globs.
    pub scope: Vec<String>,
    /// Not started before this time.
    pub not_before: Option<DateTime<Utc>>,
    /// `parent`.
    pub parent: Option<String>,
    /// `child_tasks`.
    pub children: Vec<String>,
    /// Budget of attempts of this task, where it has its own.
    pub max_iterations: Option<u32>,
    /// Attempts that count against the budget, where the file says so.
    pub budget_used: Option<u32>,
    /// `claim`, where it is one.
    pub claim: Option<Claim>,
    /// What the file says about how long it takes.
    pub estimate: Estimate,
    /// Names of verification profiles.
    pub verify: Vec<String>,
    /// Ids that get this task's artifacts.
    pub notify: Vec<String>,
    /// Fields whose value is of no use; a task with one is never run.
    pub problems: Vec<FieldProblem>,
}

/// Those of a task that says nothing besides.
static NO_DETAILS: Details = Details::none();

/// `requires_approval` together with `approved_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nothing to approve.
    NotRequired,
    /// A person must run `workloop approve` first.
    Required,
    /// A person did.
    Given,
}

/// `effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "sizes speak for themselves")]
pub enum Effort {
    S,
    M,
    L,
    XL,
}

/// The estimate as the file gives it; which part counts is the planner's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// `estimated_minutes`.
    pub minutes: Option<f64>,
    /// `estimated_hours`, low and high (equal for one number).
    pub hours: Option<(f64, f64)>,
    /// `effort`.
    pub effort: Option<Effort>,
}

/// A known field with a value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What it should be, in words: "must be a list of ids".
    pub expected: &'static str,
}

impl Task {
    /// A pending task with this id and nothing else.
    pub fn new(id: TaskId) -> Self {
        Self {
            id,
            priority: None,
            dependencies: Vec::new(),
            details: None,
            attempts: 0,
            status: Status::Pending,
            approval: Approval::NotRequired,
            passes: None,
            verdict: None,
        }
    }

    /// Whether this is a gate: verification only, no agent.
    pub fn is_gate(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("gate"))
    }
}

impl Deref for Task {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details.as_deref().unwrap_or(&NO_DETAILS)
    }
}

impl DerefMut for Task {
    fn deref_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_with(|| Box::new(Details::none()))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        let own = |task: &Self| {
            let Self { priority, attempts, status, approval, passes, verdict, .. } = *task;
            (priority, attempts, status, approval, passes, verdict)
        };
        // Details that were made and say nothing are none.
        own(self) == own(other)
            && self.id == other.id
            && self.dependencies == other.dependencies
            && **self == **other
    }
}

impl Details {
    /// Nothing said.
    const fn none() -> Self {
        Self {
            kind: None,
            agent: None,
            phase: None,
            track: None,
            epic: None,
            tags: Vec::new(),
            files: Vec::new(),
            scope: Vec::new(),
            not_before: None,
            parent: None,
            children: Vec::new(),
            max_iterations: None,
            budget_used: None,
            claim: None,
            estimate: Estimate { minutes: None, hours: None, effort: None },
            verify: Vec::new(),
            notify: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// An entry of a queue's `phases`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Its number or name as text, as tasks refer to it.
    pub phase: String,
    /// Its title.
    pub name: Option<String>,
    /// No task of the next phase starts before all of this one is complete.
    pub barrier: bool,
    /// Verification profiles that must pass before the next phase.
    pub gate: Vec<String>,
}
