//! Tests the limits of the rules for lines: how much of a line, how many findings, what moved; and
//! the levels that the configuration gives them.

use super::super::lines::lines;
use super::super::rules::{Denied, Frozen};
use super::*;
use regex::Regex;
use std::collections::BTreeMap;

const SKIP: &str = "@pytest.mark.skip";

fn denied(pattern: &str) -> Denied {
    Denied { text: pattern.to_owned(), regex: Regex::new(pattern).expect("pattern") }
}

#[test]
fn a_finding_names_its_file_line_and_what_to_do() {
    let mut one = file("src/a.rs", What::Added, &[], &[]);
    one.added = numbered(41, &["fn f() {", "    todo!()", "}"]);
    let expected = Finding {
        code: "stub".into(),
        level: Level::Fail,
        path: Some("src/a.rs".into()),
        line: Some(42),
        message: "a placeholder replaces the work; do the work, or say in the result file what is \
                  missing"
            .into(),
    };
    assert_eq!(found(&[one], &Rules::default(), &Grants::default()), [expected]);
}

#[test]
fn a_denied_line_is_found_anywhere_but_where_that_is_allowed() {
    let rules = Rules { deny: vec![denied("console\\.log"), denied("XXX")], ..Rules::default() };
    let added = ["console.log('a') // XXX", "x", "XXX"];
    let of = |rules: &Rules, path: &str| {
        let found = lines(&[file(path, What::Added, &added, &[])], rules);
        let one = |found: &Finding| (found.line.expect("line"), found.level, found.message.clone());
        found.iter().map(one).collect::<Vec<_>>()
    };
    let message = |pattern: &str| format!("guardrails.deny forbids {pattern:?}; do without it");
    let expected = [(1, Level::Fail, message("console\\.log")), (3, Level::Fail, message("XXX"))];
    assert_eq!(of(&rules, "a.md"), expected, "prose too");
    let allow = vec![("denied".to_owned(), "docs/**".to_owned())];
    let allowing = Rules { allow, ..rules.clone() };
    assert_eq!(of(&allowing, "docs/a.md"), []);
    assert_eq!(of(&allowing, "a.md"), expected);
    let levels = BTreeMap::from([("denied".to_owned(), Some(Level::Block))]);
    let blocking = Rules { levels, ..rules.clone() };
    assert_eq!(
        of(&blocking, "a.md").iter().map(|one| one.1).collect::<Vec<_>>(),
        [Level::Block; 2]
    );
    let off = Rules { levels: BTreeMap::from([("denied".to_owned(), None)]), ..rules };
    assert_eq!(of(&off, "a.md"), []);
}

#[test]
fn the_level_of_a_rule_is_built_in_configured_or_off_for_a_path() {
    let rules = Rules {
        levels: BTreeMap::from([
            ("stub".to_owned(), Some(Level::Warn)),
            ("secret".to_owned(), None),
        ]),
        allow: vec![("scope".to_owned(), "gen/**".to_owned())],
        ..Rules::default()
    };
    let level = |code: &str, path: &str| rules.level(code, Some(Level::Fail), path);
    assert_eq!(level("stub", "a.rs"), Some(Level::Warn));
    assert_eq!(level("secret", "a.rs"), None);
    assert_eq!(level("frozen", "a.rs"), Some(Level::Fail));
    assert_eq!(rules.level("frozen", None, "a.rs"), None);
    assert_eq!((level("scope", "gen/a"), level("scope", "src/gen/a")), (None, Some(Level::Fail)));
    let default = Rules::default();
    assert_eq!((default.scope, default.max_file_bytes), (Level::Warn, 1_048_576));
    assert_eq!(default, Rules { deny: Vec::new(), ..default.clone() });
    assert_ne!(default, Rules { deny: vec![denied("x")], ..default.clone() });
    assert_eq!(denied("x"), denied("x"));
    assert_ne!(denied("x"), denied("y"));
    let frozen = Frozen { name: None, paths: texts(&["a"]), after: None };
    assert_ne!(default, Rules { frozen: vec![frozen], ..default.clone() });
}

#[test]
fn the_stricter_requirement_counts_in_either_order() {
    use Requires::{Any, Declared, None};
    for (one, other, stricter) in [
        (Any, Declared, Any),
        (Any, None, Any),
        (Declared, None, Declared),
        (Any, Any, Any),
        (Declared, Declared, Declared),
        (None, None, None),
    ] {
        assert_eq!(one.or_stricter(other), stricter);
        assert_eq!(other.or_stricter(one), stricter);
    }
    assert_eq!(Requires::WORDS.map(|(word, _)| word), ["declared", "any", "none"]);
}

#[test]
fn each_rule_has_a_reason_code() {
    use crate::domain::ReasonCode::{Guardrail, ItemsLost, NothingChanged, Scope, StubAdded};
    for (code, reason) in [
        ("nothing_changed", NothingChanged),
        ("scope", Scope),
        ("stub", StubAdded),
        ("test_deleted", ItemsLost),
        ("secret", Guardrail),
        ("denied", Guardrail),
        ("frozen", Guardrail),
    ] {
        assert_eq!(super::super::reason(code), reason, "{code}");
    }
}

