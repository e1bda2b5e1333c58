//! What the second judgement restores of single paths, for small changes.

use super::super::samples::{Project, shown};
use super::*;
use crate::platform::programs::lacks;

const CARGO: &str = "[package]\nname = \"x\"\nautotests = false\n[dependencies]\na = \"1\"\n";
const PACKAGE: &str = "{\"scripts\": {\"test\": \"sh t.sh\"}, \"dependencies\": {\"a\": \"1\"}}\n";

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", CARGO),
    ("Cargo.lock", "one\n"),
    ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
    ("web/package.json", PACKAGE),
    ("web/yarn.lock", "one\n"),
    ("calc/calc.go", "package calc\n"),
    ("go.mod", "module x\n"),
    ("Makefile", "all:\n\ttrue\n"),
    ("src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn t() {} }\n"),
    ("src/app.py", "x = 1\n"),
    ("tests/a.rs", "#[test]\nfn t() {}\n"),
];

/// Returns a script that writes `text`.
fn write(path: &str, text: &str) -> String {
    format!("printf '%s' '{text}' >{path}")
}

/// Returns what `path` is restored to after the change of `script`.
fn after(project: &Project, script: &str, path: &str, is_named: bool) -> Option<String> {
    let change = project.change(script);
    let deltas = project.deltas(&change);
    let delta = deltas.iter().find(|delta| delta.path == Path::new(path)).unwrap();
    let place = (project.repository(), &project.base);
    let put = restored(place, (&deltas, delta), path, is_named).unwrap();
    put.as_ref().map(shown)
}

#[test]
fn only_what_steers_is_restored_of_a_file() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let base = |path: &str| Some(format!("{path}: base"));
    let cargo = |from: &str, to: &str| write("Cargo.toml", &CARGO.replace(from, to));
    let merged = "[dependencies]\na = \"1\"\n\n[package]\nautotests = false\nname = \"x\"\n";
    let (newer, without) = (cargo("a = \"1\"", "a = \"2\""), cargo("autotests = false\n", ""));
    for (script, path, is_named, expected) in [
        // The work is not restored, unless a step names it.
        ("echo >>src/app.py", "src/app.py", false, None),
        ("echo >>src/app.py", "src/app.py", true, base("src/app.py")),
        ("echo >>tests/a.rs", "tests/a.rs", false, base("tests/a.rs")),
        ("git rm -q tests/a.rs", "tests/a.rs", false, base("tests/a.rs")),
        ("echo >tests/b.rs", "tests/b.rs", false, Some("tests/b.rs: -".to_owned())),
        ("echo >>Makefile", "Makefile", false, base("Makefile")),
        ("git rm -q Makefile", "Makefile", false, base("Makefile")),
        ("echo >web/Makefile", "web/Makefile", false, Some("web/Makefile: -".to_owned())),
        // A new dependency is work, and a switched-off test is not.
        (&*newer, "Cargo.toml", false, None),
        (&*without, "Cargo.toml", false, Some(format!("Cargo.toml: 100644 {merged}"))),
        // What cannot be parsed, and what is no file, counts as a whole.
        ("echo '[' >Cargo.toml", "Cargo.toml", false, Some(format!("Cargo.toml: 100644 {CARGO}"))),
        ("ln -sf Makefile Cargo.toml", "Cargo.toml", false, base("Cargo.toml")),
        ("git rm -q Cargo.toml", "Cargo.toml", false, base("Cargo.toml")),
        // A lock file follows its manifest, also that of a member, and else counts alone.
        ("echo two >Cargo.lock", "Cargo.lock", false, base("Cargo.lock")),
        ("echo two >Cargo.lock; echo '#' >>Cargo.toml", "Cargo.lock", false, None),
        ("echo two >Cargo.lock; echo '#' >>crates/a/Cargo.toml", "Cargo.lock", false, None),
        (
            "echo two >web/yarn.lock; echo '#' >>Cargo.toml",
            "web/yarn.lock",
            false,
            base("web/yarn.lock"),
        ),
        (
            "echo two >Cargo.lock; echo ' ' >>web/package.json",
            "Cargo.lock",
            false,
            base("Cargo.lock"),
        ),
        // A new module takes its folder out of the tests around it, if the folder is old.
        ("echo 'module y' >calc/go.mod", "calc/go.mod", false, Some("calc/go.mod: -".to_owned())),
        ("mkdir new; echo 'module y' >new/go.mod", "new/go.mod", false, None),
        ("echo 'module z' >go.mod", "go.mod", false, None),
    ] {
        assert_eq!(after(&project, script, path, is_named), expected, "{script}");
    }
}

#[test]
fn the_tests_inside_of_a_product_file_are_those_of_the_base() {
    if lacks("git") {
        return;
    }
    let project = Project::new(FILES);
    let lib = |script: &str| after(&project, script, "src/lib.rs", false);
    assert_eq!(lib("echo 'fn b() {}' >>src/lib.rs"), None, "its tests are as they were");
    let weak = "printf 'fn b() {}\\n#[cfg(test)]\\nmod tests {}\\n' >src/lib.rs";
    let mixed = "src/lib.rs: 100644 fn b() {}\n#[cfg(test)]\nmod tests { fn t() {} }\n";
    assert_eq!(lib(weak).as_deref(), Some(mixed));
    let executable = mixed.replace("100644", "100755");
    assert_eq!(lib(&format!("{weak}; chmod +x src/lib.rs")), Some(executable));
    // What is not text has no tests inside, and what is gone either.
    assert_eq!(lib("printf '\\377' >src/lib.rs"), None);
    assert_eq!(lib("git rm -q src/lib.rs"), None);
}

