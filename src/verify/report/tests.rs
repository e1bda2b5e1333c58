//! Recorded reports, complete and cut off.

mod linters;
mod texts;
mod trees;

use super::*;
use crate::domain::ItemState;
use std::fs;
use std::path::PathBuf;

fn recorded(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the items as `file::name state`, in order.
fn shown(parser: Parser, text: &str) -> Result<Vec<String>, String> {
    let word = |state| match state {
        ItemState::Passed => "+",
        ItemState::Failed => "-",
        ItemState::Skipped => "o",
    };
    let items = parser.read(text, &["/project"])?;
    Ok(items.iter().map(|(id, state)| format!("{} {id}", word(*state))).collect())
}

const RED: [(Parser, &str, &[&str]); 20] = [
    (
        Parser::Cargo,
        "cargo-1.95-red.txt",
        &[
            "+ demo:doc::src/lib.rs - add",
            "+ demo:src/lib.rs::tests::adds",
            "- demo:src/lib.rs::tests::broken",
            "+ demo:src/lib.rs::tests::deep::inside",
            "o demo:src/lib.rs::tests::later",
            "+ it:tests/it.rs::outside",
        ],
    ),
    (
        Parser::Nextest,
        "nextest-0.9-red.txt",
        &[
            "+ demo::tests::adds",
            "- demo::tests::broken",
            "+ demo::tests::deep::inside",
            "+ demo::it::outside",
        ],
    ),
    (
        Parser::Pytest,
        "pytest-9.2-red.txt",
        &[
            "+ tests/test_sum.py::TestGroup::test_in_group",
            "+ tests/test_sum.py::test_adds",
            "- tests/test_sum.py::test_broken",
            "o tests/test_sum.py::test_known",
            "o tests/test_sum.py::test_later",
            "+ tests/test_sum.py::test_many[1]",
            "+ tests/test_sum.py::test_many[2]",
        ],
    ),
    (
        Parser::Pytest,
        "pytest-9.2-short-red.txt",
        &[
            "+ tests/test_sum.py::TestGroup::test_in_group",
            "+ tests/test_sum.py::test_adds",
            "- tests/test_sum.py::test_broken",
            "o tests/test_sum.py::test_known",
            "+ tests/test_sum.py::test_many[1]",
            "+ tests/test_sum.py::test_many[2]",
        ],
    ),
    (
        Parser::Junit,
        "junit-pytest-9.2-red.xml",
        &[
            "+ tests.test_sum::test_adds",
            "- tests.test_sum::test_broken",
            "o tests.test_sum::test_known",
            "o tests.test_sum::test_later",
            "+ tests.test_sum::test_many[1]",
            "+ tests.test_sum::test_many[2]",
            "+ tests.test_sum.TestGroup::test_in_group",
        ],
    ),
    (Parser::Jest, "jest-30.5-red.txt", JEST),
    (Parser::Jest, "jest-30.5-red.json", JEST),
    (Parser::Vitest, "vitest-4.1-red.txt", VITEST),
    (Parser::Vitest, "vitest-4.1-red.json", VITEST),
    (Parser::Go, "go-by-hand-red.json", GO),
    (Parser::Go, "go-by-hand-red.txt", GO),
    (Parser::Tsc, "tsc-7.0-red.txt", TSC),
    (Parser::Tsc, "tsc-7.0-pretty-red.txt", TSC),
    (Parser::Eslint, "eslint-10.15-red.txt", ESLINT),
    (Parser::Eslint, "eslint-10.15-red.json", ESLINT),
    (Parser::Ruff, "ruff-0.17-red.txt", RUFF),
    (Parser::Ruff, "ruff-0.17-concise-red.txt", RUFF),
    (
        Parser::Clippy,
        "clippy-1.95-red.txt",
        &[
            "- src/lib.rs::length comparison to zero",
            "- src/lib.rs::unused variable: `unused`",
            "- src/lib.rs::writing `&Vec` instead of `&[_]` involves a new object where a slice will do",
        ],
    ),
    (
        Parser::Tap,
        "tap-node-20-red.txt",
        &["+ at the top", "- sum", "+ sum > adds", "- sum > is broken", "o sum > later", "o to do"],
    ),
    (Parser::Clippy, "clippy-1.95-green.txt", &[]),
];

const JEST: &[&str] = &[
    "+ t/a.test.js::at the top",
    "+ t/a.test.js::sum > adds",
    "o t/a.test.js::sum > comes later",
    "- t/a.test.js::sum > is broken",
    "o t/a.test.js::sum > is to do",
];
const VITEST: &[&str] = &[
    "+ v/a.test.js::at the top",
    "+ v/a.test.js::sum > adds",
    "o v/a.test.js::sum > comes later",
    "- v/a.test.js::sum > is broken",
];
const GO: &[&str] = &[
    "+ example.com/demo::TestAdds",
    "- example.com/demo::TestBroken",
    "- example.com/demo::TestBroken/sub",
    "o example.com/demo::TestLater",
];
const TSC: &[&str] = &[
    "- src/a.ts::TS2322: Type 'string' is not assignable to type 'number'.",
    "- src/a.ts::TS2322: Type 'string' is not assignable to type 'number'. #2",
];
const ESLINT: &[&str] = &[
    "- src/bad.mjs::no-undef: 'c' is not defined",
    "- src/bad.mjs::no-unused-vars: 'a' is assigned a value but never used",
    "- src/bad.mjs::no-unused-vars: 'b' is assigned a value but never used",
];
const RUFF: &[&str] = &[
    "- bad.py::F401: `os` imported but unused",
    "- bad.py::F401: `sys` imported but unused",
    "- bad.py::F821: Undefined name `undefined`",
    "- bad.py::F841: Local variable `x` is assigned to but never used",
    "- bad.py::I001: Import block is un-sorted or un-formatted",
];

#[test]
fn recorded_reports_are_read() {
    let mut wrong = Vec::new();
    for (parser, name, expected) in RED {
        let found = shown(parser, &recorded(name));
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        let found = found.map(|mut found| {
            found.sort();
            found
        });
        expected.sort();
        if found.as_ref() != Ok(&expected) {
            wrong.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_green_report_has_the_same_items_and_no_failure() {
    for (parser, red, green) in [
        (Parser::Cargo, "cargo-1.95-red.txt", "cargo-1.95-green.txt"),
        (Parser::Nextest, "nextest-0.9-red.txt", "nextest-0.9-green.txt"),
        (Parser::Pytest, "pytest-9.2-red.txt", "pytest-9.2-green.txt"),
        (Parser::Vitest, "vitest-4.1-red.txt", "vitest-4.1-green.txt"),
        (Parser::Jest, "jest-30.5-red.txt", "jest-30.5-green.txt"),
        (Parser::Tap, "tap-node-20-red.txt", "tap-node-20-green.txt"),
    ] {
        let [red, green] = [red, green].map(|name| {
            let read = parser.read(&recorded(name), &["/project"]);
            read.unwrap_or_else(|why| panic!("{name}: {why}"))
        });
        assert!(red.keys().eq(green.keys()), "{parser:?}");
        assert!(green.values().all(|state| *state != ItemState::Failed), "{parser:?}");
    }
    for (parser, name) in [(Parser::Eslint, "eslint-10.15-green.txt"), (Parser::Ruff, "")] {
        let text = if name.is_empty() { "All checks passed!\n".to_owned() } else { recorded(name) };
        assert!(parser.read(&text, &[]).is_ok_and(|items| items.is_empty()));
    }
}

/// A report without its last lines, which a tool leaves when it is killed or exits from inside.
#[test]
fn what_is_cut_off_is_no_report() {
    for (parser, name, _) in RED {
        // Each line is complete by itself, so a cut cannot be detected.
        if matches!(parser, Parser::Tsc) && !name.contains("pretty") {
            continue;
        }
        let text = recorded(name);
        let mut cut: Vec<&str> = text.trim_end().lines().collect();
        let of_one_line = cut.len() == 1;
        cut.truncate(cut.len() / 2);
        let cut = if of_one_line { text[..text.len() / 2].to_owned() } else { cut.join("\n") };
        assert!(parser.read(&cut, &["/project"]).is_err(), "{name}: {cut}");
    }
    for (word, parser) in Parser::words().filter(|(_, parser)| parser.kind() == Kind::Tests) {
        assert!(parser.reads_nothing(), "{word}");
    }
}

impl Parser {
    fn reads_nothing(self) -> bool {
        self.read("", &[]).is_err() && self.read("Segmentation fault\n", &[]).is_err()
    }
}

/// Items that a test prints in the format of the tool are detected, because the tool counts other
/// ones.
#[test]
fn items_that_a_test_prints_do_not_count() {
    let forged = [
        (Parser::Cargo, "cargo-1.95-red.txt", "test tests::adds ... ok", "test more ... ok"),
        (Parser::Vitest, "vitest-4.1-red.json", "\"numTotalTests\":4", "\"numTotalTests\":3"),
        (Parser::Nextest, "nextest-0.9-red.txt", "4 tests run", "5 tests run"),
        (Parser::Jest, "jest-30.5-red.txt", "5 total", "4 total"),
        (Parser::Tap, "tap-node-20-red.txt", "ok 2 - at the top", "ok 2 - at the top\nok 9 - more"),
    ];
    for (parser, name, old, new) in forged {
        let text = recorded(name);
        let new = if new.starts_with("test ") { format!("{old}\n{new}") } else { new.to_owned() };
        assert!(text.contains(old), "{name}");
        let text = text.replacen(old, &new, 1);
        assert!(parser.read(&text, &["/project"]).is_err(), "{name}");
    }
}

#[test]
fn the_table_is_in_the_order_of_the_enum() {
    for (number, row) in TABLE.iter().enumerate() {
        assert_eq!(row.parser as usize, number, "{}", row.word);
    }
}

#[test]
fn items_of_one_name_do_not_hide_each_other() {
    let id = || ItemId::new("a", "t");
    let found = vec![(id(), ItemState::Passed), (id(), ItemState::Failed)];
    let items = told_apart(found);
    assert_eq!(items.get(&id()), Some(&ItemState::Failed));
    assert_eq!(items.get(&ItemId::new("a", "t #2")), Some(&ItemState::Passed));
}
