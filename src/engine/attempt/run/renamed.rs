//! Tests that a task declares, in reports that name no files.
//!
//! TAP names tests and not their files. Such a test belongs to a file that the task declares and
//! changes if the base's version of that file contains its name, or if its name contains the path.

use super::super::tamper::owns;
use super::Progress;
use crate::guardrails::is_test;
use crate::workspace::GitError;

/// Larger files are not read.
const LIMIT: u64 = 4 << 20;
/// What separates the name of a test from the groups around it.
const BETWEEN: [&str; 3] = [" > ", " / ", "::"];

/// The base's versions of the tests that a task declares and changes, with their paths.
#[derive(Debug, Default)]
pub(super) struct DeclaredTests(Vec<(String, String)>);

impl DeclaredTests {
    /// Returns whether the test `name` belongs to one of them.
    pub(super) fn have(&self, name: &str) -> bool {
        let own = BETWEEN.iter().filter_map(|between| name.rfind(between).map(|at| (at, between)));
        let own = own.max().map_or(name, |(at, between)| &name[at + between.len()..]).trim();
        let has = |path: &str, text: &str| {
            name.split_whitespace().any(|word| word.trim_start_matches("./") == path)
                || has_word(text, own)
        };
        self.0.iter().any(|(path, text)| has(path, text))
    }
}

/// Returns whether `text` contains `word`, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_inside =
        |letter: Option<char>| letter.is_some_and(|one| one.is_alphanumeric() || one == '_');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let (before, behind) = (&text[..at], &text[at + word.len()..]);
            !is_inside(before.chars().next_back()) && !is_inside(behind.chars().next())
        })
}

impl Progress<'_> {
    /// Returns the tests that the task and the work it judges declare and change. In a shared tree
    /// their earlier versions are unknown.
    pub(super) fn declared_tests(&self, declares: &[&[String]]) -> Result<DeclaredTests, GitError> {
        let Some(apart) = &self.job.apart else { return Ok(DeclaredTests::default()) };
        let Some(wanted) = self.to_compare(apart)? else { return Ok(DeclaredTests::default()) };
        let repository = apart.repository();
        let mut tests = Vec::new();
        for delta in repository.deltas(&wanted.base, &wanted.files, false)? {
            let path = apart.shown(&delta.path);
            let is_declared = declares.iter().any(|all| owns(all, delta.path.as_path()));
            let Some((_, old)) = delta.old.filter(|_| is_declared && is_test(&path)) else {
                continue;
            };
            let text = repository.content(&old, LIMIT)?.unwrap_or_default();
            tests.push((path, String::from_utf8_lossy(&text).into_owned()));
        }
        Ok(DeclaredTests(tests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_belongs_to_the_declared_file_that_has_its_name() {
        let text = "test('query', () => {});\ntest_backup() { :; }\n# it adds two numbers\n";
        let tests = DeclaredTests(vec![("tests/a_test.sh".to_owned(), text.to_owned())]);
        for (name, expected) in [
            ("query", true),
            ("group > query", true),
            ("tests/a_test.sh test_other", true),
            ("./tests/a_test.sh", true),
            ("test_backup", true),
            ("adds two numbers", true),
            ("quer", false),
            ("backup", false),
            ("group > params", false),
            ("tests/b_test.sh test_other", false),
            ("", false),
        ] {
            assert_eq!(tests.have(name), expected, "{name}");
        }
    }
}