#[test]
fn a_change_that_only_removes_tests_is_told_from_one_that_changes_them() {
    if lacks("git") {
        return;
    }
    let two = "#[test]\nfn one() { assert!(a()); }\n#[test]\nfn two() {}\n";
    let inside = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn one() {}\n    #[test]\n    fn two() {}\n}\n";
    let project = Project::new(&[("tests/a.rs", two), ("src/lib.rs", inside), ("x.py", "a\n")]);
    let removes = |script: &str, path: &str, is_inside: bool| {
        let change = project.change(script);
        let deltas = project.deltas(&change);
        let delta = deltas.iter().find(|delta| delta.path == Path::new(path)).unwrap();
        removes_tests(project.repository(), delta, (path, is_inside)).unwrap()
    };
    let without = "#[test]\nfn one() { assert!(a()); }\n";
    for (path, text, is_inside, expected) in [
        ("tests/a.rs", without.to_owned(), false, true),
        ("tests/a.rs", two.replace("assert!(a());", ""), false, false),
        ("tests/a.rs", format!("{without}fn three() {{}}\n"), false, false),
        ("src/lib.rs", inside.replace("    #[test]\n    fn two() {}\n", ""), true, true),
        ("src/lib.rs", inside.replace("two() {}", "two() { return; }"), true, false),
    ] {
        assert_eq!(removes(&write(path, &text), path, is_inside), expected, "{path}: {text}");
    }
    // Only a test that is still there can lose tests; a deleted file is no question here.
    assert!(!removes("git rm -q tests/a.rs", "tests/a.rs", false));
    assert!(!removes("echo '#[test]' >tests/b.rs", "tests/b.rs", false));
    assert!(!removes(": >x.py", "x.py", false), "it is no test");
    assert!(!removes("printf '\\377' >tests/a.rs", "tests/a.rs", false), "it is no text");
}

#[test]
fn a_new_test_may_patch_by_its_content_and_if_it_is_unknown() {
    if lacks("git") {
        return;
    }
    let project = Project::new(&[("a.py", "x = 1\n"), ("tests/test_b.py", "def test_b(): pass\n")]);
    let may = |script: &str, path: &str| {
        let change = project.change(script);
        let deltas = project.deltas(&change);
        let delta = deltas.iter().find(|delta| delta.path == Path::new(path)).unwrap();
        patches(project.repository(), delta, path).unwrap()
    };
    let new = "tests/test_a.py";
    assert!(may(&write(new, "import a\na.x = 2\n"), new));
    assert!(!may(&write(new, "import a\nassert a.x == 1\n"), new));
    assert!(may("printf '\\377' >tests/test_a.py", new));
    assert!(!may("git rm -q tests/test_b.py", "tests/test_b.py"), "it is gone");
}

#[test]
fn a_script_decided_if_the_bases_version_did() {
    if lacks("git") {
        return;
    }
    let project = Project::new(&[("decides.sh", "exit 1\n"), ("runs.sh", "run\n")]);
    let change = project.change("echo run >decides.sh; echo exit 1 >runs.sh; echo exit 1 >new.sh");
    let found: Vec<(String, bool)> = project
        .deltas(&change)
        .iter()
        .map(|delta| {
            (delta.path.display().to_string(), decided(project.repository(), delta).unwrap())
        })
        .collect();
    let expected = [("decides.sh", true), ("new.sh", false), ("runs.sh", false)];
    assert_eq!(found, expected.map(|(path, decides)| (path.to_owned(), decides)));
}

#[test]
fn a_manifest_knows_which_of_its_files_are_gone() {
    if lacks("git") {
        return;
    }
    let project = Project::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n"),
        ("b/src/main.rs", "fn main() {}\n"),
    ]);
    let deltas = project.deltas(&project.change("git rm -qr b; echo '#' >>a/Cargo.toml"));
    for (manifest, named, expected) in [
        ("Cargo.toml", "b", true),
        ("Cargo.toml", "./b", true),
        ("Cargo.toml", "b/src/main.rs", true),
        ("b/Cargo.toml", "src/main.rs", true),
        ("Cargo.toml", "a", false),
        ("Cargo.toml", "b/src", false),
        ("a/Cargo.toml", "b", false),
    ] {
        assert_eq!(is_gone(&deltas, Path::new(manifest), named), expected, "{manifest} {named}");
    }
    // A member may leave with its folder, and not without it.
    let members = |script: &str| after(&project, script, "Cargo.toml", false);
    let one = "printf '[workspace]\\nmembers = [\"a\"]\\n' >Cargo.toml";
    assert_eq!(members(&format!("{one}; git rm -qr b")), None);
    assert!(members(one).is_some_and(|put| put.contains("\"b\"")));
}
