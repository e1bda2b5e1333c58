//! Two runs in one project, and what each knows of a check that an attempt changed.

use super::super::fingerprint::Part;
use super::*;
use crate::domain::{Command, EventKind};
use crate::engine::attempt::tamper::{ACCEPTS, Memory, Watch};
use crate::store::attempts::AttemptFolder;
use crate::store::journal::Journal;
use crate::store::new_event;
use chrono::DateTime;
use serde_json::json;
use std::fs;

const AT: &str = "1969-01-01T00:00:00.000Z";

struct Case {
    dir: tempfile::TempDir,
    state: StateDir,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::beside(&dir.path().join("q.json"));
        let case = Self { dir, state };
        case.put("check.sh", "exit 1");
        case
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.root().join(name), text).unwrap();
    }

    fn key(&self, id: &str) -> TaskKey {
        TaskKey::new(&self.root().join("q.json"), id)
    }

    fn attempt(&self, id: &str) -> Attempt {
        let key = self.key(id);
        let name = JudgeFiles::name(self.root(), &self.state, &key);
        let place = (self.root(), &self.state, &key);
        let record = JudgeRecord::new(place, (id, true), 1, AT.to_owned());
        Attempt::new(self.root(), &self.state, name, record)
    }

    fn guard(&self, step: &str) -> Guard {
        let commands = vec![Command::Shell(step.to_owned())];
        let root = self.root().to_owned();
        let watch = Watch { root, commands, is_shared: true, ..Watch::default() };
        Guard::take(&watch, &Memory::default())
    }

    /// Returns what `run` finds before an attempt at `id`.
    fn found(&self, run: &TamperedFiles, id: &str) -> Option<Distrust> {
        run.distrusted(&self.attempt(id), &self.guard("sh check.sh")).unwrap()
    }

    /// Begins an attempt at A in `run`.
    fn begun(&self, run: &TamperedFiles) -> Attempt {
        let (attempt, mut guard) = (self.attempt("A"), self.guard("sh check.sh"));
        assert_eq!(run.distrusted(&attempt, &guard).unwrap(), None);
        run.begin(&attempt, &mut guard).unwrap();
        attempt
    }

    /// Lets an attempt at A change the check, in `run`.
    fn tampered(&self, run: &TamperedFiles) -> Attempt {
        let attempt = self.begun(run);
        self.put("check.sh", "exit 0");
        run.changed(&attempt).unwrap();
        run.end(&attempt, true).unwrap();
        attempt
    }

    fn left(&self, is_seen: bool) -> Option<Distrust> {
        let (path, id) = (self.root().join("check.sh"), "A".to_owned());
        Some(Distrust::Other { path, id, is_seen, is_task: true })
    }

    /// Makes a lock file of A that nobody holds.
    fn died(&self) {
        let lock = self.state.claim_lock(&self.key("A"));
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        fs::write(lock, "").unwrap();
    }
}

#[test]
fn every_run_of_the_project_knows_what_an_attempt_left() {
    let case = Case::new();
    let (run, other) = (TamperedFiles::default(), TamperedFiles::default());
    case.tampered(&run);
    for run in [&run, &other] {
        assert_eq!(case.found(run, "B"), case.left(true));
        let own = case.found(run, "A").unwrap();
        assert!(matches!(own, Distrust::Own { attempt: 1, is_seen: true, .. }), "{own:?}");
        // It judges nothing here.
        let free = run.distrusted(&case.attempt("B"), &case.guard("true")).unwrap();
        assert_eq!(free, None);
    }
    let left = left_files(case.root(), &case.state).unwrap();
    assert_eq!(left, [LeftFile { path: "check.sh".to_owned(), task: Some("A".to_owned()) }]);
    case.put("check.sh", "exit 1");
    assert_eq!((case.found(&other, "B"), case.found(&run, "B")), (None, None));
    assert_eq!(case.attempt("A").files.all::<JudgeRecord>(None).unwrap(), Vec::new());
}

#[test]
fn an_own_change_of_a_person_counts() {
    let case = Case::new();
    case.tampered(&TamperedFiles::default());
    case.put("check.sh", "exit 2");
    assert_eq!(case.found(&TamperedFiles::default(), "B"), None);
}

