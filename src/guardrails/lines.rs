//! Checks added lines against the table of rows.

use super::change::{ChangedFile, Line, What};
use super::paths::{Language, is_test};
use super::rows::{ROWS, Row, Where};
use super::rules::Rules;
use super::steering::steering;
use crate::domain::{Finding, Level};
use regex::{Regex, RegexSet};
use std::collections::HashSet;
use std::sync::OnceLock;

/// Longer lines are probably generated: only their beginning is checked. In bytes.
const LONGEST: usize = 2000;
/// How many preceding lines are searched for a legitimate reason.
const BEFORE: usize = 4;
/// The maximum number of findings per rule and file.
const MOST: usize = 20;
/// The code of a line that matches `deny` of the configuration.
pub(super) const DENIED: &str = "denied";
/// Extensions of prose: text that describes code is not code.
const PROSE: [&str; 6] = [".md", ".txt", ".rst", ".adoc", ".html", ".org"];

/// The compiled patterns.
struct Compiled {
    all: RegexSet,
    each: Vec<(Regex, Option<Regex>)>,
}

fn compiled() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    let make = || {
        let one = |row: &Row| {
            let unless = (!row.unless.is_empty()).then(|| Regex::new(row.unless)).transpose();
            Some((Regex::new(row.pattern).ok()?, unless.ok()?))
        };
        let each = ROWS.iter().map(one).collect::<Option<Vec<_>>>()?;
        Some(Compiled { all: RegexSet::new(ROWS.iter().map(|row| row.pattern)).ok()?, each })
    };
    COMPILED.get_or_init(make).as_ref()
}

/// Three consecutive lines.
type Block<'t> = [&'t str; 3];

/// Returns the findings in the lines that a change adds.
pub(super) fn lines(changed: &[ChangedFile], rules: &Rules) -> Vec<Finding> {
    let Some(compiled) = compiled() else { return Vec::new() };
    let moved: HashSet<Block<'_>> =
        changed.iter().flat_map(|file| blocks(&file.removed)).flatten().collect();
    let mut found = Vec::new();
    for file in changed.iter().filter(|file| file.is_there() && !file.is_binary) {
        let rows = rows_for(&file.path);
        let blocks = blocks(&file.added);
        for (at, line) in file.added.iter().enumerate() {
            // A line that was removed elsewhere together with the next two was moved.
            if blocks[at].is_some_and(|block| moved.contains(&block)) {
                continue;
            }
            let looked = Looked { file, at, line, rows: &rows };
            found.extend(looked.denied(rules));
            found.extend(looked.rows(compiled, rules));
        }
    }
    thinned(found)
}

/// Returns for each line the block that begins there; `None` if two consecutive lines do not
/// follow.
fn blocks(lines: &[Line]) -> Vec<Option<Block<'_>>> {
    let one = |at: usize| {
        let block = lines.get(at..at + 3)?;
        let is_one = block.windows(2).all(|two| two[0].number + 1 == two[1].number);
        is_one.then(|| [block[0].text.trim(), block[1].text.trim(), block[2].text.trim()])
    };
    (0..lines.len()).map(one).collect()
}

/// Returns for each row whether it applies to a file.
fn rows_for(path: &str) -> Vec<bool> {
    let language = Language::of(path);
    let is_prose = PROSE.iter().any(|ending| path.ends_with(ending));
    let looks = |row: &Row| match row.place {
        Where::Everywhere => true,
        _ if is_prose || !row.languages.contains(&language) => false,
        Where::Tests => is_test(path),
        Where::Code => true,
        Where::Products => !is_test(path) && steering(path).is_none(),
    };
    ROWS.iter().map(looks).collect()
}

/// A line to check.
struct Looked<'c> {
    file: &'c ChangedFile,
    at: usize,
    line: &'c Line,
    rows: &'c [bool],
}

impl Looked<'_> {
    fn finding(&self, code: &str, level: Level, message: String) -> Finding {
        Finding {
            code: code.to_owned(),
            level,
            path: Some(self.file.path.clone()),
            line: Some(self.line.number),
            message,
        }
    }

    fn denied(&self, rules: &Rules) -> Option<Finding> {
        let denied = rules.deny.iter().find(|one| one.regex.is_match(&self.line.text))?;
        let level = rules.level(DENIED, Some(Level::Fail), &self.file.path)?;
        let message = format!("guardrails.deny forbids {:?}; do without it", denied.text);
        Some(self.finding(DENIED, level, message))
    }

    fn rows(&self, compiled: &Compiled, rules: &Rules) -> Vec<Finding> {
        let next = self.file.added.get(self.at + 1);
        let next = next.filter(|next| next.number == self.line.number + 1);
        let mut text = cut(&self.line.text).to_owned();
        let end = text.len();
        if let Some(next) = next {
            text.push('\n');
            text.push_str(cut(&next.text));
        }
        let mut found = Vec::new();
        for number in compiled.all.matches(&text) {
            let row = &ROWS[number];
            let (pattern, unless) = &compiled.each[number];
            if !self.rows[number] || !begins_in(pattern, &text, end, row) {
                continue;
            }
            if unless.as_ref().is_some_and(|unless| self.is_honest(unless)) {
                continue;
            }
            if let Some(level) = rules.level(row.code, Some(row.level), &self.file.path) {
                found.push(self.finding(row.code, level, row.message.to_owned()));
            }
        }
        found
    }

    /// Returns whether the line or one of the preceding lines contains a legitimate reason.
    fn is_honest(&self, unless: &Regex) -> bool {
        let before = &self.file.added[self.at.saturating_sub(BEFORE)..=self.at];
        before.iter().any(|line| unless.is_match(cut(&line.text)))
    }
}

