//! Tests of the state machine: the table of what is legal, what each transition writes, and
//! properties of random histories.

mod history;
mod legal;
mod writes;

use super::*;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::json;

/// The states of a task that differ in what is legal or in what is written.
const STATES: [&str; 16] = [
    "pending",
    "tried",
    "charged",
    "unapproved",
    "approved",
    "running",
    "claimed",
    "landing",
    "to review",
    "complete",
    "blocked",
    "vetoed",
    "in review",
    "parked",
    "shelved",
    "unknown",
];

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 12, 0, 0).single().expect("a time")
}

fn plain() -> Task {
    Task::new(TaskId::new("A").expect("not empty"))
}

fn claim(worker: &str, attempt: u32) -> Claim {
    Claim {
        worker: worker.to_owned(),
        attempt,
        since: "2026-01-19T11:00:00Z".to_owned(),
        host: "0123abcd".to_owned(),
        boot: "4567cdef".to_owned(),
        start: 7,
        tag: "0123456789abcdef0123456789abcdef".to_owned(),
    }
}

fn change(waits: Waits) -> Change {
    Change {
        commit: "c0".to_owned(),
        base: "b0".to_owned(),
        verdict: "PASS".to_owned(),
        waits,
        obstacle: None,
    }
}

/// Returns a task in one of the [`STATES`].
fn task_in(state: &str) -> Task {
    let mut task = plain();
    match state {
        "pending" => {}
        "tried" => task.attempts = 1,
        "charged" => task.set(Detail::Count(Field::BudgetUsed, 1)),
        "unapproved" => task.approval = Approval::Required,
        "approved" => task.approval = Approval::Given,
        "running" => (task.status, task.attempts) = (Status::InProgress, 1),
        "claimed" => {
            (task.status, task.attempts) = (Status::InProgress, 1);
            task.set(Detail::Claim(Box::new(claim("h:1:00000000", 1))));
        }
        "landing" => {
            task = task_in("claimed");
            task.set(Detail::Change(Box::new(change(Waits::Landing))));
        }
        "to review" => {
            task = task_in("claimed");
            task.set(Detail::Change(Box::new(change(Waits::Review))));
        }
        "complete" => {
            (task.status, task.attempts) = (Status::Complete, 1);
            (task.passes, task.verdict) = (Some(true), Some(Verdict::Pass));
        }
        "blocked" => {
            (task.status, task.attempts) = (Status::Blocked, 3);
            (task.passes, task.verdict) = (Some(false), Some(Verdict::Fail));
        }
        "vetoed" => (task.status, task.approval) = (Status::Blocked, Approval::Required),
        "in review" => {
            (task.status, task.attempts) = (Status::Blocked, 1);
            (task.passes, task.verdict) = (Some(false), Some(Verdict::Pass));
        }
        "parked" => task.status = Status::Parked,
        "shelved" => (task.status, task.approval) = (Status::Parked, Approval::Required),
        "unknown" => task.status = Status::Unknown,
        other => unreachable!("no such state: {other}"),
    }
    task
}

fn question() -> OpenQuestion {
    OpenQuestion {
        code: ReasonCode::Question,
        text: "which colour?".to_owned(),
        evidence: None,
        to: None,
    }
}

/// Returns every kind of transition under its name. A variant that is not in the list fails
/// [`name`], because its match has no wildcard.
fn every_transition() -> Vec<Transition> {
    let text = str::to_owned;
    vec![
        Transition::Claim(claim("h:2:00000000", 2)),
        Transition::Await(change(Waits::Landing)),
        Transition::Adopt(claim("h:2:00000000", 1)),
        Transition::Complete(Verdict::Pass, Completion::default()),
        Transition::Review(Verdict::Pass, Completion::default()),
        Transition::Fail {
            reason: text("step test: exit status 1"),
            files_changed: vec![text("a.rs")],
            files_ambiguous: Vec::new(),
            conflict_paths: Vec::new(),
        },
        Transition::AwaitFix { reason: text("step test: exit status 1; task T-7 is to fix it") },
        Transition::GiveUp { verdict: Verdict::Fail, reason: text("budget") },
        Transition::Ask { reason: text("question: which?"), question: Box::new(question()) },
        Transition::Veto { reason: text("hook before_task said no") },
        Transition::Interrupt { reason: text("interrupted") },
        Transition::Lose,
        Transition::TakeOver,
        Transition::Settle(Status::Complete, None),
        Transition::Approve { by: text("ann") },
        Transition::Accept { by: text("ann"), completes: true },
        Transition::Accept { by: text("ann"), completes: false },
        Transition::Answer {
            question: Some(text("which?")),
            earlier: Vec::new(),
            text: text("blue"),
            by: None,
            matches: None,
        },
        Transition::Done { by: text("ann"), note: None, verdict: Verdict::Skipped },
        Transition::Retry,
        Transition::Reset,
        Transition::Cancel,
        Transition::Block { because: text("later") },
        Transition::Park,
        Transition::Unpark,
        Transition::Release,
        Transition::Progress(json!({"done": 1})),
    ]
}

/// Returns the name of a kind of transition. Add a new variant here and to [`every_transition`].
fn name(transition: &Transition) -> &'static str {
    match transition {
        Transition::Claim(_) => "claim",
        Transition::Await(_) => "await",
        Transition::Adopt(_) => "adopt",
        Transition::Complete(..) => "complete",
        Transition::Review(..) => "review",
        Transition::Fail { .. } => "fail",
        Transition::AwaitFix { .. } => "await fix",
        Transition::GiveUp { .. } => "give up",
        Transition::Ask { .. } => "ask",
        Transition::Veto { .. } => "veto",
        Transition::Interrupt { .. } => "interrupt",
        Transition::Lose => "lose",
        Transition::TakeOver => "take over",
        Transition::Settle(..) => "settle",
        Transition::Approve { .. } => "approve",
        Transition::Accept { completes: true, .. } => "accept and complete",
        Transition::Accept { completes: false, .. } => "accept and land",
        Transition::Answer { .. } => "answer",
        Transition::Done { .. } => "done",
        Transition::Retry => "retry",
        Transition::Reset => "reset",
        Transition::Cancel => "cancel",
        Transition::Block { .. } => "block",
        Transition::Park => "park",
        Transition::Unpark => "unpark",
        Transition::Release => "release",
        Transition::Progress(_) => "progress",
    }
}