#[test]
fn an_agent_gains_nothing_by_the_record() {
    let case = Case::new();
    let run = TamperedFiles::default();
    let Attempt { files, name, record, .. } = case.tampered(&run);
    files.remove(&name).unwrap();
    assert_eq!(case.found(&run, "B"), case.left(true));
    assert_eq!(case.found(&TamperedFiles::default(), "B"), case.left(true), "the file is back");
    // An empty record of a later attempt.
    let mut later = record.clone();
    (later.at, later.attempt) = ("2027-01-01T00:00:00.000Z".to_owned(), 9);
    files.put(&name, &later, &RandomIds).unwrap();
    assert_eq!(case.found(&run, "B"), case.left(true));
    assert_eq!(case.found(&TamperedFiles::default(), "B"), case.left(true), "it is completed");
}

#[test]
fn an_attempt_that_was_cut_off_is_compared_by_the_next() {
    let case = Case::new();
    case.begun(&TamperedFiles::default());
    assert_eq!(case.found(&TamperedFiles::default(), "B"), None, "nothing changed yet");
    case.put("check.sh", "exit 0");
    // Without a lock file it may still run.
    let running = case.found(&TamperedFiles::default(), "B").unwrap();
    assert!(matches!(running, Distrust::Running { .. }), "{running:?}");
    case.died();
    assert_eq!(left_by(case.root(), &case.state, &case.key("A")).unwrap(), ["check.sh"]);
    assert_eq!(case.found(&TamperedFiles::default(), "B"), case.left(false));
    let own = case.found(&TamperedFiles::default(), "A").unwrap();
    assert!(matches!(own, Distrust::Own { is_seen: false, .. }), "{own:?}");
}

#[test]
fn an_attempt_that_was_cut_off_before_it_changed_anything_is_no_matter() {
    let case = Case::new();
    case.begun(&TamperedFiles::default());
    case.died();
    assert_eq!(case.found(&TamperedFiles::default(), "B"), None);
    // From now on, a change is a person's.
    case.put("check.sh", "exit 2");
    assert_eq!(case.found(&TamperedFiles::default(), "B"), None);
}

#[test]
fn a_person_accepts_by_an_event() {
    for (paths, worker, is_accepted) in [
        (json!(["check.sh"]), None, true),
        (json!(["other.sh"]), None, false),
        (json!(["check.sh"]), Some("w"), false),
    ] {
        let case = Case::new();
        let run = TamperedFiles::default();
        case.tampered(&run);
        let data = [(ACCEPTS.to_owned(), paths)].into_iter().collect();
        let (now, queue) = (DateTime::UNIX_EPOCH, "q.json".to_owned());
        let mut event = new_event(EventKind::Retried, now, queue, data);
        event.task = Some("A".to_owned());
        event.worker = worker.map(str::to_owned);
        Journal::new(case.state.clone()).append(&mut [event]).unwrap();
        assert_eq!(case.found(&run, "B").is_none(), is_accepted);
        assert_eq!(case.found(&TamperedFiles::default(), "A").is_none(), is_accepted);
    }
}

#[test]
fn a_file_that_another_attempt_left_is_guarded_by_all() {
    let case = Case::new();
    let run = TamperedFiles::default();
    case.tampered(&run);
    let (attempt, mut guard) = (case.attempt("B"), case.guard("true"));
    assert_eq!(run.distrusted(&attempt, &guard).unwrap(), None);
    run.begin(&attempt, &mut guard).unwrap();
    let folder = AttemptFolder::new(&case.state, &case.key("B"), 1);
    case.put("check.sh", "exit 1");
    assert_eq!(guard.look(&folder).unwrap(), None, "it may be put back");
    case.put("check.sh", "exit 0 # mine");
    assert!(guard.look(&folder).unwrap().is_some());
    run.changed(&attempt).unwrap();
    run.end(&attempt, true).unwrap();
    let found = case.found(&TamperedFiles::default(), "C").unwrap();
    assert!(matches!(&found, Distrust::Other { id, .. } if id == "B"), "{found:?}");
    // What A left does not count as put back.
    let record = &case.attempt("B").files.all::<JudgeRecord>(None).unwrap()[0].1;
    case.put("check.sh", "exit 1");
    assert!(record.left[0].before.holds(&case.root().join("check.sh"), Part::Whole).unwrap());
}

impl Case {
    /// Returns a verification of the tree, as an attempt.
    fn verification(&self) -> Attempt {
        let key = self.key("");
        let name = JudgeFiles::name(self.root(), &self.state, &key);
        let place = (self.root(), &self.state, &key);
        let record = JudgeRecord::new(place, ("verification of the tree", false), 1, AT.to_owned());
        Attempt::new(self.root(), &self.state, name, record)
    }

