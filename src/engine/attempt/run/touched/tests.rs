//! What a change touches of the files that judge it, and what of that is permitted.

use super::super::samples::{Project, shown};
use super::*;
use crate::engine::attempt::tests::case::Case;
use crate::guardrails::Contract;
use crate::platform::programs::lacks;
use serde_json::json;

/// A project with every sort of file that judges or may judge.
const FILES: &[(&str, &str)] = &[
    ("src/app.py", "def add(a, b): return a + b\n"),
    ("src/lib.rs", "pub fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n"),
    ("tests/test_a.py", "def test_a(): assert 1\n"),
    ("tests/test_gone.py", "def test_gone(): assert 1\n"),
    ("tests/conftest.py", ""),
    ("pyproject.toml", "[project]\nname = \"x\"\n[tool.ruff]\nselect = [\"E\"]\n"),
    ("check.sh", "exit 1\n"),
    ("feature.txt", "old\n"),
    ("helper.inc", "same() { test $1 = $2; }\n"),
    ("own.inc", "add() { echo 5; }\n"),
];

/// Changes each of them, and adds a test, a helper of tests and data.
const CHANGE: &str = "for f in src/app.py tests/test_a.py tests/conftest.py check.sh feature.txt helper.inc own.inc
    do printf '# changed\\n' >>$f; done
    printf '[project]\\nname = \"y\"\\n[tool.ruff]\\nselect = []\\n' >pyproject.toml
    printf 'pub fn b() {}\\n#[cfg(test)]\\nmod tests {\\n}\\n' >src/lib.rs
    git rm -q tests/test_gone.py; mkdir tests/data
    printf 'def test_n(): assert 1\\n' >tests/test_new.py; : >tests/helper.py; : >tests/data/x.json";

/// What a change touched, as words.
#[derive(Debug, Default, PartialEq)]
struct Found {
    steering: Vec<String>,
    named: Vec<String>,
    tests: Vec<String>,
    new_tests: Vec<String>,
    allowed: Vec<String>,
    hooks: Vec<String>,
    lost: bool,
    permitted: Vec<String>,
}

fn judges() -> Judges {
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    Judges {
        named: owned(&["check.sh", "feature.txt", "other.txt", "src/app.py"]),
        sourced: owned(&["helper.inc", "own.inc"]),
        included: Vec::new(),
    }
}

fn compared<'j>(project: &Project, files: Oid, grants: &'j Grants) -> Compared<'j> {
    let base = project.base.clone();
    Compared { on: base.clone(), base, files, grants, since: None }
}

/// Returns what the change with these grants touches; `steps` are the commands of the steps.
fn of(project: &Project, files: &Oid, grants: &Grants, steps: &[&str]) -> (Found, Touched) {
    let wanted = compared(project, files.clone(), grants);
    of_compared(project, &wanted, steps)
}

fn of_compared(project: &Project, wanted: &Compared<'_>, steps: &[&str]) -> (Found, Touched) {
    let (judges, steps) = (judges(), steps.iter().map(ToString::to_string).collect::<Vec<_>>());
    let by_name = ByName { judges: &judges, steps: &steps };
    let found = touched(&project.apart, wanted, &by_name).unwrap();
    let list = |all: &[(String, PutTo)]| -> Vec<String> {
        all.iter().map(|(path, put)| format!("{path} -> {}", shown(put))).collect()
    };
    let shown = Found {
        steering: list(&found.steering),
        named: list(&found.named),
        tests: list(&found.tests),
        new_tests: list(&found.new_tests),
        allowed: found.allowed.iter().map(shown).collect(),
        hooks: found.hooks.clone(),
        lost: found.lost,
        permitted: found.permitted.iter().map(|one| format!("{}: {}", one.path, one.by)).collect(),
    };
    (shown, found)
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn what_judges_is_restored_and_the_work_is_not() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let files = project.change(CHANGE);
    let steps = ["sh check.sh", "grep -q x ./feature.txt"];
    let (found, touched) = of(&project, &files, &Grants::default(), &steps);
    let base = |path: &str| format!("{path} -> {path}: base");
    let ruff = "[project]\nname = \"y\"\n\n[tool.ruff]\nselect = [\"E\"]\n";
    let tests = "pub fn b() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n";
    let expected = Found {
        steering: vec![
            base("check.sh"),
            format!("pyproject.toml -> pyproject.toml: 100644 {ruff}"),
            base("tests/conftest.py"),
        ],
        // What a script sources counts if it decided something at the base.
        named: vec![base("feature.txt"), base("helper.inc")],
        tests: vec![
            format!("the tests in src/lib.rs -> src/lib.rs: 100644 {tests}"),
            base("tests/test_a.py"),
            base("tests/test_gone.py"),
        ],
        new_tests: ["tests/data/x.json", "tests/helper.py", "tests/test_new.py"]
            .map(|path| format!("{path} -> {path}: -"))
            .into(),
        hooks: owned(&["tests/helper.py"]),
        lost: true,
        ..Found::default()
    };
    assert_eq!(found, expected);
    assert!(touched.restores_tests() && !touched.is_new_only() && touched.tasks.is_empty());
    assert!(
        [Reach::Any, Reach::Rust, Reach::Python].iter().all(|one| touched.reaches.contains(one))
    );
}

