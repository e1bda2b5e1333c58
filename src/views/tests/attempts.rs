//! The attempts of a task: what is read from their folders, and how `why` tells it.

use crate::domain::{AttemptReport, ReasonCode};
use crate::plan::Node;
use crate::store::attempts::AttemptFolder;
use crate::store::{StateDir, TaskKey};
use crate::views::attempts::{self, AttemptView};
use crate::views::mask::Mask;
use crate::views::sample::{joined, now, report, seen, shown};
use crate::views::style::Look;
use crate::views::told_attempts::{conflicts, told_attempts};
use crate::views::why;
use serde_json::{Value, json};

const NINE: &str = "2026-01-19T09:00:00Z";

/// Writes folders of attempts, and reads them as views do.
struct Folders {
    dir: tempfile::TempDir,
    state: StateDir,
    key: TaskKey,
}

impl Folders {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&path), TaskKey::new(&path, "A"));
        Self { dir, state, key }
    }

    /// Writes an attempt with these files; without a report it is one that runs.
    fn put(&self, number: u32, report: Option<&AttemptReport>, files: &[&str]) {
        let folder = AttemptFolder::new(&self.state, &self.key, number);
        folder.create().expect("made");
        for file in files {
            folder.put(file, b"output\n").expect("written");
        }
        if let Some(report) = report {
            folder.put_report(report).expect("written");
        }
    }

    fn read(&self) -> Vec<AttemptView> {
        let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
        attempts::of_task(&self.state, &self.key, &mask)
    }

    /// Returns an attempt as JSON, with the folder of the test cut off its paths.
    fn json(&self, view: &AttemptView) -> Value {
        let text = serde_json::to_string(view).expect("JSON");
        let folder = AttemptFolder::new(&self.state, &self.key, view.attempt);
        let path = folder.file("x").display().to_string();
        let dir = path.strip_suffix('x').expect("a folder");
        serde_json::from_str(&text.replace(dir, "")).expect("JSON")
    }
}

/// Reads the view of one report.
fn viewed(more: Value, files: &[&str]) -> Value {
    let folders = Folders::new();
    folders.put(1, Some(&report(more)), files);
    folders.json(&folders.read()[0])
}

fn step(name: &str, code: i32, more: Value) -> Value {
    let step = json!({"name": name, "outcome": {"kind": "exited", "code": code}, "millis": 1_500,
        "log": format!("{name}.log")});
    joined(step, more)
}

#[test]
fn an_attempt_without_a_report_is_one_whose_end_is_unknown() {
    let folders = Folders::new();
    assert_eq!(folders.read(), Vec::new());
    folders.put(10, None, &[]);
    folders.put(9, None, &["agent.out"]);
    let views: Vec<Value> = folders.read().iter().map(|view| folders.json(view)).collect();
    let unknown = |number: u32, log: Value| {
        json!({"attempt": number, "outcome": null, "verdict": null, "reason": null,
            "reason_code": null, "agent": null, "log": log})
    };
    assert_eq!(views, [unknown(9, json!("agent.out")), unknown(10, json!(null))]);
    assert!(folders.dir.path().exists());
}

#[test]
fn a_report_that_cannot_be_parsed_is_as_good_as_none() {
    let folders = Folders::new();
    folders.put(1, None, &["verdict.json", "agent.out"]);
    let views = folders.read();
    assert_eq!((views.len(), views[0].outcome.as_deref(), views[0].verdict), (1, None, None));
    assert!(views[0].log.as_deref().is_some_and(|log| log.ends_with("agent.out")));
}

#[test]
fn no_secret_of_an_attempt_is_shown() {
    let secret = "s3cret-word";
    let view = viewed(
        json!({"verdict": "FAIL", "reason": secret, "reason_code": "guardrail",
            "evidence": [secret, "b"], "files_changed": [secret], "files_ambiguous": [secret],
            "hooks": [{"hook": "after_attempt", "outcome": {"kind": "exited", "code": 3}, "millis": 250, "text": secret}],
            "agent": {"preset": "claude", "outcome": "ok", "message": secret},
            "findings": [{"code": "secret", "level": "fail", "message": secret}],
            "steps": [step("test", 0, json!({"checked": {"verdict": "PASS", "retried": 1,
                "items": {"passed": 1, "failed": 0, "skipped": 0, "flaky": [secret], "new": [secret],
                    "old": [secret], "fixed": [secret], "lost": [secret]}}}))]}),
        &[],
    );
    assert_eq!(view["reason"], "[masked]");
    assert_eq!(view["evidence"], json!(["[masked]", "b"]));
    assert_eq!(
        view["hooks"],
        json!([{"hook": "after_attempt", "outcome": "exit status 3", "seconds": 0.25, "text": "[masked]"}])
    );
    assert_eq!(view["warnings"], json!(["step test is flaky: [masked]"]));
    for list in ["new", "old", "fixed", "lost", "flaky"] {
        assert_eq!(view["items"][list], json!(["[masked]"]), "{list}");
    }
    let text = view.to_string();
    assert!(!text.contains(secret), "{text}");
    assert_eq!(text.matches("[masked]").count(), 13, "{text}");
}

