//! The data of a task that the program needs to pick, run and judge it.

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
use std::collections::HashMap;

/// The typed data of one task. Long texts stay in the text of the queue.
///
/// Facts that most tasks lack are stored separately as [`Detail`]s, so that a hundred thousand
/// plain tasks take a few megabytes and are quick to scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The id, unique in its file.
    pub id: TaskId,
    /// The priority: 0 comes first, `None` comes after every number.
    pub priority: Option<i64>,
    details: Details,
    /// How many times an agent has been started for the task.
    pub attempts: u32,
    /// The state of the task.
    pub status: Status,
    /// Whether a person must approve the start of the task.
    pub approval: Approval,
    /// `passes`.
    pub passes: Option<bool>,
    /// `verification_verdict`.
    pub verdict: Option<Verdict>,
}

const _: () = assert!(size_of::<Task>() <= 56);

/// `requires_approval` combined with `approved_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// No approval is needed.
    NotRequired,
    /// A person must run `workloop approve` first.
    Required,
    /// A person has approved it.
    Given,
}

/// Fields that name other tasks, besides `dependencies`, `child_tasks` and `parent`.
const RARE: [Field; 6] = [
    Field::Requires,
    Field::Needs,
    Field::After,
    Field::Prerequisites,
    Field::Steps,
    Field::Blocks,
];

impl Task {
    /// Creates a pending task with this id and no other data.
    pub fn new(id: TaskId) -> Self {
        Self::with_room(id, 0)
    }

    /// Creates a pending task with capacity for the given number of details.
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

    /// Returns whether this is a gate: verification only, no agent.
    pub fn is_gate(&self) -> bool {
        self.kind().is_some_and(|kind| kind.eq_ignore_ascii_case("gate"))
    }

    /// Returns whether the task is for a person. A task whose agent or type is `manual` or `human`
    /// is never run.
    pub fn is_persons(&self) -> bool {
        let letters = |word: &str| -> String {
            let kept = word.chars().filter(|c| c.is_alphanumeric());
            kept.flat_map(char::to_lowercase).collect()
        };
        let is_person = |word: &str| matches!(letters(word).as_str(), "manual" | "human");
        [self.agent(), self.kind()].into_iter().flatten().any(is_person)
    }

    /// Returns `type` as written.
    pub fn kind(&self) -> Option<&str> {
        self.details.text(Field::Type)
    }

    /// Returns `agent` as written.
    pub fn agent(&self) -> Option<&str> {
        self.details.text(Field::Agent)
    }

    /// Returns `phase` as text (`1` for the number 1).
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

    /// Returns the ids as written, from all spellings of the key together, without duplicates, in
    /// file order.
    pub fn dependencies(&self) -> &[Text] {
        self.details.list(Field::Dependencies)
    }

    /// Returns the texts of any list field. For `steps`, the list contains the tasks on which the
    /// steps depend.
    pub fn list(&self, field: Field) -> &[Text] {
        self.details.list(field)
    }

    /// Returns whether the task may name others in a field that is rarer than `dependencies`.
    pub fn names_by_rare_fields(&self) -> bool {
        self.details.has_list(&RARE)
    }

    /// Returns every text that may name a task which must be complete before this one, with its
    /// field.
    pub fn waits_for(&self) -> impl Iterator<Item = (Field, &Text)> {
        let of = |field: Field| self.list(field).iter().map(move |text| (field, text));
        Field::WAITS_FOR.into_iter().flat_map(of)
    }

    /// `tags`.
    pub fn tags(&self) -> &[Text] {
        self.details.list(Field::Tags)
    }

    /// `files_to_create`: literal paths, which are also in [`Task::files`].
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

    /// `conflict_paths`: where an attempt did not merge with changes that landed during it.
    pub fn conflict_paths(&self) -> &[Text] {
        self.details.list(Field::ConflictPaths)
    }

    /// `escalated_to`: the agent that runs the attempts since one of them failed.
    pub fn escalated_to(&self) -> Option<&str> {
        self.details.text(Field::EscalatedTo)
    }

    /// `child_tasks`.
    pub fn children(&self) -> &[Text] {
        self.details.list(Field::ChildTasks)
    }

    /// `verify`: names of verification profiles.
    pub fn verify(&self) -> &[Text] {
        self.details.list(Field::Verify)
    }

    /// `notify`: ids of tasks that get this task's artifacts.
    pub fn notify(&self) -> &[Text] {
        self.details.list(Field::Notify)
    }

    /// `not_before`: the task is not started before this time.
    pub fn not_before(&self) -> Option<DateTime<Utc>> {
        self.details.not_before()
    }

    /// `max_iterations`: the task's own attempt budget, if it has one.
    pub fn max_iterations(&self) -> Option<u32> {
        self.details.count(Field::MaxIterations)
    }

    /// `budget_used`: attempts that count against the budget, if the file records them.
    pub fn budget_used(&self) -> Option<u32> {
        self.details.count(Field::BudgetUsed)
    }

    /// `claim`, if its value is a valid claim.
    pub fn claim(&self) -> Option<&Claim> {
        self.details.claim()
    }

    /// `review`: work that passed waits for a person's review.
    pub fn review(&self) -> bool {
        self.details.flag(Field::Review)
    }

    /// Returns whether a person's answer may be about an error that can come again.
    pub fn teaches(&self) -> bool {
        self.details.flag(Field::Answers)
    }

