//! The field changes that end a claim or an attempt, and the budget of attempts that they count
//! against.

use super::field::Field;
use super::question::OpenQuestion;
use super::status::Status;
use super::task::Task;
use super::transition::{Changes, Write};
use super::verdict::Verdict;
use serde_json::{Value, json};

/// Returns how many attempts count against the budget of `task`. A running one does not yet.
pub fn budget_used_now(task: &Task) -> u32 {
    let running = u32::from(task.status == Status::InProgress);
    task.budget_used().unwrap_or(task.attempts.saturating_sub(running))
}

/// Returns the attempt budget of `task`. `default` applies to a task without a budget of its own.
/// The result is at least 1, because a task that may run at all may run once.
pub fn budget_of(task: &Task, default: u32) -> u32 {
    task.max_iterations().unwrap_or(default).max(1)
}

pub(super) fn moved(status: Status, error: &str) -> Changes {
    vec![(Field::Status, Write::Status(status)), (Field::Error, Write::Set(json!(error)))]
}

/// Ends an attempt that counts against the budget.
pub(super) fn ended(
    task: &Task,
    status: Status,
    verdict: Option<Verdict>,
    reason: &str,
) -> Changes {
    let mut changes = moved(status, reason);
    if let Some(verdict) = verdict {
        changes.push((Field::Passes, Write::Set(json!(false))));
        changes.push((Field::VerificationVerdict, Write::Set(json!(verdict.word()))));
    }
    changes.extend(counted(task));
    changes.push((Field::Claim, Write::Remove));
    changes
}

/// Ends an attempt that failed and that counts; another one follows.
pub(super) fn tried(
    task: &Task,
    reason: &str,
    [files_changed, files_ambiguous, conflict_paths]: [&[String]; 3],
) -> Changes {
    let mut changes = ended(task, Status::Pending, Some(Verdict::Fail), reason);
    changes.push((Field::FilesActuallyChanged, Write::Set(json!(files_changed))));
    changes.push(ambiguous(files_ambiguous));
    // Conflict paths of an earlier attempt stay until the task is complete.
    if !conflict_paths.is_empty() {
        changes.push((Field::ConflictPaths, Write::Set(json!(conflict_paths))));
    }
    changes
}

/// Ends an attempt before any of it began. A person must look at the task.
pub(super) fn vetoed(task: &Task, reason: &str) -> Changes {
    failed(Status::Blocked, Verdict::Blocked, reason, free(task))
}

/// Ends an attempt that costs no budget. A person must answer or decide.
pub(super) fn asked(task: &Task, reason: &str, question: &OpenQuestion) -> Changes {
    let question = (Field::OpenQuestion, Write::Set(json!(question)));
    let ends = [vec![question], free(task)].concat();
    failed(Status::Blocked, Verdict::Blocked, reason, ends)
}

/// Ends an attempt without success. `ends` ends its claim.
pub(super) fn failed(status: Status, verdict: Verdict, reason: &str, ends: Changes) -> Changes {
    let mut changes = moved(status, reason);
    changes.push((Field::Passes, Write::Set(json!(false))));
    changes.push((Field::VerificationVerdict, Write::Set(json!(verdict.word()))));
    changes.extend(ends);
    changes
}

/// Ends an attempt that costs no budget.
pub(super) fn interrupted(task: &Task, reason: &str) -> Changes {
    let mut changes = moved(Status::Pending, reason);
    changes.extend(free(task));
    changes
}

/// Counts the running attempt. `budget_used` is written only if it differs from `attempts`.
pub(super) fn counted(task: &Task) -> Option<(Field, Write)> {
    let used = budget_used_now(task).saturating_add(1);
    (task.budget_used().is_some() || used != task.attempts)
        .then(|| (Field::BudgetUsed, Write::Set(json!(used))))
}

/// Removes the claim. A running attempt does not count against the budget.
pub(super) fn free(task: &Task) -> Changes {
    let used = budget_used_now(task);
    let mut changes = Changes::new();
    if used != task.attempts && task.budget_used() != Some(used) {
        changes.push((Field::BudgetUsed, Write::Set(json!(used))));
    }
    changes.push((Field::Claim, Write::Remove));
    changes
}

/// Returns the task to pending with a new budget.
pub(super) fn again(task: &Task) -> Changes {
    let mut changes =
        vec![(Field::Status, Write::Status(Status::Pending)), (Field::Error, Write::Clear)];
    if budget_used_now(task) > 0 || task.attempts > 0 {
        changes.push((Field::BudgetUsed, Write::Set(json!(0))));
    }
    changes.push((Field::OpenQuestion, Write::Remove));
    changes.push((Field::Claim, Write::Remove));
    changes
}

pub(super) fn answered(task: &Task, earlier: &[Value], answer: Value) -> Changes {
    let mut answers = earlier.to_vec();
    answers.push(answer);
    let mut changes = again(task);
    changes.push((Field::Answers, Write::Set(Value::Array(answers))));
    changes
}

/// Files that may belong to several tasks. The key is omitted if there are none, as for most tasks.
pub(super) fn ambiguous(files: &[String]) -> (Field, Write) {
    let write = if files.is_empty() { Write::Remove } else { Write::Set(json!(files)) };
    (Field::FilesAmbiguous, write)
}
