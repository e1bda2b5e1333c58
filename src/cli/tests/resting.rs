//! Agents that are paused after failures within seconds: what the verbs say about them, and which
//! verbs let them try again at once.

use super::house::house;
use super::sandbox::Sandbox;
use crate::domain::{Backoff, PauseKind};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::CountingIds;
use crate::store::Backoffs;
use chrono::TimeDelta;

const AGENT: &str =
    "[agents.default]\nrun = \"cat\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n";

/// Returns the house whose agent failed five times in a row and is paused for nearly a minute.
fn rests() -> Sandbox {
    let house = house().config(AGENT);
    let now = SystemClock.now();
    let backoff = Backoff {
        agent: "default".to_owned(),
        since: now,
        last: now,
        until: now + TimeDelta::seconds(50),
        failures: 5,
        reason: "exit status 3".to_owned(),
        trying: false,
        tasks: vec![],
        own: vec![],
        kind: PauseKind::default(),
    };
    let root = house.path("").canonicalize().expect("a path");
    let ids = CountingIds::default();
    Backoffs::of(&root).change("default", &ids, |_| (Some(backoff.clone()), ())).expect("written");
    house
}

/// Returns the state of B, which would be ready.
fn state(sandbox: &Sandbox) -> String {
    let json = sandbox.reads("why B --json").json("why");
    json["state"].as_str().expect("a state").to_owned()
}

#[test]
fn nothing_is_ready_for_an_agent_that_rests_and_the_reason_is_told() {
    let sandbox = rests();
    assert_eq!(state(&sandbox), "waiting");
    let json = sandbox.reads("why B --json").json("why");
    assert_eq!(json["waiting_for"][0]["kind"], "pause");
    for line in ["next", "run --dry-run"] {
        let ran = sandbox.reads(line);
        let text = [ran.out, ran.err].concat();
        assert!(text.starts_with("nothing is ready: "), "{line}: {text}");
        assert!(
            text.contains("agent default failed 5 times within seconds; next try at "),
            "{line}: {text}"
        );
    }
    let json = sandbox.reads("status --json").json("status");
    assert_eq!(json["pauses"].as_array().map(Vec::len), Some(1));
    assert_eq!(sandbox.reads("status --exit-code -q").exit, 7, "it will be tried again");
}

#[test]
fn resume_lets_it_try_again_at_once() {
    let sandbox = rests();
    let text = "nothing was stopped or paused: q\nagent default is retried at once\n";
    assert_eq!(sandbox.run("resume").printed(), text);
    assert_eq!(state(&sandbox), "ready");
    assert_eq!(sandbox.run("resume").printed(), "nothing was stopped or paused: q\n");
    let sandbox = rests();
    assert_eq!(sandbox.run("resume -q").printed(), "");
    assert_eq!(state(&sandbox), "ready");
    // The project of a queue that cannot be read is known by the configuration.
    let sandbox = rests();
    let queue = sandbox.text("queues/q.json");
    sandbox.put("queues/q.json", "{\"tasks\": [{\"id\": \"A\"}, {\"id\": \"A\"}]}");
    let ran = sandbox.run("resume");
    assert!(ran.out.ends_with("\nagent default is retried at once\n"), "{ran:?}");
    sandbox.put("queues/q.json", &queue);
    assert_eq!(state(&sandbox), "ready");
}

#[test]
fn a_retry_lets_the_agent_of_its_task_try_again() {
    let sandbox = rests();
    let done = "D: pending again, with a new budget\n";
    assert_eq!(sandbox.run("retry D").printed(), done);
    assert_eq!(state(&sandbox), "ready");
    let failed = rests();
    assert_eq!(failed.run("retry --failed").printed(), done);
    assert_eq!(state(&failed), "ready");
}