#[test]
fn the_first_2000_bytes_of_a_line_are_read() {
    let at = |before: usize, letter: &str| {
        let line = format!("{} todo!()", letter.repeat(before));
        told(&[file("a.rs", What::Added, &[&line], &[])]).len()
    };
    assert_eq!((at(1993, "x"), at(1994, "x")), (1, 0));
    // The cut is between letters.
    assert_eq!((at(996, "é"), at(999, "é"), at(666, "€"), at(667, "€")), (1, 0, 0, 0));
}

#[test]
fn twenty_findings_of_a_rule_and_file_are_told() {
    let many = |count: usize| vec!["todo!()"; count];
    let change = |count: usize| file("a.rs", What::Added, &many(count), &[]);
    assert_eq!(told(&[change(20)]).len(), 20);
    assert_eq!(told(&[change(21)]).len(), 20);
    assert_eq!(told(&[change(21)])[19], "a.rs:20: stub");
    let other = file("b.rs", What::Added, &many(21), &[]);
    assert_eq!(told(&[change(21), other]).len(), 40);
    let mixed = [many(21), vec!["#[ignore]"; 21]].concat();
    assert_eq!(told(&[file("a.rs", What::Added, &mixed, &[])]).len(), 40);
}

#[test]
fn a_reason_is_looked_for_in_the_line_and_four_before_it() {
    let stub = "        raise NotImplementedError";
    let with = |between: usize| {
        let lines = [vec!["class A(ABC):"], vec!["    x = 1"; between], vec![stub]].concat();
        told(&[file("a.py", What::Added, &lines, &[])])
    };
    assert_eq!(with(0), [""; 0]);
    assert_eq!(with(3), [""; 0]);
    assert_eq!(with(4), ["a.py:6: stub"]);
    // A reason that comes later is none.
    assert_eq!(told(&[file("a.py", What::Added, &[stub, "class A(ABC):"], &[])]), ["a.py:1: stub"]);
}

#[test]
fn three_lines_that_moved_together_are_no_finding_wherever_they_came_from() {
    let test = [SKIP, "def test_a():", "    assert f()"];
    let gone = file("tests/test_a.py", What::Modified, &[], &test);
    let here = |added: &[&str]| {
        let mut to = file("tests/test_b.py", What::Modified, &[], &[]);
        to.added = numbered(1, added);
        told(&[to, gone.clone()])
    };
    assert_eq!(here(&test), [""; 0]);
    // Indentation may differ.
    assert_eq!(here(&["  @pytest.mark.skip", "  def test_a():", "      assert f()"]), [""; 0]);
    let other = "tests/test_b.py:1: test_skipped";
    // Of the three, one differs, or they do not follow each other.
    let deleted = "tests/test_a.py: test_deleted";
    assert_eq!(here(&[SKIP, "def test_a():", "    assert g()"]), [other]);
    assert_eq!(here(&test[..2]), [other]);
    assert_eq!(here(&[SKIP]), [deleted, other]);
    let mut apart = file("tests/test_b.py", What::Modified, &[], &[]);
    apart.added = [numbered(1, &test[..1]), numbered(3, &test[1..])].concat();
    assert_eq!(told(&[apart, gone.clone()]), [other]);
    let mut removed = gone;
    removed.removed = [numbered(1, &test[..2]), numbered(9, &test[2..])].concat();
    assert_eq!(told(&[file("tests/test_b.py", What::Modified, &test, &[]), removed]), [other]);
}

#[test]
fn a_pattern_over_two_lines_begins_in_the_added_one() {
    let except = "    except Exception:";
    let mut apart = file("tests/test_a.py", What::Modified, &[], &[]);
    apart.added = [numbered(1, &[except]), numbered(5, &["        pass"])].concat();
    assert_eq!(told(&[apart]), [""; 0], "another line is between them");
    let lines = ["x = 1", except, "        pass"];
    let found = told(&[file("tests/test_a.py", What::Modified, &lines, &[])]);
    assert_eq!(found, ["tests/test_a.py:2: error_swallowed"], "found once");
}

#[test]
fn what_is_gone_or_binary_is_not_read() {
    let stub = ["todo!()"];
    assert_eq!(told(&[file("a.rs", What::Removed, &stub, &[])]), [""; 0]);
    let binary = ChangedFile { is_binary: true, ..file("a.rs", What::Modified, &stub, &[]) };
    assert_eq!(told(&[binary]), [""; 0]);
    let renamed = file("a.rs", What::Renamed("b.rs".into()), &stub, &[]);
    assert_eq!(told(&[renamed]), ["a.rs:1: stub"]);
    // Lines that were removed are not added.
    assert_eq!(told(&[file("a.rs", What::Modified, &[], &stub)]), [""; 0]);
}

#[test]
fn prose_may_tell_of_code_in_any_of_its_formats() {
    for path in ["a.md", "a.txt", "docs/a.rst", "a.adoc", "a.html", "a.org"] {
        let lines = ["git commit --no-verify", "todo!()", "# noqa", "it.skip('a')"];
        assert_eq!(told(&[file(path, What::Added, &lines, &[])]), [""; 0], "{path}");
    }
    let line = ["git commit --no-verify"];
    assert_eq!(told(&[file("a.mdx", What::Added, &line, &[])]), ["a.mdx:1: hooks_skipped"]);
}
