//! A record of judging files, and changes to these files and to the record.

use super::*;
use crate::domain::EventKind;
use crate::platform::lock::FileLock;
use crate::store::journal::Journal;
use crate::store::new_event;
use chrono::DateTime;
use serde_json::{Value, json};
use std::fs;

/// When the attempts of these tests began.
const AT: &str = "1970-01-01T00:00:10.000Z";

struct Case {
    dir: tempfile::TempDir,
    state: StateDir,
    key: TaskKey,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queue = dir.path().join("sub/q.json");
        let case = Self { state: StateDir::beside(&queue), key: TaskKey::new(&queue, "A"), dir };
        for name in ["a.sh", "b.sh", "golden/x"] {
            case.put(name, "as it was");
        }
        case
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.root().join(name)).unwrap();
    }

    fn record(&self) -> JudgeRecord {
        JudgeRecord::new((self.root(), &self.state, &self.key), ("A", true), 3, AT.to_owned())
    }

    fn now(&self, name: &str) -> Fingerprint {
        Fingerprint::of(&self.root().join(name), Part::Whole, &mut Room::default()).unwrap()
    }

    fn before(&self, name: &str) -> Before {
        let path = name.to_owned();
        Before { path, part: Part::Whole, state: self.now(name), original: None }
    }

    /// Returns the record of an attempt that began now, with these judging files.
    fn begun(&self, names: &[&str], protect: &[&str]) -> JudgeRecord {
        let mut record = self.record();
        let protect: Vec<String> = protect.iter().map(ToString::to_string).collect();
        record.begin(names.iter().map(|name| self.before(name)).collect(), &protect);
        record
    }

    /// Writes the event `kind` of this second with `data` to the journal.
    fn event(&self, kind: EventKind, task: &str, second: i64, data: Value) {
        let Value::Object(data) = data else { panic!("{data} is no object") };
        let now = DateTime::from_timestamp(second, 0).unwrap();
        let mut event = new_event(kind, now, "q.json".to_owned(), data);
        event.task = Some(task.to_owned());
        Journal::new(self.state.clone()).append(&mut [event]).unwrap();
    }
}

fn paths(record: &JudgeRecord) -> Vec<&str> {
    record.left.iter().map(|left| left.path.as_str()).collect()
}

#[test]
fn after_an_attempt_it_lists_what_was_changed_deleted_and_made() {
    let case = Case::new();
    let mut record = case.begun(&["a.sh", "b.sh", "gone.sh"], &["golden/**"]);
    assert!(!record.is_empty());
    case.put("b.sh", "exit 0");
    case.put("golden/y", "");
    record.compare(case.root(), true).unwrap();
    let left = |path: &str, before: Fingerprint| Left {
        path: path.to_owned(),
        part: Part::Whole,
        before,
        after: case.now(path),
        attempt: 3,
        is_seen: true,
    };
    // The protected file `golden/x` was not among the judging files, so that it counts as made.
    let was = case.now("a.sh");
    let made = ["golden/x", "golden/y"].map(|path| left(path, Fingerprint::absent()));
    assert_eq!(record.left, [vec![left("b.sh", was)], made.to_vec()].concat());
    assert_eq!(record, JudgeRecord { left: record.left.clone(), ..case.record() });
    // The same record, after an attempt that deleted a file.
    let mut record = case.begun(&["a.sh"], &[]);
    case.remove("a.sh");
    record.compare(case.root(), false).unwrap();
    assert_eq!(paths(&record), ["a.sh"]);
    assert!(record.left[0].after.is_absent() && !record.left[0].is_seen);
}

#[test]
fn an_attempt_that_changed_nothing_leaves_nothing() {
    let case = Case::new();
    for (names, protect) in [
        (vec!["a.sh", "gone.sh"], vec![]),
        (vec!["golden/x"], vec!["golden"]),
        (vec![], vec!["*.py"]),
    ] {
        let mut record = case.begun(&names, &protect);
        assert!(!record.is_empty(), "{names:?}");
        record.compare(case.root(), true).unwrap();
        assert_eq!(record, case.record(), "{names:?}");
        assert!(record.is_empty());
    }
    let mut record = case.begun(&["a.sh"], &["golden"]);
    record.end();
    assert_eq!(record, case.record());
}

#[test]
fn a_file_that_two_attempts_changed_is_listed_once_as_before_the_first() {
    let case = Case::new();
    let original = case.now("a.sh");
    case.put("a.sh", "of the first");
    let mut record = case.record();
    let before = Before { original: Some(original.clone()), ..case.before("a.sh") };
    record.begin(vec![before], &[]);
    case.put("a.sh", "of the second");
    record.compare(case.root(), true).unwrap();
    assert_eq!((paths(&record), &record.left[0].before), (vec!["a.sh"], &original));
    let again = Before { original: Some(original.clone()), ..case.before("a.sh") };
    record.begin(vec![again, case.before("b.sh")], &[]);
    record.attempt = 4;
    case.put("a.sh", "of the third");
    record.compare(case.root(), false).unwrap();
    assert_eq!(paths(&record), ["a.sh"]);
    let left = &record.left[0];
    assert_eq!((left.attempt, left.is_seen, &left.before), (4, false, &original));
    assert_eq!(left.after, case.now("a.sh"));
}