/// Returns whether a pattern matches in the first line, which ends at `end`. A match that continues
/// in the next line must begin in the first one.
fn begins_in(pattern: &Regex, text: &str, end: usize, row: &Row) -> bool {
    if row.pattern.contains(r"\n") {
        return pattern.find(text).is_some_and(|found| found.start() < end.max(1));
    }
    pattern.is_match(&text[..end])
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Keeps only the first findings of each rule and file.
fn thinned(found: Vec<Finding>) -> Vec<Finding> {
    let mut counts = std::collections::HashMap::new();
    let keeps = |finding: &Finding| {
        let key = (finding.code.clone(), finding.path.clone());
        let count = counts.entry(key).or_insert(0_usize);
        *count += 1;
        *count <= MOST
    };
    let mut keeps = keeps;
    found.into_iter().filter(|finding| keeps(finding)).collect()
}

/// Returns whether a file was moved without changes.
pub(super) fn is_moved(file: &ChangedFile) -> bool {
    matches!(file.what, What::Renamed(_)) && file.added.is_empty() && file.removed.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, added: &[&str], removed: &[&str]) -> ChangedFile {
        let lines = |texts: &[&str]| {
            let one = |(at, text): (usize, &&str)| Line {
                number: u32::try_from(at).unwrap() + 1,
                text: (*text).to_owned(),
            };
            texts.iter().enumerate().map(one).collect::<Vec<_>>()
        };
        ChangedFile {
            added: lines(added),
            removed: lines(removed),
            is_known: true,
            ..ChangedFile::named(path)
        }
    }

    fn codes(changed: &[ChangedFile]) -> Vec<String> {
        lines(changed, &Rules::default()).into_iter().map(|one| one.code).collect()
    }

    fn sample(language: Language) -> &'static str {
        match language {
            Language::Script => "tests/a.test.ts",
            Language::Python => "tests/test_a.py",
            Language::Rust => "tests/a.rs",
            Language::Go => "a_test.go",
            Language::Shell => "tests/a_test.sh",
            Language::Further => "src/test/ATest.java",
            Language::Other => "tests/pom.xml",
        }
    }

    fn product(language: Language) -> &'static str {
        match language {
            Language::Script => "src/a.ts",
            Language::Python => "shop/a.py",
            Language::Rust => "src/a.rs",
            Language::Go => "a.go",
            Language::Shell => "lib/a.sh",
            Language::Further => "lib/a.pm",
            Language::Other => "a.xml",
        }
    }

    #[test]
    fn each_row_finds_its_example_and_leaves_the_honest_one() {
        for row in ROWS {
            for language in row.languages {
                let path = match row.place {
                    Where::Products => product(*language),
                    Where::Tests | Where::Code | Where::Everywhere => sample(*language),
                };
                let found = |text: &str| {
                    let added: Vec<&str> = text.split('\n').collect();
                    codes(&[file(path, &added, &[])]).contains(&row.code.to_owned())
                };
                assert!(found(row.examples.0), "{} {path}: {}", row.code, row.examples.0);
                assert!(!found(row.examples.1), "{} {path}: {}", row.code, row.examples.1);
            }
            assert!(super::super::CODES.contains(&row.code));
            assert!(row.message.contains(';'), "{}: what to do instead", row.code);
        }
    }

    #[test]
    fn what_moved_is_no_finding_and_what_changed_its_place_alone_is() {
        let test = ["@pytest.mark.skip", "def test_a():", "    assert f()"];
        let moved = [file("tests/test_b.py", &test, &[]), file("tests/test_a.py", &[], &test)];
        assert!(codes(&moved).is_empty());
        let swapped = [
            file("tests/test_b.py", &["@pytest.mark.skip"], &[]),
            file("tests/test_a.py", &[], &["@pytest.mark.skip"]),
        ];
        assert_eq!(codes(&swapped), ["test_skipped"]);
    }

    #[test]
    fn prose_says_and_does_not_do_and_an_abstract_method_is_no_stub() {
        assert!(
            codes(&[file("docs/a.md", &["git commit --no-verify", "todo!()"], &[])]).is_empty()
        );
        assert_eq!(codes(&[file("docs/a.md", &["<<<<<<< HEAD"], &[])]), ["conflict_marker"]);
        let method =
            ["    @abstractmethod", "    def f(self):", "        raise NotImplementedError"];
        assert!(codes(&[file("src/a.py", &method, &[])]).is_empty());
        assert_eq!(codes(&[file("src/a.py", &method[1..], &[])]), ["stub"]);
    }

    #[test]
    fn the_configuration_alone_says_what_is_none() {
        let stub = [file("src/a.rs", &["    todo!()", "XXX"], &[])];
        let rules = |allow: &[(&str, &str)], deny: &str| Rules {
            allow: allow
                .iter()
                .map(|(code, glob)| ((*code).to_owned(), (*glob).to_owned()))
                .collect(),
            deny: vec![super::super::Denied {
                text: deny.to_owned(),
                regex: Regex::new(deny).unwrap(),
            }],
            ..Rules::default()
        };
        let found = |rules: &Rules| -> Vec<String> {
            lines(&stub, rules).iter().map(|one| one.code.clone()).collect()
        };
        assert_eq!(found(&rules(&[("stub", "tests/**")], "^YYY")), ["stub"]);
        assert_eq!(found(&rules(&[("stub", "src/**")], "^XXX")), ["denied"]);
    }

    /// The work is proportional to the number of lines only.
    #[test]
    fn long_lines_and_many_findings_are_bounded() {
        let long = "x".repeat(100_000) + " todo!()";
        assert!(codes(&[file("a.rs", &[&long], &[])]).is_empty());
        let many = vec!["todo!()"; 2000];
        assert_eq!(codes(&[file("a.rs", &many, &[])]).len(), MOST);
    }
}
