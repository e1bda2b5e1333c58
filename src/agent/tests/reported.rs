//! Tests the result file at its limits, key by key.

use super::super::{AgentResult, ResultStatus, has_promise, parse_result, read_result};
use crate::domain::{Evidence, ReasonCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

fn read(value: &Value) -> (AgentResult, Vec<String>) {
    let reading = parse_result(value.to_string().as_bytes());
    (reading.result, reading.warnings)
}

#[test]
fn a_key_of_the_wrong_kind_is_a_warning_that_says_what_it_must_be() {
    let (text, number) = ("a text", "a number");
    let (notes, tasks) = ("an object of task ids and texts", "a list of tasks");
    let status = "done, needs_input, failed, impossible or contradiction";
    for (key, value, expected) in [
        ("status", json!("finished"), status),
        ("status", json!("Done"), status),
        ("status", json!(1), status),
        ("summary", json!(3), text),
        ("summary", json!(["a"]), text),
        ("question", json!({}), text),
        ("to", json!(7), "the id of a task"),
        ("evidence", json!(3), "a text or a list of texts"),
        ("evidence", json!([3]), "a text or a list of texts"),
        ("answers", json!(["a"]), notes),
        ("answers", json!({"A": 1}), notes),
        ("notes_for", json!("a"), notes),
        ("notes_for", json!({"A": "x", "B": null}), notes),
        ("artifacts", json!({"a": 1}), "a list of paths or texts"),
        ("artifacts", json!(3), "a list of paths or texts"),
        ("follow_ups", json!({}), tasks),
        ("follow_ups", json!(["a"]), tasks),
        ("cost_usd", json!("1"), number),
        ("cost_usd", json!(-0.01), number),
        ("tokens", json!(1.5), number),
        ("tokens", json!(-1), number),
    ] {
        let (result, warnings) = read(&json!({key: value.clone()}));
        assert_eq!(result, AgentResult::default(), "{key}: {value}");
        assert_eq!(warnings, [format!("{key} of the result file must be {expected}")], "{value}");
    }
}

#[test]
fn every_key_is_read() {
    let evidence = Evidence::List(vec!["grep: 0".into(), "b".into()]);
    let expected = AgentResult {
        status: Some(ResultStatus::Contradiction),
        summary: Some("s".into()),
        question: Some("q".into()),
        to: Some("B".into()),
        evidence: Some(evidence),
        answers: BTreeMap::from([("C".into(), "yes".into())]),
        artifacts: vec![json!("docs/a.md")],
        notes_for: BTreeMap::from([("D".into(), "n".into())]),
        follow_ups: vec![json!({"title": "t"}).as_object().cloned().expect("an object")],
        cost_usd: Some(0.5),
        tokens: Some(7),
    };
    let value = json!({
        "status": "contradiction", "summary": "s", "question": "q", "to": "B",
        "evidence": ["grep: 0", "b"], "answers": {"C": "yes"}, "artifacts": "docs/a.md",
        "notes_for": {"D": "n"}, "follow_ups": [{"title": "t"}], "cost_usd": 0.5, "tokens": 7,
        "unknown": {"x": [1]},
    });
    assert_eq!(read(&value), (expected, vec![]));
    // Null is the same as nothing, and 0 is a number.
    let nothing = json!({"status": null, "summary": null, "artifacts": null, "tokens": null});
    assert_eq!(read(&nothing), (AgentResult::default(), vec![]));
    let free = AgentResult { cost_usd: Some(0.0), tokens: Some(0), ..AgentResult::default() };
    assert_eq!(read(&json!({"cost_usd": 0, "tokens": 0})), (free, vec![]));
    assert_eq!(read(&json!({"to": "", "status": "needs_input"})).0.to, None);
}

#[test]
fn each_status_stops_the_work_or_does_not() {
    for (word, code) in [
        ("done", None),
        ("failed", None),
        ("needs_input", Some(ReasonCode::Question)),
        ("impossible", Some(ReasonCode::Impossible)),
        ("contradiction", Some(ReasonCode::Contradiction)),
    ] {
        let (result, warnings) = read(&json!({"status": word}));
        assert_eq!(result.stopped().map(|stop| stop.code), code, "{word}");
        assert_eq!(warnings, [""; 0], "{word}");
        assert_eq!(serde_json::to_value(result.status).expect("a word"), json!(word));
    }
    assert_eq!(AgentResult::default().stopped(), None);
}

#[test]
fn a_stop_says_its_question_or_reason_or_that_there_is_none() {
    let text = |value: Value| read(&value).0.stopped().map(|stop| stop.text).expect("a stop");
    let asks = |question: &str, summary: &str| {
        text(json!({"status": "needs_input", "question": question, "summary": summary}))
    };
    assert_eq!(asks("q", "s"), "q");
    assert_eq!(asks(" \n", "s"), "s");
    assert_eq!(asks("", " "), "the agent asks for input");
    let cannot = |question: &str, summary: &str, evidence: Value| {
        text(
            json!({"status": "impossible", "question": question, "summary": summary, "evidence": evidence}),
        )
    };
    assert_eq!(cannot("q", "s", json!("e")), "s");
    assert_eq!(cannot("q", "", json!("e")), "q");
    assert_eq!(cannot("", "", json!(["e", "f"])), "e");
    assert_eq!(cannot("", "", json!([])), "the agent gave no reason");
}

#[test]
fn texts_and_lists_are_cut_at_their_limits_and_that_is_told() {
    let long = "x".repeat(16 * 1024);
    let longer = format!("{long}y");
    for key in ["summary", "question"] {
        assert_eq!(read(&json!({key: &long})).1, [""; 0]);
        let (result, warnings) = read(&json!({key: &longer}));
        assert_eq!(result.summary.or(result.question), Some(long.clone()));
        assert_eq!(warnings, [format!("{key} of the result file is cut to 16384 bytes")]);
    }
    for key in ["notes_for", "answers"] {
        let notes = |count: usize, text: &str| {
            let all = (0..count).map(|number| (format!("T{number}"), json!(text)));
            json!({key: Value::Object(all.collect())})
        };
        assert_eq!(read(&notes(100, "n")).1, [""; 0]);
        let cut = [format!("{key} of the result file is cut to 100 of 16384 bytes each")];
        assert_eq!(read(&notes(101, "n")).1, cut);
        assert_eq!(read(&notes(1, &longer)).1, cut);
        let (kept, lost) = ("i".repeat(1024), "i".repeat(1025));
        assert_eq!(read(&json!({key: {kept: "n"}})).1, [""; 0]);
        assert_eq!(read(&json!({key: {lost: "n"}})).1, cut);
    }
    let artifacts = |count: usize, text: &str| json!({"artifacts": vec![json!(text); count]});
    assert_eq!(read(&artifacts(100, &"a".repeat(1024))).1, [""; 0]);
    let cut = ["artifacts of the result file is cut to 100 of 1024 bytes each"];
    assert_eq!(read(&artifacts(101, "a")).1, cut);
    assert_eq!(read(&artifacts(1, &"a".repeat(1025))).1, cut);
    let evidence = |list: Vec<&str>| json!({"evidence": list});
    let cut = ["evidence of the result file is cut to 100 texts of 16384 bytes"];
    assert_eq!(read(&evidence(vec!["e"; 100])).1, [""; 0]);
    assert_eq!(read(&evidence(vec!["e"; 101])).1, cut, "what is left out is told");
    assert_eq!(read(&evidence(vec![&longer])).1, cut);
    assert_eq!(read(&json!({"evidence": &longer})).1, cut);
}

#[test]
fn a_question_beside_finished_work_becomes_a_note_for_whom_it_asks() {
    let notes = |value: Value| read(&value).0.notes_for;
    let note = |text: &str| BTreeMap::from([("B".to_owned(), text.to_owned())]);
    let ask = json!({"to": "B", "question": "which?"});
    assert_eq!(notes(ask.clone()), note("It asks: which?"));
    let with = |key: &str, value: Value| {
        let mut ask = ask.clone();
        ask[key] = value;
        ask
    };
    assert_eq!(notes(with("status", json!("done"))), note("It asks: which?"));
    assert_eq!(notes(with("status", json!("failed"))), note("It asks: which?"));
    assert_eq!(notes(with("notes_for", json!({"B": "n"}))), note("n\n\nIt asks: which?"));
    // A question that stops the work goes to the task itself.
    assert_eq!(notes(with("status", json!("needs_input"))), BTreeMap::new());
    assert_eq!(notes(json!({"to": "B"})), BTreeMap::new());
    assert_eq!(notes(json!({"question": "which?"})), BTreeMap::new());
}

#[test]
fn secrets_are_hidden_in_every_text_and_name() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("result.json");
    let text = json!({
        "summary": "the SECRET is out", "artifacts": ["SECRET", {"SECRET": ["SECRET"]}],
        "notes_for": {"SECRET": "SECRET"}, "follow_ups": [{"title": "SECRET", "n": 1}],
    });
    let mut file = File::create(&path).expect("file");
    file.write_all(text.to_string().as_bytes()).expect("written");
    let reading = read_result(&path, &|text| text.replace("SECRET", "*")).expect("read");
    assert_eq!(reading.warnings, [""; 0]);
    let result = reading.result;
    assert_eq!(result.summary.as_deref(), Some("the * is out"));
    assert_eq!(result.artifacts, [json!("*"), json!({"*": ["*"]})]);
    assert_eq!(result.notes_for, BTreeMap::from([("*".into(), "*".into())]));
    assert_eq!(json!(result.follow_ups), json!([{"title": "*", "n": 1}]));
}