/// The output that helps is that of the command which failed, if it is still there.
#[test]
fn the_log_is_that_of_the_step_that_failed_or_else_of_the_agent() {
    let all: &[&str] = &["agent.out", "test.log"];
    let of = |verdict: Value, steps: Value, files: &[&str]| {
        viewed(json!({"verdict": verdict, "steps": steps}), files)["log"].clone()
    };
    let (red, green) = (step("test", 1, json!({})), step("test", 0, json!({})));
    let judged = |verdict: &str| step("test", 0, json!({"checked": {"verdict": verdict}}));
    for (what, verdict, steps, files, log) in [
        ("a step failed", json!("FAIL"), json!([green, red]), all, json!("test.log")),
        ("a step blocks", json!("BLOCKED"), json!([judged("BLOCKED")]), all, json!("test.log")),
        ("a report is red", json!("FAIL"), json!([judged("FAIL")]), all, json!("test.log")),
        ("a guardrail failed", json!("FAIL"), json!([green]), all, json!("agent.out")),
        ("no step ran", json!("FAIL"), json!([]), all, json!("agent.out")),
        ("it passed", json!("PASS"), json!([red]), all, json!("agent.out")),
        ("it was skipped", json!("SKIPPED"), json!([red]), all, json!("agent.out")),
        ("it was interrupted", json!(null), json!([red]), all, json!("agent.out")),
        ("its log is gone", json!("FAIL"), json!([red]), &["agent.out"], json!("agent.out")),
        ("all logs are gone", json!("FAIL"), json!([red]), &[], json!(null)),
        (
            "it names no log",
            json!("FAIL"),
            json!([step("test", 1, json!({"log": ""}))]),
            all,
            json!("agent.out"),
        ),
    ] {
        assert_eq!(of(verdict, steps, files), log, "{what}");
    }
}

#[test]
fn a_step_that_ran_twice_counts_once_and_a_red_run_counts_most() {
    let items = |passed: usize, verdict: &str| json!({"checked": {"verdict": verdict, "items": {"passed": passed, "failed": 0, "skipped": 0}}});
    let passed = |steps: Value| viewed(json!({"steps": steps}), &[])["items"]["passed"].clone();
    let again = "test (again, with the base's files)";
    for (what, steps, wanted) in [
        (
            "two steps",
            json!([step("a", 0, items(1, "PASS")), step("b", 0, items(2, "PASS"))]),
            json!(3),
        ),
        (
            "again and green",
            json!([step("test", 0, items(1, "PASS")), step(again, 0, items(2, "PASS"))]),
            json!(1),
        ),
        (
            "again and red",
            json!([step("test", 0, items(1, "PASS")), step(again, 1, items(2, "FAIL"))]),
            json!(2),
        ),
        (
            "at the landing",
            json!([step("test", 0, items(1, "PASS")), step("test", 0, items(2, "PASS"))]),
            json!(2),
        ),
        (
            "a longer name",
            json!([step("test", 0, items(1, "PASS")), step("tests", 0, items(2, "PASS"))]),
            json!(3),
        ),
        ("without items", json!([step("a", 0, json!({}))]), json!(null)),
    ] {
        assert_eq!(passed(steps), wanted, "{what}");
    }
}

#[test]
fn a_report_has_its_times_its_steps_and_what_they_measured() {
    let measure = json!({"value": 71.5, "min": 80.0, "unit": "%"});
    let view = viewed(
        json!({"verdict": "FAIL", "reason": "step cover: exit status 1", "reason_code": "tests_failed",
            "files_changed": ["a.rs"], "ended_at": "2026-01-19T09:00:01.250Z",
            "steps": [step("agent", 0, json!({})), step("cover", 1, json!({"checked": {"verdict": "FAIL", "measure": measure}}))]}),
        &[],
    );
    assert_eq!(
        view,
        json!({"attempt": 1, "outcome": "exit status 0", "verdict": "FAIL",
            "reason": "step cover: exit status 1", "reason_code": "tests_failed", "agent": null,
            "log": null, "started_at": "2026-01-19T09:00:00.000Z", "duration_s": 3.0,
            "steps": [{"name": "agent", "outcome": "exit status 0", "seconds": 1.5},
                {"name": "cover", "outcome": "exit status 1", "seconds": 1.5}],
            "files_changed": ["a.rs"],
            "measures": [{"step": "cover", "value": 71.5, "min": 80.0, "unit": "%"}],
            "ended_at": "2026-01-19T09:00:01.250Z"}),
        "it lasted at least as long as its commands"
    );
}

