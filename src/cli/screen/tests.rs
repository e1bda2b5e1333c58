//! What a run prints into a pipe, notice by notice.

use super::*;
use crate::cli::args::ColorWhen;
use crate::cli::streams::tests::pipes;
use crate::domain::{
    Checked, EventKind, HookPoint, HookReport, Outcome, QueueIx, StepKind, StepReport, Turn,
};
use crate::engine::{Ending, Reason, SlotIx, Stage, Tally};
use crate::plan::{Backlog, Cause, Node, Resolution, Root};
use crate::store::attempts::AttemptFolder;
use crate::store::{StateDir, TaskKey, new_event};
use crate::views::mask::Mask;
use chrono::DateTime;
use serde_json::{Value, json};
use std::collections::HashSet;

const LOG: &str = "verify-1.out";

/// The tasks of a run, with a folder for their output.
struct Tasks {
    _dir: tempfile::TempDir,
    folder: AttemptFolder,
    mask: Mask,
}

impl Tasks {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let queue = dir.path().join("q.json");
        let key = TaskKey::new(&queue, "A");
        let folder = AttemptFolder::new(&StateDir::beside(&queue), &key, 1);
        folder.create().expect("made");
        let mask = Mask::new(&[("A_TOKEN".into(), "s3cret-value".into())]);
        Self { _dir: dir, folder, mask }
    }

    /// Returns an attempt at A in the first slot.
    fn attempt(&self, attempt: u32) -> Piece<'_> {
        let turn = Some(Turn { attempt, used: attempt, budget: 5 });
        let Self { folder, mask, .. } = self;
        let (slot, queue) = (SlotIx::new(0), QueueIx::FIRST);
        Piece { slot, queue, id: "A", title: "Walls", turn, folder, mask }
    }

    /// Returns a verification of the tree, which is about no task.
    fn tree(&self) -> Piece<'_> {
        Piece { id: "untouched tree", title: "verification", turn: None, ..self.attempt(1) }
    }
}

fn how(said: Said) -> How {
    let typed = Typed::naming(" --work-queue q.json".to_owned());
    How { said, json: false, output: false, typed, measured: Vec::new() }
}

fn end(verdict: Option<Verdict>, what: &str) -> End<'_> {
    End { verdict, what, failed: None, took: Duration::from_millis(12_300) }
}

fn step() -> StepReport {
    StepReport {
        kind: StepKind::Verify,
        name: "test".to_owned(),
        outcome: Outcome::Exited { code: 1 },
        millis: 1000,
        log: LOG.to_owned(),
        checked: Checked::default(),
    }
}

