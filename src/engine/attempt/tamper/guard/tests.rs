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

/// Returns a guard over the project of `case`, as at its first attempt.
fn guard(case: &Case) -> Guard {
    Guard::take(&case.watch, &Memory::default())
}

fn kept(case: &Case, name: &str) -> Arc<Kept> {
    let ids = Arc::new(crate::platform::ids::RandomIds);
    Arc::new(Kept::new(&case.dir.path().join(name), ids).unwrap())
}

#[test]
fn the_configuration_is_told_only_if_nothing_else_changed() {
    let mut case = Case::new("sh check.sh");
    for name in ["workloop.toml", "vars.env"] {
        case.put(name, "as it was");
        let config = kept(&case, name);
        case.watch.config.push(config);
    }
    let paths: Vec<PathBuf> = case.watch.config_paths().collect();
    assert_eq!(paths, ["workloop.toml", "vars.env"].map(|name| case.dir.path().join(name)));
    let both = |case: &Case| {
        case.put("workloop.toml", "mine");
        case.put("vars.env", "mine");
    };
    let said = |name: &str| {
        let (path, copy) = (case.dir.path().join(name), case.folder(1));
        let copy = copy.file(&format!("{name}.changed"));
        let (path, copy) = (path.display(), copy.display());
        format!("{path} changed during the attempt and was put back; the changed copy is {copy}")
    };
    let expected = format!("{}; {}", said("workloop.toml"), said("vars.env"));
    assert_eq!(case.attempt(1, both), Some(expected));
    // A judging file comes first, and the configuration is put back all the same.
    let all = |case: &Case| {
        both(case);
        case.put("check.sh", "exit 0");
    };
    assert_eq!(case.attempt(2, all).as_deref(), Some("check.sh changed"));
    for name in ["workloop.toml", "vars.env"] {
        assert_eq!(fs::read_to_string(case.dir.path().join(name)).unwrap(), "as it was", "{name}");
    }
}

#[test]
fn a_task_that_owns_the_configuration_may_change_it() {
    let mut case = Case::new("true");
    case.put("workloop.toml", "as it was");
    case.watch.config = vec![kept(&case, "workloop.toml")];
    case.watch.owned = vec!["workloop.toml".to_owned()];
    assert_eq!(case.attempt(1, |case| case.put("workloop.toml", "mine")), None);
    let text = fs::read_to_string(case.dir.path().join("workloop.toml")).unwrap();
    assert_eq!(text, "mine");
    // What it wrote is what the next attempt must not change.
    case.watch.owned.clear();
    let again = |case: &Case| case.put("workloop.toml", "again");
    assert!(case.attempt(2, again).unwrap().contains("was put back"));
    let text = fs::read_to_string(case.dir.path().join("workloop.toml")).unwrap();
    assert_eq!(text, "mine");
}

#[test]
fn a_change_of_what_judges_others_is_told_apart_where_it_is_judged_by_itself() {
    let mut case = Case::new("true");
    case.watch.others = vec![Command::Shell("sh check.sh".to_owned())];
    let path = case.dir.path().join("check.sh");
    let mut look = |is_shared: bool| {
        case.watch.is_shared = is_shared;
        let guard = guard(&case);
        case.put("check.sh", &format!("exit {}", u8::from(is_shared)));
        let looks = guard.looks_at(&path);
        (guard.look(&case.folder(1)).unwrap(), looks)
    };
    assert_eq!(look(true), (Some(Tampering::File(path.clone(), "changed")), true));
    assert_eq!(look(false), (Some(Tampering::OfOthers(path.clone(), "changed")), false));
}

#[test]
fn a_task_that_may_change_tests_may_change_those_of_others_in_its_own_tree() {
    for (may_change_tests, is_shared, expected) in [
        (false, false, Some("tests/a_test.sh changed")),
        (true, false, None),
        (true, true, Some("tests/a_test.sh changed")),
    ] {
        let mut case = Case::new("true");
        case.put("tests/a_test.sh", "exit 1");
        case.watch.others = vec![Command::Shell("sh tests/a_test.sh".to_owned())];
        (case.watch.may_change_tests, case.watch.is_shared) = (may_change_tests, is_shared);
        let found = case.attempt(1, |case| case.put("tests/a_test.sh", "exit 0"));
        assert_eq!(found.as_deref(), expected, "{may_change_tests} {is_shared}");
    }
}

#[test]
fn steps_are_guarded_as_the_change_has_them_and_the_rest_as_it_was() {
    let mut case = Case::new("sh check.sh");
    case.watch.protect = vec!["golden/**".to_owned()];
    case.put("ci/gate.sh", "exit 1");
    case.watch.others = vec![Command::Shell("sh ci/gate.sh".to_owned())];
    let before = guard(&case);
    for name in ["check.sh", "golden/a.txt", "ci/gate.sh"] {
        case.put(name, "of the change");
    }
    let folder = case.folder(1);
    let told = |guard: &Guard| match guard.look(&folder).unwrap() {
        Some(Tampering::File(path, what) | Tampering::OfOthers(path, what)) => {
            Some((guard.shown(&path), what))
        }
        Some(Tampering::Config(said)) => Some((said, "")),
        None => None,
    };
    let guard = before.at_change(&case.watch);
    assert_eq!(told(&guard), Some(("golden/a.txt".to_owned(), "changed")));
    case.put("golden/a.txt", "as it was");
    assert_eq!(told(&guard), Some(("ci/gate.sh".to_owned(), "changed")));
    case.put("ci/gate.sh", "exit 1");
    assert_eq!(told(&guard), None);
    case.put("check.sh", "of a step");
    assert_eq!(told(&guard), Some(("check.sh".to_owned(), "changed")));
}

