//! Detects for `init` how a project is tested.

use crate::platform::command::Short;
use crate::platform::open::{self, Links};
use crate::platform::programs;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

/// The maximum size of a file that is read, in bytes.
const MOST: u64 = 1 << 20;

/// How long a tool may take to print its version.
const PATIENCE: Duration = Duration::from_secs(10);
/// The default test command of Python projects.
const PYTEST: &str = "python3 -m pytest";

/// A detected command, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The command as a TOML string.
    pub(super) run: String,
    /// The file that indicates the command.
    pub(super) by: &'static str,
}

/// Files that indicate how a project is tested, each with the command. The first match is used.
const TESTS: [(&str, &str); 16] = [
    ("Cargo.toml", "cargo test"),
    ("deno.json", "deno test"),
    ("deno.jsonc", "deno test"),
    ("go.mod", "go test ./..."),
    ("tox.ini", "tox"),
    ("uv.lock", "uv run pytest"),
    ("poetry.lock", "poetry run pytest"),
    ("Pipfile.lock", "pipenv run pytest"),
    ("pyproject.toml", PYTEST),
    ("pytest.ini", PYTEST),
    ("setup.py", PYTEST),
    ("setup.cfg", PYTEST),
    ("Gemfile", "bundle exec rake test"),
    ("mix.exs", "mix test"),
    ("build.gradle", "gradle test"),
    ("build.gradle.kts", "gradle test"),
];

/// Detects how the project in `dir` is tested. If there are several ways, a command that can run
/// here takes precedence.
pub(super) fn tests(dir: &Path, path: &OsStr) -> Option<Found> {
    let all = candidates(dir);
    let can_run = |found: &&Found| lacking(found.command(), path).is_none();
    all.iter().find(can_run).or(all.first()).cloned()
}

impl Found {
    fn new(run: &str, by: &'static str) -> Self {
        Self { run: format!("\"{run}\""), by }
    }

    /// Returns the command without quotes.
    pub(super) fn command(&self) -> &str {
        self.run.trim_matches('"')
    }
}

/// Returns all ways to test the project in `dir`, the most likely one first.
fn candidates(dir: &Path) -> Vec<Found> {
    let text = |name: &str| open::read_text(&dir.join(name), Links::Follow, MOST).ok();
    let has = |name: &str| dir.join(name).is_file();
    let mut all = Vec::new();
    if text("package.json").is_some_and(|text| has_script(&text)) {
        let manager = [("pnpm-lock.yaml", "pnpm test"), ("yarn.lock", "yarn test")];
        let manager = manager.into_iter().find(|(lock, _)| has(lock));
        all.push(Found::new(manager.map_or("npm test", |(_, run)| run), "package.json"));
    }
    all.extend(TESTS.into_iter().filter(|(name, _)| has(name)).map(|(by, run)| {
        let run = if run.starts_with("gradle") && has("gradlew") { "./gradlew test" } else { run };
        Found::new(run, by)
    }));
    if has("pom.xml") {
        all.push(Found::new(if has("mvnw") { "./mvnw -q test" } else { "mvn -q test" }, "pom.xml"));
    }
    if text("composer.json").is_some_and(|text| has_script(&text)) {
        all.push(Found::new("composer test", "composer.json"));
    }
    let recipes = [
        ("justfile", "just test"),
        ("Justfile", "just test"),
        ("Makefile", "make test"),
        ("makefile", "make test"),
        ("GNUmakefile", "make test"),
    ];
    let has_recipe = |name: &str| text(name).is_some_and(|text| has_target(&text));
    let found = recipes.into_iter().filter(|(name, _)| has_recipe(name));
    all.extend(found.map(|(by, run)| Found::new(run, by)));
    all.extend(unittest(dir));
    all
}