/// Returns what the notices print to standard output and error. Times of day are left out.
fn printed(how: How, color: ColorWhen, see: impl FnOnce(&mut Screen<'_>)) -> [String; 2] {
    let (mut streams, kept) = pipes(color);
    let mut screen = Screen::new(&mut streams, 2, how);
    see(&mut screen);
    drop(screen);
    let timeless = |line: &str| {
        let time =
            line.get(..9).filter(|time| time.bytes().filter(|byte| *byte == b':').count() == 2);
        format!("{}\n", time.map_or(line, |time| &line[time.len()..]))
    };
    let [out, err] = kept.map(|kept| kept.text());
    [out, err.lines().map(timeless).collect()]
}

/// Returns what is printed to standard error without colour.
fn lines(said: Said, see: impl FnOnce(&mut Screen<'_>)) -> String {
    let [out, err] = printed(how(said), ColorWhen::Never, see);
    assert_eq!(out, "", "standard output is for results");
    err
}

#[test]
fn a_run_prints_when_an_attempt_begins_and_how_it_ended() {
    let tasks = Tasks::new();
    let run = |screen: &mut Screen<'_>| {
        screen.notice(&Notice::Begins(tasks.attempt(1)));
        screen.notice(&Notice::Ends(tasks.attempt(1), end(Some(Verdict::Pass), "complete")));
        screen.notice(&Notice::Begins(tasks.attempt(2)));
        screen.notice(&Notice::Ends(tasks.attempt(2), end(None, "interrupted")));
    };
    let wanted = "start    A  Walls\n\
                  PASS     A  Walls (12 s, attempt 1 of 5)\n\
                  start    A  Walls (attempt 2 of 5)\n\
                  ended    A  Walls (12 s, attempt 2 of 5)  interrupted\n";
    assert_eq!(lines(Said::Usual, run), wanted);
    assert_eq!(lines(Said::Most, run), wanted);
    assert_eq!(lines(Said::Less, run), "", "with --quiet only failures are printed");
}

#[test]
fn every_verdict_has_its_word_and_its_colour() {
    let tasks = Tasks::new();
    for (verdict, head, color, is_quiet) in [
        (Some(Verdict::Pass), "PASS    ", "32", true),
        (Some(Verdict::Fail), "FAIL    ", "31", false),
        (Some(Verdict::Blocked), "BLOCKED ", "31", false),
        (Some(Verdict::Skipped), "SKIPPED ", "33", true),
        (None, "ended   ", "33", true),
    ] {
        let ends = |screen: &mut Screen<'_>| {
            screen.notice(&Notice::Ends(tasks.attempt(1), end(verdict, "x")));
        };
        let rest = "A  Walls (12 s, attempt 1 of 5)  x\n";
        assert_eq!(lines(Said::Usual, ends), format!("{head} {rest}"));
        assert_eq!(lines(Said::Less, ends).is_empty(), is_quiet, "{verdict:?}");
        let [_, colored] = printed(how(Said::Usual), ColorWhen::Always, ends);
        assert_eq!(colored, format!("\u{1b}[{color}m{head}\u{1b}[0m {rest}"), "{verdict:?}");
    }
}

#[test]
fn a_message_does_not_repeat_what_is_beside_it() {
    let tasks = Tasks::new();
    for (what, more) in [
        ("complete", ""),
        ("Walls", ""),
        ("Walls: landed", "  landed"),
        ("failed (attempt 1 of 5); tried again", "  failed; tried again"),
        ("Wallspaper: landed", "  Wallspaper: landed"),
    ] {
        let text = lines(Said::Usual, |screen| {
            screen.notice(&Notice::Ends(tasks.attempt(1), end(Some(Verdict::Pass), what)));
        });
        assert_eq!(text, format!("PASS     A  Walls (12 s, attempt 1 of 5){more}\n"), "{what}");
    }
}

#[test]
fn a_failure_shows_the_last_lines_of_its_step_and_where_the_rest_is() {
    let tasks = Tasks::new();
    let log: String = (1..=120).map(|n| format!("line {n} \u{1b}[31ms3cret-value\n\n")).collect();
    tasks.folder.put(LOG, log.as_bytes()).expect("written");
    let failed = step();
    let fails = |screen: &mut Screen<'_>| {
        let end =
            End { failed: Some(&failed), ..end(Some(Verdict::Fail), "step test: exit status 1") };
        screen.notice(&Notice::Ends(tasks.attempt(1), end));
    };
    let indent = " ".repeat(18);
    for (said, count) in [(Said::Less, 5), (Said::Usual, 5), (Said::More, 20), (Said::Most, 100)] {
        let shown: String =
            (121 - count..=120).map(|n| format!("{indent}| line {n} [masked]\n")).collect();
        let wanted = format!(
            "FAIL     A  Walls (12 s, attempt 1 of 5)  step test: exit status 1\n{shown}\
             {indent}workloop log A --work-queue q.json\n"
        );
        assert_eq!(lines(said, fails), wanted, "{said:?}");
    }
    // The output was printed already.
    let [_, err] = printed(How { output: true, ..how(Said::Usual) }, ColorWhen::Never, fails);
    let wanted = format!(
        "FAIL     A  Walls (12 s, attempt 1 of 5)  step test: exit status 1\n\
         {indent}workloop log A --work-queue q.json\n"
    );
    assert_eq!(err, wanted);
}

