//! The only ways in which a task changes state.
//!
//! [`apply`](super::apply) takes a task and a [`Transition`] and gives the [`Changes`] to write, or says why
//! the transition is illegal and which verbs are legal instead. How a change looks in the file
//! (spelling, indent, order) is the queue document's business.

use super::change::{Change, Landed};
use super::claim::Claim;
use super::field::Field;
use super::question::OpenQuestion;
use super::status::Status;
use super::verdict::Verdict;
use serde_json::Value;

/// A change of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The new state, to be spelled as the file does.
    Status(Status),
    /// The new value.
    Set(Value),
    /// The value where the key is absent or null; nothing otherwise.
    Default(Value),
    /// The value where the key exists; nothing otherwise.
    Replace(Value),
    /// `null` where the key exists; nothing otherwise.
    Clear,
    /// The key goes.
    Remove,
}

/// The fields that a transition changes, in the order in which missing keys are added.
pub type Changes = Vec<(Field, Write)>;

/// What a finished attempt leaves on its task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Files that changed, relative to the project root.
    pub files_changed: Vec<String>,
    /// Files of which other attempts that ran meanwhile may have changed some.
    pub files_ambiguous: Vec<String>,
    /// What the verification noted although it passed.
    pub warnings: Vec<String>,
    /// The result file's `summary`.
    pub summary: Option<String>,
    /// The result file's `artifacts`.
    pub artifacts: Vec<Value>,
    /// The result file's `notes_for`.
    pub notes_for: Option<Value>,
    /// Where the work landed, of an attempt in a tree of its own.
    pub landed: Option<Landed>,
}

/// Everything that can happen to a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// A worker takes it, for the attempt that the claim names.
    Claim(Claim),
    /// Verification passed, and the change waits to land.
    Await(Change),
    /// A worker takes over a change that waits to land, with a claim of its own.
    Adopt(Claim),
    /// Verification passed (or was switched off: `SKIPPED`).
    Complete(Verdict, Completion),
    /// Verification passed, and a person is to say yes: of work that is in the project itself.
    Review(Verdict, Completion),
    /// The attempt failed and the budget lasts: back to pending.
    Fail {
        /// The failed step and how it ended.
        reason: String,
        /// Files that changed all the same.
        files_changed: Vec<String>,
        /// Files of which other attempts that ran meanwhile may have changed some.
        files_ambiguous: Vec<String>,
        /// Where the change did not merge with what landed meanwhile.
        conflict_paths: Vec<String>,
    },
    /// The attempt ended and a person must look.
    GiveUp {
        /// FAIL when the budget is used up, BLOCKED for tampering, say.
        verdict: Verdict,
        /// One line.
        reason: String,
    },
    /// The agent asked, or stopped with a good reason: a person must say something. The attempt
    /// costs no budget.
    Ask {
        /// One line, which begins with the code: see [`ReasonCode::asked`](super::ReasonCode::asked).
        reason: String,
        /// The whole of it.
        question: Box<OpenQuestion>,
    },
    /// A hook forbade it before an agent was started: a person must look. It costs no budget.
    Veto {
        /// One line.
        reason: String,
    },
    /// The attempt ended through no fault of the task and costs no budget: back to pending.
    Interrupt {
        /// One line.
        reason: String,
    },
    /// The supervisor vanished: costs budget, back to pending.
    Lose,
    /// The claim of a dead worker ends and costs no budget.
    TakeOver,
    /// An epic follows its children.
    Settle(Status, Option<String>),
    /// A person approves.
    Approve {
        /// Who.
        by: String,
    },
    /// A person says yes to work that passed.
    Accept {
        /// Who.
        by: String,
        /// Whether nothing is left to land, so that the task is complete.
        completes: bool,
    },
    /// A person answers the question of a blocked task: back to pending.
    Answer {
        /// The question that was asked, if one is on the task.
        question: Option<String>,
        /// The earlier answers, as they are on the task.
        earlier: Vec<Value>,
        /// The answer.
        text: String,
        /// The task whose agent answered; a person where there is none.
        by: Option<String>,
        /// A regular expression for the error that the answer is about, where it helps whoever meets that
        /// again.
        matches: Option<String>,
    },
    /// A person completes a task that nobody works on.
    Done {
        /// Who.
        by: String,
        /// What there is to say about it.
        note: Option<String>,
        /// PASS where verification judged the work as it is, else SKIPPED.
        verdict: Verdict,
    },
    /// A person says try again: the budget starts anew.
    Retry,
    /// A person says as if never run.
    Reset,
    /// A person ends a running attempt and sets the task aside.
    Cancel,
    /// A person blocks.
    Block {
        /// Why.
        because: String,
    },
    /// A person sets the task aside.
    Park,
    /// A person takes it back.
    Unpark,
    /// A person ends a claim.
    Release,
    /// The agent or a person reports how far it is.
    Progress(Value),
}
