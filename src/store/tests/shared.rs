//! Tests what loops and projects share beside a queue: entries, rests, trees and ledgers.

use super::records::report;
use crate::domain::{
    Checked, Finding, Findings, Fingerprint, ItemId, ItemState, Ledger, Level, Outcome, StepItems,
    StepKind, StepReport, Usage, Verdict,
};
use crate::platform::ids::CountingIds;
use crate::platform::open;
use crate::store::records::at_work::{AtWork, Working};
use crate::store::records::work::Work;
use crate::store::records::workers::{About, Stillness};
use crate::store::records::{Bases, JudgeFiles, Ledgers, RedStep, TreeReport, Trees};
use crate::store::{StateDir, TaskKey};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

fn write(path: &Path, text: &str) {
    let (mut file, _) =
        open::in_place_of_others(path, open::existing_or_new).expect("a file to write");
    file.set_len(0).expect("emptied");
    file.write_all(text.as_bytes()).expect("written");
}

#[test]
fn a_queue_rests_if_each_loop_said_so_since_it_was_asked() {
    let at = |secs: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
    let said = |secs, judged| Some(Stillness { asked: at(secs), judged });
    for (case, asked, loops, expected) in [
        ("no loop", Some(at(5)), vec![], false),
        ("one that rests", Some(at(5)), vec![said(5, true)], true),
        ("one that was asked again", Some(at(5)), vec![said(6, true)], true),
        ("one that rests for an earlier pause", Some(at(5)), vec![said(4, true)], false),
        ("one that could not read", Some(at(5)), vec![said(5, false)], false),
        ("one that says nothing", Some(at(5)), vec![None], false),
        ("all of two", Some(at(5)), vec![said(5, true), said(5, true)], true),
        ("the first of two", Some(at(5)), vec![said(5, true), None], false),
        ("the second of two", Some(at(5)), vec![said(4, true), said(5, true)], false),
        ("nobody asked", None, vec![said(5, true)], false),
    ] {
        assert_eq!(Stillness::of_all(asked, loops.into_iter()), expected, "{case}");
    }
}

#[test]
fn a_loop_serves_the_queues_that_it_lists_and_maybe_all_while_it_lists_none() {
    let mut about = About::default();
    assert!(about.serves("q"), "its entry is not whole yet");
    about.queues = vec!["a".into(), "q".into()];
    assert!(about.serves("q") && !about.serves("Q") && !about.serves(""));
    assert_eq!(about.said("q"), None);
    about.paused = [("q".to_owned(), 1_500_000_000)].into();
    let asked = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
    assert_eq!(about.said("q"), Some(Stillness { asked, judged: true }));
    about.unread = ["q".to_owned()].into();
    assert_eq!(about.said("q"), Some(Stillness { asked, judged: false }));
    assert_eq!((about.said("a"), about.still("q")), (None, Some(asked)));
}

#[test]
fn an_entry_of_an_attempt_tells_its_declared_paths_if_it_can_be_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    let enter = |name: &str, declares: &[&str]| {
        let declares = declares.iter().map(ToString::to_string).collect();
        let about = Working { task: name.to_owned(), declares };
        AtWork::enter(root, Path::new(name), &about).expect("entered")
    };
    let own = enter("own", &["src/"]);
    let other = enter("other", &["docs/", "**/*.md"]);
    assert_eq!(
        own.others().expect("listed"),
        [Working { task: "other".into(), declares: vec!["docs/".into(), "**/*.md".into()] }]
    );
    drop(other);
    drop(own);
    let own = enter("own", &[]);
    let folder = AtWork::dir(root);
    write(&folder.join("newer"), "{\"task\": \"n\", \"more\": 1}");
    let newer = Working { task: "n".into(), declares: Vec::new() };
    assert_eq!(own.others().expect("listed"), [newer]);
    write(&folder.join("newer"), "{\"task\":");
    assert_eq!(own.others().expect("listed"), [Working::default()], "half of it declares nothing");
    // An attempt that ended since the folder was listed has another name.
    fs::rename(folder.join("newer"), folder.join("newer.over")).expect("renamed");
    assert_eq!(own.others().expect("listed"), [Working::default()]);
    drop(own);
    assert_eq!(fs::read_dir(&folder).expect("listed").count(), 0, "the last one tidies up");
}