/// A hook may print a word that is also one of our codes, with another meaning.
#[test]
fn the_code_of_a_hook_is_not_taken_for_one_of_ours() {
    let view = |reason_code: &str, code: Value| {
        let hook = json!({"hook": "before_landing", "outcome": {"kind": "exited", "code": 1}, "millis": 0, "code": code});
        let folders = Folders::new();
        let fields = json!({"verdict": "BLOCKED", "reason_code": reason_code, "hooks": [hook]});
        folders.put(1, Some(&report(fields)), &[]);
        folders.read().remove(0)
    };
    let veto = view("hook", json!("conflict"));
    assert_eq!(
        (veto.reason_code.as_deref(), veto.code()),
        (Some("conflict"), Some(ReasonCode::Hook))
    );
    let ours = view("conflict", json!(null));
    assert_eq!(ours.code(), Some(ReasonCode::Conflict));
    assert_eq!(conflicts(&[veto, ours.clone(), ours]), 2);
}

/// Returns the lines that `why` prints about attempts with these reports.
fn told(started: u32, reports: &[Value], look: Look) -> String {
    let folders = Folders::new();
    for (number, more) in (1..).zip(reports) {
        folders.put(number, Some(&report(more.clone())), &[]);
    }
    let mut text = String::new();
    told_attempts(&folders.read(), started, now(), look, &mut text);
    text
}

#[test]
fn how_an_attempt_ended_is_told_with_its_verdict_and_its_reason() {
    let line = |more: Value| {
        let text = told(1, &[more], Look::PLAIN);
        let line = text.strip_prefix("Attempts so far: 1.\n  1  ").expect("an attempt");
        line.replace(&format!("{}, 10 min  ", shown(NINE)), "").trim_end().to_owned()
    };
    let exited = |code: i32| json!({"kind": "exited", "code": code});
    for (more, wanted) in [
        (json!({"verdict": "PASS"}), "PASS  agent: exit status 0"),
        (
            json!({"verdict": "FAIL", "reason": "step t: exit status 1"}),
            "FAIL  agent: exit status 0; step t: exit status 1",
        ),
        (
            json!({"verdict": "FAIL", "outcome": exited(3), "reason": "agent: exit status 3"}),
            "FAIL  agent: exit status 3",
        ),
        (
            json!({"verdict": "BLOCKED", "reason": "hook before_task said no: freeze"}),
            "BLOCKED  hook before_task said no: freeze",
        ),
        (json!({"outcome": {"kind": "interrupted"}}), "-  agent: interrupted"),
        (
            json!({"outcome": {"kind": "failed_to_start", "reason": "no \u{1b}[1mx"}}),
            "-  agent: failed to start: no ␛[1mx",
        ),
    ] {
        assert_eq!(line(more.clone()), wanted, "{more}");
    }
}

#[test]
fn a_verdict_has_its_colour_and_a_question_that_of_a_question() {
    let look = Look { color: true, width: None };
    let painted = |verdict: &str, code: Value| {
        let text = told(1, &[json!({"verdict": verdict, "reason_code": code})], look);
        let line = text.lines().nth(1).expect("a line").to_owned();
        line.split("  ").nth(2).expect("a verdict").to_owned()
    };
    for (verdict, code, wanted) in [
        ("PASS", json!(null), "\u{1b}[32mPASS\u{1b}[0m"),
        ("FAIL", json!("tests_failed"), "\u{1b}[31mFAIL\u{1b}[0m"),
        ("BLOCKED", json!("tampered"), "\u{1b}[31mBLOCKED\u{1b}[0m"),
        ("BLOCKED", json!("question"), "\u{1b}[1m\u{1b}[33mBLOCKED\u{1b}[0m"),
        ("SKIPPED", json!(null), "SKIPPED"),
    ] {
        assert_eq!(painted(verdict, code), wanted, "{verdict}");
    }
}

