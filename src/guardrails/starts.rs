//! Finds tests in lines of code: where they begin, and whether a change only removes some.

use super::paths::Language;
use regex::Regex;
use std::sync::OnceLock;

/// The beginning of a test, by language. The first matching group is its name, if it has one.
const STARTS: [(Language, &str); 5] = [
    (Language::Python, r"^\s*(?:async\s+)?def\s+(test\w*)"),
    (Language::Script, r#"\b(?:it|test)(?:\.each\([^)]*\))?\s*\(\s*["'`]([^"'`]*)"#),
    (Language::Rust, r"^\s*#\[\s*(?:\w+::)*test\b()"),
    (Language::Go, r"^func\s+(Test\w+)"),
    (Language::Shell, r#"^\s*@test\s+["']([^"']*)|^\s*(?:function\s+)?(test\w+)\s*\(\)"#),
];

/// The declaration of a Rust module, whose tests are in another file.
const DECLARED: &str = r"^\s*(?:pub\b\S*\s+)?mod\s+\w+\s*;";

/// How many lines an attribute may be away from the function that it makes a test.
const NEAR: usize = 5;

/// Lines that name other code, and that a test needs only together with others.
const IMPORT: &str =
    r#"^\s*(?:import\b|from\b|use\b|(?:const|let|var)\b.*\brequire\(|"[\w./-]+"$)"#;

/// Lines that mean nothing alone: comments, decorators, closing brackets.
const EMPTY: &str = r"^\s*(?:$|//|#|/?\*|@|[\])}]+[,;]?\s*$)";

fn starts() -> &'static [Regex] {
    static COMPILED: OnceLock<Vec<Regex>> = OnceLock::new();
    COMPILED.get_or_init(|| STARTS.iter().filter_map(|(_, text)| Regex::new(text).ok()).collect())
}

fn fillers() -> &'static [Regex] {
    static COMPILED: OnceLock<Vec<Regex>> = OnceLock::new();
    let all = [IMPORT, EMPTY, DECLARED];
    COMPILED.get_or_init(|| all.iter().filter_map(|text| Regex::new(text).ok()).collect())
}

fn start_of(language: Language) -> Option<&'static Regex> {
    let number = STARTS.iter().position(|(other, _)| *other == language)?;
    starts().get(number)
}

/// Returns the languages of which tests are known.
pub(super) fn languages() -> impl Iterator<Item = Language> {
    STARTS.iter().map(|(language, _)| *language)
}

/// Returns the names of the tests that begin in these lines. A name that is unknown is empty.
pub(super) fn names(language: Language, lines: &[&str]) -> Vec<String> {
    let Some(start) = start_of(language) else { return Vec::new() };
    let name = |at: usize| {
        let groups = start.captures(lines[at])?;
        let name = groups.iter().skip(1).flatten().next().map_or("", |name| name.as_str());
        let next = lines[at..].iter().take(NEAR).find_map(|line| function(line));
        Some(if name.is_empty() { next.unwrap_or_default() } else { name.to_owned() })
    };
    (0..lines.len()).filter_map(name).collect()
}

/// Returns the name of the Rust function that begins in a line.
fn function(line: &str) -> Option<String> {
    let rest = line.split_once("fn ")?.1;
    Some(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect())
}

/// Returns whether a change of the tests at `path` only removes whole tests, and imports with them.
/// In a language of which tests are not known, nobody can tell.
pub(crate) fn only_removes_tests(path: &str, base: &str, new: &str) -> bool {
    let Some(start) = start_of(Language::of(path)) else { return false };
    let [import, empty, declared] = fillers() else { return false };
    let is_filler = |line: &str| import.is_match(line) || empty.is_match(line);
    let is_import = |line: &str| import.is_match(line);
    let starts = |line: &str| start.is_match(line) || declared.is_match(line);
    let mut rest = new.lines().peekable();
    let (mut has_start, mut is_plain, mut removes) = (false, true, false);
    for line in base.lines() {
        // An import may name less than before.
        while rest.peek().is_some_and(|next| *next != line && is_import(next) && is_import(line)) {
            rest.next();
        }
        if rest.peek() == Some(&line) {
            rest.next();
            if !has_start && !is_plain {
                return false;
            }
            (has_start, is_plain) = (false, true);
        } else {
            has_start |= starts(line);
            removes |= starts(line);
            is_plain &= is_filler(line);
        }
    }
    removes && (has_start || is_plain) && rest.all(is_import)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHON: &str = "from calc import add, dead\n\ndef test_add():\n    assert add(2, 2) == 4\n    assert add(1, 1) == 2\n\n\
                          def test_dead():\n    assert dead() == 1\n\ndef test_last():\n    pass\n";

    #[test]
    fn a_test_that_is_gone_with_its_import_is_only_removed() {
        let dead = "def test_dead():\n    assert dead() == 1\n\n";
        let less = PYTHON.replace(dead, "");
        assert!(only_removes_tests("test_a.py", PYTHON, &less));
        let imports = less.replace("add, dead", "add");
        assert!(only_removes_tests("test_a.py", PYTHON, &imports));
        let rust =
            "use super::*;\n#[test]\nfn a() {\n    b();\n}\n\n#[test]\nfn c() {\n    d();\n}\n";
        let fewer = "use super::*;\n#[test]\nfn c() {\n    d();\n}\n";
        assert!(only_removes_tests("src/a.rs", rust, fewer));
        assert!(only_removes_tests("src/a.rs", "#[cfg(test)]\nmod tests;", ""));
    }

    #[test]
    fn a_weaker_or_changed_test_is_more_than_removed() {
        let dead = "def test_dead():\n    assert dead() == 1\n\n";
        for new in [
            PYTHON.to_owned(),
            PYTHON.replace("    assert add(1, 1) == 2\n", ""),
            PYTHON.replace(dead, "").replace("    assert add(1, 1) == 2\n", ""),
            PYTHON.replace(dead, "").replace("== 4", "== 5"),
            PYTHON.replace(dead, "add = lambda *_: 4\n"),
            PYTHON.replace("    assert dead() == 1\n", "    pass\n"),
        ] {
            assert!(!only_removes_tests("test_a.py", PYTHON, &new), "{new}");
        }
        assert!(!only_removes_tests("ATest.java", "@Test void a() {}\n", ""));
    }
}
