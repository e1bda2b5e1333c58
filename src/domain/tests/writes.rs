//! What each transition writes, field by field.
//!
//! Expected writes are lines of a small notation: `=` sets a value, `?=` sets it if the key is
//! absent, `!=` sets it if the key exists, `= ~` clears an existing key, and `-` removes a key.

use super::*;

mod people;

fn shown(changes: &Changes) -> Vec<String> {
    let line = |(field, write): &(Field, Write)| {
        let key = field.key();
        match write {
            Write::Status(status) => format!("{key} = {status}"),
            Write::Set(value) => format!("{key} = {value}"),
            Write::Default(value) => format!("{key} ?= {value}"),
            Write::Replace(value) => format!("{key} != {value}"),
            Write::Clear => format!("{key} = ~"),
            Write::Remove => format!("-{key}"),
        }
    };
    changes.iter().map(line).collect()
}

#[track_caller]
fn writes<T>(task: &Task, transition: &Transition, expected: &[T])
where
    T: std::fmt::Debug,
    String: PartialEq<T>,
{
    let changes = apply(task, transition, noon()).expect("legal");
    assert_eq!(shown(&changes), expected, "{}", name(transition));
}

fn of(kind: &str) -> Transition {
    every_transition().into_iter().find(|one| name(one) == kind).expect("a transition")
}

const CLAIMED: &str = concat!(
    r#"claim = {"worker":"h:2:00000000","attempt":2,"since":"2026-01-19T11:00:00Z","#,
    r#""host":"0123abcd","boot":"4567cdef","start":7,"tag":"0123456789abcdef0123456789abcdef"}"#
);
const NOW: &str = "\"2026-01-19T12:00:00Z\"";

#[test]
fn a_claim_numbers_the_attempt_and_keeps_the_first_start() {
    let (last, start) = (format!("last_attempt = {NOW}"), format!("started_at ?= {NOW}"));
    let claim = |more: &[&'static str]| {
        let first = ["status = in_progress", "attempts = 2", &last, &start];
        [&first[..], more, &["-open_question", CLAIMED]].concat()
    };
    writes(&task_in("tried"), &of("claim"), &claim(&[]));
    writes(&task_in("charged"), &of("claim"), &claim(&[]));
    // The attempt that the task does not record is not counted.
    writes(&plain(), &of("claim"), &claim(&["budget_used = 0"]));
    // A claim of a task that is in progress begins another attempt. The earlier one was lost.
    writes(&task_in("claimed"), &of("claim"), &claim(&[]));
}

