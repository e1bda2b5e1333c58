//! Checks changed files as a whole: deleted tests, lowered thresholds, large and binary files.

use super::change::{ChangedFile, Line, What};
use super::grants::Grants;
use super::lines::is_moved;
use super::paths::{Language, is_test};
use super::rules::Rules;
use super::starts::{languages, names};
use super::steering::{Part, steering};
use crate::domain::{Finding, Level};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

pub(super) const TEST_DELETED: &str = "test_deleted";
pub(super) const THRESHOLD: &str = "threshold_lowered";
pub(super) const LARGE: &str = "large_file";
pub(super) const BINARY: &str = "binary_file";

/// A file that the task names may be larger than others, up to this size in bytes. Hosts of
/// repositories warn of files above it.
const HUGE: u64 = 50 << 20;

/// Extensions of media files that are legitimate in projects.
const MEDIA: [&str; 14] = [
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".svg", ".woff", ".woff2", ".ttf", ".otf",
    ".pdf", ".mp3", ".wav",
];

/// Patterns of thresholds, and whether a smaller value is weaker.
const NUMBERS: [(&str, bool); 2] = [
    (
        r#"\b(fail[_-]under|cov-fail-under|branches|functions|lines|statements|minimum_coverage|min_coverage|threshold|target|minimum)["']?\s*[:= ]\s*["']?(\d+(?:\.\d+)?)"#,
        true,
    ),
    (
        r#"\b(max-warnings|max_warnings|maxWarnings|max-complexity|max_failures)["']?\s*[:= ]\s*["']?(\d+(?:\.\d+)?)"#,
        false,
    ),
];

/// Returns the findings about the changed files.
pub(super) fn files(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    let mut found = deleted(changed, rules, grants);
    for file in changed {
        found.extend(lowered(file, rules));
        found.extend(unfit(file, rules, grants));
    }
    found
}

fn finding(
    rules: &Rules,
    code: &str,
    level: Level,
    path: &str,
    message: String,
) -> Option<Finding> {
    let level = rules.level(code, Some(level), path)?;
    Some(Finding { code: code.to_owned(), level, path: Some(path.to_owned()), line: None, message })
}

/// Returns the findings about deleted tests: whole files, and tests in files.
fn deleted(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in changed {
        let Some(before) = file.before().filter(|before| is_test(before)) else { continue };
        let is_gone = match &file.what {
            What::Removed => true,
            // Moved to a path that no test runner searches.
            What::Renamed(_) => !is_test(&file.path),
            What::Added => false,
            What::Modified => {
                file.size == Some(0) && file.added.is_empty() && !file.removed.is_empty()
            }
        };
        if is_gone && grants.permits_removal(before).is_none() && !moved(changed, file) {
            let message =
                format!("a test file is gone or empty; put it back{}", unless_allowed(grants));
            found.extend(finding(rules, TEST_DELETED, Level::Fail, before, message));
        }
    }
    found.extend(fewer(changed, rules, grants));
    found
}

/// Returns who may allow that tests are removed, for the end of a sentence.
fn unless_allowed(grants: &Grants) -> &'static str {
    if grants.may_remove_tests {
        "; may_remove_tests of a task that an agent added does not count, only a person may allow it"
    } else {
        ", or have a person allow it for the task (may_remove_tests)"
    }
}

/// Returns whether the content of a removed test file was moved to other tests in the same change.
fn moved(changed: &[ChangedFile], gone: &ChangedFile) -> bool {
    let text = |line: &Line| line.text.trim().to_owned();
    let lost: Vec<String> = gone.removed.iter().map(text).filter(|text| !text.is_empty()).collect();
    if lost.is_empty() {
        return false;
    }
    let tests = changed.iter().filter(|file| file.is_there() && is_test(&file.path));
    let added: BTreeSet<String> = tests.flat_map(|file| file.added.iter().map(text)).collect();
    lost.iter().filter(|line| added.contains(*line)).count() * 2 >= lost.len()
}

/// Returns the findings about tests in files: fewer tests of a language than before.
fn fewer(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    let mut found = Vec::new();
    for language in languages() {
        let of_language = |path: &str| Language::of(path) == language;
        let names = |lines: &[Line]| {
            let texts: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
            names(language, &texts)
        };
        let all = changed.iter().filter(|file| of_language(&file.path) && !is_moved(file));
        let added: Vec<String> = all.clone().flat_map(|file| names(&file.added)).collect();
        let mut balance = added.len();
        for file in all {
            let before = file.before().unwrap_or_default();
            // Deleted files are reported by `deleted`.
            if !file.is_there() {
                continue;
            }
            let lost = names(&file.removed);
            let (kept, missing) = (balance.min(lost.len()), lost.len().saturating_sub(balance));
            balance -= kept;
            let is_permitted = grants.permits_removal(before).or_else(|| grants.removes_tests());
            if missing == 0 || is_permitted.is_some() {
                continue;
            }
            let gone = lost.iter().filter(|name| !name.is_empty() && !added.contains(name));
            let gone: Vec<&str> = gone.map(String::as_str).collect();
            let gone = match gone.as_slice() {
                [] => String::new(),
                gone => format!(" ({})", super::declared::list(gone)),
            };
            let (what, it) = match missing {
                1 => ("1 of its tests is".to_owned(), "it"),
                many => (format!("{many} of its tests are"), "them"),
            };
            let message = format!("{what} gone{gone}; put {it} back{}", unless_allowed(grants));
            found.extend(finding(rules, TEST_DELETED, Level::Fail, &file.path, message));
        }
    }
    found
}

