//! Tests numbers that a step measures, at their limits and in all their spellings.

use super::super::lacking::lacking;
use super::super::plain::plain;
use super::super::{Health, How, Limit, MeasureRule, Service, measure};
use crate::domain::{Command, EnvironmentRules, Measured};
use std::time::Duration;

fn rule(how: How) -> MeasureRule {
    MeasureRule { how, file: None, min: None, max: None, unit: None }
}

fn regex(text: &str) -> MeasureRule {
    rule(How::Regex(text.to_owned()))
}

fn pointer(text: &str) -> MeasureRule {
    rule(How::Pointer(text.to_owned()))
}

fn value(rule: &MeasureRule, text: &str) -> Result<f64, String> {
    let (measured, why) = measure(rule, Ok(text));
    match why {
        None => Ok(measured.value.expect("a value")),
        Some(why) => Err(why.replace("cannot read its measure from the output: ", "")),
    }
}

#[test]
fn a_number_may_have_a_sign_a_fraction_and_a_percent_sign() {
    for (text, expected) in [
        ("x=80", Ok(80.0)),
        ("x= +80.50 ", Ok(80.5)),
        ("x=-3", Ok(-3.0)),
        ("x=.5", Ok(0.5)),
        ("x=1e3", Ok(1000.0)),
        ("x=80%", Ok(80.0)),
        ("x=80 %", Ok(80.0)),
        ("x=80%%", Err("\"80%%\" is not a number")),
        ("x=1e999", Err("\"1e999\" is not a number")),
        ("x=infinity", Err("\"infinity\" is not a number")),
        ("x=-inf", Err("\"-inf\" is not a number")),
        ("x=+nan", Err("\"+nan\" is not a number")),
        ("x=1,234", Err("\"1,234\" is not a number")),
        ("x=%", Err("\"%\" is not a number")),
        ("x=-", Err("\"-\" is not a number")),
    ] {
        let expected = expected.map_err(str::to_owned);
        assert_eq!(value(&regex("x=(.*)"), text), expected, "{text}");
    }
}

#[test]
fn a_limit_is_met_by_itself_and_not_by_less_or_more() {
    let limits = |min: Option<f64>, max: Option<f64>| {
        let [min, max] = [min, max].map(|limit| limit.and_then(Limit::new));
        let file = Some("cov.txt".to_owned());
        MeasureRule { min, max, file, unit: Some("%".into()), ..regex("([0-9.]+)") }
    };
    for (min, max, text, why) in [
        (Some(80.0), None, "80", None),
        (Some(80.0), None, "79.99", Some("measured 79.99 % (at least 80 %) from cov.txt")),
        (None, Some(5.0), "5", None),
        (None, Some(5.0), "5.01", Some("measured 5.01 % (at most 5 %) from cov.txt")),
        (Some(1.0), Some(2.0), "1 2 1.5", None),
        (Some(1.0), Some(2.0), "1 2.5 1.5", Some("measured 2.5 % (1 to 2 %) from cov.txt")),
        (None, None, "99", None),
    ] {
        let (measured, found) = measure(&limits(min, max), Ok(text));
        let why = why.map(str::to_owned);
        assert_eq!((measured.min, measured.max), (min, max), "{text}");
        assert_eq!(measured.file.as_deref(), Some("cov.txt"));
        assert_eq!(found, why, "{text}");
    }
    // Of several numbers that are all good, the last one is told.
    assert_eq!(measure(&limits(Some(1.0), None), Ok("1 3 2")).0.value, Some(2.0));
    let (measured, why) = measure(&limits(None, None), Err("the step did not write it".into()));
    assert_eq!(measured.value, None);
    let expected = "cannot read its measure from cov.txt: the step did not write it";
    assert_eq!(why.as_deref(), Some(expected));
}

#[test]
fn a_measure_says_what_is_asked_of_it() {
    let blank = |min: Option<f64>, max: Option<f64>| {
        let [min, max] = [min, max].map(|limit| limit.and_then(Limit::new));
        MeasureRule { min, max, ..regex("x") }.asked()
    };
    assert_eq!(blank(None, None), None);
    let both = [blank(Some(1.0), None), blank(None, Some(2.5)), blank(Some(1.0), Some(2.5))];
    let said = [(Some(1.0), None), (None, Some(2.5)), (Some(1.0), Some(2.5))]
        .map(|(min, max)| Measured { min, max, ..Measured::default() }.asked());
    assert!(both == said && both.iter().all(Option::is_some), "{both:?}");
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Limit::new(number), None, "{number}");
    }
    assert_eq!(Limit::new(-0.5).map(Limit::get), Some(-0.5));
}