#[test]
fn a_task_may_change_what_a_person_declared() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let files = project.change(CHANGE);
    let permitted = |grants: Grants| of(&project, &files, &grants, &["cat feature.txt"]).0;
    let by_person = Grants { by_person: true, ..Grants::default() };
    let tests = permitted(Grants { may_change_tests: true, ..by_person.clone() });
    let may = |path: &str| format!("{path}: may_change_tests");
    // Steering files among the tests are tests, too.
    assert_eq!(
        tests.permitted,
        ["src/lib.rs", "tests/conftest.py", "tests/test_a.py", "tests/test_gone.py"].map(may)
    );
    assert_eq!(tests.allowed.len(), 2, "{:?}", tests.allowed);
    assert_eq!(
        (tests.tests, tests.new_tests, tests.hooks, tests.lost),
        (vec![], vec![], vec![], false)
    );
    assert_eq!(tests.steering.len(), 2);

    let removal = permitted(Grants { may_remove_tests: true, ..by_person.clone() });
    let removed = ["src/lib.rs: may_remove_tests", "tests/test_gone.py: may_remove_tests"];
    assert_eq!((removal.permitted, removal.lost), (owned(&removed), false));
    assert_eq!(removal.tests, ["tests/test_a.py -> tests/test_a.py: base"]);

    let declares = Grants {
        owns: owned(&["check.sh", "feature.txt", "src/"]),
        besides: owned(&["tests/test_a.py"]),
        ..by_person.clone()
    };
    let declared = permitted(declares.clone());
    let by_task = |path: &str| format!("{path}: declared by the task");
    assert_eq!(
        declared.permitted,
        ["check.sh", "feature.txt", "src/lib.rs", "tests/test_a.py"].map(by_task)
    );
    assert_eq!(declared.allowed, ["tests/test_a.py: base"]);
    // What an agent declared permits nothing.
    let of_agent = permitted(Grants { by_person: false, may_change_tests: true, ..declares });
    assert_eq!((of_agent.permitted, of_agent.tests.len()), (vec![], 3));
}

#[test]
fn a_frozen_path_may_change_for_who_names_its_contract() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let files = project.change("echo 'exit 0' >check.sh");
    let frozen = Contract { names: owned(&["API-1", "T9"]), paths: owned(&["*.sh"]) };
    for (contracts, by_person, expected) in [
        (&["T9"][..], true, vec!["check.sh: contract T9"]),
        (&[], true, vec![]),
        (&["API-1"], false, vec![]),
    ] {
        let grants = Grants {
            contracts: owned(contracts),
            frozen: vec![frozen.clone()],
            by_person,
            ..Grants::default()
        };
        let found = of(&project, &files, &grants, &["sh check.sh"]).0;
        assert_eq!(found.permitted, expected, "{contracts:?} {by_person}");
        assert_eq!(found.steering.is_empty(), !expected.is_empty());
    }
}