fn red(output: Option<&str>) -> RedStep {
    RedStep {
        profile: "p".into(),
        step: "test".into(),
        outcome: "exit 1".into(),
        output: output.map(str::to_owned),
        said: String::new(),
        log: "/none/verify.log".into(),
    }
}

#[test]
fn steps_are_alike_if_they_failed_with_the_same_output() {
    let one = red(Some("x"));
    let with = |change: fn(&mut RedStep)| {
        let mut other = red(Some("x"));
        change(&mut other);
        one.is_like(&other)
    };
    assert!(with(|_| {}) && with(|step| step.outcome = "exit 2".into()));
    assert!(!with(|step| step.profile = "q".into()));
    assert!(!with(|step| step.step = "lint".into()));
    assert!(!with(|step| step.output = Some("y".into())));
    assert!(!with(|step| step.output = None));
    assert!(!red(None).is_like(&red(None)), "steps that did not run are not alike");
}

#[test]
fn an_attempt_is_compared_only_if_it_failed_at_the_step() {
    let step = |kind, name: &str| StepReport {
        kind,
        name: name.to_owned(),
        outcome: Outcome::Exited { code: 1 },
        millis: 0,
        log: String::new(),
        checked: Checked::default(),
    };
    let failed = |steps: Vec<StepReport>, output: Option<&str>| {
        let mut failed = report(1, Outcome::Exited { code: 0 }, None);
        failed.verdict = Some(Verdict::Fail);
        failed.fingerprint = Fingerprint { output: output.map(str::to_owned), change: None };
        failed.steps = steps;
        failed
    };
    let test = || step(StepKind::Verify, "test");
    let compare = |report| red(Some("x")).compare(&report);
    assert_eq!(compare(failed(vec![test()], Some("x"))), Some(true));
    assert_eq!(compare(failed(vec![test()], Some("y"))), Some(false));
    assert_eq!(compare(failed(vec![test()], None)), Some(false));
    assert_eq!(red(None).compare(&failed(vec![test()], None)), Some(false));
    let lint = step(StepKind::Verify, "lint");
    assert_eq!(compare(failed(vec![lint.clone()], Some("x"))), None);
    assert_eq!(compare(failed(vec![test(), lint], Some("x"))), None, "only the last step failed");
    assert_eq!(compare(failed(vec![step(StepKind::Agent, "test")], Some("x"))), None);
    assert_eq!(compare(failed(Vec::new(), Some("x"))), None);
    let mut passed = failed(vec![test()], Some("x"));
    passed.verdict = Some(Verdict::Pass);
    assert_eq!(compare(passed), None);
    let mut refused = failed(vec![test()], Some("x"));
    refused.steps[0].outcome = Outcome::Exited { code: 0 };
    let finding = Finding {
        code: "frozen_path".into(),
        level: Level::Fail,
        path: None,
        line: None,
        message: String::new(),
    };
    refused.findings = Findings { findings: vec![finding], ..Findings::default() };
    assert_eq!(compare(refused), None, "findings refused it, and not the step");
}

#[test]
fn the_log_of_a_step_is_named_while_it_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = dir.path().join("verify.log");
    let step = RedStep { log: log.clone(), ..red(None) };
    assert_eq!(step.shown_log(), "");
    write(&log, "");
    assert_eq!(step.shown_log(), format!("; {}", log.display()));
    fs::remove_file(&log).expect("removed");
    fs::create_dir(&log).expect("a folder in its place");
    assert_eq!(step.shown_log(), "");
}