#[test]
fn while_an_attempt_runs_only_what_judges_here_matters() {
    let case = Case::new();
    let record = case.begun(&["a.sh", "b.sh"], &["golden/**"]);
    let changed = |name: &str| {
        let judges = |path: &Path| name == "all" || path == case.root().join(name);
        record.changed(case.root(), &judges).unwrap()
    };
    assert_eq!(changed("all"), None);
    case.put("b.sh", "exit 0");
    case.put("golden/x", "other");
    assert_eq!((changed("a.sh"), changed("golden/x")), (None, None));
    let b = Some(case.root().join("b.sh"));
    assert_eq!([changed("b.sh"), changed("all")], [b.clone(), b]);
    case.remove("a.sh");
    assert_eq!(changed("all"), Some(case.root().join("a.sh")));
}

#[test]
fn what_was_put_back_or_changed_again_is_forgotten() {
    let case = Case::new();
    let mut record = case.begun(&["a.sh", "b.sh", "golden/x"], &[]);
    for name in ["a.sh", "b.sh", "golden/x"] {
        case.put(name, "exit 0");
    }
    record.compare(case.root(), true).unwrap();
    record.forget_settled(case.root()).unwrap();
    assert_eq!(paths(&record), ["a.sh", "b.sh", "golden/x"]);
    case.put("a.sh", "as it was");
    case.put("b.sh", "of a person");
    record.forget_settled(case.root()).unwrap();
    assert_eq!(paths(&record), ["golden/x"]);
    case.remove("golden/x");
    record.forget_settled(case.root()).unwrap();
    assert!(record.is_empty());
}

#[test]
fn an_attempt_is_over_when_nobody_holds_the_lock_of_its_task() {
    let case = Case::new();
    let record = case.begun(&["a.sh"], &[]);
    assert!(!record.is_dead(case.root()), "without a lock file it may still run");
    let path = case.state.claim_lock(&case.key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lock = FileLock::try_acquire(&path).unwrap().unwrap();
    assert!(!record.is_dead(case.root()));
    drop(lock);
    fs::write(&path, "").unwrap();
    assert!(record.is_dead(case.root()));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(!record.is_dead(case.root()), "an agent put a folder there");
}

#[test]
fn a_verification_of_the_tree_is_over_when_nobody_judges_the_tree() {
    let case = Case::new();
    let place = (case.root(), &case.state, &case.key);
    let record = JudgeRecord::new(place, ("tree", false), 1, AT.to_owned());
    assert!(record.is_dead(case.root()));
    let lock = Trees::of(case.root()).lock().unwrap().unwrap();
    assert!(!record.is_dead(case.root()));
    drop(lock);
    assert!(record.is_dead(case.root()));
}

#[test]
fn a_person_accepts_files_by_name_and_after_the_attempt_began() {
    let accepts = |paths: &[&str]| json!({ ACCEPTS: paths });
    for (kind, task, second, data, left) in [
        (EventKind::Retried, "A", 10, accepts(&["a.sh"]), vec!["b.sh"]),
        (EventKind::Retried, "A", 11, accepts(&["b.sh", "other", "a.sh"]), vec![]),
        // Before the attempt, of another task, of nothing, and what is no list of files.
        (EventKind::Retried, "A", 9, accepts(&["a.sh"]), vec!["a.sh", "b.sh"]),
        (EventKind::Retried, "B", 11, accepts(&["a.sh"]), vec!["a.sh", "b.sh"]),
        (EventKind::Retried, "A", 11, accepts(&[]), vec!["a.sh", "b.sh"]),
        (EventKind::Retried, "A", 11, json!({ ACCEPTS: "a.sh" }), vec!["a.sh", "b.sh"]),
        (EventKind::Retried, "A", 11, json!({ ACCEPTS: [3, "a.sh"] }), vec!["a.sh", "b.sh"]),
        (
            EventKind::Retried,
            "A",
            11,
            json!({ "other": ["accepts", "a.sh"] }),
            vec!["a.sh", "b.sh"],
        ),
    ] {
        let case = Case::new();
        let mut record = case.begun(&["a.sh", "b.sh"], &[]);
        case.put("a.sh", "exit 0");
        case.put("b.sh", "exit 0");
        record.compare(case.root(), true).unwrap();
        let shown = data.to_string();
        case.event(kind, task, second, data);
        record.forget_accepted(case.root(), &case.state);
        assert_eq!(paths(&record), left, "{task} {second} {shown}");
    }
}

#[test]
fn a_record_is_stored_relative_to_the_project_and_read_with_what_it_lacks() {
    let case = Case::new();
    let mut record = case.begun(&["gone.sh"], &["golden/**"]);
    let id16 = &case.key.id16;
    let text = json!({
        "task": "A", "is_task": true, "place": "sub/.workloop", "id16": id16, "attempt": 3, "at": AT,
        "running": [{"path": "gone.sh", "part": "whole", "state": {"content": "absent"}}],
        "protect": ["golden/**"], "left": [],
    });
    assert_eq!(serde_json::to_value(&record).unwrap(), text);
    assert_eq!(serde_json::from_value::<JudgeRecord>(text).unwrap(), record);
    record.end();
    let least = json!({"task": "A", "is_task": true, "place": "sub/.workloop", "id16": id16,
        "attempt": 3, "at": AT});
    assert_eq!(serde_json::from_value::<JudgeRecord>(least).unwrap(), record);
    let elsewhere = JudgeRecord::new(
        (Path::new("/other"), &case.state, &case.key),
        ("A", true),
        3,
        AT.to_owned(),
    );
    let place = serde_json::to_value(&elsewhere).unwrap()["place"].clone();
    assert_eq!(place, json!(case.state.root()));
}
