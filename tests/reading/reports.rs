//! Board, state file and report after a run of the binary.

use super::{Folder, Left, chain, fits, worked};
use serde_json::{Value, json};
use std::fs;

/// Returns the lines of the journal.
fn journal(folder: &Folder) -> Vec<Value> {
    let Left(_, out, _) = folder.run("events --json q.json");
    out.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

/// Computes each figure of the report again, from the journal and the queue file alone.
#[test]
fn a_report_can_be_recomputed_from_the_journal() {
    let folder = worked();
    let report = folder.json("report", "report --format json q.json");
    let lines = journal(&folder);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let millis = |line: &Value| {
        let at = chrono::DateTime::parse_from_rfc3339(line["at"].as_str().expect("a time"));
        at.expect("a time").timestamp_millis()
    };
    let claims = of("claimed");
    assert_eq!(report["attempts"], json!(claims.len()));
    let ended = |claim: &Value| {
        let is_end = |line: &&Value| {
            line["task"] == claim["task"]
                && line["attempt"] == claim["attempt"]
                && ["completed", "retried", "blocked"].iter().any(|end| line["event"] == *end)
        };
        millis(lines.iter().find(is_end).expect("an end"))
    };
    let minutes: f64 =
        claims.iter().map(|claim| (ended(claim) - millis(claim)) as f64 / 60_000.0).sum();
    let told = report["minutes"].as_f64().expect("minutes");
    assert!((told - minutes).abs() < 0.002, "{told} {minutes}");
    let file: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("q.json")).expect("read"))
            .expect("JSON");
    assert_eq!(report["summary"], file["summary"]);
    assert_eq!(report["metrics"]["attempts_passed"], json!(of("completed").len()));
    assert_eq!(
        report["metrics"]["attempts_failed"],
        json!(of("blocked").len() + of("retried").len())
    );
    assert_eq!(report["cost_usd"], Value::Null);
    assert_eq!(report["lessons"][0]["reason_code"], "tests_failed");
    assert_eq!(report["tasks"][2]["state"], "blocked");
    let later = folder.json("report", "report --json q.json --since 2099-01-01T00:00:00Z");
    assert_eq!((&later["attempts"], &later["minutes"]), (&json!(0), &json!(0.0)));
}

#[test]
fn a_report_has_every_form_and_style() {
    let folder = worked();
    let Left(exit, out, err) = folder.run("report q.json");
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.contains("## Phase Breakdown") && out.contains("`workloop why C`"), "{out}");
    let Left(_, out, _) = folder.run("report --format junit q.json");
    // The last lines of the failed step.
    assert!(out.contains("<failure") && out.contains("looking"), "{out}");
    assert!(out.contains("tests=\"4\"") && out.contains("failures=\"1\""), "{out}");
    let Left(_, out, _) = folder.run("report --format csv q.json");
    assert_eq!(out.lines().count(), 5, "{out}");
    for style in ["readiness", "deployment", "lessons", "retrospective"] {
        let Left(exit, out, _) = folder.run(&format!("report --style {style} q.json"));
        assert!(exit == 0 && out.starts_with("# "), "{out}");
    }
    let Left(exit, _, err) = folder.run("report q.json --since tomorrow");
    assert!(exit == 2 && err.contains("is not a time"), "{err}");
}

#[test]
fn the_board_of_the_configuration_follows_every_transition() {
    let mut queue = chain();
    queue["tasks"][0]["files"] = json!(["seen-A.txt", "BOARD.md"]);
    let folder = Folder::new(&queue);
    folder.write("agent.sh", "cp BOARD.md \"seen-$WORKLOOP_TASK_ID.txt\"\n");
    folder.write(
        "workloop.toml",
        "[board]\npath = \"BOARD.md\"\nstyle = \"todo\"\n[agents.default]\nrun = \"sh agent.sh\"\n\
         [[verify]]\nname = \"any\"\nrun = \"true\"\n",
    );
    let board = || fs::read_to_string(folder.path("BOARD.md")).unwrap_or_default();
    let Left(exit, _, err) = folder.run("park D --work-queue q.json");
    assert_eq!(exit, 0, "{err}");
    assert!(board().contains("- [ ] Task D: Roof (parked)\n"), "{}", board());
    let Left(exit, _, err) = folder.run("run q.json --task-id A");
    assert_eq!(exit, 0, "{err}");
    assert!(board().contains("- [x] Task A: Floor\n"), "{}", board());
    let seen = fs::read_to_string(folder.path("seen-A.txt")).expect("the agent saw it");
    assert!(seen.contains("- [ ] Task A: Floor (in progress)\n"), "{seen}");
    let Left(_, out, _) = folder.run("board q.json");
    assert!(board().starts_with(&out) && board().ends_with("edits are lost -->\n"), "{}", board());
    // The board changed while the agent ran, and is attributed to no task.
    let file: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("q.json")).expect("read"))
            .expect("JSON");
    assert_eq!(file["tasks"][0]["files_actually_changed"], json!(["seen-A.txt"]));
    let state = fs::read_to_string(folder.path(".workloop/state.md")).expect("a state");
    assert!(state.contains("- Last verdict: PASS of A Floor: attempt 1 of 5\n"), "{state}");
    assert!(state.contains("- Next: C Fence: attempt 1 of 5"), "{state}");
    // A person's file at that path stays.
    folder.write("BOARD.md", "# mine\n");
    let Left(exit, _, err) = folder.run("unpark D --work-queue q.json");
    assert!(exit == 0 && err.contains("it is not a board written by workloop"), "{err}");
    assert_eq!(board(), "# mine\n");
}

#[test]
fn progress_is_in_every_view() {
    let mut queue = chain();
    queue["tasks"][1]["steps"] = json!(["dig", "pour", "dry"]);
    let folder = Folder::new(&queue);
    let Left(exit, _, err) =
        folder.run("progress B --step 1 --step 2 --next dry --eta noon q.json");
    assert_eq!(exit, 0, "{err}");
    let status = folder.json("status", "status --json q.json");
    assert_eq!(status["queues"][0]["tasks"][1]["progress"]["percent"], 66);
    // Two thirds of the 120 minutes of B are done, of 220 minutes in total.
    assert_eq!(status["queues"][0]["percent"], 36);
    let Left(_, out, _) = folder.run("board --style progress q.json");
    assert!(out.contains("- Progress: 66% complete\n- Current Task: dry\n- Dependencies: Waiting for A\n- ETA: noon\n"), "{out}");
    fits("status", &status);
}