/// Returns a command for the tests of a Python project that needs nothing but Python.
fn unittest(dir: &Path) -> Option<Found> {
    let folders = [
        ("tests", "python3 -m unittest discover -s tests"),
        ("test", "python3 -m unittest discover -s test"),
    ];
    let (by, run) = folders.into_iter().find(|(folder, _)| {
        let files = std::fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
        let named = files.filter(|file| {
            let name = file.file_name();
            let name = name.to_string_lossy();
            name.starts_with("test") && name.ends_with(".py")
        });
        let texts =
            named.filter_map(|file| open::read_text(&file.path(), Links::Follow, MOST).ok());
        let texts: Vec<String> = texts.take(100).collect();
        let imports = |module: &str| texts.iter().any(|text| text.contains(module));
        imports("import unittest") && !imports("pytest")
    })?;
    Some(Found::new(run, by))
}

/// Returns what must be installed before the command `run` can run, if that can be determined.
pub(super) fn lacking(run: &str, path: &OsStr) -> Option<String> {
    let mut words = run.split_whitespace();
    let program = words.next().filter(|program| is_plain(program))?;
    let Some(found) = programs::find(program, path) else {
        return Some(format!("{program} was not found on the PATH"));
    };
    let is_pytest = program.starts_with("python") && words.next() == Some("-m");
    if !is_pytest || words.next() != Some("pytest") {
        return None;
    }
    // The program that was found, not another one of this process's own PATH.
    let mut argv = vec![found.into_os_string()];
    argv.extend(["-m", "pytest", "--version"].map(OsString::from));
    let asked = Short { argv, limit: Some(PATIENCE), ..Short::default() }.run();
    let there = asked.is_ok_and(|ended| ended.code == 0);
    (!there)
        .then(|| format!("{program} has no pytest; install it: {program} -m pip install pytest"))
}

/// Returns the comment that proposes to judge the tests of the command `run` one by one; `None` if no
/// parser reads what it prints.
///
/// It is a proposal because a report without any test fails, and a project may have no test yet.
pub(super) fn report_comment(run: &str) -> Option<String> {
    let words: Vec<&str> = run.split_whitespace().collect();
    let verbose = words.iter().any(|word| matches!(*word, "-v" | "-vv" | "--verbose" | "-json"));
    let (parser, verb) = match words[..] {
        ["cargo", "test", ..] => ("cargo", None),
        ["cargo", "nextest", "run", ..] => ("nextest", None),
        ["go", "test", ..] => ("go", Some("test")),
        [.., "pytest"] => ("pytest", Some("pytest")),
        _ => return None,
    };
    let needs = match verb.filter(|_| !verbose) {
        // The parser needs the names of the tests, which only this flag prints.
        Some(verb) => format!("; needs `{}`", run.replacen(verb, &format!("{verb} -v"), 1)),
        None => ", once there is a test".to_owned(),
    };
    Some(format!("# report = {{ parser = \"{parser}\" }}   # judges test by test{needs}"))
}

/// Returns whether a word is a plain program name, without shell syntax.
fn is_plain(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.+-".contains(letter))
}

/// Returns whether a `package.json` or `composer.json` has a test script.
fn has_script(text: &str) -> bool {
    let file: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let test = &file["scripts"]["test"];
    // `npm init` writes a placeholder if there are no tests.
    test.is_array() || test.as_str().is_some_and(|run| !run.contains("no test specified"))
}

