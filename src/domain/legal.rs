//! Which transitions a state allows, and the error message for those it does not.

use super::status::Status;
use super::task::{Approval, Task};
use super::transition::Transition;
use std::fmt;

/// The verbs that people use, for messages about what is legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the verb of the command line")]
pub enum Verb {
    Run,
    Approve,
    Answer,
    Done,
    Retry,
    Reset,
    Cancel,
    Block,
    Park,
    Unpark,
    Release,
    Progress,
}

/// A transition that the task's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task {task} is {status}: {why}; legal now: {}", list(.legal))]
pub struct Illegal {
    /// The id of the task.
    pub task: String,
    /// The current state of the task.
    pub status: Status,
    /// Why the transition is illegal.
    pub why: &'static str,
    /// The verbs that are legal instead.
    pub legal: Vec<Verb>,
}

fn list(verbs: &[Verb]) -> String {
    let words: Vec<String> = verbs.iter().map(ToString::to_string).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "run",
            Self::Approve => "approve",
            Self::Answer => "answer",
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Reset => "reset",
            Self::Cancel => "cancel",
            Self::Block => "block",
            Self::Park => "park",
            Self::Unpark => "unpark",
            Self::Release => "release",
            Self::Progress => "progress",
        })
    }
}

/// Checks that the state of `task` allows `transition`.
///
/// # Errors
/// Returns [`Illegal`] with the verbs that are legal instead.
pub(super) fn check_legal(task: &Task, transition: &Transition) -> Result<(), Illegal> {
    use Status::{Blocked, InProgress, Parked, Pending};
    let status = task.status;
    let (legal, why) = match transition {
        // Its change waits to land, so no agent may do the work again.
        Transition::Claim(_) if status == InProgress && task.change().is_some() => {
            (false, "its change waits to land")
        }
        Transition::Claim(_) => (status.is_open(), "only a pending task can be claimed"),
        // A worker's write-back is fenced by its token and not by the word in the file. A claim
        // that an edit of the file removed is written again.
        Transition::Await(_)
        | Transition::Complete(..)
        | Transition::Review(..)
        | Transition::Fail { .. }
        | Transition::AwaitFix { .. }
        | Transition::GiveUp { .. }
        | Transition::Ask { .. }
        | Transition::Veto { .. }
        | Transition::Interrupt { .. }
        | Transition::Lose
        | Transition::Settle(..)
        | Transition::Progress(_) => (true, ""),
        Transition::Adopt(_) => {
            (status == InProgress && task.change().is_some(), "it has no change that waits to land")
        }
        Transition::TakeOver | Transition::Release => (status == InProgress, "it is not claimed"),
        Transition::Approve { .. } => {
            (waits_for_approval(task), "it does not wait for an approval")
        }
        Transition::Accept { completes, .. } => (
            task.is_in_review() && *completes == task.change().is_none(),
            "it has no work that waits for a review",
        ),
        Transition::Answer { .. } => {
            (status == Blocked || task.is_in_review(), "only a blocked task has a question")
        }
        Transition::Done { .. } => done(task),
        Transition::Retry => (
            matches!(status, Blocked | Status::Unknown)
                || task.is_in_review()
                || status == Pending && (task.attempts > 0 || task.budget_used() > Some(0)),
            "only a blocked task, or a pending one that was tried, can be tried again",
        ),
        Transition::Reset => {
            (!is_claimed(task), "an attempt is running; cancel or release it first")
        }
        Transition::Cancel => {
            (matches!(status, Pending | InProgress | Blocked), "there is nothing to cancel")
        }
        Transition::Block { .. } => {
            (matches!(status, Pending | InProgress), "only open work can be blocked")
        }
        Transition::Park => (
            matches!(status, Pending | InProgress | Blocked | Status::Unknown),
            "only work that is not complete can be parked",
        ),
        Transition::Unpark => (status == Parked, "it is not parked"),
    };
    if legal {
        return Ok(());
    }
    Err(Illegal { task: task.id.to_string(), status, why, legal: legal_verbs(task) })
}

/// Returns whether `task` needs a person's approval to start.
fn waits_for_approval(task: &Task) -> bool {
    task.approval == Approval::Required && matches!(task.status, Status::Pending | Status::Blocked)
}

/// Returns whether a worker has claimed `task`.
fn is_claimed(task: &Task) -> bool {
    task.status == Status::InProgress && task.claim().is_some()
}

/// Returns whether a person may complete `task`, and if not, why.
fn done(task: &Task) -> (bool, &'static str) {
    match task.status {
        Status::Complete => (false, "it is already complete"),
        Status::InProgress => (task.claim().is_none(), "an attempt is running; cancel it first"),
        Status::Pending | Status::Blocked | Status::Parked | Status::Unknown => (true, ""),
    }
}

/// Returns the verbs that a person may use on `task` in its current state.
fn legal_verbs(task: &Task) -> Vec<Verb> {
    let mut verbs = match task.status {
        Status::Pending => {
            vec![Verb::Run, Verb::Done, Verb::Block, Verb::Park, Verb::Cancel, Verb::Reset]
        }
        Status::InProgress => {
            vec![Verb::Cancel, Verb::Block, Verb::Park, Verb::Release, Verb::Progress]
        }
        Status::Complete => vec![Verb::Reset],
        Status::Blocked => {
            vec![Verb::Retry, Verb::Answer, Verb::Done, Verb::Park, Verb::Cancel, Verb::Reset]
        }
        Status::Parked => vec![Verb::Unpark, Verb::Done, Verb::Reset],
        Status::Unknown => vec![Verb::Retry, Verb::Done, Verb::Park, Verb::Reset],
    };
    if waits_for_approval(task) || task.is_in_review() {
        verbs.insert(0, Verb::Approve);
    }
    if task.status == Status::InProgress && task.is_in_review() {
        verbs.splice(1..1, [Verb::Answer, Verb::Retry]);
    }
    verbs
}
