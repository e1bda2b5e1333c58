//! Files of every released format load forever, and files of a newer version are read, not written.
//! The fixtures are never edited; a new format gets its own folder.

use crate::processes::lacks;
use crate::sandbox::Sandbox;
use std::fs;

fn of_version(version: &str) -> Sandbox {
    Sandbox::new()
        .copy(&format!("tests/fixtures/format/{version}"), "")
        .copy(&format!("tests/fixtures/format/{version}/state"), ".workloop")
}

#[test]
fn old_files_load() {
    let versions = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/format"));
    let mut seen = 0;
    for version in versions.expect("readable").flatten() {
        let sandbox = of_version(&version.file_name().to_string_lossy());
        let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
        assert!(status.to_string().contains("\"complete\":2"), "{status}");
        let events = sandbox.run(["events", "q.json", "--json"]).exits(0).stdout;
        assert!(
            events.contains("\"completed\"") && events.contains("\"loop_started\""),
            "{events}"
        );
        sandbox.run(["retry", "C", "q.json"]).exits(0);
        sandbox.run(["run", "q.json", "--agent", "true", "--verify", "true"]).exits(0);
        assert_eq!(sandbox.read("q.json")["summary"]["complete"], 3);
        assert!(String::from_utf8_lossy(&sandbox.bytes("q.json")).contains("\"mine\": 1.50"));
        seen += 1;
    }
    assert!(seen > 0, "there is at least the first format");
}

/// A set-back copy of an old folder is restored from its journal.
#[test]
fn an_old_journal_still_restores() {
    if lacks("jq") {
        return;
    }
    let sandbox = of_version("v1");
    let before = "jq '.tasks[0] |= {id,title,status:\"pending\"}' q.json >t && mv t q.json";
    assert!(sandbox.shell(before));
    sandbox.run(["run", "q.json", "--agent", "touch ran-$WORKLOOP_TASK_ID", "--verify", "true"]);
    assert!(!sandbox.path("ran-A").exists(), "finished work was done again");
}

#[test]
fn what_a_newer_version_wrote_is_read_and_not_written() {
    let sandbox = of_version("v1");
    let newer = r#"{"v":2,"seq":900,"at":"2030-01-01T00:00:00.000Z","event":"dreamt","queue":"q.json","task":"C","more":{}}"#;
    let mut journal = sandbox.bytes(".workloop/events.jsonl");
    journal.extend(format!("{newer}\n").bytes());
    let sandbox = sandbox.file(".workloop/events.jsonl", &journal);
    let queue = sandbox.bytes("q.json");
    sandbox.run(["status", "q.json"]).exits(0);
    sandbox.run(["events", "q.json"]).exits(0);
    let refused = sandbox.run(["retry", "C", "q.json"]);
    assert_ne!(refused.status, 0, "{refused}");
    let refused = refused.says("newer");
    assert_ne!(
        sandbox.run(["run", "q.json", "--agent", "true", "--no-verify"]).status,
        0,
        "{refused}"
    );
    assert_eq!(sandbox.bytes("q.json"), queue);
    assert_eq!(sandbox.bytes(".workloop/events.jsonl"), journal);
}
