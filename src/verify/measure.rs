//! Reads the number that a step measured, and checks it against its limits.

use super::plain::plain;
use super::rules::{How, MeasureRule};
use crate::domain::Measured;
use crate::queue::doubled_key;
use regex::Regex;
use serde_json::Value;

/// Returns the number in `text` with its limits, and the reason why it violates them.
///
/// If an expression matches more than once, each match must be within the limits: otherwise a
/// number that a test prints before the tool could count instead.
pub(crate) fn measure(
    rule: &MeasureRule,
    text: Result<&str, String>,
) -> (Measured, Option<String>) {
    let MeasureRule { how, file, .. } = rule;
    let blank = rule.blank();
    let (min, max) = (blank.min, blank.max);
    let place = file.as_deref().unwrap_or("the output");
    let numbers = text.and_then(|text| match how {
        How::Regex(regex) => matches(regex, &plain(text)),
        How::Pointer(pointer) => pointed(pointer, text).map(|number| vec![number]),
    });
    let numbers = match numbers {
        Ok(numbers) => numbers,
        Err(why) => return (blank, Some(format!("cannot read its measure from {place}: {why}"))),
    };
    let enough =
        |value: &f64| min.is_none_or(|min| *value >= min) && max.is_none_or(|m| *value <= m);
    let bad = numbers.iter().find(|number| !enough(number));
    let measured = Measured { value: bad.or(numbers.last()).copied(), ..blank };
    let why = bad.map(|_| format!("measured {measured}"));
    (measured, why)
}

fn matches(regex: &str, text: &str) -> Result<Vec<f64>, String> {
    let regex = Regex::new(regex).map_err(|error| error.to_string())?;
    let found = regex.captures_iter(text).map(|found| {
        let whole = found.get(1).or_else(|| found.get(0));
        number(whole.map_or("", |part| part.as_str()))
    });
    let numbers = found.collect::<Result<Vec<f64>, String>>()?;
    if numbers.is_empty() { Err("nothing in it matches".to_owned()) } else { Ok(numbers) }
}

fn pointed(pointer: &str, text: &str) -> Result<f64, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    if let Some(key) = doubled_key(text, pointer) {
        return Err(format!("it has the key {key} twice"));
    }
    match value.pointer(pointer) {
        None => Err(format!("nothing is at {pointer}")),
        Some(Value::String(text)) => number(text),
        Some(Value::Number(number)) => number.as_f64().ok_or_else(|| format!("{number}")),
        Some(other) => Err(format!("{other} at {pointer} is not a number")),
    }
}

fn number(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let plain = trimmed.strip_suffix('%').unwrap_or(trimmed).trim_end();
    // Rust parses `inf` and `nan` as numbers.
    let digits =
        plain.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter));
    let number = plain.parse::<f64>().ok().filter(|number| digits && number.is_finite());
    number.ok_or_else(|| format!("{text:?} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Limit;

    fn rule(how: How, min: Option<f64>, max: Option<f64>) -> MeasureRule {
        let [min, max] = [min, max].map(|limit| limit.and_then(Limit::new));
        MeasureRule { how, file: None, min, max, unit: None }
    }

    fn regex(text: &str) -> How {
        How::Regex(text.to_owned())
    }

    #[test]
    fn a_number_is_measured_against_its_limits() {
        let table = "All files | 83.2 |\n";
        let at_least = |min| rule(regex(r"All files[^|]*\|\s*([0-9.]+)"), Some(min), None);
        let (measured, why) = measure(&at_least(80.0), Ok(table));
        assert_eq!((measured.value, why), (Some(83.2), None));
        let (measured, why) = measure(&at_least(90.0), Ok(table));
        assert_eq!(measured.value, Some(83.2));
        assert_eq!(why.unwrap(), "measured 83.2 (at least 90)");
        let most = rule(regex(r"p99=(\S+)ms"), None, Some(100.0));
        assert_eq!(measure(&most, Ok("p99=100ms")).1, None);
        assert!(measure(&most, Ok("p99=100.5ms")).1.is_some());
    }

    #[test]
    fn a_better_number_beside_it_does_not_count_instead() {
        let rule = rule(regex(r"total ([0-9]+)"), Some(80.0), None);
        for text in ["total 99\ntotal 10\n", "total 10\ntotal 99\n"] {
            let (measured, why) = measure(&rule, Ok(text));
            assert_eq!(measured.value, Some(10.0));
            assert!(why.is_some());
        }
    }

    #[test]
    fn what_cannot_be_read_fails() {
        let rule_of = |how: &How| rule(how.clone(), None, None);
        let (number, pointer) = (regex("x=(.*)"), How::Pointer("/a/b".to_owned()));
        for (how, text, said) in [
            (&number, "nothing", "nothing in it matches"),
            (&number, "x=nan", "\"nan\" is not a number"),
            (&number, "x=inf", "is not a number"),
            (&number, "x=", "\"\" is not a number"),
            (&pointer, "{", "not JSON"),
            (&pointer, "{}", "nothing is at /a/b"),
            (&pointer, r#"{"a": {"b": [1]}}"#, "[1] at /a/b is not a number"),
            (&pointer, r#"{"a": {"b": true}}"#, "is not a number"),
            (&pointer, r#"{"a": {"b": 10, "b": 99}}"#, "it has the key b twice"),
            (&pointer, r#"{"a": {"b": 10}, "a": {"b": 99}}"#, "it has the key a twice"),
        ] {
            let (measured, why) = measure(&rule_of(how), Ok(text));
            assert_eq!(measured.value, None);
            let why = why.unwrap();
            assert!(why.starts_with("cannot read its measure from the output: "), "{why}");
            assert!(why.contains(said), "{why}");
        }
        let (_, why) = measure(&rule_of(&pointer), Err("it is older".to_owned()));
        assert!(why.unwrap().ends_with("it is older"));
        assert_eq!(measure(&rule_of(&pointer), Ok(r#"{"a": {"b": "85 %"}}"#)).0.value, Some(85.0));
    }
}
