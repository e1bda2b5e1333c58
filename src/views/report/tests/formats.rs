//! The formats of a report for programs: CSV and JUnit.

use super::super::model::TaskRow;
use super::super::{Format, Style};
use super::rows::{task, whole};
use super::{elements, text};
use crate::domain::Verdict;

/// Cells that a spreadsheet would run are text, whatever the cell is about.
#[test]
fn the_rows_of_a_csv_are_the_tasks() {
    let row = TaskRow {
        phase: Some("-1".to_owned()),
        epic: Some("@e".to_owned()),
        attempts: 2,
        percent: 40,
        minutes: 1.5,
        estimated_minutes: 60.0,
        cost_usd: Some(0.25),
        tokens: Some(7),
        verdict: Some(Verdict::Fail),
        reason_code: Some("timeout".to_owned()),
        error: Some("a\nb\t\u{1b}".to_owned()),
        deadline: Some("\tsoon".to_owned()),
        late: true,
        completed_by: Some("=anna".to_owned()),
        started_at: Some("s".to_owned()),
        ended_at: Some("e".to_owned()),
        title: "say \"hi\", 日本".to_owned(),
        ..task("+A", "blocked")
    };
    let report = whole(vec![row, task("B", "ready")]);
    assert_eq!(
        text(&report, Format::Csv, Style::Synthesis),
        "id,queue,title,state,phase,epic,percent,attempts,started_at,ended_at,minutes,estimated_minutes,cost_usd,tokens,verdict,reason_code,error,deadline,late,completed_by\n\
         '+A,q.json,\"say \"\"hi\"\", 日本\",blocked,'-1,'@e,40,2,s,e,1.5,60,0.25,7,FAIL,timeout,\"a\nb\t␛\",'\tsoon,true,'=anna\n\
         B,q.json,title of B,ready,,,0,0,,,0,0,,,,,,,false,\n"
    );
    let none = text(&whole(Vec::new()), Format::Csv, Style::Synthesis);
    assert_eq!(none.lines().count(), 1, "a header even if there is no task");
}

#[test]
fn a_case_passes_fails_or_is_skipped_as_its_task_did() {
    let of = |state: &'static str,
              error: Option<&str>,
              code: Option<&str>,
              output: Option<&str>| TaskRow {
        error: error.map(str::to_owned),
        reason_code: code.map(str::to_owned),
        output: output.map(str::to_owned),
        minutes: 1.0,
        ..task(&format!("<{state}>"), state)
    };
    let report = whole(vec![
        of("complete", None, None, None),
        of("blocked", Some("step\u{1b} \"t\""), Some("timeout"), Some("expected 1\ngot 2")),
        of("blocked", None, None, None),
        of("waiting", None, None, None),
        TaskRow { queue: "other.json".to_owned(), ..task("X", "parked") },
    ]);
    let text = text(&report, Format::Junit, Style::Synthesis);
    let names = elements(&text);
    let count = |name: &str| names.iter().filter(|found| *found == name).count();
    assert_eq!(
        (count("testsuite"), count("testcase"), count("failure"), count("skipped")),
        (2, 5, 2, 2)
    );
    for part in [
        "<testsuite name=\"q.json\" tests=\"4\" skipped=\"1\" errors=\"0\" failures=\"2\" time=\"240.000\">",
        "<testcase name=\"&lt;complete&gt;: title of &lt;complete&gt;\" classname=\"q.json\" time=\"60.000\"/>",
        "<failure message=\"step␛ &quot;t&quot;\" type=\"timeout\">expected 1\ngot 2</failure>",
        "<failure message=\"blocked\" type=\"blocked\">blocked</failure>",
        "<skipped message=\"waiting\"/>",
        "<skipped message=\"parked\"/>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
