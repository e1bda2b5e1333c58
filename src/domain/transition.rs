//! The only ways in which a task changes state.
//!
//! [`apply`](fn@super::apply) takes a task and a [`Transition`] and returns the [`Changes`] to
//! write, or an error that explains why the transition is illegal and which verbs are legal
//! instead. The queue document decides how a change looks in the file (spelling, indentation,
//! order).

use super::change::{Change, Landed};
use super::claim::Claim;
use super::field::Field;
use super::question::OpenQuestion;
use super::status::Status;
use super::verdict::Verdict;
use serde_json::Value;

/// A change to one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Sets the state, in the spelling that the file uses.
    Status(Status),
    /// Sets the value.
    Set(Value),
    /// Sets the value if the key is absent or null; otherwise does nothing.
    Default(Value),
    /// Sets the value if the key exists; otherwise does nothing.
    Replace(Value),
    /// Sets `null` if the key exists; otherwise does nothing.
    Clear,
    /// Removes the key.
    Remove,
}

/// The fields that a transition changes, in the order in which missing keys are added.
pub type Changes = Vec<(Field, Write)>;

/// What a finished attempt records on its task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Files that changed, relative to the project root.
    pub files_changed: Vec<String>,
    /// Changed files that may be the work of other attempts that ran at the same time.
    pub files_ambiguous: Vec<String>,
    /// Warnings of the verification, which passed.
    pub warnings: Vec<String>,
    /// `summary` of the result file.
    pub summary: Option<String>,
    /// `artifacts` of the result file.
    pub artifacts: Vec<Value>,
    /// `notes_for` of the result file.
    pub notes_for: Option<Value>,
    /// Where the work landed. `None` if the attempt had no workspace of its own.
    pub landed: Option<Landed>,
}

/// Every change of state of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// A worker claims the task for the attempt that the claim names.
    Claim(Claim),
    /// Verification passed, and the change waits to land.
    Await(Change),
    /// A worker takes over a change that waits to land, with a claim of its own.
    Adopt(Claim),
    /// Verification passed or was switched off (`SKIPPED`).
    Complete(Verdict, Completion),
    /// Verification of work done in the project itself passed, and a person must review it.
    Review(Verdict, Completion),
    /// The attempt failed, and the budget is not used up: back to pending.
    Fail {
        /// The failed step and how it ended.
        reason: String,
        /// Files that changed nevertheless.
        files_changed: Vec<String>,
        /// Changed files that may be the work of other attempts that ran at the same time.
        files_ambiguous: Vec<String>,
        /// Where the change did not merge with changes that landed during the attempt.
        conflict_paths: Vec<String>,
    },
    /// A gate is red, and a task was added to fix it: back to pending. The attempt costs no budget,
    /// because the gate has to run again after that task, whatever its budget.
    AwaitFix {
        /// The failed step, how it ended, and the task.
        reason: String,
    },
    /// The attempt ended, and a person must look.
    GiveUp {
        /// FAIL if the budget is used up, BLOCKED for example for tampering.
        verdict: Verdict,
        /// The reason, in one line.
        reason: String,
    },
    /// The agent asked, or stopped with a good reason, and a person must answer. The attempt costs
    /// no budget.
    Ask {
        /// The reason in one line, beginning with the code: see
        /// [`ReasonCode::asked`](super::ReasonCode::asked).
        reason: String,
        /// The full question.
        question: Box<OpenQuestion>,
    },
    /// A hook vetoed the attempt before an agent was started, and a person must look. It costs no
    /// budget.
    Veto {
        /// The reason, in one line.
        reason: String,
    },
    /// The attempt ended through no fault of the task and costs no budget: back to pending.
    Interrupt {
        /// The reason, in one line.
        reason: String,
    },
    /// The supervisor vanished. The attempt costs budget: back to pending.
    Lose,
    /// The claim of a dead worker is ended. The attempt costs no budget.
    TakeOver,
    /// An epic takes the state that follows from its children.
    Settle(Status, Option<String>),
    /// A person approves.
    Approve {
        /// The name of the person.
        by: String,
    },
    /// A person approves work that passed.
    Accept {
        /// The name of the person.
        by: String,
        /// Whether nothing is left to land, so that the task becomes complete.
        completes: bool,
    },
    /// A person answers the question of a blocked task: back to pending.
    Answer {
        /// The question that was asked, if the task has one.
        question: Option<String>,
        /// The earlier answers, as the task records them.
        earlier: Vec<Value>,
        /// The text of the answer.
        text: String,
        /// The task whose agent answered. `None` if a person answered.
        by: Option<String>,
        /// A regular expression for the error that the answer is about, if the answer also helps
        /// tasks that meet this error again.
        matches: Option<String>,
    },
    /// A person completes a task that no worker has claimed.
    Done {
        /// The name of the person.
        by: String,
        /// An optional note.
        note: Option<String>,
        /// PASS if verification judged the current state of the project, otherwise SKIPPED.
        verdict: Verdict,
    },
    /// A person requests another try: the budget starts again.
    Retry,
    /// A person resets the task as if it had never been run.
    Reset,
    /// A person ends a running attempt and parks the task.
    Cancel,
    /// A person blocks the task.
    Block {
        /// The reason.
        because: String,
    },
    /// A person parks the task.
    Park,
    /// A person unparks the task.
    Unpark,
    /// A person ends a claim.
    Release,
    /// The agent or a person reports progress.
    Progress(Value),
}