#[test]
fn files_of_trees_that_are_broken_are_as_if_there_were_none() {
    let root = tempfile::tempdir().expect("a folder");
    let (trees, bases) = (Trees::of(root.path()), Bases::of(root.path()));
    let ids = CountingIds::default();
    let one = |red: Option<RedStep>| TreeReport {
        tree: Some("t".into()),
        at: "2026-01-19T00:00:00Z".into(),
        verdict: Verdict::Fail,
        red,
    };
    trees.put("p", one(Some(red(Some("x")))), &ids).expect("written");
    assert_eq!(trees.last("p"), Some(one(Some(red(Some("x"))))));
    let folder = root.path().join(".workloop/trees");
    for text in ["", "{", "[]", "{\"reports\": 3}"] {
        write(&folder.join("p.json"), text);
        assert_eq!((trees.last("p"), trees.report("p", "t")), (None, None), "{text:?}");
    }
    trees.put("p", one(None), &ids).expect("written over it");
    assert_eq!(trees.report("p", "t"), Some(one(None)));

    let items = [(ItemId::new("a.py", "t"), ItemState::Passed)].into();
    let found: StepItems = [("test".to_owned(), items)].into();
    bases.put("s", "tree", &found, &ids).expect("written");
    let files =
        || fs::read_dir(&folder).expect("listed").map(|entry| entry.expect("an entry").path());
    let is_items = |path: &PathBuf| path.to_string_lossy().contains("items-s-");
    let file = files().find(is_items).expect("a file");
    let text = fs::read_to_string(&file).expect("text");
    // The name contains only a hash of the tree.
    write(&file, &text.replace("\"tree\":\"tree\"", "\"tree\":\"other\""));
    assert_eq!(bases.get("s", "tree"), None);
    write(&file, &text[1..]);
    assert_eq!(bases.get("s", "tree"), None);
    write(&file, &text);
    assert_eq!(bases.get("s", "tree"), Some(found));
}

#[test]
fn a_ledger_that_is_broken_begins_anew_and_one_that_stays_is_not_written() {
    let root = tempfile::tempdir().expect("a folder");
    let (ledgers, ids) = (Ledgers::of(root.path()), CountingIds::default());
    let file = root.path().join(".workloop/spent/day.json");
    ledgers.change(&ids, |_| {}).expect("unchanged");
    assert!(!file.exists(), "nothing was used");
    let settle = |ledger: &mut Ledger| ledger.settle("a", "claude", Usage::default());
    let once = ledgers.change(&ids, settle).expect("changed");
    let left = file.with_file_name(".day.json.0123abcd.tmp");
    write(&left, "cut off");
    ledgers.change(&ids, |_| {}).expect("unchanged");
    assert!(left.exists(), "nothing was written");
    ledgers.change(&ids, |ledger| ledger.settle("b", "codex", Usage::default())).expect("changed");
    assert!(!left.exists(), "a writer removes what a killed one left");
    write(&file, "{\"day\":");
    assert_eq!(ledgers.read().expect("read"), Ledger::default());
    assert_eq!(ledgers.change(&ids, settle).expect("changed"), once);
    assert_eq!(ledgers.read().expect("read"), once);
}

#[test]
fn a_file_of_a_judge_has_one_name_wherever_the_project_is() {
    let name = |root: &str, queue: &str, task: &str| {
        let (root, queue) = (Path::new(root), Path::new(root).join(queue));
        JudgeFiles::name(root, &StateDir::beside(&queue), &TaskKey::new(&queue, task))
    };
    let one = name("/a", "q.json", "T");
    assert!(one.len() == 21 && one.ends_with(".json"), "{one}");
    assert_eq!(name("/b/c", "q.json", "T"), one, "it was moved");
    assert_ne!(name("/a", "q.json", "U"), one);
    assert_ne!(name("/a", "sub/q.json", "T"), one, "another state folder");
}

#[test]
fn work_is_recorded_up_to_a_number_of_paths_and_all_or_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let paths = |number: usize| (0..number).map(|at| format!("f{at}")).collect::<Vec<_>>();
    let all = Work::of(root.path(), &paths(2000)).expect("a record");
    assert!(all.is_there(root.path(), &[]).expect("looked at"));
    assert_eq!(Work::of(root.path(), &paths(2001)), None);
    fs::create_dir(root.path().join("d")).expect("a folder");
    assert_eq!(Work::of(root.path(), &["f0".into(), "d".into()]), None);
    fs::create_dir(root.path().join("f1999")).expect("a folder");
    assert!(!all.is_there(root.path(), &[]).expect("looked at"), "a folder is no file");
    write(&root.path().join("x"), "1");
    let file = Work::of(root.path(), &["x".into()]).expect("a record");
    fs::remove_file(root.path().join("x")).expect("removed");
    std::os::unix::fs::symlink("1", root.path().join("x")).expect("a link");
    assert!(!file.is_there(root.path(), &[]).expect("looked at"), "a link is no file");
    let link = Work::of(root.path(), &["x".into()]).expect("a record");
    assert!(
        file.is_there(root.path(), &[&all, &link]).expect("looked at"),
        "a later task left it so"
    );
}
