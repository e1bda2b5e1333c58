//! A guard over a small project, and changes to that project.

use super::*;
use crate::engine::attempt::tamper::earlier;
use crate::store::{StateDir, TaskKey};
use std::fs;

struct Case {
    dir: tempfile::TempDir,
    watch: Watch,
}

impl Case {
    fn new(step: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        let commands = vec![Command::Shell(step.to_owned())];
        let case = Self { dir, watch: Watch { root, commands, ..Watch::default() } };
        for name in ["check.sh", "golden/a.txt", "src/app.rs"] {
            case.put(name, "as it was");
        }
        case
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn folder(&self, attempt: u32) -> AttemptFolder {
        AttemptFolder::new(&self.state(), &self.key(), attempt)
    }

    fn state(&self) -> StateDir {
        StateDir::beside(&self.dir.path().join("q.json"))
    }

    fn key(&self) -> TaskKey {
        TaskKey::new(&self.dir.path().join("q.json"), "A")
    }

    /// Returns what the guard reports about `change` in an attempt.
    fn attempt(&self, number: u32, change: impl Fn(&Self)) -> Option<String> {
        let guard = Guard::take(&self.watch, &earlier(&self.state(), &self.key(), number).unwrap());
        let folder = self.folder(number);
        guard.keep(&folder).unwrap();
        assert_eq!(guard.look(&folder).unwrap(), None);
        change(self);
        guard.look(&folder).unwrap().map(|found| match found {
            Tampering::File(path, what) | Tampering::OfOthers(path, what) => {
                format!("{} {what}", guard.shown(&path))
            }
            Tampering::Config(said) => said,
        })
    }
}

#[test]
fn what_judges_other_tasks_is_none_of_this_ones() {
    let mut case = Case::new("true");
    case.watch.others = vec![Command::Shell("sh check.sh && sh later.sh".to_owned())];
    let edit = |case: &Case| case.put("check.sh", "exit 0");
    assert_eq!(case.attempt(1, edit).as_deref(), Some("check.sh changed"));
    // A file that does not exist yet may be the work.
    assert_eq!(case.attempt(1, |case| case.put("later.sh", "exit 0")), None);
    case.watch.products = vec!["check.sh".to_owned()];
    let again = |case: &Case| case.put("check.sh", "exit 1");
    assert_eq!(case.attempt(1, again).as_deref(), Some("check.sh changed"));
    // The task that is to change it may be running in the same folder.
    case.watch.is_shared = true;
    assert_eq!(case.attempt(1, edit), None);
    case.watch.is_shared = false;
    case.watch.owned = vec!["check.sh".to_owned()];
    assert_eq!(case.attempt(1, again), None);
}

#[test]
fn a_changed_judge_is_named_and_product_files_are_free() {
    let case = Case::new("sh check.sh");
    let noticed = case.attempt(1, |case| case.put("check.sh", "exit 0"));
    assert_eq!(noticed.as_deref(), Some("check.sh changed"));
    assert_eq!(case.attempt(2, |case| case.put("src/app.rs", "new")), None);
    let gone = |case: &Case| fs::remove_file(case.dir.path().join("check.sh")).unwrap();
    assert_eq!(case.attempt(3, gone).as_deref(), Some("check.sh deleted"));
}

#[test]
fn protected_globs_hold_for_new_changed_and_deleted_files() {
    let mut case = Case::new("true");
    case.watch.protect = vec!["golden/**".to_owned()];
    let made = |case: &Case| case.put("golden/b.txt", "");
    assert_eq!(case.attempt(1, made).as_deref(), Some("golden/b.txt made"));
    let changed = |case: &Case| case.put("golden/a.txt", "");
    assert_eq!(case.attempt(2, changed).as_deref(), Some("golden/a.txt changed"));
    let gone = |case: &Case| fs::remove_file(case.dir.path().join("golden/a.txt")).unwrap();
    assert_eq!(case.attempt(3, gone).as_deref(), Some("golden/a.txt deleted"));
    case.watch.owned = vec!["golden/*".to_owned()];
    assert_eq!(case.attempt(4, |case| case.put("golden/c.txt", "")), None);
}

#[test]
fn a_task_may_change_what_it_owns() {
    for owned in ["check.sh", "./check.sh", "*.sh"] {
        let mut case = Case::new("sh check.sh");
        case.watch.owned = vec![owned.to_owned()];
        assert_eq!(case.attempt(1, |case| case.put("check.sh", "exit 0")), None, "{owned}");
    }
    let mut case = Case::new("sh sub/check.sh");
    case.put("sub/check.sh", "");
    case.watch.owned = vec!["sub/".to_owned(), String::new()];
    assert_eq!(case.attempt(1, |case| case.put("sub/check.sh", "exit 0")), None);
}

#[test]
fn what_a_task_made_in_one_attempt_it_may_mend_in_the_next() {
    let case = Case::new("sh new.sh && python3 app.py && sh tests/*.sh && sh check.sh");
    let make = |case: &Case| {
        for name in ["new.sh", "app.py", "tests/a.sh"] {
            case.put(name, "first");
        }
    };
    assert_eq!(case.attempt(1, make), None);
    let mend = |case: &Case| {
        for name in ["new.sh", "app.py", "tests/a.sh"] {
            case.put(name, "second");
        }
    };
    assert_eq!(case.attempt(2, mend), None);
    assert_eq!(case.attempt(3, |case| case.put("app.py", "third")), None);
    let noticed = case.attempt(4, |case| case.put("check.sh", "exit 0"));
    assert_eq!(noticed.as_deref(), Some("check.sh changed"));
}

#[test]
fn scripts_of_a_package_count_and_its_dependencies_do_not() {
    let case = Case::new("npm test");
    let package = |script: &str, version: &str| {
        format!(r#"{{"scripts": {{"test": "{script}"}}, "dependencies": {{"x": "{version}"}}}}"#)
    };
    case.put("package.json", &package("sh check.sh", "1"));
    let free = |case: &Case| case.put("package.json", &package("sh check.sh", "2"));
    assert_eq!(case.attempt(1, free), None);
    let cheat = |case: &Case| case.put("package.json", &package("true", "2"));
    assert_eq!(case.attempt(2, cheat).as_deref(), Some("package.json changed"));
    case.put("package.json", &package("sh check.sh", "1"));
    let noticed = case.attempt(3, |case| case.put("check.sh", "exit 0"));
    assert_eq!(noticed.as_deref(), Some("check.sh changed"));
}

#[test]
fn a_file_that_cannot_be_read_is_not_called_changed() {
    let case = Case::new("sh circle.sh");
    std::os::unix::fs::symlink("circle.sh", case.dir.path().join("circle.sh")).unwrap();
    let gone = |case: &Case| fs::remove_file(case.dir.path().join("circle.sh")).unwrap();
    assert_eq!(case.attempt(1, gone), None);
}
