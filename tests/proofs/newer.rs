//! Files of a newer version are read, not written: queue, journal, claim, verdict, worker entry.

use crate::fake_agent::CONFIG;
use crate::guards::{READERS, all_refuse, everything, worked_on};
use crate::sandbox::{Sandbox, queue};
use serde_json::{Value, json};
use std::fs;

/// Checks that the readers show them and change nothing.
fn all_read(sandbox: &Sandbox) {
    let before = everything(sandbox);
    for words in READERS {
        let ran = sandbox.spawn_as(&sandbox.program, &[], words).ends();
        assert!(ran.status == 0 || words[0] == "log", "{ran}");
    }
    assert_eq!(everything(sandbox), before);
}

#[test]
fn a_queue_of_a_newer_format() {
    for version in ["2", "3", "18446744073709551615"] {
        let sandbox = worked_on();
        let text = String::from_utf8_lossy(&sandbox.bytes("q.json")).into_owned();
        let newer = text.replacen('{', &format!("{{\n  \"workloop_format\": {version},"), 1);
        let sandbox = sandbox.file("q.json", newer);
        all_read(&sandbox);
        sandbox.run(["check", "q.json"]).says("newer-queue");
        assert_eq!(all_refuse(&sandbox, "read, not written", &[2]), Vec::<String>::new());
    }
}

#[test]
fn a_journal_of_a_newer_format() {
    let lines = [
        r#"{"v":2,"seq":900,"at":"2030-01-01T00:00:00.000Z","event":"dreamt","queue":"q.json","task":"T001","more":{}}"#,
        r#"{"v":2,"seq":900,"at":"2030-01-01T00:00:00.000Z","event":"edited","queue":"q.json","data":{"before":"x","after":"y"}}"#,
    ];
    for line in lines {
        let sandbox = worked_on();
        sandbox.run(["edit", "T001", "q.json", "--priority", "2"]).exits(0);
        let mut journal = sandbox.bytes(".workloop/events.jsonl");
        assert!(journal.ends_with(b"\n"));
        journal.extend(format!("{line}\n").bytes());
        let sandbox = sandbox.file(".workloop/events.jsonl", journal);
        all_read(&sandbox);
        sandbox.run(["check", "q.json"]).says("newer-journal");
        assert_eq!(all_refuse(&sandbox, "newer workloop", &[2]), Vec::<String>::new());
    }
}

/// An unknown event in a journal of the current format is kept and skipped.
#[test]
fn an_unknown_event_of_this_format() {
    let sandbox = worked_on();
    sandbox.run(["edit", "T001", "q.json", "--priority", "2"]).exits(0);
    let mut journal = sandbox.bytes(".workloop/events.jsonl");
    journal.extend(br#"{"v":1,"seq":900,"at":"2030-01-01T00:00:00.000Z","event":"dreamt","queue":"q.json","extra":[1]}"#);
    journal.push(b'\n');
    let sandbox = sandbox.file(".workloop/events.jsonl", &journal);
    all_read(&sandbox);
    sandbox.run(["events", "q.json", "--json"]).exits(0).says("\"extra\":[1]");
    sandbox.run(["park", "T001", "q.json"]).exits(0);
    let after = sandbox.bytes(".workloop/events.jsonl");
    assert!(after.starts_with(&journal) && after.len() > journal.len());
    let last: Value =
        serde_json::from_slice(after.split(|b| *b == b'\n').rev().nth(1).expect("a line"))
            .expect("JSON");
    assert_eq!(last["seq"], 901);
}

/// A task in progress whose claim file is of a newer version, whose meaning is unknown here.
#[test]
fn a_claim_of_a_newer_version_is_not_taken_over() {
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    sandbox.rescript("A", "hang");
    let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
    crate::sandbox::wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    let claims = fs::read_dir(sandbox.path(".workloop/claims")).expect("a folder");
    let lock = claims.flatten().map(|entry| entry.path()).next().expect("a claim file");
    running.signal(rustix::process::Signal::KILL);
    drop(running);
    crate::sandbox::wait_until("its attempt ends", || sandbox.strays().is_empty());
    assert_eq!(sandbox.status("A"), "in_progress");
    let newer =
        json!({"v": 2, "pid": 1, "start": 1, "session": 1, "group": 1, "mark": "m", "more": 1});
    fs::write(&lock, format!("{newer}\n")).expect("written");
    sandbox.run(["check", "q.json"]).says("newer-claim");
    let before = (crate::sandbox::task(&sandbox.read("q.json"), "A").clone(), fs::read(&lock).ok());
    let ran = sandbox.run(["run", "q.json"]);
    assert_eq!(ran.status, 7, "{ran}");
    let ran = ran.says("newer workloop");
    let after = (crate::sandbox::task(&sandbox.read("q.json"), "A").clone(), fs::read(&lock).ok());
    assert_eq!(after, before, "{ran}");
    assert_eq!(sandbox.oracle().starts("A"), 1, "{ran}");
    assert_eq!(sandbox.status("B"), "complete", "the rest continues");
}

/// A verdict and an entry of a loop with unknown keys and words.
#[test]
fn verdicts_and_entries_of_a_newer_version() {
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    assert!(sandbox.shell("grep -l '\"task\": \"A\"' .workloop/attempts/*/1/verdict.json >found"));
    let name = String::from_utf8_lossy(&sandbox.bytes("found")).trim().to_owned();
    for change in [
        json!({"v": 2, "more": [1]}),
        json!({"v": 2, "outcome": {"kind": "dreamt"}, "verdict": "MAYBE"}),
    ] {
        let mut verdict = sandbox.read(&name);
        for (key, value) in change.as_object().expect("an object") {
            verdict[key] = value.clone();
        }
        let verdict = serde_json::to_vec_pretty(&verdict).expect("JSON");
        fs::write(sandbox.path(&name), &verdict).expect("written");
        fs::create_dir_all(sandbox.path(".workloop/workers")).expect("a folder");
        sandbox.run(["why", "A", "q.json"]).exits(0);
        sandbox.run(["log", "A", "q.json"]).exits(0);
        sandbox.run(["status", "q.json"]).exits(0);
        sandbox.run(["plan", "--actual", "q.json"]).exits(0);
        assert_eq!(sandbox.bytes(&name), verdict, "a verdict was written over");
        assert_eq!(sandbox.status("A"), "complete");
    }
    fs::write(sandbox.path(".workloop/workers/later.json"), "{\"v\":2,\"who\":[]}\n")
        .expect("written");
    fs::write(sandbox.path(".workloop/queues/ffffffffffffffff"), "{\"v\":2}\n").expect("written");
    sandbox.run(["stop", "q.json"]).exits(0);
    sandbox.run(["resume", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.status("B"), "complete");
}