#[test]
fn an_expression_counts_by_its_first_group_or_as_a_whole() {
    assert_eq!(value(&regex("[0-9]+"), "a 12 b"), Ok(12.0));
    assert_eq!(value(&regex("a (x)?[0-9]+"), "a 12"), Err("\"a 12\" is not a number".to_owned()));
    assert_eq!(value(&regex("(?:a) ([0-9]+)([0-9])"), "a 12"), Ok(1.0));
    assert_eq!(value(&regex("x"), ""), Err("nothing in it matches".to_owned()));
    // Colours of the tool are no part of the number.
    assert_eq!(value(&regex("Lines *: ([0-9.]+)%"), "Lines : \u{1b}[32m83.1\u{1b}[0m%"), Ok(83.1));
    // One unreadable match makes all of them worthless.
    let two = value(&regex("total (\\S+)"), "total 80\ntotal none");
    assert_eq!(two, Err("\"none\" is not a number".to_owned()));
    assert!(value(&regex("("), "x").is_err_and(|why| why.contains("unclosed group")));
}

#[test]
fn a_pointer_leads_into_json() {
    let text =
        r#"{"total": {"lines": {"pct": 83.2}}, "a/b": [1, "2", "x", null], "": 4, "big": 1e400}"#;
    for (at, expected) in [
        ("/total/lines/pct", Ok(83.2)),
        ("/a~1b/0", Ok(1.0)),
        ("/a~1b/1", Ok(2.0)),
        ("/", Ok(4.0)),
        ("/a~1b/2", Err("\"x\" is not a number")),
        ("/a~1b/3", Err("null at /a~1b/3 is not a number")),
        ("/a~1b/4", Err("nothing is at /a~1b/4")),
        ("/total/lines", Err("{\"pct\":83.2} at /total/lines is not a number")),
    ] {
        let text = text.replace(", \"big\": 1e400", "");
        assert_eq!(value(&pointer(at), &text), expected.map_err(str::to_owned), "{at}");
    }
    assert!(value(&pointer("/big"), text).is_err_and(|why| why.starts_with("not JSON: ")));
    assert!(value(&pointer("/a"), "").is_err_and(|why| why.starts_with("not JSON: EOF")));
    // A key twice elsewhere in the document does not matter.
    assert_eq!(value(&pointer("/a"), r#"{"b": 1, "a": 2, "b": 3}"#), Ok(2.0));
}

#[test]
fn control_sequences_go_and_text_stays() {
    for (text, expected) in [
        ("a\u{1b}[1;31mb\u{1b}[0m", "ab"),
        ("\u{1b}[2K\u{1b}[?25lx", "x"),
        ("\u{1b}]0;title\u{7}x", "x"),
        ("\u{1b}]8;;http://x\u{1b}\\a\u{1b}]8;;\u{1b}\\", "a"),
        ("\u{1b}(Bx\u{1b})0y", "xy"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb", "a\rb"),
        ("a\r", "a"),
        // What is no sequence is text.
        ("\u{1b}x [31m", "\u{1b}x [31m"),
        ("\u{1b}]open\nx", "\u{1b}]open\nx"),
        ("é\u{1b}[0mß", "éß"),
    ] {
        assert_eq!(plain(text), expected, "{text:?}");
    }
}

#[test]
fn a_missing_tool_is_told_by_one_of_the_last_three_lines() {
    for (said, expected) in [
        ("python: No module named a.b", Some("python has no module a.b")),
        ("C:\\Python\\python.exe: No module named \"x\"", Some("python has no module x")),
        ("make: *** [all] Error 126", Some("a program was not found, for the recipe all")),
        (
            "Error: the command pytest could not be found within PATH.",
            Some("pipenv has no program pytest"),
        ),
        ("/bin/sh: 1: jest: not found", Some("a program was not found: jest")),
        ("bash: line 12: a-b: command not found\r\n", Some("a program was not found: a-b")),
        ("error: no such command: `x`\n\n\n1\n\n2", Some("cargo has no command x")),
        ("error: no such command: `x`\n1\n2\n3", None),
        ("make: *** [all] Error 125", None),
        ("make: *** [all] Error 1270", None),
        (" python3: No module named x", None),
        ("sh: x: not found", None),
        ("Command not found:", None),
    ] {
        assert_eq!(lacking(said).as_deref(), expected, "{said:?}");
    }
}

#[test]
fn the_port_of_a_service_has_a_variable_of_its_name() {
    let variable = |name: &str| {
        let service = Service {
            name: name.to_owned(),
            command: Command::Shell("x".into()),
            cwd: None,
            environment: EnvironmentRules::default(),
            timeout: Duration::from_secs(1),
            ready: Health::Port(0),
        };
        service.port_variable()
    };
    for (name, expected) in [
        ("db", "WORKLOOP_PORT_DB"),
        ("My-db.2", "WORKLOOP_PORT_MY_DB_2"),
        ("dß", "WORKLOOP_PORT_D_"),
        ("", "WORKLOOP_PORT_"),
    ] {
        assert_eq!(variable(name), expected);
    }
}
