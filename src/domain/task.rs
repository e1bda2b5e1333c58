//! What the program needs to know of a task to pick, run and judge it.

use super::change::{Change, Waits};
use super::claim::Claim;
use super::detail::{Detail, Details};
use super::estimate::Estimate;
use super::field::{Field, FieldProblem};
use super::id::TaskId;
use super::status::Status;
use super::text::{Text, Texts};
use super::verdict::Verdict;
use chrono::{DateTime, Utc};

/// The typed reading of one task. Long texts stay in the queue's own text.
///
/// What most tasks do not say is kept apart as [`Detail`]s, so that a hundred thousand plain tasks
/// are a few megabytes, and a look at all of them is a short one.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The id, unique in its file.
    pub id: TaskId,
    /// 0 first; `None` ranks after every given one.
    pub priority: Option<i64>,
    details: Details,
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

const _: () = assert!(size_of::<Task>() <= 56);

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

/// What names tasks beside `dependencies`, `child_tasks` and `parent`.
const RARE: [Field; 6] = [
    Field::Requires,
    Field::Needs,
    Field::After,
    Field::Prerequisites,
    Field::Steps,
    Field::Blocks,
];

impl Task {
    /// A pending task with this id and nothing else.
    pub fn new(id: TaskId) -> Self {
        Self::with_room(id, 0)
    }

    /// The same, with room for so many details.
    pub fn with_room(id: TaskId, details: usize) -> Self {
        Self {
            id,
            priority: None,
            details: Details::with_room(details),
            attempts: 0,
            status: Status::Pending,
            approval: Approval::NotRequired,
            passes: None,
            verdict: None,
        }
    }

    /// Whether this is a gate: verification only, no agent.
    pub fn is_gate(&self) -> bool {
        self.kind().is_some_and(|kind| kind.eq_ignore_ascii_case("gate"))
    }

    /// Whether a person does it: `manual` and `human`, as agent or as type, are never run.
    pub fn is_persons(&self) -> bool {
        let letters = |word: &str| -> String {
            let kept = word.chars().filter(|c| c.is_alphanumeric());
            kept.flat_map(char::to_lowercase).collect()
        };
        let is_person = |word: &str| matches!(letters(word).as_str(), "manual" | "human");
        [self.agent(), self.kind()].into_iter().flatten().any(is_person)
    }

    /// `type` as written.
    pub fn kind(&self) -> Option<&str> {
        self.details.text(Field::Type)
    }

    /// `agent` as written.
    pub fn agent(&self) -> Option<&str> {
        self.details.text(Field::Agent)
    }

    /// `phase` as text (`1` for the number 1).
    pub fn phase(&self) -> Option<&str> {
        self.details.text(Field::Phase)
    }

    /// `track`.
    pub fn track(&self) -> Option<&str> {
        self.details.text(Field::Track)
    }

    /// `epic`.
    pub fn epic(&self) -> Option<&str> {
        self.details.text(Field::Epic)
    }

    /// `parent`.
    pub fn parent(&self) -> Option<&str> {
        self.details.text(Field::Parent)
    }

    /// Ids as written, all spellings of the key together, doubles dropped, in file order.
    pub fn dependencies(&self) -> &[Text] {
        self.details.list(Field::Dependencies)
    }

    /// The texts of any list that is read of a task, `steps` standing for the tasks on which its
    /// steps depend.
    pub fn list(&self, field: Field) -> &[Text] {
        self.details.list(field)
    }

    /// Whether the task may name others by a field that is rarer than `dependencies`.
    pub fn names_by_rare_fields(&self) -> bool {
        self.details.has_list(&RARE)
    }

    /// Every text that may name a task which is to be complete before this one, and its field.
    pub fn waits_for(&self) -> impl Iterator<Item = (Field, &Text)> {
        let of = |field: Field| self.list(field).iter().map(move |text| (field, text));
        Field::WAITS_FOR.into_iter().flat_map(of)
    }

    /// `tags`.
    pub fn tags(&self) -> &[Text] {
        self.details.list(Field::Tags)
    }

    /// `files_to_create`: literal paths, which are among [`Task::files`] as well.
    pub fn files_to_create(&self) -> &[Text] {
        self.details.list(Field::FilesToCreate)
    }

    /// `file`, `files`, `files_to_modify`, `files_to_create`: literal paths.
    pub fn files(&self) -> &[Text] {
        self.details.list(Field::Files)
    }

