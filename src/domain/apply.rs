//! The field changes that each transition writes.

use super::change::{Change, Landed, Waits};
use super::claim::{Claim, ClaimToken};
use super::ends::{
    again, ambiguous, answered, asked, budget_used_now, counted, ended, failed, free, interrupted,
    moved, tried, vetoed,
};
use super::field::Field;
use super::legal::{Illegal, check_legal};
use super::reason::ReasonCode;
use super::status::Status;
use super::task::Task;
use super::transition::{Changes, Completion, Transition, Write};
use super::verdict::Verdict;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

/// The text after the reason code in the `error` of a task in review.
const IN_REVIEW: &str = "its work passed and waits for a person's review";

/// Formats a time as every time in a queue file: RFC 3339 UTC with `Z`, whole seconds.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns the changes that `transition` makes to `task` at the time `now`.
///
/// # Errors
/// Returns [`Illegal`] if the state of the task does not allow it. Nothing may be written then.
pub fn apply(task: &Task, transition: &Transition, now: DateTime<Utc>) -> Result<Changes, Illegal> {
    check_legal(task, transition)?;
    let mut changes = changed(task, transition, now);
    // Ending a claim also ends the wait of the change made under it. A person who reopens the task
    // wants the work done again.
    let begins = matches!(transition, Transition::Claim(_));
    if task.change().is_some() && (begins || changes.contains(&(Field::Claim, Write::Remove))) {
        changes.push((Field::Change, Write::Remove));
    }
    Ok(changes)
}

fn changed(task: &Task, transition: &Transition, now: DateTime<Utc>) -> Changes {
    match transition {
        Transition::Claim(claim) => claimed(task, claim, now),
        Transition::Complete(verdict, completion) => completed(task, *verdict, completion, now),
        Transition::Review(verdict, completion) => reviewed(task, *verdict, completion, now),
        Transition::Accept { by, completes } => accepted(task, by, *completes, now),
        Transition::Await(change) => waits(change),
        Transition::Adopt(claim) => vec![(Field::Claim, Write::Set(json!(claim)))],
        Transition::Fail { reason, files_changed, files_ambiguous, conflict_paths } => {
            let files = [files_changed, files_ambiguous, conflict_paths];
            tried(task, reason, files.map(Vec::as_slice))
        }
        Transition::AwaitFix { reason } => {
            failed(Status::Pending, Verdict::Fail, reason, free(task))
        }
        Transition::GiveUp { verdict, reason } => {
            ended(task, Status::Blocked, Some(*verdict), reason)
        }
        Transition::Ask { reason, question } => asked(task, reason, question),
        Transition::Veto { reason } => vetoed(task, reason),
        Transition::Lose => ended(task, Status::Pending, None, "attempt lost"),
        Transition::Interrupt { reason } => interrupted(task, reason),
        Transition::TakeOver => interrupted(task, "interrupted: its worker died"),
        Transition::Release => interrupted(task, "released"),
        Transition::Settle(status, reason) => settled(*status, reason.as_deref(), now),
        Transition::Approve { by } => vec![
            (Field::ApprovedBy, Write::Set(json!(by))),
            (Field::ApprovedAt, Write::Set(json!(timestamp(now)))),
        ],
        Transition::Answer { question, earlier, text, by, matches } => {
            let mut answer = json!({"question": question, "answer": text, "at": timestamp(now)});
            if let Some(by) = by {
                answer["by"] = json!(by);
            }
            if let Some(matches) = matches {
                answer["match"] = json!(matches);
            }
            answered(task, earlier, answer)
        }
        Transition::Done { by, note, verdict } => done(task, by, note.as_deref(), *verdict, now),
        Transition::Retry => {
            let mut changes = again(task);
            changes.push((Field::EscalatedTo, Write::Remove));
            changes
        }
        Transition::Reset => reset(),
        Transition::Cancel => [moved(Status::Parked, "cancelled"), free(task)].concat(),
        Transition::Block { because } => [moved(Status::Blocked, because), free(task)].concat(),
        Transition::Park => {
            let mut changes = free(task);
            changes.insert(0, (Field::Status, Write::Status(Status::Parked)));
            changes
        }
        Transition::Unpark => {
            vec![(Field::Status, Write::Status(Status::Pending)), (Field::Error, Write::Clear)]
        }
        Transition::Progress(value) => vec![(Field::Progress, Write::Set(value.clone()))],
    }
}