#[test]
fn a_new_test_is_a_hook_by_its_name_or_if_it_patches_while_there_is_work() {
    if lacks("git") {
        return;
    }
    let project = Project::new(&FILES[..4]);
    let patches =
        "printf 'import app\\ndef test_p():\\n    app.add = lambda a, b: 5\\n' >tests/test_p.py";
    for (script, hooks) in [
        (format!("{patches}; echo '#' >>src/app.py"), vec!["tests/test_p.py"]),
        // Tests alone do not make other tests pass for broken work.
        (patches.to_owned(), vec![]),
        (format!("{patches}; echo '#' >>tests/test_a.py"), vec![]),
        ("echo '#' >>src/app.py; echo 'def test_n(): pass' >tests/test_n.py".to_owned(), vec![]),
        (": >tests/run.sh".to_owned(), vec!["tests/run.sh"]),
        (": >tests/want.txt; echo '#' >>src/app.py".to_owned(), vec![]),
        // What cannot be read as text may patch.
        (
            "printf '\\377' >tests/test_p.py; echo '#' >>src/app.py".to_owned(),
            vec!["tests/test_p.py"],
        ),
    ] {
        let files = project.change(&script);
        let (found, touched) = of(&project, &files, &Grants::default(), &[]);
        assert_eq!(found.hooks, hooks, "{script}");
        assert!(touched.is_new_only() || script.contains("tests/test_a.py"), "{script}");
        assert_eq!(found.steering, Vec::<String>::new(), "{script}");
    }
}

#[test]
fn a_script_among_the_tests_that_a_step_names_judges() {
    if lacks("git") {
        return;
    }
    let project = Project::new(&[("tests/run.sh", "exit 1\n"), ("a", "")]);
    let files = project.change("echo 'exit 0' >tests/run.sh; echo b >a; : >tests/more.sh");
    let grants = Grants::default();
    let wanted = compared(&project, files, &grants);
    let found = |judges: Judges, step: &str| {
        let steps = vec![step.to_owned()];
        let by_name = ByName { judges: &judges, steps: &steps };
        let found = touched(&project.apart, &wanted, &by_name).unwrap();
        let names = |list: &[(String, PutTo)]| -> Vec<String> {
            list.iter().map(|(path, _)| path.clone()).collect()
        };
        (names(&found.steering), names(&found.tests), names(&found.named), found.hooks)
    };
    let named = |list: &[&str]| Judges { named: owned(list), ..Judges::default() };
    let more = owned(&["tests/more.sh"]);
    let run = owned(&["tests/run.sh"]);
    assert_eq!(
        found(named(&["tests/run.sh"]), "sh tests/run.sh"),
        (run.clone(), vec![], vec![], more.clone())
    );
    assert_eq!(found(Judges::default(), "make"), (vec![], run.clone(), vec![], more.clone()));
    // One that is new and that a step names is a judge as well: it was missing at the base.
    let (steering, _, _, hooks) = found(named(&["tests/more.sh"]), "sh tests/more.sh");
    assert_eq!((steering, hooks), (more.clone(), vec![]));
    // A manifest includes it.
    let included = Judges { included: owned(&["a"]), ..Judges::default() };
    assert_eq!(found(included, "make"), (owned(&["a"]), run.clone(), vec![], more.clone()));
    // A word of a command is a whole word.
    for (step, is_named) in [
        ("cat ./a", true),
        ("x --in=a", true),
        ("cat 'a'|b", true),
        ("cat ab", false),
        ("cat b/a", false),
    ] {
        let expected = if is_named { owned(&["a"]) } else { vec![] };
        assert_eq!(found(named(&["a"]), step).2, expected, "{step}");
    }
    assert_eq!(found(Judges::default(), "cat a").2, Vec::<String>::new());
}

