//! Determines which steps a file can affect: a tool of one language does not read files that steer
//! another language.

use super::super::paths::{Language, is_test_of_its_language};

/// The ecosystem whose tools a file steers, or whose tools a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Python.
    Python,
    /// TypeScript and JavaScript.
    Script,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Command runners: make, containers, the shell.
    Runner,
    /// No step: only external services read the file.
    Nothing,
    /// Unknown: any step.
    Any,
}

/// Tools that run only one language.
const TOOLS: [(Reach, &[&str]); 3] = [
    (Reach::Python, &["pytest", "py.test", "ruff", "mypy", "flake8", "black"]),
    (Reach::Script, &["jest", "vitest", "tsc", "eslint", "prettier"]),
    (Reach::Go, &["golangci-lint"]),
];

/// Tools of which only these subcommands run only one language.
const SUBCOMMANDS: [(Reach, &str, &[&str]); 2] = [
    (Reach::Rust, "cargo", &["test", "build", "check", "clippy", "fmt", "nextest", "doc"]),
    (Reach::Go, "go", &["test", "build", "vet"]),
];

/// Python modules that run only Python.
const MODULES: [&str; 5] = ["pytest", "unittest", "mypy", "ruff", "flake8"];

/// Returns what a command runs, judging by its text; [`Reach::Any`] in doubt.
pub(crate) fn tools_of(command: &str) -> Reach {
    let strange = |letter: char| "|$`()<>{}*;&\n\\'\"#!".contains(letter);
    if command.contains(strange) {
        return Reach::Any;
    }
    let mut words = command.split_whitespace().peekable();
    // A variable assignment before a command may change anything, such as PYTHONPATH.
    let Some(first) = words.next() else { return Reach::Any };
    let next = words.peek().copied().unwrap_or_default();
    if matches!(first, "python" | "python3") {
        let module = words.nth(1).unwrap_or_default();
        let is_known = next == "-m" && MODULES.contains(&module);
        return if is_known { Reach::Python } else { Reach::Any };
    }
    let tool = TOOLS.iter().find(|(_, tools)| tools.contains(&first)).map(|(reach, _)| *reach);
    let is_known = |(_, tool, known): &&(_, &str, &[&str])| *tool == first && known.contains(&next);
    let subcommand = || SUBCOMMANDS.iter().find(is_known).map(|(reach, ..)| *reach);
    tool.or_else(subcommand).unwrap_or(Reach::Any)
}

/// Returns whose tools read a test. Expected data is in files of any kind, and may end like source
/// code.
pub(crate) fn reach_of_test(path: &str) -> Reach {
    if is_test_of_its_language(path) { reach_of_code(path) } else { Reach::Any }
}

/// Returns whose tools run the code in a file.
pub(crate) fn reach_of_code(path: &str) -> Reach {
    match Language::of(path) {
        Language::Python => Reach::Python,
        Language::Script => Reach::Script,
        Language::Rust => Reach::Rust,
        Language::Go => Reach::Go,
        Language::Shell | Language::Further | Language::Other => Reach::Any,
    }
}

impl Reach {
    /// Returns whether a file of this reach can affect a step that runs tools of `step`.
    pub(crate) fn reaches(self, step: Self) -> bool {
        match (self, step) {
            (Self::Nothing, _) => false,
            (Self::Any, _) | (_, Self::Any) => true,
            (file, step) => file == step,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_data_is_read_by_any_tool_whatever_its_ending() {
        for (path, reach) in [
            ("testdata/want.py", Reach::Any),
            ("tests/golden/out.js", Reach::Any),
            ("tests/golden/a_test.go", Reach::Any),
            ("tests/helper.py", Reach::Any),
            ("tests/test_a.py", Reach::Python),
            ("tests/calc.rs", Reach::Rust),
            ("src/__tests__/a.ts", Reach::Script),
            ("calc/calc_test.go", Reach::Go),
            ("calc_test.js", Reach::Script),
        ] {
            assert_eq!(reach_of_test(path), reach, "{path}");
        }
    }

    #[test]
    fn in_doubt_a_step_may_be_reached_by_everything() {
        for (command, reach) in [
            ("pytest -q tests", Reach::Python),
            ("python3 -m pytest", Reach::Python),
            ("python3 check.py", Reach::Any),
            ("cargo test --all", Reach::Rust),
            ("cargo xtask ci", Reach::Any),
            ("npm test", Reach::Any),
            ("make test", Reach::Any),
            ("PYTHONPATH=. pytest", Reach::Any),
            ("pytest && sh check.sh", Reach::Any),
            ("go test ./...", Reach::Go),
            ("", Reach::Any),
        ] {
            assert_eq!(tools_of(command), reach, "{command}");
        }
        assert!(Reach::Python.reaches(Reach::Any) && !Reach::Python.reaches(Reach::Rust));
        assert!(!Reach::Nothing.reaches(Reach::Any) && Reach::Any.reaches(Reach::Go));
    }
}
