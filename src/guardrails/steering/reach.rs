//! Which steps a file can reach: a tool of one language reads no file that steers another one.

use super::super::paths::Language;

/// Whose tools a file steers, or whose tools a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Python.
    Python,
    /// TypeScript and JavaScript.
    Script,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Runners of commands: make, containers, the shell.
    Runner,
    /// Nothing here: services elsewhere read it.
    Nothing,
    /// It is not known.
    Any,
}

/// Tools that run nothing but their own language, with the words that have to follow; `*` is any.
const TOOLS: &[(Reach, &str, &[&str])] = &[
    (Reach::Python, "pytest", &["*"]),
    (Reach::Python, "py.test", &["*"]),
    (Reach::Python, "ruff", &["*"]),
    (Reach::Python, "mypy", &["*"]),
    (Reach::Python, "flake8", &["*"]),
    (Reach::Python, "black", &["*"]),
    (Reach::Script, "jest", &["*"]),
    (Reach::Script, "vitest", &["*"]),
    (Reach::Script, "tsc", &["*"]),
    (Reach::Script, "eslint", &["*"]),
    (Reach::Script, "prettier", &["*"]),
    (Reach::Rust, "cargo", &["test", "build", "check", "clippy", "fmt", "nextest", "doc"]),
    (Reach::Go, "go", &["test", "build", "vet"]),
    (Reach::Go, "golangci-lint", &["*"]),
];

/// Modules of Python that run nothing else.
const MODULES: [&str; 5] = ["pytest", "unittest", "mypy", "ruff", "flake8"];

/// What a command runs, as far as its text tells: [`Reach::Any`] in doubt.
pub fn tools_of(command: &str) -> Reach {
    let strange = |letter: char| "|$`()<>{}*;&\n\\'\"#!".contains(letter);
    if command.contains(strange) {
        return Reach::Any;
    }
    let mut words = command.split_whitespace().peekable();
    // A variable before a command may be anything, PYTHONPATH too.
    let Some(first) = words.next() else { return Reach::Any };
    let next = words.peek().copied().unwrap_or_default();
    if matches!(first, "python" | "python3") {
        let module = words.nth(1).unwrap_or_default();
        let is_known = next == "-m" && MODULES.contains(&module);
        return if is_known { Reach::Python } else { Reach::Any };
    }
    let known = TOOLS
        .iter()
        .find(|(_, tool, after)| *tool == first && (after.contains(&"*") || after.contains(&next)));
    known.map_or(Reach::Any, |(reach, ..)| *reach)
}

/// Whose tools read a test.
pub fn reach_of_test(path: &str) -> Reach {
    match Language::of(path) {
        Language::Python => Reach::Python,
        Language::Script => Reach::Script,
        Language::Rust => Reach::Rust,
        Language::Go => Reach::Go,
        // What tests expect lies in files of any kind.
        Language::Shell | Language::Other => Reach::Any,
    }
}

impl Reach {
    /// Whether a file of this reach can decide what a step comes to that runs tools of `step`.
    pub fn reaches(self, step: Self) -> bool {
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
