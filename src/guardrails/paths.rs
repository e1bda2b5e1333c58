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
    /// Code in further languages.
    Further,
    /// No code, or an unknown language.
    Other,
}

/// The file extensions by language.
const ENDINGS: [(Language, &[&str]); 6] = [
    (Language::Script, &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte"]),
    (Language::Python, &["py", "pyi"]),
    (Language::Rust, &["rs"]),
    (Language::Go, &["go"]),
    (Language::Shell, &["sh", "bash", "bats", "zsh", "ksh"]),
    (
        Language::Further,
        &[
            "java", "kt", "scala", "groovy", "cs", "swift", "php", "rb", "ex", "exs", "dart", "c",
            "cc", "cpp", "cxx", "t", "pl", "pm", "lua", "hs", "erl",
        ],
    ),
];

/// Folders that contain only tests and their expected data, in lower case.
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

/// Folders of expected data that are also usual in products. They count at the top of a project;
/// others below a folder of tests do so because of that folder.
const DATA_AT_TOP: [&str; 2] = ["fixtures", "expected"];

/// Folders of expected data. Any tool may read what is in them, whatever its name.
const DATA_FOLDERS: [&str; 8] = [
    "testdata",
    "__snapshots__",
    "__fixtures__",
    "golden",
    "snapshots",
    "fixtures",
    "expected",
    "data",
];

/// Folders in which a tool takes each file of its language for a test.
const OWN_FOLDERS: [(Language, &str); 2] =
    [(Language::Rust, "tests"), (Language::Script, "__tests__")];

/// Names of tests outside such folders.
const TEST_NAMES: [&str; 43] = [
    "test*.py",
    "*_test.py",
    "*.test.*",
    "*.spec.*",
    "*.cy.*",
    "*[-_]test.{js,mjs,cjs,ts,mts,cts,jsx,tsx}",
    "*[-_]spec.{js,mjs,cjs,ts,mts,cts,jsx,tsx}",
    "*Spec.{js,mjs,cjs,ts,mts,cts,jsx,tsx}",
    "test-*.{js,mjs,cjs,ts,mts,cts}",
    "test.{js,mjs,cjs,ts,mts,cts}",
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
    "*Tests.kt",
    "*Spec.{kt,scala,groovy,hs}",
    "*Test.{scala,groovy}",
    "*Test.cs",
    "*Tests.cs",
    "*Tests.swift",
    "*Test.php",
    "*_spec.rb",
    "*_test.rb",
    "test_*.rb",
    "*_test.exs",
    "*_test.dart",
    "*_test.{c,cc,cpp,cxx}",
    "*_unittest.{c,cc,cpp,cxx}",
    "test_*.{c,cc,cpp,cxx}",
    "*.t",
    "*.feature",
    "*.approved.*",
    "*.verified.*",
];

/// Names of product files among the names above: public helpers for testing, and other words.
const NOT_TESTS: [&str; 4] = ["testing*.py", "testimon*.py", "testament*.py", "testable*.py"];

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

/// Returns whether a file has the name of a test.
fn is_test_name(name: &str) -> bool {
    let matches = |globs: &[&str]| globs.iter().any(|glob| fast_glob::glob_match(glob, name));
    matches(&TEST_NAMES) && !matches(&NOT_TESTS)
}

/// Returns whether a file among tests may be a hook of the test runner: code that is not named like
/// a test.
pub(crate) fn may_be_hook(path: &str) -> bool {
    is_test(path) && !is_test_name(name(path)) && Language::of(path) != Language::Other
}

/// Returns whether a file is a test, or expected data of tests.
pub(crate) fn is_test(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_folder = |part: &str| {
        let part = part.to_lowercase();
        // `Shop.Tests` of .NET.
        TEST_FOLDERS.contains(&part.rsplit('.').next().unwrap_or_default())
    };
    folder.split('/').any(is_folder)
        || folder.split('/').next().is_some_and(|top| DATA_AT_TOP.contains(&top))
        || is_test_name(name)
}

/// Returns whether a test is read only by the tools of its language: by its name, or because it is
/// where they look. Expected data may end like source code.
pub(super) fn is_test_of_its_language(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = folder.rsplit('/').next().unwrap_or_default();
    let is_own = OWN_FOLDERS.contains(&(Language::of(path), parent)) || is_test_name(name);
    is_own && !folder.split('/').any(|part| DATA_FOLDERS.contains(&part))
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
    let relative = declared.trim_start_matches("./");
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    // "." and "./" cover everything.
    if relative.is_empty() || relative == "." {
        return !declared.is_empty();
    }
    let declared = relative.trim_end_matches('/');
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
            "calc_test.js",
            "calc-test.mjs",
            "test-calc.js",
            "test.js",
            "srcSpec.ts",
            "testcalc.py",
            "lib/t/calc.t",
            "Tests/CalcTests.swift",
            "Shop.Tests/Cart.cs",
            "CartTest.cs",
            "base/str_unittest.cc",
            "features/login.feature",
            "A.B.approved.txt",
            "A.B.verified.json",
            "fixtures/in.json",
            "expected/out.txt",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in [
            "src/a.py",
            "latest/a.py",
            "src/contest.rs",
            "attest.ts",
            "latest.js",
            "src/contests_of.py",
            "src/testing.py",
            "shop/testimonials.py",
            "shop/fixtures/countries.json",
            "src/expected/mod.rs",
            "latest.c",
        ] {
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