fn claimed(task: &Task, claim: &Claim, now: DateTime<Utc>) -> Changes {
    let now = timestamp(now);
    let mut changes = vec![
        (Field::Status, Write::Status(Status::InProgress)),
        (Field::Attempts, Write::Set(json!(claim.attempt))),
        (Field::LastAttempt, Write::Set(json!(now))),
        (Field::StartedAt, Write::Default(json!(now))),
    ];
    // If the file was reset to an older version, the claim's number continues after attempts that
    // the task does not record. Those attempts do not count against the budget.
    if task.budget_used().is_none() && claim.attempt > task.attempts.saturating_add(1) {
        changes.push((Field::BudgetUsed, Write::Set(json!(budget_used_now(task)))));
    }
    // An edit reopened the task. Its question may still be unanswered; if so, the agent asks again.
    changes.push((Field::OpenQuestion, Write::Remove));
    changes.push((Field::Claim, Write::Set(json!(claim))));
    changes
}

fn completed(
    task: &Task,
    verdict: Verdict,
    completion: &Completion,
    now: DateTime<Utc>,
) -> Changes {
    let mut changes = vec![
        (Field::Status, Write::Status(Status::Complete)),
        (Field::CompletedAt, Write::Set(json!(timestamp(now)))),
        (Field::CompletedBy, Write::Remove),
        (Field::CompletionNote, Write::Remove),
        (Field::Passes, Write::Set(json!(verdict == Verdict::Pass))),
        (Field::VerificationVerdict, Write::Set(json!(verdict.word()))),
        (Field::FilesActuallyChanged, Write::Set(json!(completion.files_changed))),
        ambiguous(&completion.files_ambiguous),
        warned(&completion.warnings),
        (Field::Error, Write::Clear),
    ];
    if let Some(summary) = &completion.summary {
        changes.push((Field::ResultSummary, Write::Set(json!(summary))));
    }
    if !completion.artifacts.is_empty() {
        changes.push((Field::Artifacts, Write::Set(json!(completion.artifacts))));
    }
    if let Some(notes) = &completion.notes_for {
        changes.push((Field::NotesFor, Write::Set(notes.clone())));
    }
    changes.extend(landed(completion.landed.as_ref()));
    changes.push((Field::ConflictPaths, Write::Remove));
    changes.push((Field::EscalatedTo, Write::Remove));
    changes.extend(counted(task));
    changes.push((Field::Claim, Write::Remove));
    changes
}

/// Work that passed waits for a person's review. Writes everything except the completion itself.
fn reviewed(task: &Task, verdict: Verdict, completion: &Completion, now: DateTime<Utc>) -> Changes {
    let withheld = |(field, write): (Field, Write)| {
        if matches!(field, Field::CompletedAt | Field::CompletedBy | Field::CompletionNote) {
            return None;
        }
        Some(if field == Field::Status {
            (field, Write::Status(Status::Blocked))
        } else if field == Field::Passes {
            (field, Write::Set(json!(false)))
        } else if field == Field::Error {
            (field, Write::Set(json!(ReasonCode::Review.as_error(IN_REVIEW))))
        } else {
            (field, write)
        })
    };
    completed(task, verdict, completion, now).into_iter().filter_map(withheld).collect()
}

/// A person approved the work. Its change may land; if there is no change, the task is complete.
fn accepted(task: &Task, by: &str, completes: bool, now: DateTime<Utc>) -> Changes {
    let mut changes = vec![
        (Field::ApprovedBy, Write::Set(json!(by))),
        (Field::ApprovedAt, Write::Set(json!(timestamp(now)))),
    ];
    if completes {
        changes.push((Field::Status, Write::Status(Status::Complete)));
        changes.push((Field::CompletedAt, Write::Set(json!(timestamp(now)))));
        changes.push((Field::Passes, Write::Set(json!(task.verdict == Some(Verdict::Pass)))));
        changes.push((Field::Error, Write::Clear));
    } else if let Some(change) = task.change() {
        let change = Change { waits: Waits::Landing, obstacle: None, ..change.clone() };
        changes.push((Field::Change, Write::Set(json!(change))));
    }
    changes
}

/// A verified change waits to land. The claim stays, so that no other worker takes the task.
fn waits(change: &Change) -> Changes {
    vec![
        (Field::Status, Write::Status(Status::InProgress)),
        (Field::Change, Write::Set(json!(change))),
    ]
}