fn numbers() -> &'static [Regex] {
    static COMPILED: OnceLock<Vec<Regex>> = OnceLock::new();
    COMPILED.get_or_init(|| NUMBERS.iter().filter_map(|(text, _)| Regex::new(text).ok()).collect())
}

/// Returns a finding if a threshold in a steering file is weaker or gone.
fn lowered(file: &ChangedFile, rules: &Rules) -> Option<Finding> {
    steering(&file.path).filter(|row| !matches!(row.part, Part::LockOf(_)))?;
    for (regex, (_, is_least)) in numbers().iter().zip(NUMBERS) {
        let read = |lines: &[Line]| -> BTreeMap<String, Vec<f64>> {
            let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for groups in lines.iter().flat_map(|line| regex.captures_iter(&line.text)) {
                if let Ok(number) = groups[2].parse() {
                    found.entry(groups[1].to_owned()).or_default().push(number);
                }
            }
            for numbers in found.values_mut() {
                numbers.sort_by(f64::total_cmp);
                if is_least {
                    numbers.reverse();
                }
            }
            found
        };
        let (before, now) = (read(&file.removed), read(&file.added));
        for (key, old) in before {
            let new = now.get(&key).map(Vec::as_slice).unwrap_or_default();
            let Some(what) = weaker(&key, (&old, new), is_least) else { continue };
            let message = format!("{what}: a threshold is weaker; restore it, and meet it");
            return finding(rules, THRESHOLD, Level::Fail, &file.path, message);
        }
    }
    None
}

/// Returns how the values of a threshold, the strictest first, became weaker. A file may have the
/// same threshold for several folders.
fn weaker(key: &str, (old, new): (&[f64], &[f64]), is_least: bool) -> Option<String> {
    let mut new = new.iter();
    old.iter().find_map(|old| match new.next() {
        Some(new) if (is_least && new < old) || (!is_least && new > old) => {
            Some(format!("{key} was {old} and is {new}"))
        }
        Some(_) => None,
        None => Some(format!("{key} was {old} and is gone")),
    })
}