#[test]
fn a_verification_of_the_tree_is_no_attempt() {
    let tasks = Tasks::new();
    tasks.folder.put(LOG, b"red\n").expect("written");
    let failed = step();
    let text = lines(Said::Usual, |screen| {
        screen.notice(&Notice::Begins(tasks.tree()));
        let end = End { failed: Some(&failed), ..end(Some(Verdict::Fail), "verification") };
        screen.notice(&Notice::Ends(tasks.tree(), end));
    });
    // There is no log of a task to refer to.
    let wanted = "start    untouched tree  verification\n\
                  FAIL     untouched tree  verification (12 s)\n                  | red\n";
    assert_eq!(text, wanted);
}

#[test]
fn stages_are_printed_with_verbose() {
    let tasks = Tasks::new();
    let outcome = Outcome::Exited { code: 3 };
    let hook = HookPoint::BeforeTask;
    let report =
        HookReport { hook, outcome: outcome.clone(), millis: 1, code: None, text: String::new() };
    let stages = [
        Stage::Started,
        Stage::AgentFinished(outcome),
        Stage::Hooked(report),
        Stage::Verifying("unit \u{1b}[2J".to_owned()),
        Stage::Verified(Verdict::Pass),
    ];
    let run = |screen: &mut Screen<'_>| {
        for stage in &stages {
            screen.notice(&Notice::Stage { slot: SlotIx::new(0), id: "A", stage });
        }
        screen.notice(&Notice::Lands(tasks.attempt(1)));
        screen.notice(&Notice::Passed(tasks.attempt(1), Duration::from_secs(1)));
        screen.notice(&Notice::Frees(SlotIx::new(0)));
        screen.notice(&Notice::Tally(Tally::default()));
    };
    let wanted = "         A: agent\n         A: agent exit status 3\n         A: hook before_task\n\
                  \x20        A: verifying (unit ␛[2J)\n         A: PASS\n\
                  passed   A  Walls (attempt 1 of 5)  waits to land\n";
    assert_eq!(lines(Said::More, run), wanted);
    assert_eq!(lines(Said::Usual, run), "");
}

#[test]
fn a_loop_that_keeps_waiting_for_the_same_reason_says_so_once() {
    let tasks = Tasks::new();
    let run = |screen: &mut Screen<'_>| {
        for why in ["for A", "for A", "for B", "for A"] {
            screen.notice(&Notice::Waits(why));
        }
        // An attempt in between makes it news again.
        screen.notice(&Notice::Begins(tasks.attempt(1)));
        screen.notice(&Notice::Waits("for A"));
        screen.notice(&Notice::Ends(tasks.attempt(1), end(None, "ended")));
        screen.notice(&Notice::Waits("for A"));
    };
    let wanted = "wait     for A\nwait     for B\nwait     for A\nstart    A  Walls\n\
                  wait     for A\nended    A  Walls (12 s, attempt 1 of 5)  ended\nwait     for A\n";
    assert_eq!(lines(Said::Usual, run), wanted);
}

#[test]
fn a_pause_says_how_it_ends_and_a_warning_is_never_left_out() {
    let some = HashSet::from([QueueIx::FIRST]);
    let run = |screen: &mut Screen<'_>| {
        screen.notice(&Notice::Paused(&some));
        screen.notice(&Notice::Paused(&HashSet::new()));
        screen.notice(&Notice::Drains("asked to stop"));
        screen.notice(&Notice::Warning("the disk\nis full\u{7}"));
    };
    let paused = "pause    paused: tasks are suspended, nothing is written; \
                  workloop resume --work-queue q.json continues\n\
                  resume   continues\nstop     asked to stop\n";
    let warning = "warning  the disk is full␇\n";
    assert_eq!(lines(Said::Usual, run), format!("{paused}{warning}"));
    assert_eq!(lines(Said::Less, run), warning);
}