/// Returns whether a makefile or justfile has a target `test`.
fn has_target(text: &str) -> bool {
    text.lines().any(|line| {
        let after = line.strip_prefix("test").and_then(|rest| rest.split_once(':'));
        after.is_some_and(|(between, rest)| {
            !rest.starts_with('=') && (between.is_empty() || between.starts_with(' '))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            #[expect(clippy::disallowed_methods, reason = "a test writes its input")]
            std::fs::write(dir.path().join(name), text).expect("written");
        }
        candidates(dir.path()).into_iter().next().map(|found| found.run)
    }

    #[test]
    fn a_program_that_is_missing_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let told = |run: &str| lacking(run, dir.path().as_os_str());
        assert_eq!(told("uv run pytest").as_deref(), Some("uv was not found on the PATH"));
        assert_eq!(told("./gradlew test"), None);
        assert_eq!(told("CI=1 npm test"), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test writes its input")]
    fn what_can_run_here_is_taken_before_what_cannot() {
        let dir = tempfile::tempdir().expect("a folder");
        let put =
            |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
        let found = || tests(dir.path(), dir.path().as_os_str()).map(|found| (found.run, found.by));
        put("go.mod", "module x\n");
        assert_eq!(found(), Some(("\"go test ./...\"".to_owned(), "go.mod")));
        put("Makefile", "test:\n\ttrue\n");
        assert_eq!(found().expect("one").1, "go.mod", "neither can run");
        put("make", "#!/bin/sh\n");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path().join("make"), executable).expect("set");
        assert_eq!(found(), Some(("\"make test\"".to_owned(), "Makefile")));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test writes its input")]
    fn tests_that_need_python_alone_are_found() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("tests")).expect("made");
        let put =
            |text: &str| std::fs::write(dir.path().join("tests/test_a.py"), text).expect("written");
        put("import unittest\n");
        let found = candidates(dir.path()).pop().map(|found| found.run);
        assert_eq!(found.as_deref(), Some("\"python3 -m unittest discover -s tests\""));
        put("import pytest\n");
        assert_eq!(candidates(dir.path()), []);
    }

    #[test]
    fn a_parser_is_proposed_for_commands_that_one_reads() {
        for (run, wanted) in [
            ("cargo test", Some("\"cargo\" }   # judges test by test, once there is a test")),
            (
                "cargo nextest run",
                Some("\"nextest\" }   # judges test by test, once there is a test"),
            ),
            ("go test ./...", Some("\"go\" }   # judges test by test; needs `go test -v ./...`")),
            ("go test -v ./...", Some("\"go\" }   # judges test by test, once there is a test")),
            (
                "python3 -m pytest",
                Some("\"pytest\" }   # judges test by test; needs `python3 -m pytest -v`"),
            ),
            (
                "uv run pytest",
                Some("\"pytest\" }   # judges test by test; needs `uv run pytest -v`"),
            ),
            ("npm test", None),
            ("cargo build", None),
            ("sh -c 'cat pytest; true'", None),
        ] {
            let wanted = wanted.map(|rest| format!("# report = {{ parser = {rest}"));
            assert_eq!(report_comment(run), wanted, "{run}");
        }
    }

    #[test]
    fn tests_are_found_where_they_are() {
        let npm = r#"{"scripts": {"test": "vitest"}}"#;
        for (files, run) in [
            (&[("package.json", npm)][..], Some("\"npm test\"")),
            (&[("package.json", npm), ("pnpm-lock.yaml", "")], Some("\"pnpm test\"")),
            (&[("package.json", "{}"), ("Makefile", "all:\ntest: all\n")], Some("\"make test\"")),
            (&[("Cargo.toml", ""), ("Makefile", "test:\n")], Some("\"cargo test\"")),
            (&[("setup.py", "")], Some("\"python3 -m pytest\"")),
            (&[("pyproject.toml", ""), ("uv.lock", "")], Some("\"uv run pytest\"")),
            (&[("build.gradle.kts", ""), ("gradlew", "")], Some("\"./gradlew test\"")),
            (&[("pom.xml", "")], Some("\"mvn -q test\"")),
            (&[("composer.json", r#"{"scripts": {"test": ["a"]}}"#)], Some("\"composer test\"")),
            (&[("justfile", "test *ARGS:\n  x\n")], Some("\"just test\"")),
            (&[("Makefile", "test := x\ntests:\n")], None),
            (
                &[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\""}}"#)],
                None,
            ),
            (&[], None),
        ] {
            assert_eq!(found(files).as_deref(), run, "{files:?}");
        }
    }
}