    /// Returns whether its work passed and waits for a person's review. A blocked task whose
    /// verdict passed has no change that waits to land: its agent worked in the project itself.
    pub fn is_in_review(&self) -> bool {
        let waits = self.change().is_some_and(|change| change.waits == Waits::Review);
        let passed = matches!(self.verdict, Some(Verdict::Pass | Verdict::Skipped));
        let withheld = passed && self.passes == Some(false);
        self.status == Status::InProgress && waits || self.status == Status::Blocked && withheld
    }

    /// `change`: the verified change that waits to land.
    pub fn change(&self) -> Option<&Change> {
        self.details.change()
    }

    /// Returns what the file says about the task's duration.
    pub fn estimate(&self) -> Estimate {
        self.details.estimate()
    }

    /// Returns the fields whose value cannot be used. A task with such a field is never run.
    pub fn problems(&self) -> impl Iterator<Item = FieldProblem> + '_ {
        self.details.problems()
    }

    /// Returns whether the value of any field cannot be used.
    pub fn has_problems(&self) -> bool {
        self.problems().next().is_some()
    }

    /// Sets a detail, replacing any detail of the same field.
    pub fn set(&mut self, detail: Detail) {
        self.details.set(detail);
    }

    /// Sets a text field. An empty text removes the field.
    pub fn set_text(&mut self, field: Field, text: impl Into<Text>) {
        let text = text.into();
        if text.is_empty() {
            self.details.unset(field);
        } else {
            self.details.set(Detail::Text(field, text));
        }
    }

    /// Sets a list field. An empty list removes the field.
    pub fn set_list(&mut self, field: Field, list: impl IntoIterator<Item = impl Into<Text>>) {
        let list: Texts = list.into_iter().map(Into::into).collect();
        if list.is_empty() {
            self.details.unset(field);
        } else {
            self.details.set(Detail::List(field, list));
        }
    }

    /// Removes the list of a field and returns it.
    pub fn take_list(&mut self, field: Field) -> Texts {
        self.details.take_list(field)
    }

    /// Removes the details of a field.
    pub fn unset(&mut self, field: Field) {
        self.details.unset(field);
    }

    /// Removes the problem with a field.
    pub fn forgive(&mut self, field: Field) {
        self.details.forgive(field);
    }
}

/// An entry of a queue's `phases`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// The number or name as text, as tasks refer to it.
    pub phase: Text,
    /// The title; may be empty.
    pub name: Text,
    /// Whether no task of the next phase may start before all tasks of this one are complete.
    pub barrier: bool,
    /// Verification profiles that must pass before the next phase starts.
    pub gate: Texts,
    /// Verification profiles of its tasks that choose none in another way.
    pub verify: Texts,
    /// Phases that must be complete before this one starts, by number or name.
    pub depends_on: Texts,
}

/// The verification profiles that the phases of a queue choose for their tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseProfiles(HashMap<Text, Texts>);

impl PhaseProfiles {
    /// Collects them. If several entries are of one phase, the first one that names profiles
    /// counts.
    pub fn of(phases: &[Phase]) -> Self {
        let mut all = HashMap::new();
        for phase in phases.iter().filter(|phase| !phase.verify.is_empty()) {
            all.entry(phase.phase.clone()).or_insert_with(|| phase.verify.clone());
        }
        Self(all)
    }

    /// Returns the names that the phase of `task` chooses, if any.
    pub fn names(&self, task: &Task) -> &[Text] {
        task.phase().and_then(|phase| self.0.get(phase)).map_or(&[], |names| names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::Waits;

    fn plain() -> Task {
        Task::new(TaskId::new("A").expect("not empty"))
    }

    #[test]
    fn a_task_of_a_person_is_never_run() {
        for (agent, kind, persons) in [
            ("", "", false),
            ("manual", "", true),
            ("Human", "", true),
            ("", "MANUAL", true),
            ("claude", "hu-man", true),
            ("claude", "gate", false),
            ("humane", "", false),
        ] {
            let mut task = plain();
            task.set_text(Field::Agent, agent);
            task.set_text(Field::Type, kind);
            assert_eq!(task.is_persons(), persons, "{agent} {kind}");
            assert_eq!(task.is_gate(), kind == "gate");
        }
        let mut gate = plain();
        gate.set_text(Field::Type, "Gate");
        assert!(gate.is_gate());
    }

    #[test]
    fn work_is_in_review_if_it_passed_and_is_withheld() {
        let change = |waits| Change {
            commit: "c".to_owned(),
            base: "b".to_owned(),
            verdict: "PASS".to_owned(),
            waits,
            obstacle: None,
        };
        let (pass, fail) = (Some(Verdict::Pass), Some(Verdict::Fail));
        let withheld = Some(false);
        for (status, waits, verdict, passes, review) in [
            (Status::InProgress, Some(Waits::Review), None, None, true),
            (Status::InProgress, Some(Waits::Landing), pass, withheld, false),
            (Status::InProgress, None, pass, withheld, false),
            (Status::Blocked, None, pass, withheld, true),
            (Status::Blocked, None, Some(Verdict::Skipped), withheld, true),
            (Status::Blocked, None, pass, Some(true), false),
            (Status::Blocked, None, pass, None, false),
            (Status::Blocked, None, fail, withheld, false),
            (Status::Blocked, Some(Waits::Review), fail, withheld, false),
            (Status::Pending, Some(Waits::Review), pass, withheld, false),
        ] {
            let mut task = plain();
            (task.status, task.verdict, task.passes) = (status, verdict, passes);
            if let Some(waits) = waits {
                task.set(Detail::Change(Box::new(change(waits))));
            }
            assert_eq!(task.is_in_review(), review, "{status} {waits:?} {verdict:?} {passes:?}");
        }
    }
}