/// Returns a finding if a file is too large, or a new file is binary.
fn unfit(file: &ChangedFile, rules: &Rules, grants: &Grants) -> Option<Finding> {
    let is_lock = steering(&file.path).is_some_and(|row| matches!(row.part, Part::LockOf(_)));
    if !file.is_there() || is_lock || is_moved(file) {
        return None;
    }
    let size = file.size.unwrap_or(0);
    let is_wanted = grants.names(&file.path);
    let most = if is_wanted { rules.max_file_bytes.max(HUGE) } else { rules.max_file_bytes };
    if size > most {
        let (size, most) = (size >> 10, most >> 10);
        let or = if is_wanted { "" } else { "declares the path for the task (files), " };
        let message = format!(
            "it has {size} KiB, more than {most}; leave out generated files, keep it elsewhere, or a \
             person {or}raises guardrails.max_file_kb or adds \"{LARGE}:{}\" to guardrails.allow",
            file.path
        );
        return finding(rules, LARGE, Level::Fail, &file.path, message);
    }
    let is_media = MEDIA.iter().any(|ending| file.path.to_lowercase().ends_with(ending));
    if file.is_binary && !is_media && file.what == What::Added {
        let message = "a new file is binary; leave out generated files".to_owned();
        return finding(rules, BINARY, Level::Warn, &file.path, message);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let one = |text: &&str| Line { number: 1, text: (*text).to_owned() };
        texts.iter().map(one).collect()
    }

    fn file(path: &str, what: What, added: &[&str], removed: &[&str]) -> ChangedFile {
        ChangedFile {
            what,
            added: lines(added),
            removed: lines(removed),
            is_known: true,
            size: Some(9),
            ..ChangedFile::named(path)
        }
    }

    fn codes(changed: &[ChangedFile], grants: &Grants) -> Vec<String> {
        let found = files(changed, &Rules::default(), grants);
        found.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn tests_do_not_become_fewer_without_permission() {
        let none = Grants::default();
        let may = Grants { by_person: true, may_remove_tests: true, ..Grants::default() };
        let gone =
            [file("tests/test_a.py", What::Removed, &[], &["def test_a():", "    assert f()"])];
        assert_eq!(codes(&gone, &none), [TEST_DELETED]);
        assert!(codes(&gone, &may).is_empty());
        let hidden = [file("tests_a.txt", What::Renamed("tests/test_a.py".into()), &[], &[])];
        assert_eq!(codes(&hidden, &none), [TEST_DELETED]);
        let moved =
            [file("tests/unit/test_a.py", What::Renamed("tests/test_a.py".into()), &[], &[])];
        assert!(codes(&moved, &none).is_empty());
        let apart = [
            gone[0].clone(),
            file("tests/unit/test_a.py", What::Added, &["def test_a():", "    assert f()"], &[]),
        ];
        assert!(codes(&apart, &none).is_empty());
        let fewer = [file("src/a.rs", What::Modified, &[], &["    #[test]", "    fn a() {}"])];
        assert_eq!(codes(&fewer, &none), [TEST_DELETED]);
        let renamed = [file("a_test.go", What::Modified, &["func TestB(t"], &["func TestA(t"])];
        assert!(codes(&renamed, &none).is_empty());
        let mut empty = file("tests/a.test.ts", What::Modified, &[], &["it('a', f)"]);
        empty.size = Some(0);
        assert_eq!(codes(&[empty], &none), [TEST_DELETED, TEST_DELETED]);
    }

    #[test]
    fn what_is_said_of_gone_tests_is_a_sentence_and_names_what_helps() {
        let said = |language: &str, removed: &[&str], grants: &Grants| {
            let one = file(language, What::Modified, &[], removed);
            let found = files(&[one], &Rules::default(), grants);
            found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("|")
        };
        let none = Grants::default();
        let one = ["    #[test]", "    fn adds() {}"];
        let ask = "put it back, or have a person allow it for the task (may_remove_tests)";
        assert_eq!(said("src/a.rs", &one, &none), format!("1 of its tests is gone (adds); {ask}"));
        let two = ["def test_a():", "def test_b():"];
        let found = said("test_a.py", &two, &none);
        assert!(found.starts_with("2 of its tests are gone (test_a, test_b); put them"), "{found}");
        // The attribute alone does not tell a name.
        assert!(said("src/a.rs", &one[..1], &none).starts_with("1 of its tests is gone; "));
        let agents = Grants { may_remove_tests: true, ..Grants::default() };
        assert!(said("src/a.rs", &one, &agents).contains("an agent added does not count"));
        let may = Grants { by_person: true, ..agents };
        assert_eq!(said("src/a.rs", &one, &may), "");
    }

    #[test]
    fn thresholds_fall_in_files_that_steer() {
        let none = Grants::default();
        let change = |path: &str, added: &[&str], removed: &[&str]| {
            codes(&[file(path, What::Modified, added, removed)], &none)
        };
        let removed = ["    branches: 80,"];
        assert_eq!(change("jest.config.js", &["    branches: 70,"], &removed), [THRESHOLD]);
        assert_eq!(change("jest.config.js", &[], &removed), [THRESHOLD]);
        assert!(change("jest.config.js", &["    branches: 90,"], &removed).is_empty());
        assert!(change("src/app.js", &["    branches: 70,"], &removed).is_empty());
        let warnings = (["lint: eslint --max-warnings 9"], ["lint: eslint --max-warnings 0"]);
        assert_eq!(change("Makefile", &warnings.0, &warnings.1), [THRESHOLD]);
    }

    #[test]
    fn files_that_do_not_belong_here_are_told() {
        let none = Grants::default();
        let sized = |path: &str, size, is_binary| {
            let one = file(path, What::Added, &[], &[]);
            codes(&[ChangedFile { size: Some(size), is_binary, ..one }], &none)
        };
        assert_eq!(sized("core.dump", 2 << 20, true), [LARGE]);
        let named = Grants {
            by_person: true,
            owns: vec!["src/table.js".to_owned(), "data".to_owned()],
            ..Grants::default()
        };
        let found = |path: &str, size| {
            let one = ChangedFile { size: Some(size), ..file(path, What::Added, &[], &[]) };
            files(&[one], &Rules::default(), &named)
        };
        assert!(found("src/table.js", 2 << 20).is_empty());
        assert_eq!(found("src/table.js", 60 << 20).len(), 1);
        let message = &found("data/core", 2 << 20)[0].message;
        assert!(
            ["max_file_kb", "\"large_file:data/core\"", "(files)"]
                .iter()
                .all(|it| message.contains(it)),
            "{message}"
        );
        assert_eq!(sized("a.out", 9, true), [BINARY]);
        assert!(
            sized("logo.png", 9, true).is_empty() && sized("yarn.lock", 2 << 20, false).is_empty()
        );
    }
}
