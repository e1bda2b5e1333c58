//! Tests that the scanner and `serde_json` accept the same texts.

use crate::queue::json::kind::What;
use crate::queue::json::scan::check;
use proptest::prelude::*;
use serde_json::Value;

fn agree(text: &str) -> Result<(), TestCaseError> {
    let ours = check(text);
    let theirs = serde_json::from_str::<Value>(text);
    prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {:?} against {:?}", text, ours, theirs);
    Ok(())
}

const CASES: &[&str] = &[
    "",
    " ",
    "null",
    "nul",
    "nulll",
    "true",
    "tru",
    "false",
    "falsy",
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-0",
    "00",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1.5",
    "1e",
    "1e+",
    "1e5",
    "1E-5",
    "7e242",
    "1e308",
    "1e309",
    "-1e309",
    "0e999999",
    "1e-999999",
    "1.50",
    "10000000000000000000001",
    "\"",
    "\"a",
    "\"a\"",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u00e9\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ud83dx\"",
    "\"\\ud83d\\ud83d\"",
    "\"\u{7f}\"",
    "\"\u{1}\"",
    "\"\n\"",
    "\"\t\"",
    "\"\u{0}\"",
    "\"é\"",
    "[",
    "]",
    "[]",
    "[ ]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,2]",
    "[1}",
    "{",
    "}",
    "{}",
    "{ }",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{1:2}",
    "[1]x",
    "[1] ",
    "\u{feff}1",
    "// c\n1",
    "[1] // c",
    "\u{a0}1",
    "\u{b}1",
];

#[test]
fn the_table_of_hard_cases() {
    let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let objects = |n: usize| "{\"a\":".repeat(n) + "1" + &"}".repeat(n);
    let (in127, in128) = (nested(127), nested(128));
    let (ob127, ob128) = (objects(127), objects(128));
    let long = "1".repeat(400);
    let long_string = format!("\"{}\"", "é\\n".repeat(99));
    let built = [&in127, &in128, &ob127, &ob128, &long, &long_string];
    for case in CASES.iter().copied().chain(built.map(String::as_str)) {
        agree(case).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(check(&in128).unwrap_err().what, What::TooDeep);
}

/// Texts that are JSON or almost JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just(" "),
        Just("\n"),
        Just("\""),
        Just("\\"),
        Just("\\u00"),
        Just("\\ud83d"),
        Just("\\ude00"),
        Just("a"),
        Just("é"),
        Just("\"a\""),
        Just("\"key\":"),
        Just("true"),
        Just("false"),
        Just("null"),
        Just("0"),
        Just("-"),
        Just("12"),
        Just("."),
        Just("e"),
        Just("E+"),
        Just("309"),
        Just("\u{1}"),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|list| Value::Object(list.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accepts_what_serde_json_accepts(text in nearly_json()) {
        agree(&text)?;
    }

    #[test]
    fn accepts_what_serde_json_writes_and_agrees_on_what_is_broken_of_it(
        value in json(), pretty: bool, at: prop::sample::Index, with in "[\\[\\]{},:\"\\\\0-9eE.+ -]?",
    ) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        prop_assert!(check(&text).is_ok());
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..=at, with.chars());
        agree(&chars.into_iter().collect::<String>())?;
    }
}