#[test]
fn everything_that_an_attempt_left_is_told_below_it() {
    let names: Vec<String> = (1..=9).map(|n| format!("t{n}")).collect();
    let hook = |code: Value, exit: i32, text: &str| json!({"hook": "after_attempt", "outcome": {"kind": "exited", "code": exit}, "millis": 0, "code": code, "text": text});
    let whole = json!({"verdict": "FAIL", "reason": "step test: exit status 1", "reason_code": "conflict",
        "hooks": [hook(json!(null), 0, ""), hook(json!(null), 3, "no disk"), hook(json!(null), 4, "")],
        "known_errors": [{"cause": "no hinges", "fix": "buy some"}],
        "agent": {"preset": "claude", "outcome": "ok", "model": "m-1", "cost_usd": 0.5, "tokens": {"in": 1, "out": 2, "cached": 3, "total": 6}},
        "files_ambiguous": ["a.rs", "b.rs"],
        "findings": [{"code": "stub", "level": "warn", "path": "a.rs", "line": 3, "message": "a stub"}],
        "changed_with_permission": [{"path": "t.rs", "by": "declared"}],
        "steps": [step("agent", 0, json!({})), step("test", 1, json!({"millis": 61_000, "checked": {"verdict": "FAIL",
            "measure": {"value": 3.0}, "items": {"passed": 1, "failed": 9, "skipped": 0, "compared": true, "new": names}}})),
            step("lint", 1, json!({"checked": {"verdict": "FAIL", "allowed": true}}))]});
    let text = told(3, &[whole], Look::PLAIN);
    let expected = format!(
        "Attempts so far: 3.\n\
         Its change did not merge with what landed 1 time.\n\
         \x20 1  FAIL  {}, 10 min  agent: exit status 0; step test: exit status 1\n\
         \x20    agent 1.5 s, test 1 min, lint 1.5 s\n\
         \x20    hook after_attempt: exit status 3: no disk\n\
         \x20    hook after_attempt: exit status 4\n\
         \x20    known: no hinges; what helps: buy some\n\
         \x20    claude m-1: cost 0.50 USD, tokens 6\n\
         \x20    changed, possibly by other attempts: a.rs, b.rs\n\
         \x20    items: 1 passed, 9 failed\n\
         \x20      new failures: t1, t2, t3, t4, t5, t6, t7, t8 and 1 more\n\
         \x20    test: 3\n\
         \x20    warning: step lint: exit status 1, which it may\n\
         \x20    warn: a.rs:3: a stub (stub)\n\
         \x20    changed with permission: t.rs (declared)\n",
        shown(NINE)
    );
    assert_eq!(text, expected);
}

/// The time of a single command is that of the attempt.
#[test]
fn the_commands_are_told_if_there_are_several() {
    let steps = |names: &[&str]| {
        let steps: Vec<Value> = names.iter().map(|name| step(name, 0, json!({}))).collect();
        let text = told(1, &[json!({"verdict": "PASS", "steps": steps})], Look::PLAIN);
        text.lines().nth(2).map(str::to_owned)
    };
    assert_eq!(steps(&[]), None);
    assert_eq!(steps(&["agent"]), None);
    assert_eq!(steps(&["agent", "a\nb"]).as_deref(), Some("     agent 1.5 s, a b 1.5 s"));
}

/// What a tool without an adapter used is not mentioned unless something is known.
#[test]
fn usage_is_told_as_far_as_it_is_known() {
    let used = |agent: Value| {
        let text = told(1, &[json!({"verdict": "PASS", "agent": agent})], Look::PLAIN);
        text.lines().nth(2).map(|line| line.trim_start().to_owned())
    };
    let tokens = json!({"in": 1, "out": 2, "cached": 3, "total": 6});
    let told = |text: &str| Some(text.to_owned());
    for (agent, wanted) in [
        (json!({"preset": "command", "outcome": "ok"}), None),
        (json!({"preset": "codex", "outcome": "ok"}), told("codex: cost unknown, tokens unknown")),
        (
            json!({"preset": "command", "outcome": "ok", "cost_usd": 2}),
            told("command: cost 2.00 USD, tokens unknown"),
        ),
        (
            json!({"preset": "command", "outcome": "ok", "tokens": tokens}),
            told("command: cost unknown, tokens 6"),
        ),
    ] {
        assert_eq!(used(agent.clone()), wanted, "{agent}");
    }
}

#[test]
fn a_task_without_folders_says_how_often_it_was_started() {
    for (started, wanted) in [
        (0, "There has been no attempt yet.\n"),
        (1, "There was 1 attempt, but its folder is gone.\n"),
        (4, "There were 4 attempts, but none has a folder any more.\n"),
    ] {
        assert_eq!(told(started, &[], Look::PLAIN), wanted);
    }
}

#[test]
fn the_attempts_are_part_of_why() {
    let folders = Folders::new();
    folders.put(1, Some(&report(json!({"verdict": "PASS", "reason_code": "conflict"}))), &[]);
    let queue = json!({"tasks": [{"id": "A", "title": "a", "attempts": 1}]});
    let (text, value) = seen(&[("q.json", &queue)], |sources| {
        let view = sources.why(Node(0), folders.read(), None);
        (why::text(&view, Look::PLAIN), view.json())
    });
    assert!(text.contains("\nAttempts so far: 1.\nIts change did not merge"), "{text}");
    assert_eq!(
        (&value["conflicts"], &value["attempts"][0]["verdict"]),
        (&json!(1), &json!("PASS"))
    );
}