/// Returns the tasks of a project, each with the commit that it landed with.
fn landers(tasks: &[(&str, &str, serde_json::Value)]) -> Landers {
    let mut case = Case::new();
    for (id, commit, more) in tasks {
        let mut task =
            json!({"id": id, "title": id, "status": "complete", "landed_commit": commit});
        let serde_json::Value::Object(more) = more.clone() else { panic!("{more} is no object") };
        task.as_object_mut().unwrap().extend(more);
        case.queue["tasks"].as_array_mut().unwrap().push(task);
    }
    case.source("A", |source, place, _| {
        Landers::of(source.set, source.queues, source.set.root(place.queue))
    })
}

#[test]
fn before_a_gate_only_what_tasks_changed_without_permission_is_restored() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let files = project
        .change("echo '#' >>tests/test_a.py; echo '#' >>check.sh; git rm -q tests/test_gone.py");
    let author = |digit: &str, task: Option<&str>| Author {
        commit: Oid::parse(&digit.repeat(40)).unwrap(),
        task: task.map(str::to_owned),
    };
    let commit = |digit: &str| digit.repeat(40);
    let landers = landers(&[
        ("B", &commit("b"), json!({})),
        ("C", &commit("c"), json!({"files": ["check.sh"]})),
        ("D", &commit("d"), json!({"may_remove_tests": true})),
        ("E", &commit("e"), json!({"contracts": ["API-1"]})),
    ]);
    let all = |authors: &[(&str, Vec<Author>)], grants: &Grants| {
        let authors =
            authors.iter().map(|(path, all)| (PathBuf::from(path), all.clone())).collect();
        let since = Some(Since { landers: &landers, authors });
        let wanted = Compared { since, ..compared(&project, files.clone(), grants) };
        let (found, touched) = of_compared(&project, &wanted, &["sh check.sh"]);
        let count = [found.steering.len(), found.tests.len(), found.permitted.len()];
        (count, touched.tasks, found.permitted)
    };
    let none = Grants::default();
    let tasks = |ids: &[&str]| owned(ids);
    // A person changed everything.
    assert_eq!(all(&[], &none), ([0, 0, 0], vec![], vec![]));
    let b = || vec![author("b", Some("B"))];
    let (a, check, gone) = ("tests/test_a.py", "check.sh", "tests/test_gone.py");
    let found = all(&[(a, b()), (check, b()), (gone, b())], &none);
    assert_eq!((found.0, found.1), ([1, 2, 0], tasks(&["B"])));
    // A person was among the authors, and a task that no queue has.
    let found = all(&[(a, vec![author("b", Some("B")), author("e", None)])], &none);
    assert_eq!((found.0, found.1), ([0, 0, 0], vec![]));
    let found = all(&[(a, vec![author("f", Some("X"))])], &none);
    assert_eq!((found.0, found.1), ([0, 0, 0], vec![]));
    // One of the tasks may.
    let c = vec![author("b", Some("B")), author("c", Some("C"))];
    let found = all(&[(check, c.clone()), (a, c)], &none);
    assert_eq!((found.0, found.1), ([0, 1, 1], tasks(&["B", "C"])));
    assert_eq!(found.2, ["check.sh: declared by the task"]);
    let d = vec![author("d", Some("D"))];
    let found = all(&[(gone, d.clone()), (a, d)], &none);
    assert_eq!((found.0, found.1), ([0, 1, 1], tasks(&["D"])));
    assert_eq!(found.2, ["tests/test_gone.py: may_remove_tests"]);
    // A contract is frozen for all tasks, and one of them names it.
    let contract = Contract { names: owned(&["API-1"]), paths: owned(&["*.sh"]) };
    let frozen = Grants { frozen: vec![contract], ..Grants::default() };
    let e = vec![author("e", Some("E"))];
    let found = all(&[(check, e.clone())], &frozen);
    assert_eq!((found.0, found.2), ([0, 0, 1], owned(&["check.sh: contract API-1"])));
    assert_eq!(all(&[(check, e)], &none).0, [1, 0, 0]);
    assert_eq!(all(&[(check, b())], &frozen).0, [1, 0, 0]);
    // The gate itself declares it.
    let gate = Grants { owns: owned(&["tests/"]), by_person: true, ..Grants::default() };
    let found = all(&[(a, b()), (check, b())], &gate);
    assert_eq!((found.0, found.1), ([1, 0, 2], tasks(&["B"])));
}
