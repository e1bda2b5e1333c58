//! Tests what a task declares against what it changed, and the permissions that it has.

use super::super::{covers, declared, permitted};
use super::*;
use crate::domain::Permitted;

fn changed(paths: &[&str]) -> Vec<ChangedFile> {
    paths.iter().map(|path| ChangedFile::named(path)).collect()
}

fn check(
    changed: &[ChangedFile],
    (requires, rules, grants): (Requires, &Rules, &Grants),
) -> Vec<Finding> {
    declared(changed, &[], true, (requires, rules, grants), &|_| false).findings
}

fn one(code: &str, level: Level, path: Option<&str>, message: &str) -> Finding {
    let path = path.map(str::to_owned);
    Finding { code: code.to_owned(), level, path, line: None, message: message.to_owned() }
}

#[test]
fn what_was_not_changed_is_told_with_what_to_do() {
    let rules = Rules::default();
    let none = Grants::default();
    let message = "no file was changed; do the task, or explain in the result file why it needs no \
                   change";
    let expected = [one("nothing_changed", Level::Fail, None, message)];
    assert_eq!(check(&[], (Requires::Any, &rules, &none)), expected);
    let owns = Grants { owns: texts(&["src/a.rs", "docs/*"]), ..Grants::default() };
    let message = "none of the declared files was changed: src/a.rs, docs/*; do the task there, or \
                   explain in the result file why it needs no change";
    let expected = [one("nothing_changed", Level::Fail, None, message)];
    assert_eq!(check(&[], (Requires::Declared, &rules, &owns)), expected);
    let creates = texts(&["a", "b", "c"]);
    let creates = Grants { creates, ..Grants::default() };
    let is_missing = |path: &str| path != "b";
    let message = "the task declares new files that do not exist: a, c; create them, where git does \
                   not ignore them";
    for (requires, expected) in [
        (Requires::Declared, vec![one("nothing_changed", Level::Fail, Some("a"), message)]),
        (Requires::Any, vec![one("nothing_changed", Level::Fail, Some("a"), message)]),
        (Requires::None, vec![]),
    ] {
        let given = (requires, &rules, &creates);
        assert_eq!(declared(&[], &[], true, given, &is_missing).findings, expected);
    }
}

#[test]
fn a_file_that_was_moved_counts_under_both_of_its_names() {
    let rules = Rules { scope: Level::Fail, ..Rules::default() };
    let grants = Grants { owns: texts(&["old.rs", "src"]), ..Grants::default() };
    let given = (Requires::Declared, &rules, &grants);
    let moved = |to: &str, from: &str| file(to, What::Renamed(from.into()), &[], &[]);
    assert_eq!(check(&[moved("src/new.rs", "old.rs")], given), []);
    let outside = |paths: &str, first: &str| {
        let message = format!(
            "the task does not declare {paths}; leave these files unchanged, or have a person add \
             them to the task's files or scope"
        );
        vec![one("scope", Level::Fail, Some(first), &message)]
    };
    assert_eq!(check(&[moved("new.rs", "old.rs")], given), outside("new.rs", "new.rs"));
    assert_eq!(check(&[moved("src/a", "lib/a")], given), outside("lib/a", "lib/a"));
    assert_eq!(check(&[moved("x", "y"), ChangedFile::named("src/a")], given), outside("x, y", "x"));
}