/// Returns where the work landed. Work done in the project itself has no such keys.
fn landed(landed: Option<&Landed>) -> [(Field, Write); 2] {
    let write = |text: Option<&String>| text.map_or(Write::Remove, |text| Write::Set(json!(text)));
    [
        (Field::LandedCommit, write(landed.map(|landed| &landed.commit))),
        (Field::LandedTree, write(landed.map(|landed| &landed.tree))),
    ]
}

/// Warnings of a verification that passed. The key is omitted if there are none, as for most tasks.
fn warned(warnings: &[String]) -> (Field, Write) {
    let write = if warnings.is_empty() { Write::Remove } else { Write::Set(json!(warnings)) };
    (Field::VerificationWarnings, write)
}

/// A person completed the task. What earlier attempts recorded stays unchanged.
fn done(
    task: &Task,
    by: &str,
    note: Option<&str>,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Changes {
    let mut changes = vec![
        (Field::Status, Write::Status(Status::Complete)),
        (Field::CompletedAt, Write::Set(json!(timestamp(now)))),
        (Field::CompletedBy, Write::Set(json!(by))),
        (Field::CompletionNote, note.map_or(Write::Remove, |note| Write::Set(json!(note)))),
        (Field::Passes, Write::Set(json!(verdict == Verdict::Pass))),
        (Field::VerificationVerdict, Write::Set(json!(verdict.word()))),
        (Field::Error, Write::Clear),
        (Field::OpenQuestion, Write::Remove),
    ];
    changes.extend(free(task));
    changes
}

fn reset() -> Changes {
    let cleared = [
        Field::LastAttempt,
        Field::StartedAt,
        Field::CompletedAt,
        Field::VerificationVerdict,
        Field::FilesActuallyChanged,
        Field::Error,
    ];
    let removed = [
        Field::CompletedBy,
        Field::CompletionNote,
        Field::BudgetUsed,
        Field::Claim,
        Field::Progress,
        Field::Artifacts,
        Field::ResultSummary,
        Field::NotesFor,
        Field::OpenQuestion,
        Field::Answers,
        Field::FilesAmbiguous,
        Field::VerificationWarnings,
        Field::ConflictPaths,
        Field::EscalatedTo,
        Field::LandedCommit,
        Field::LandedTree,
        Field::CostUsd,
        Field::Tokens,
    ];
    let mut changes = vec![
        (Field::Status, Write::Status(Status::Pending)),
        (Field::Attempts, Write::Replace(json!(0))),
        (Field::Passes, Write::Replace(json!(false))),
    ];
    changes.extend(cleared.map(|field| (field, Write::Clear)));
    changes.extend(removed.map(|field| (field, Write::Remove)));
    changes
}

fn settled(status: Status, reason: Option<&str>, now: DateTime<Utc>) -> Changes {
    let mut changes = vec![(Field::Status, Write::Status(status))];
    if status == Status::Complete {
        changes.push((Field::CompletedAt, Write::Set(json!(timestamp(now)))));
        changes.push((Field::Passes, Write::Set(json!(true))));
    }
    changes.push((Field::Error, reason.map_or(Write::Clear, |text| Write::Set(json!(text)))));
    changes
}

impl Task {
    /// Returns whether a write-back with `token` is allowed: the claim is its own, or an edit of
    /// the file removed the claim and no other worker took the task since.
    pub fn accepts(&self, token: &ClaimToken) -> bool {
        match self.claim() {
            Some(claim) => claim.is(token),
            None => {
                self.attempts <= token.attempt
                    && matches!(self.status, Status::Pending | Status::InProgress)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskId;

    #[test]
    fn attempts_before_a_reset_do_not_count_against_the_budget() {
        let task = Task::new(TaskId::new("A").expect("not empty"));
        let claim = |attempt| Claim {
            worker: "h:1:00000000".to_owned(),
            attempt,
            since: String::new(),
            host: String::new(),
            boot: String::new(),
            start: 0,
            tag: String::new(),
        };
        let used = |attempt| {
            let claim = Transition::Claim(claim(attempt));
            let changes = apply(&task, &claim, DateTime::UNIX_EPOCH).expect("legal");
            changes.into_iter().find(|(field, _)| *field == Field::BudgetUsed).map(|(_, w)| w)
        };
        assert_eq!(used(1), None);
        assert_eq!(used(3), Some(Write::Set(json!(0))));
    }
}
