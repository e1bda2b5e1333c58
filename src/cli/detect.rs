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

/// Detects how the project in `dir` is tested.
pub(super) fn tests(dir: &Path) -> Option<Found> {
    let text = |name: &str| open::read_text(&dir.join(name), Links::Follow, MOST).ok();
    let has = |name: &str| dir.join(name).is_file();
    let found = |run: &str, by| Some(Found { run: format!("\"{run}\""), by });
    if text("package.json").is_some_and(|text| has_script(&text)) {
        let manager = [("pnpm-lock.yaml", "pnpm test"), ("yarn.lock", "yarn test")];
        let manager = manager.into_iter().find(|(lock, _)| has(lock));
        return found(manager.map_or("npm test", |(_, run)| run), "package.json");
    }
    if let Some((by, run)) = TESTS.into_iter().find(|(name, _)| has(name)) {
        let run = if run.starts_with("gradle") && has("gradlew") { "./gradlew test" } else { run };
        return found(run, by);
    }
    if has("pom.xml") {
        return found(if has("mvnw") { "./mvnw -q test" } else { "mvn -q test" }, "pom.xml");
    }
    if text("composer.json").is_some_and(|text| has_script(&text)) {
        return found("composer test", "composer.json");
    }
    let recipes = [
        ("justfile", "just test"),
        ("Justfile", "just test"),
        ("Makefile", "make test"),
        ("makefile", "make test"),
        ("GNUmakefile", "make test"),
    ];
    let has_recipe = |name: &str| text(name).is_some_and(|text| has_target(&text));
    let (by, run) = recipes.into_iter().find(|(name, _)| has_recipe(name))?;
    found(run, by)
}

/// Returns what must be installed before the command can run, if that can be determined.
pub(super) fn lacking(found: &Found, path: &OsStr) -> Option<String> {
    let run = found.run.trim_matches('"');
    let program = run.split(' ').next().filter(|program| !program.contains('/'))?;
    if programs::find(program, path).is_none() {
        return Some(format!("{program} was not found on the PATH"));
    }
    if run != PYTEST {
        return None;
    }
    let argv = PYTEST.split(' ').chain(["--version"]).map(OsString::from).collect();
    let asked = Short { argv, limit: Some(PATIENCE), ..Short::default() }.run();
    let there = asked.is_ok_and(|ended| ended.code == 0);
    (!there).then(|| "python3 has no pytest; install it: python3 -m pip install pytest".to_owned())
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
        tests(dir.path()).map(|found| found.run)
    }

    #[test]
    fn a_program_that_is_missing_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let told = |run: &str| {
            let found = Found { run: format!("\"{run}\""), by: "x" };
            lacking(&found, dir.path().as_os_str())
        };
        assert_eq!(told("uv run pytest").as_deref(), Some("uv was not found on the PATH"));
        assert_eq!(told("./gradlew test"), None);
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