    /// `scope`: paths or globs.
    pub fn scope(&self) -> &[Text] {
        self.details.list(Field::Scope)
    }

    /// `conflict_paths`: where an attempt did not merge with what landed meanwhile.
    pub fn conflict_paths(&self) -> &[Text] {
        self.details.list(Field::ConflictPaths)
    }

    /// `escalated_to`: the agent that its attempts are given to since one of them failed.
    pub fn escalated_to(&self) -> Option<&str> {
        self.details.text(Field::EscalatedTo)
    }

    /// `child_tasks`.
    pub fn children(&self) -> &[Text] {
        self.details.list(Field::ChildTasks)
    }

    /// Names of verification profiles.
    pub fn verify(&self) -> &[Text] {
        self.details.list(Field::Verify)
    }

    /// Ids that get this task's artifacts.
    pub fn notify(&self) -> &[Text] {
        self.details.list(Field::Notify)
    }

    /// Not started before this time.
    pub fn not_before(&self) -> Option<DateTime<Utc>> {
        self.details.not_before()
    }

    /// Budget of attempts of this task, where it has its own.
    pub fn max_iterations(&self) -> Option<u32> {
        self.details.count(Field::MaxIterations)
    }

    /// Attempts that count against the budget, where the file says so.
    pub fn budget_used(&self) -> Option<u32> {
        self.details.count(Field::BudgetUsed)
    }

    /// `claim`, where it is one.
    pub fn claim(&self) -> Option<&Claim> {
        self.details.claim()
    }

    /// `review`: work that passed waits for a person's yes.
    pub fn review(&self) -> bool {
        self.details.flag(Field::Review)
    }

    /// Whether what people answered may be about an error that comes again.
    pub fn teaches(&self) -> bool {
        self.details.flag(Field::Answers)
    }

    /// Whether its work passed and waits for a person's yes. A blocked task with a verdict that passed is
    /// one for which no change waits: its agent worked in the project itself.
    pub fn is_in_review(&self) -> bool {
        let waits = self.change().is_some_and(|change| change.waits == Waits::Review);
        let passed = matches!(self.verdict, Some(Verdict::Pass | Verdict::Skipped));
        let withheld = passed && self.passes == Some(false);
        self.status == Status::InProgress && waits || self.status == Status::Blocked && withheld
    }

    /// `change`: what it did waits to land.
    pub fn change(&self) -> Option<&Change> {
        self.details.change()
    }

    /// What the file says about how long it takes.
    pub fn estimate(&self) -> Estimate {
        self.details.estimate()
    }

    /// Fields whose value is of no use; a task with one is never run.
    pub fn problems(&self) -> impl Iterator<Item = FieldProblem> + '_ {
        self.details.problems()
    }

    /// Whether the value of a field is of no use.
    pub fn has_problems(&self) -> bool {
        self.problems().next().is_some()
    }

    /// Takes a detail instead of what was said of the same field.
    pub fn set(&mut self, detail: Detail) {
        self.details.set(detail);
    }

    /// Takes a text, of which the empty one says nothing.
    pub fn set_text(&mut self, field: Field, text: impl Into<Text>) {
        let text = text.into();
        if text.is_empty() {
            self.details.unset(field);
        } else {
            self.details.set(Detail::Text(field, text));
        }
    }

    /// Takes a list, of which the empty one says nothing.
    pub fn set_list(&mut self, field: Field, list: impl IntoIterator<Item = impl Into<Text>>) {
        let list: Texts = list.into_iter().map(Into::into).collect();
        if list.is_empty() {
            self.details.unset(field);
        } else {
            self.details.set(Detail::List(field, list));
        }
    }

    /// Takes the list of a field out.
    pub fn take_list(&mut self, field: Field) -> Texts {
        self.details.take_list(field)
    }

    /// Drops what was said of a field.
    pub fn unset(&mut self, field: Field) {
        self.details.unset(field);
    }

    /// Drops the problem with a field.
    pub fn forgive(&mut self, field: Field) {
        self.details.forgive(field);
    }
}

/// An entry of a queue's `phases`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Its number or name as text, as tasks refer to it.
    pub phase: Text,
    /// Its title; empty for none.
    pub name: Text,
    /// No task of the next phase starts before all of this one is complete.
    pub barrier: bool,
    /// Verification profiles that must pass before the next phase.
    pub gate: Texts,
    /// Phases that must be complete before this one, by number or name.
    pub depends_on: Texts,
}