#[test]
fn a_claim_ends_the_wait_of_an_old_change() {
    let mut task = task_in("tried");
    task.set(Detail::Change(Box::new(change(Waits::Landing))));
    let changes = apply(&task, &of("claim"), noon()).expect("legal");
    assert_eq!(shown(&changes).last().map(String::as_str), Some("-change"));
    // Without a claim to end, the change keeps waiting.
    writes(&task, &of("progress"), &[r#"progress = {"done":1}"#]);
}

fn finished() -> Completion {
    Completion {
        files_changed: vec!["a.rs".to_owned()],
        files_ambiguous: vec!["b.rs".to_owned()],
        warnings: vec!["slow".to_owned()],
        summary: Some("did it".to_owned()),
        artifacts: vec![json!("out.txt")],
        notes_for: Some(json!({"B": "note"})),
        landed: Some(Landed { commit: "c1".to_owned(), tree: "t1".to_owned() }),
    }
}

#[test]
fn a_completion_records_the_work() {
    let at = format!("completed_at = {NOW}");
    let expected = [
        "status = complete",
        &at,
        "-completed_by",
        "-completion_note",
        "passes = true",
        "verification_verdict = \"PASS\"",
        "files_actually_changed = [\"a.rs\"]",
        "files_ambiguous = [\"b.rs\"]",
        "verification_warnings = [\"slow\"]",
        "error = ~",
        "result_summary = \"did it\"",
        "artifacts = [\"out.txt\"]",
        "notes_for = {\"B\":\"note\"}",
        "landed_commit = \"c1\"",
        "landed_tree = \"t1\"",
        "-conflict_paths",
        "-escalated_to",
        "-claim",
        "-change",
    ];
    writes(&task_in("landing"), &Transition::Complete(Verdict::Pass, finished()), &expected);
    let bare = [
        "status = complete",
        &at,
        "-completed_by",
        "-completion_note",
        "passes = false",
        "verification_verdict = \"SKIPPED\"",
        "files_actually_changed = []",
        "-files_ambiguous",
        "-verification_warnings",
        "error = ~",
        "-landed_commit",
        "-landed_tree",
        "-conflict_paths",
        "-escalated_to",
        "-claim",
    ];
    let skipped = Transition::Complete(Verdict::Skipped, Completion::default());
    writes(&task_in("claimed"), &skipped, &bare);
}

#[test]
fn work_in_review_is_recorded_but_not_complete() {
    let expected = [
        "status = blocked",
        "passes = false",
        "verification_verdict = \"PASS\"",
        "files_actually_changed = [\"a.rs\"]",
        "files_ambiguous = [\"b.rs\"]",
        "verification_warnings = [\"slow\"]",
        "error = \"review: its work passed and waits for a person's review\"",
        "result_summary = \"did it\"",
        "artifacts = [\"out.txt\"]",
        "notes_for = {\"B\":\"note\"}",
        "landed_commit = \"c1\"",
        "landed_tree = \"t1\"",
        "-conflict_paths",
        "-escalated_to",
        "-claim",
    ];
    writes(&task_in("claimed"), &Transition::Review(Verdict::Pass, finished()), &expected);
}

#[test]
fn a_change_that_waits_keeps_its_claim() {
    let waits = r#"change = {"commit":"c0","base":"b0","verdict":"PASS","waits":"landing"}"#;
    writes(&task_in("claimed"), &of("await"), &["status = in_progress", waits]);
    let adopted = CLAIMED.replace("\"attempt\":2", "\"attempt\":1");
    writes(&task_in("landing"), &of("adopt"), &[adopted]);
}

#[test]
fn a_failed_attempt_counts() {
    let fail = |conflict_paths: Vec<String>| Transition::Fail {
        reason: "why".to_owned(),
        files_changed: vec!["a.rs".to_owned()],
        files_ambiguous: vec!["b.rs".to_owned()],
        conflict_paths,
    };
    let expected = [
        "status = pending",
        "error = \"why\"",
        "passes = false",
        "verification_verdict = \"FAIL\"",
        "-claim",
        "files_actually_changed = [\"a.rs\"]",
        "files_ambiguous = [\"b.rs\"]",
    ];
    writes(&task_in("claimed"), &fail(Vec::new()), &expected);
    let conflict = [&expected[..], &["conflict_paths = [\"c.rs\"]"]].concat();
    writes(&task_in("claimed"), &fail(vec!["c.rs".to_owned()]), &conflict);
    let waits = [
        "status = pending",
        "error = \"step test: exit status 1; task T-7 is to fix it\"",
        "passes = false",
        "verification_verdict = \"FAIL\"",
        "budget_used = 0",
        "-claim",
    ];
    writes(&task_in("claimed"), &of("await fix"), &waits);
    let given_up = [
        "status = blocked",
        "error = \"budget\"",
        "passes = false",
        "verification_verdict = \"FAIL\"",
        "-claim",
    ];
    writes(&task_in("claimed"), &of("give up"), &given_up);
    writes(
        &task_in("claimed"),
        &of("lose"),
        &["status = pending", "error = \"attempt lost\"", "-claim"],
    );
}

/// Returns a task in progress with this number of attempts and, if given, of counted ones.
fn counting(attempts: u32, used: Option<u32>) -> Task {
    let mut task = task_in("claimed");
    task.attempts = attempts;
    if let Some(used) = used {
        task.set(Detail::Count(Field::BudgetUsed, used));
    }
    task
}

fn budget(task: &Task, transition: &Transition) -> Option<String> {
    let changes = apply(task, transition, noon()).expect("legal");
    let of_budget = |line: &String| line.contains("budget_used");
    shown(&changes).into_iter().find(of_budget)
}

#[test]
fn the_budget_is_written_only_if_it_differs_from_the_attempts() {
    for (attempts, used, counted, free) in [
        (1, None, None, Some("budget_used = 0")),
        (3, None, None, Some("budget_used = 2")),
        (3, Some(2), Some("budget_used = 3"), None),
        (3, Some(0), Some("budget_used = 1"), None),
        // What the file says counts, even if it equals the number of attempts.
        (3, Some(3), Some("budget_used = 4"), None),
        // The numbers of an edited file do not overflow.
        (0, None, Some("budget_used = 1"), None),
        (u32::MAX, Some(u32::MAX), Some("budget_used = 4294967295"), None),
    ] {
        let task = counting(attempts, used);
        for kind in ["complete", "fail", "give up", "lose"] {
            assert_eq!(budget(&task, &of(kind)).as_deref(), counted, "{kind} {attempts} {used:?}");
        }
        for kind in [
            "await fix",
            "ask",
            "veto",
            "interrupt",
            "take over",
            "release",
            "cancel",
            "block",
            "park",
        ] {
            assert_eq!(budget(&task, &of(kind)).as_deref(), free, "{kind} {attempts} {used:?}");
        }
    }
}

#[test]
fn the_budget_is_at_least_1_and_a_running_attempt_does_not_count_yet() {
    let mut task = task_in("tried");
    assert_eq!((budget_of(&task, 3), budget_of(&task, 0), budget_used_now(&task)), (3, 1, 1));
    task.set(Detail::Count(Field::MaxIterations, 7));
    assert_eq!(budget_of(&task, 3), 7);
    task.set(Detail::Count(Field::MaxIterations, 0));
    assert_eq!(budget_of(&task, 3), 1);
    task.status = Status::InProgress;
    assert_eq!(budget_used_now(&task), 0);
    task.set(Detail::Count(Field::BudgetUsed, 5));
    assert_eq!(budget_used_now(&task), 5);
}

#[test]
fn an_attempt_that_a_person_must_look_at_says_why() {
    let asked = [
        "status = blocked",
        "error = \"question: which?\"",
        "passes = false",
        "verification_verdict = \"BLOCKED\"",
        "open_question = {\"code\":\"question\",\"text\":\"which colour?\"}",
        "budget_used = 0",
        "-claim",
    ];
    writes(&task_in("claimed"), &of("ask"), &asked);
    let vetoed = [
        "status = blocked",
        "error = \"hook before_task said no\"",
        "passes = false",
        "verification_verdict = \"BLOCKED\"",
        "budget_used = 0",
        "-claim",
    ];
    writes(&task_in("claimed"), &of("veto"), &vetoed);
}

#[test]
fn an_ended_claim_returns_the_task() {
    for (kind, error) in [
        ("interrupt", "error = \"interrupted\""),
        ("take over", "error = \"interrupted: its worker died\""),
        ("release", "error = \"released\""),
    ] {
        let freed = ["status = pending", error, "budget_used = 0", "-claim"];
        writes(&task_in("claimed"), &of(kind), &freed);
        writes(&task_in("landing"), &of(kind), &[&freed[..], &["-change"]].concat());
    }
}

#[test]
fn an_epic_takes_the_state_of_its_children() {
    let at = format!("completed_at = {NOW}");
    let complete = ["status = complete", &at, "passes = true", "error = ~"];
    writes(&plain(), &Transition::Settle(Status::Complete, None), &complete);
    let reason = Some("child B is blocked".to_owned());
    let blocked = ["status = blocked", "error = \"child B is blocked\""];
    writes(&plain(), &Transition::Settle(Status::Blocked, reason), &blocked);
}

#[test]
fn a_write_back_needs_its_own_claim_or_an_edit_that_removed_it() {
    let token = |worker, attempt| ClaimToken { worker: WorkerId::new(worker), attempt };
    let ours = "h:1:00000000";
    let claimed = task_in("claimed");
    assert!(claimed.accepts(&token(ours, 1)));
    assert!(!claimed.accepts(&token(ours, 2)) && !claimed.accepts(&token("h:2:00000000", 1)));
    for (state, expected) in [
        ("running", true),
        ("tried", true),
        ("complete", false),
        ("blocked", false),
        ("parked", false),
        ("unknown", false),
    ] {
        let mut task = task_in(state);
        task.attempts = 2;
        assert_eq!(task.accepts(&token(ours, 2)), expected, "{state}");
        assert_eq!(task.accepts(&token(ours, 3)), expected, "{state}: the file was reset");
        assert!(!task.accepts(&token(ours, 1)), "{state}: another attempt began since");
    }
}

#[test]
fn times_have_whole_seconds_and_a_z() {
    let at = noon() + chrono::TimeDelta::milliseconds(999);
    assert_eq!(timestamp(at), "2026-01-19T12:00:00Z");
}
