//! A recorded night of forty slots: jq computes each figure of its report again from the journal.

use super::drawn::lacks;
use super::{Folder, Left};
use serde_json::{Map, Value};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Figures that no journal contains: they come from random draws, or from estimates of the
/// remaining work.
const NOT_COUNTED: [&str; 2] = ["/forecast", "/left"];

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/night").join(name);
    fs::read_to_string(path).expect("a fixture")
}

/// Returns a folder with the records of the night.
fn night() -> Folder {
    let queue: Value = serde_json::from_str(&fixture("q.json")).expect("JSON");
    let folder = Folder::new(&queue);
    folder.write("q.json", &fixture("q.json"));
    folder.write(".workloop/events.jsonl", &fixture("events.jsonl"));
    folder
}

/// Returns the same figures, computed by jq.
fn by_jq(events: &str, since: Option<&str>) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/night");
    let since = since.map_or_else(|| "null".to_owned(), |since| format!("\"{since}\""));
    let mut jq = Command::new("jq");
    jq.args([
        "-n",
        "--slurpfile",
        "queue",
        "q.json",
        "--argjson",
        "since",
        &since,
        "-f",
        "report.jq",
    ]);
    jq.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = jq.spawn().expect("jq starts");
    child.stdin.take().expect("a pipe").write_all(events.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("jq ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Turns a list whose order does not matter into an object.
fn by_name(report: &mut Value, list: &str, key: &str) {
    let rows = report[list].as_array().cloned().unwrap_or_default();
    let named = |row: Value| (row[key].as_str().unwrap_or("null").to_owned(), row);
    report[list] = Value::Object(rows.into_iter().map(named).collect::<Map<_, _>>());
}

/// Asserts that the report contains everything that jq counted, and adds the paths of the compared
/// numbers to `seen`.
fn compare(counted: &Value, report: &Value, at: &str, seen: &mut Vec<String>) {
    match (counted, report) {
        (Value::Object(counted), _) => {
            for (key, value) in counted {
                compare(value, &report[key], &format!("{at}/{key}"), seen);
            }
        }
        (Value::Array(counted), Value::Array(told)) => {
            assert_eq!(counted.len(), told.len(), "{at}");
            for (n, (one, other)) in counted.iter().zip(told).enumerate() {
                compare(one, other, &format!("{at}/{n}"), seen);
            }
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().expect("a number"), other.as_f64().expect("a number"));
            assert!((one - other).abs() < 1e-6, "{at}: {one} by jq, {other} in the report");
            seen.push(at.to_owned());
        }
        (one, other) => assert_eq!(one, other, "{at}"),
    }
}

/// Collects the paths of all numbers.
fn numbers(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Number(_) => all.push(at.to_owned()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, one)| numbers(one, &format!("{at}/{n}"), all));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, one)| numbers(one, &format!("{at}/{key}"), all))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn each_figure_of_the_report_of_a_night_is_what_jq_counts() {
    if lacks("jq") {
        return;
    }
    let folder = night();
    let Left(exit, events, err) = folder.run("events --json q.json");
    assert_eq!(
        (exit, events.lines().count()),
        (0, fixture("events.jsonl").lines().count()),
        "{err}"
    );
    let middle = events.lines().nth(events.lines().count() / 2).expect("a line");
    let middle: Value = serde_json::from_str(middle).expect("JSON");
    for since in [None, middle["at"].as_str()] {
        let words = since.map_or_else(String::new, |since| format!(" --since {since}"));
        let mut report = folder.json("report", &format!("report q.json --json{words}"));
        for (list, key) in [("lessons", "reason_code"), ("hooks", "hook")] {
            by_name(&mut report, list, key);
        }
        let counted = by_jq(&events, since);
        let (mut seen, mut all) = (Vec::new(), Vec::new());
        compare(&counted, &report, "", &mut seen);
        numbers(&report, "", &mut all);
        let is_counted = |at: &&String| !NOT_COUNTED.iter().any(|not| at.starts_with(not));
        let missing: Vec<&String> =
            all.iter().filter(is_counted).filter(|at| !seen.contains(at)).collect();
        assert!(missing.is_empty(), "figures that jq did not count: {missing:?}");
        // The recorded night contains enough to count.
        assert!(counted["attempts"].as_u64() > Some(20), "{counted}");
        assert!(
            counted["lessons"].as_object().is_some_and(|lessons| lessons.len() > 2),
            "{counted}"
        );
        assert!(counted["hooks"].as_object().is_some_and(|hooks| hooks.len() > 1), "{counted}");
        assert!(
            counted["cost_usd"].as_f64() > Some(0.0)
                && counted["metrics"]["speedup"].as_f64() > Some(2.0),
            "{counted}"
        );
    }
}