#[test]
fn a_file_that_is_no_json_object_is_one_warning() {
    let warning = |text: &str| {
        let reading = parse_result(text.as_bytes());
        assert_eq!(reading.result, AgentResult::default());
        reading.warnings.concat()
    };
    for text in ["[]", "3", "\"done\"", "null", "true"] {
        assert_eq!(warning(text), "the result file is not a JSON object", "{text}");
    }
    let begin = "the result file is not valid JSON: ";
    assert_eq!(warning("{"), format!("{begin}EOF while parsing an object at line 1 column 1"));
    assert!(warning("{} x").starts_with(&format!("{begin}trailing characters at line 1 column 4")));
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("result.json");
    let put = |text: &str| File::create(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    put(" \n\t\r\n").expect("blank");
    assert_eq!(read_result(&path, &str::to_owned), Ok(parse_result(b"{}")), "blank is nothing");
    put("{\"summary\": \"s\"}").expect("written");
    let read = read_result(&path, &str::to_owned).expect("read");
    assert_eq!(read.result.summary.as_deref(), Some("s"));
}

#[test]
fn a_promise_is_compared_without_the_space_around_it() {
    for (output, promise, has) in [
        ("<promise>DONE</promise>", " DONE\n", true),
        ("<promise>\tDONE\r\n</promise>", "DONE", true),
        ("<promise>A B</promise>", "A B", true),
        ("<promise>A  B</promise>", "A B", false),
        ("<promise>done</promise>", "DONE", false),
        ("<promise></promise>", "", true),
        ("<promise>X<promise>DONE</promise>", "DONE", true),
        ("DONE</promise>", "DONE", false),
        ("< promise>DONE</promise>", "DONE", false),
        ("", "DONE", false),
    ] {
        assert_eq!(has_promise(output, promise), has, "{output}");
    }
}