#[test]
fn everything_that_is_guarded_is_recorded_as_it_was() {
    let mut case = Case::new("sh check.sh && cargo test");
    case.watch.protect = vec!["golden/**".to_owned(), "src".to_owned()];
    case.put("ci/gate.sh", "exit 1");
    case.watch.others = vec![Command::Shell("sh ci/gate.sh".to_owned())];
    let (path, original) = ("left.sh".to_owned(), Fingerprint::absent());
    case.put(&path, "of another");
    case.watch.owned = vec!["own.sh".to_owned()];
    case.watch.is_shared = true;
    let mut guard = guard(&case);
    // The second one is guarded already, and the third one is the task's own.
    let left = [path.as_str(), "check.sh", "own.sh"];
    guard.add(left.iter().map(|path| (*path, Part::Whole, &original)));
    let before = guard.before();
    let names: Vec<(&str, bool)> =
        before.iter().map(|file| (file.path.as_str(), file.original.is_some())).collect();
    assert_eq!(
        names,
        [
            (".cargo/config", false),
            (".cargo/config.toml", false),
            ("check.sh", false),
            ("ci/gate.sh", false),
            ("left.sh", true),
            ("golden/a.txt", false),
            ("src/app.rs", false),
        ]
    );
    assert!(before[0].state.is_absent() && !before[2].state.is_absent());
    assert_eq!(guard.protect(), ["golden/**", "src"]);
    assert_eq!(guard.warning(), None);
    assert_eq!(guard.judges().named, [".cargo/config", ".cargo/config.toml", "check.sh"]);
}

#[test]
fn a_file_that_another_attempt_left_may_be_put_back_and_not_changed_otherwise() {
    let mut case = Case::new("true");
    case.watch.is_shared = true;
    let path = case.dir.path().join("check.sh");
    let original = Fingerprint::of(&path, Part::Whole, &mut Room::default()).unwrap();
    case.put("check.sh", "exit 0");
    let mut guard = guard(&case);
    guard.add([("check.sh", Part::Whole, &original)].into_iter());
    let look = || guard.look(&case.folder(1)).unwrap();
    assert_eq!(look(), None);
    case.put("check.sh", "as it was");
    assert_eq!(look(), None);
    case.put("check.sh", "exit 0 # mine");
    assert_eq!(look(), Some(Tampering::File(path.clone(), "changed")));
    fs::remove_file(&path).unwrap();
    assert_eq!(look(), Some(Tampering::File(path, "deleted")));
}

#[test]
fn what_judges_is_named_without_what_the_task_owns() {
    let mut case = Case::new("sh leaves.sh; make");
    case.put("leaves.sh", ". ./a.sh\n. ./b.sh\n");
    case.put("a.sh", "a() { :; }\n");
    case.put("b.sh", "b() { :; }\n");
    case.put("Makefile", "-include a.mk b.mk\nall:\n\ttrue\n");
    let of = |case: &Case| {
        let Judges { named, sourced, included } = guard(case).judges().clone();
        let named = named.into_iter().filter(|name| name.ends_with(".sh")).collect::<Vec<_>>();
        (named, sourced, included)
    };
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let all =
        (owned(&["a.sh", "b.sh", "leaves.sh"]), owned(&["a.sh", "b.sh"]), owned(&["a.mk", "b.mk"]));
    assert_eq!(of(&case), all);
    case.watch.owned = owned(&["a.sh", "b.mk"]);
    case.watch.products = owned(&["b.sh"]);
    let fewer = (owned(&["b.sh", "leaves.sh"]), Vec::new(), owned(&["a.mk"]));
    assert_eq!(of(&case), fewer);
}

#[test]
fn for_a_check_of_commands_only_existing_files_are_named() {
    let case = Case::new("true");
    let commands = |lines: &[&str]| -> Vec<Command> {
        lines.iter().map(|line| Command::Shell((*line).to_owned())).collect()
    };
    let named = |lines: &[&str]| named_by(case.dir.path(), case.dir.path(), commands(lines));
    assert_eq!(named(&["sh check.sh; sh gone.sh", "cargo test"]), ["check.sh"]);
    assert_eq!(named(&[]), Vec::<String>::new());
    let home = case.dir.path().join("conf");
    case.put("conf/home.sh", "exit 1");
    let found = named_by(case.dir.path(), &home, commands(&["sh $HOME_OF_CONFIG/home.sh"]));
    assert_eq!(found, ["conf/home.sh"]);
}
