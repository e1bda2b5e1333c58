//! Classifies files by their paths: the language, and whether the file is a test or a check.

/// A language, or a group of languages with the same rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// TypeScript and JavaScript.
    Script,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// Go.
    Go,
    Shell,
    /// Any other language.
    Other,
}

/// The file extensions by language.
const ENDINGS: [(Language, &[&str]); 5] = [
    (Language::Script, &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte"]),
    (Language::Python, &["py", "pyi"]),
    (Language::Rust, &["rs"]),
    (Language::Go, &["go"]),
    (Language::Shell, &["sh", "bash", "bats", "zsh", "ksh"]),
];

/// Folders that contain only tests and their expected data.
const TEST_FOLDERS: [&str; 12] = [
    "tests",
    "test",
    "__tests__",
    "spec",
    "specs",
    "testdata",
    "__snapshots__",
    "__fixtures__",
    "golden",
    "e2e",
    "cypress",
    "snapshots",
];

/// Names of tests outside such folders.
const TEST_NAMES: [&str; 25] = [
    "test_*.py",
    "*_test.py",
    "tests.py",
    "*.test.*",
    "*.spec.*",
    "*.cy.*",
    "*.snap",
    "tests.rs",
    "*_test.rs",
    "*_tests.rs",
    "*_test.go",
    "*.bats",
    "*_test.sh",
    "test_*.sh",
    "test-*.sh",
    "test.sh",
    "*Test.java",
    "*Tests.java",
    "*IT.java",
    "*Test.kt",
    "*Tests.cs",
    "*Test.php",
    "*_spec.rb",
    "*_test.rb",
    "*_test.exs",
];

impl Language {
    /// Returns the language of a file.
    pub(crate) fn of(path: &str) -> Self {
        let name = name(path);
        let Some((_, ending)) = name.rsplit_once('.') else { return Self::Other };
        let has = |(_, endings): &&(Self, &[&str])| endings.contains(&ending);
        ENDINGS.iter().find(has).map_or(Self::Other, |(language, _)| *language)
    }
}

/// Returns the last component of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Returns whether a file among tests may be a hook of the test runner: code that is not named like
/// a test.
pub(crate) fn may_be_hook(path: &str) -> bool {
    let is_named = TEST_NAMES.iter().any(|glob| fast_glob::glob_match(glob, name(path)));
    is_test(path) && !is_named && Language::of(path) != Language::Other
}

/// Returns whether a file is a test, or expected data of tests.
pub(crate) fn is_test(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    folder.split('/').any(|part| TEST_FOLDERS.contains(&part))
        || TEST_NAMES.iter().any(|glob| fast_glob::glob_match(glob, name))
}

/// Words in the names of scripts that check work.
const CHECK_WORDS: [&str; 10] =
    ["check", "test", "verify", "lint", "validate", "coverage", "assert", "ci", "spec", "gate"];

/// Folders of scripts that are not part of the product.
const CHECK_FOLDERS: [&str; 9] =
    ["scripts", "script", "ci", ".ci", "tools", "hack", "checks", ".github", "bin"];

/// Returns whether a file that a step names is likely a check, rather than the work to be checked.
pub(crate) fn is_check(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let mut words = stem.split(['-', '_', ' ']);
    is_test(path)
        || folder.split('/').any(|part| CHECK_FOLDERS.contains(&part))
        || words.any(|word| CHECK_WORDS.contains(&word))
}

/// Returns whether a declared path, folder or glob covers `path`; both are relative to the project
/// root.
pub(crate) fn covers(declared: &str, path: &str) -> bool {
    let declared = declared.trim_start_matches("./").trim_end_matches('/');
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    // "." covers everything.
    if declared.is_empty() || declared == "." {
        return declared == ".";
    }
    path.strip_prefix(declared).is_some_and(is_below)
        || fast_glob::glob_match(declared, path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_by_name_and_folder() {
        for path in [
            "tests/a.py",
            "pkg/test_a.py",
            "src/a.test.ts",
            "src/__tests__/a.ts",
            "a/b_test.go",
            "src/parse/tests.rs",
            "src/parse/tests/deep.rs",
            "a/__snapshots__/x.snap",
            "testdata/in.json",
            "src/test/java/ATest.java",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/a.py", "latest/a.py", "src/contest.rs", "attest.ts", "src/tests_of.py"] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn scripts_that_judge_are_told_from_what_they_judge() {
        for path in ["check.sh", "run-tests/test_all.sh", "scripts/all.sh", "ci.sh", "pre_check.py"]
        {
            assert!(is_check(path), "{path}");
        }
        for path in ["add.sh", "src/main.py", "checkout.py", "app.js", "install.sh"] {
            assert!(!is_check(path), "{path}");
        }
    }

    #[test]
    fn a_path_is_covered_by_itself_its_folder_or_a_glob() {
        for (declared, path, expected) in [
            ("src/a.rs", "src/a.rs", true),
            ("./src/", "src/x/y.rs", true),
            ("src", "src2/a", false),
            ("src/**", "src/a/b", true),
            ("*.md", "a/b.md", false),
            ("routes/$id.tsx", "routes/$id.tsx", true),
            ("pages/[id].tsx", "pages/[id].tsx", true),
            (".", "anything", true),
            ("", "anything", false),
        ] {
            assert_eq!(covers(declared, path), expected, "{declared} {path}");
        }
    }
}