#[test]
fn events_are_printed_as_lines_only_if_they_were_asked_for() {
    let data = json!({"reason": "\u{9b}31m"}).as_object().cloned().expect("an object");
    let event = new_event(EventKind::Blocked, DateTime::UNIX_EPOCH, "q.json".to_owned(), data);
    let see = |screen: &mut Screen<'_>| {
        screen.notice(&Notice::Event(&event));
        screen.notice(&Notice::Event(&event));
    };
    let [out, err] = printed(How { json: true, ..how(Said::Usual) }, ColorWhen::Never, see);
    assert_eq!(err, "");
    assert!(!out.contains('\u{9b}'), "{out}");
    let lines: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, [json!(event), json!(event)]);
    assert_eq!(lines[0]["data"]["reason"], "\u{9b}31m");
    let [out, err] = printed(how(Said::Most), ColorWhen::Never, see);
    assert_eq!((out.as_str(), err.as_str()), ("", ""));
}

/// Returns an event with the cost of an attempt.
fn cost(cost: Value) -> Event {
    let data = json!({"cost_usd": cost}).as_object().cloned().expect("an object");
    new_event(EventKind::Verified, DateTime::UNIX_EPOCH, "q.json".to_owned(), data)
}

/// Returns how a run with one open task ended.
fn ending(attempts: u64) -> Ending {
    let root = Root { task: Node(0), resolution: Resolution::Stuck, cause: Cause::Blocked };
    let backlog =
        Backlog { total: 2, complete: 1, stuck: 1, roots: vec![root], ..Backlog::default() };
    Ending::new(Reason::Done, backlog, attempts, |_| "A".to_owned())
}

#[test]
fn the_summary_counts_attempts_once_and_adds_their_costs() {
    let tasks = Tasks::new();
    let (mut streams, _) = pipes(ColorWhen::Never);
    let mut screen = Screen::new(&mut streams, 1, how(Said::Less));
    // One attempt passed, waited to land, and landed.
    screen.notice(&Notice::Passed(tasks.attempt(1), Duration::from_secs(60)));
    screen.notice(&Notice::Passed(tasks.attempt(1), Duration::from_secs(60)));
    screen.notice(&Notice::Ends(tasks.attempt(1), end(Some(Verdict::Pass), "complete")));
    // Another one failed.
    screen.notice(&Notice::Ends(
        tasks.attempt(2),
        end(Some(Verdict::Fail), "no way; workloop why A"),
    ));
    screen.notice(&Notice::Ends(tasks.tree(), end(Some(Verdict::Fail), "red")));
    screen.notice(&Notice::Passed(tasks.tree(), Duration::from_secs(60)));
    for value in [json!(0.25), json!(null), json!("1"), json!(1.5)] {
        screen.notice(&Notice::Event(&cost(value)));
    }
    let (told, lasted) = screen.end();
    assert!(lasted < Duration::from_secs(60));
    let results = (told, Duration::from_secs(90));
    let wanted = "1 of 2 complete, 2 attempts, 2 min (1 min of attempts), $1.75\n  \
                  A  no way  workloop why A\n";
    assert_eq!(closing(&results, &ending(2), Look::PLAIN), wanted);
    assert_eq!(closing(&results, &ending(0), Look::PLAIN), "", "a run without attempts");
}

#[test]
fn the_level_of_detail_follows_the_flags() {
    use clap::Parser;
    for (flags, said, count) in [
        ("-q", Said::Less, 5),
        ("", Said::Usual, 5),
        ("-v", Said::More, 20),
        ("-vv", Said::Most, 100),
        ("-vvv", Said::Most, 100),
    ] {
        let line = format!("workloop status {flags}");
        let cli = crate::cli::Cli::try_parse_from(line.split_whitespace()).expect("valid");
        assert_eq!(Said::of(&cli.global), said, "{flags}");
        assert_eq!(said.lines(), count, "{flags}");
    }
}