#[test]
fn ten_undeclared_files_are_named_and_more_are_counted() {
    let rules = Rules::default();
    let grants = Grants { owns: texts(&["src"]), ..Grants::default() };
    let message = |count: usize| {
        let paths: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
        let mut files = changed(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        files.push(ChangedFile::named("src/a"));
        let found = check(&files, (Requires::Declared, &rules, &grants));
        found[0].message.split(';').next().unwrap_or_default().to_owned()
    };
    assert_eq!(message(1), "the task does not declare f0");
    assert!(message(10).ends_with("f8, f9"), "{}", message(10));
    assert!(message(11).ends_with("f8, f9 and 1 more"), "{}", message(11));
    assert!(message(13).ends_with("f9 and 3 more"), "{}", message(13));
}

#[test]
fn the_scope_is_open_for_a_task_without_files_and_may_be_switched_off() {
    let grants = |owns: &[&str]| Grants { owns: texts(owns), ..Grants::default() };
    let files = changed(&["a", "b"]);
    let rules = |level| Rules { scope: level, ..Rules::default() };
    let codes = |rules: &Rules, grants: &Grants| {
        let found = check(&files, (Requires::None, rules, grants));
        found.iter().map(|one| one.level).collect::<Vec<_>>()
    };
    assert_eq!(codes(&rules(Level::Fail), &grants(&[])), []);
    assert_eq!(codes(&rules(Level::Warn), &grants(&["a"])), [Level::Warn]);
    assert_eq!(codes(&rules(Level::Fail), &grants(&["."])), []);
    let levels = [("scope".to_owned(), None)].into();
    assert_eq!(codes(&Rules { levels, ..rules(Level::Fail) }, &grants(&["a"])), []);
    let levels = [("scope".to_owned(), Some(Level::Block))].into();
    assert_eq!(codes(&Rules { levels, ..rules(Level::Warn) }, &grants(&["a"])), [Level::Block]);
    // `tests` and files with conflicts may change besides.
    let besides = Grants { besides: texts(&["b"]), ..grants(&["a"]) };
    assert_eq!(codes(&rules(Level::Fail), &besides), []);
}

#[test]
fn a_lock_file_belongs_to_the_manifest_in_its_folder() {
    let rules = Rules { scope: Level::Fail, ..Rules::default() };
    for (declared, file, is_inside) in [
        ("package.json", "package-lock.json", true),
        ("web/package.json", "web/pnpm-lock.yaml", true),
        ("web/package.json", "web/bun.lock", true),
        ("web/package.json", "web/npm-shrinkwrap.json", true),
        ("web", "web/yarn.lock", true),
        ("web/package.json", "yarn.lock", false),
        ("package.json", "web/yarn.lock", false),
        ("Cargo.toml", "Cargo.lock", true),
        ("crates/a/Cargo.toml", "Cargo.lock", false),
        ("pyproject.toml", "uv.lock", true),
        ("pyproject.toml", "poetry.lock", true),
        ("pyproject.toml", "pdm.lock", true),
        ("pyproject.toml", "Cargo.lock", false),
        ("Pipfile", "Pipfile.lock", true),
        ("go.mod", "go.sum", true),
        ("Gemfile", "Gemfile.lock", true),
        ("go.sum", "go.mod", false),
    ] {
        let grants = Grants { owns: texts(&[declared]), ..Grants::default() };
        let found = check(&changed(&[file]), (Requires::None, &rules, &grants));
        assert_eq!(found.is_empty(), is_inside, "{declared} {file}");
    }
}

#[test]
fn a_frozen_path_is_told_for_each_contract_that_the_task_does_not_name() {
    let contract =
        |names: &[&str], paths: &[&str]| Contract { names: texts(names), paths: texts(paths) };
    let grants = |contracts: &[&str], by_person: bool| Grants {
        frozen: vec![contract(&["API", "GATE-1"], &["api/**"]), contract(&[], &["api/v1.proto"])],
        contracts: texts(contracts),
        by_person,
        ..Grants::default()
    };
    let message = |name: &str| {
        format!(
            "it is frozen by the contract {name}; leave it unchanged, or have a person name the \
             contract on the task (contracts = [\"{name}\"])"
        )
    };
    let frozen = |name: &str, path: &str| one("frozen", Level::Fail, Some(path), &message(name));
    let rules = Rules::default();
    let of = |files: &[ChangedFile], grants: &Grants, rules: &Rules| {
        declared(files, &[], true, (Requires::None, rules, grants), &|_| false)
    };
    let files = changed(&["api/v1.proto", "src/a"]);
    let api = frozen("API", "api/v1.proto");
    let nameless = frozen("without a name", "api/v1.proto");
    assert_eq!(of(&files, &grants(&[], true), &rules).findings, [api.clone(), nameless.clone()]);
    let named = of(&files, &grants(&["API"], true), &rules);
    assert_eq!(named.findings, std::slice::from_ref(&nameless));
    let by = Permitted { path: "api/v1.proto".into(), by: "contract API".into() };
    assert_eq!(named.changed_with_permission, [by]);
    // Another name of the contract, and a task that an agent added.
    let other = of(&files, &grants(&["GATE-1"], true), &rules);
    assert_eq!(other.findings, std::slice::from_ref(&nameless));
    assert_eq!(of(&files, &grants(&["API"], false), &rules).findings, [api, nameless]);
    // A file that was moved out of the frozen folder is told by its old name.
    let moved = [file("src/v2.proto", What::Renamed("api/v2.proto".into()), &[], &[])];
    let gone = frozen("API", "api/v2.proto");
    assert_eq!(of(&moved, &grants(&[], true), &rules).findings, [gone]);
    let allow = vec![("frozen".to_owned(), "api/v2*".to_owned())];
    let allowing = Rules { allow, ..Rules::default() };
    assert_eq!(of(&moved, &grants(&[], true), &allowing).findings, []);
}

#[test]
fn permissions_are_of_a_task_that_a_person_added() {
    let contract = Contract { names: texts(&["API"]), paths: texts(&["tests/api/**"]) };
    let all = Grants {
        owns: texts(&["src", "./check.sh"]),
        besides: texts(&["tests/a.rs"]),
        creates: texts(&["./new.bin"]),
        may_change_tests: true,
        may_remove_tests: true,
        contracts: texts(&["API"]),
        by_person: true,
        frozen: vec![contract],
    };
    let agents = Grants { by_person: false, ..all.clone() };
    let none = Grants { by_person: true, ..Grants::default() };
    for (path, by, removal) in [
        ("src/x/y.rs", Some("declared by the task"), Some("declared by the task")),
        ("check.sh", Some("declared by the task"), Some("declared by the task")),
        ("tests/a.rs", Some("declared by the task"), Some("declared by the task")),
        ("tests/api/x", Some("contract API"), Some("contract API")),
        ("tests/b.rs", Some("may_change_tests"), Some("may_change_tests")),
        ("Makefile", None, None),
    ] {
        assert_eq!(all.permits(path).as_deref(), by, "{path}");
        assert_eq!(all.permits_removal(path).as_deref(), removal, "{path}");
        assert_eq!((agents.permits(path), agents.permits_removal(path)), (None, None), "{path}");
        assert_eq!(none.permits(path), None, "{path}");
        assert_eq!(all.declares(path), by == Some("declared by the task"), "{path}");
        assert_eq!(agents.declares(path), all.declares(path), "{path}");
    }
    let removes = Grants { may_change_tests: false, ..all.clone() };
    assert_eq!(removes.permits("tests/b.rs"), None);
    assert_eq!(removes.permits_removal("tests/b.rs").as_deref(), Some("may_remove_tests"));
    assert_eq!(removes.permits_removal("lib/b.rs"), None);
    assert_eq!(removes.permits_tests_in("lib/b.rs"), None);
    assert_eq!(all.permits_tests_in("lib/b.rs").as_deref(), Some("may_change_tests"));
    assert_eq!(all.permits_tests_in("src/b.rs").as_deref(), Some("declared by the task"));
    assert_eq!(agents.permits_tests_in("src/b.rs"), None);
    assert_eq!((agents.removes_tests(), none.removes_tests()), (None, None));
    assert_eq!(all.removes_tests().as_deref(), Some("may_remove_tests"));
    // Only what is named exactly is wanted as it is.
    for (path, named) in [("check.sh", true), ("new.bin", true), ("src", true), ("src/x", false)] {
        assert_eq!(all.names(path), named, "{path}");
        assert!(!agents.names(path), "{path}");
    }
    assert!(all.owns("src/x") && !all.owns("tests/a.rs") && !all.owns("new.bin"));
}

#[test]
fn a_judging_file_is_listed_with_the_permission_to_change_or_remove_it() {
    let removes = Grants { by_person: true, may_remove_tests: true, ..Grants::default() };
    let list = |change: ChangedFile, grants: &Grants| {
        permitted(&[change], grants).into_iter().map(|one| one.by).next()
    };
    let changes = Grants { by_person: true, may_change_tests: true, ..Grants::default() };
    let of = |path: &str, what: What| file(path, what, &[], &[]);
    let may = |word: &str| Some(word.to_owned());
    assert_eq!(list(of("tests/a.rs", What::Removed), &removes), may("may_remove_tests"));
    assert_eq!(list(of("tests/a.rs", What::Modified), &removes), None);
    assert_eq!(list(of("tests/a.rs", What::Modified), &changes), may("may_change_tests"));
    assert_eq!(
        list(of("tests/a.rs", What::Renamed("b".into())), &changes),
        may("may_change_tests")
    );
    assert_eq!(list(of("tests/a.rs", What::Added), &changes), None);
    let owns = Grants { by_person: true, owns: texts(&["."]), ..Grants::default() };
    // A new check that is no test, and a file that steers, judge from the moment they exist.
    assert_eq!(list(of("scripts/check.sh", What::Added), &owns), may("declared by the task"));
    assert_eq!(list(of("jest.config.js", What::Added), &owns), may("declared by the task"));
    assert_eq!(list(of("src/a.rs", What::Modified), &owns), None);
}

#[test]
fn a_declared_path_covers_itself_and_what_is_below_it() {
    for (declared, path, expected) in [
        ("src", "src", true),
        ("src/", "src/a", true),
        ("./src", "src/a", true),
        ("src/a", "src", false),
        ("src", "srcs/a", false),
        ("src", "lib/src/a", false),
        ("**/a.rs", "x/y/a.rs", true),
        ("src/*", "src/a/b", false),
        ("src/{a,b}.rs", "src/b.rs", true),
        ("./", "a", true),
        ("/", "a", false),
        ("", "a", false),
        (".", "a", true),
        ("./.", "a", true),
        ("/src", "src/a", false),
    ] {
        assert_eq!(covers(declared, path), expected, "{declared} {path}");
    }
}