    fn files(&self) -> Vec<(String, JudgeRecord)> {
        self.attempt("A").files.all(None).unwrap()
    }
}

#[test]
fn what_a_verification_of_the_tree_changed_is_no_tasks() {
    let case = Case::new();
    let run = TamperedFiles::default();
    let (attempt, mut guard) = (case.verification(), case.guard("sh check.sh"));
    run.begin(&attempt, &mut guard).unwrap();
    case.put("check.sh", "exit 0");
    run.changed(&attempt).unwrap();
    run.end(&attempt, true).unwrap();
    let id = "verification of the tree".to_owned();
    let path = case.root().join("check.sh");
    let other = Distrust::Other { path, id, is_seen: true, is_task: false };
    assert_eq!(case.found(&TamperedFiles::default(), "A").as_ref(), Some(&other));
    // The next verification did not do it either.
    let found = run.distrusted(&case.verification(), &case.guard("sh check.sh")).unwrap();
    assert_eq!(found, Some(other));
    let left = left_files(case.root(), &case.state).unwrap();
    assert_eq!(left, [LeftFile { path: "check.sh".to_owned(), task: None }]);
}

#[test]
fn while_an_attempt_runs_its_change_judges_no_other_task() {
    let case = Case::new();
    let run = TamperedFiles::default();
    let attempt = case.begun(&run);
    assert_eq!(case.found(&run, "B"), None);
    case.put("check.sh", "exit 0");
    let running = Distrust::Running { path: case.root().join("check.sh"), id: "A".to_owned() };
    for other in [&run, &TamperedFiles::default()] {
        assert_eq!(case.found(other, "B").as_ref(), Some(&running));
    }
    assert_eq!(left_files(case.root(), &case.state).unwrap(), Vec::new(), "it is not over");
    // It puts the file back before it ends.
    case.put("check.sh", "exit 1");
    assert_eq!(case.found(&run, "B"), None);
    run.changed(&attempt).unwrap();
    run.end(&attempt, true).unwrap();
    assert_eq!(case.files(), Vec::new());
}

#[test]
fn an_attempt_whose_files_were_not_compared_is_compared_by_the_next_one() {
    let case = Case::new();
    let run = TamperedFiles::default();
    let attempt = case.begun(&run);
    case.put("check.sh", "exit 0");
    run.end(&attempt, false).unwrap();
    assert_eq!(case.files().len(), 1);
    let own = Distrust::Own { path: case.root().join("check.sh"), attempt: 1, is_seen: false };
    assert_eq!(case.found(&run, "A").as_ref(), Some(&own));
    assert_eq!(case.found(&TamperedFiles::default(), "A"), Some(own));
    let record = &case.files()[0].1;
    assert_eq!((record.running.len(), record.left.len()), (0, 1), "it was compared and stored");
}

#[test]
fn where_nothing_is_guarded_nothing_is_recorded() {
    let case = Case::new();
    let run = TamperedFiles::default();
    let (attempt, mut guard) = (case.attempt("A"), case.guard("true"));
    run.begin(&attempt, &mut guard).unwrap();
    assert!(guard.before().is_empty());
    case.put("check.sh", "exit 0");
    run.changed(&attempt).unwrap();
    run.end(&attempt, true).unwrap();
    assert_eq!(case.files(), Vec::new());
    assert_eq!(left_files(case.root(), &case.state).unwrap(), Vec::new());
    assert_eq!(case.found(&run, "B"), None);
}

#[test]
fn what_an_attempt_left_is_kept_through_the_next_one_of_its_task() {
    let case = Case::new();
    let run = TamperedFiles::default();
    case.tampered(&run);
    let (attempt, mut guard) = (case.attempt("A"), case.guard("true"));
    run.begin(&attempt, &mut guard).unwrap();
    run.changed(&attempt).unwrap();
    run.end(&attempt, true).unwrap();
    assert_eq!(case.found(&run, "B"), case.left(true));
    assert_eq!(left_by(case.root(), &case.state, &case.key("A")).unwrap(), ["check.sh"]);
    assert_eq!(left_by(case.root(), &case.state, &case.key("B")).unwrap(), Vec::<String>::new());
}

#[test]
fn a_run_keeps_the_records_of_each_project_apart() {
    let (case, other) = (Case::new(), Case::new());
    let run = TamperedFiles::default();
    case.tampered(&run);
    assert_eq!(other.found(&run, "A"), None);
    other.begun(&run);
    assert_eq!(case.found(&run, "B"), case.left(true));
    assert_eq!(other.files().len(), 1);
}
