//! What `doctor` reads from journals and from records of loops.

use super::doctor::{of, ok, one, signs, warn};
use super::sandbox::{Sandbox, ago, gone};
use crate::domain::Backoff;
use crate::platform::ids::CountingIds;
use crate::store::workers::{About, Registration};
use crate::store::{Backoffs, StateDir};
use serde_json::{Value, json};

/// Returns the events of so many attempts at a task that failed.
fn failures(task: &str, count: u32) -> Vec<Value> {
    let event = |attempt: u32| {
        json!({"event": "retried", "task": task, "worker": "host:7:0000000a", "attempt": attempt,
               "data": {"reason": "step unit: exit status 1\u{1b}"}})
    };
    (1..=count).map(event).collect()
}

#[test]
fn a_task_that_fails_again_and_again_is_a_red_flag() {
    let flags = |count| of(&Sandbox::complete(one()).journal(&failures("A", count)), "red flag");
    assert_eq!(flags(2).len(), 0);
    let text =
        "A fails repeatedly: 3 attempts failed in a row, the last: step unit: exit status 1\u{1b}";
    assert_eq!(flags(3), [warn(text, "workloop why A")]);
    let text = text.replace("3 attempts", "4 attempts");
    assert_eq!(flags(4), [warn(&text, "workloop why A")]);
}

#[test]
fn five_red_flags_are_shown_and_the_others_counted() {
    let flags = |tasks: u32| {
        let events: Vec<Value> = (1..=tasks).flat_map(|n| failures(&format!("T{n}"), 3)).collect();
        let found = of(&Sandbox::complete(one()).journal(&events), "red flag");
        found.into_iter().map(|[_, text, mend]| (text, mend)).collect::<Vec<_>>()
    };
    assert_eq!(flags(5).len(), 5);
    let found = flags(7);
    assert_eq!(found.len(), 6);
    assert!(found[4].0.starts_with("T5 fails repeatedly: "), "{found:?}");
    let more = ("2 more".to_owned(), "workloop events --since 1d".to_owned());
    assert_eq!(found[5], more);
}

#[test]
fn a_change_that_fails_in_different_ways_is_flaky() {
    let attempt = |sandbox: Sandbox, number: u32, output: &str| {
        let print = json!({"change": "c", "output": output});
        sandbox.reported("A", number, json!({"verdict": "FAIL", "fingerprint": print}))
    };
    let text = "A is flaky: the same change failed in different ways";
    for (outputs, wanted) in
        [(["one", "two"], vec![warn(text, "workloop why A")]), (["one", "one"], Vec::new())]
    {
        let sandbox = attempt(Sandbox::complete(one()).journal(&failures("A", 2)), 1, outputs[0]);
        let sandbox = attempt(sandbox, 2, outputs[1]);
        assert_eq!(of(&sandbox, "red flag"), wanted, "{outputs:?}");
    }
}

#[test]
fn a_task_that_takes_far_longer_than_others_is_slow() {
    let took = |task: &str, minutes: u32| {
        let at = |minute: u32| format!("2026-01-19T{:02}:{:02}:00Z", minute / 60, minute % 60);
        let worker = "host:7:0000000a";
        [
            json!({"event": "claimed", "task": task, "worker": worker, "at": at(0)}),
            json!({"event": "completed", "task": task, "worker": worker, "at": at(minutes)}),
        ]
    };
    let flags = |longest: u32| {
        let quick = ["B", "C", "D", "E"].into_iter().flat_map(|task| took(task, 10));
        let events: Vec<Value> = quick.chain(took("A", longest)).collect();
        of(&Sandbox::complete(one()).journal(&events), "red flag")
    };
    assert_eq!(flags(40).len(), 0);
    let text = "A is slow: took 41 min, the median is 10";
    assert_eq!(flags(41), [warn(text, "workloop why A")]);
}

#[test]
fn living_loops_are_counted() {
    let sandbox = Sandbox::complete(one());
    let state = StateDir::beside(&sandbox.path("queues/q.json"));
    let enter = |name: &str| {
        let about = About { pid: 7, queues: vec!["q".to_owned()], jobs: 1, ..About::default() };
        Registration::enter(&state, name, about).expect("entered")
    };
    let first = enter("0000000a");
    assert_eq!(of(&sandbox, "loops"), [ok("1 runs here")]);
    let second = enter("0000000b");
    assert_eq!(of(&sandbox, "loops"), [ok("2 run here")]);
    drop((first, second));
    assert_eq!(of(&sandbox, "loops"), [ok("none runs here")]);
}

#[test]
fn a_step_whose_module_is_missing_says_how_to_install_it() {
    let config = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"unit\"\nrun = \"python3 -m pytest\"\n";
    let verify = |script: &str| {
        let sandbox =
            Sandbox::complete(one()).program("sh", "").program("python3", script).config(config);
        of(&sandbox, "verify")
    };
    let listed = ok("default: unit (python3 -m pytest)");
    let lacking = warn("python3 -m pytest: python3 has no pytest", "python3 -m pip install pytest");
    assert_eq!(verify("exit 1"), [listed.clone(), lacking]);
    assert_eq!(verify("exit 0"), [listed]);
}

#[test]
fn a_paused_agent_is_told_until_when_and_why_without_secrets() {
    let pause = |until: i64| {
        let pause = json!({"agent": "default", "since": ago(10), "last": ago(1), "until": ago(-until),
                           "failures": 2, "reason": "overloaded, s3cret-word\u{1b}"});
        let sandbox = Sandbox::complete(one()).var("DOOR_KEY", "s3cret-word");
        let pause: Backoff = serde_json::from_value(pause).expect("a pause");
        let backoffs = Backoffs::of(&sandbox.path(""));
        let put =
            backoffs.change("default", &CountingIds::default(), |_| (Some(pause.clone()), ()));
        put.expect("written");
        of(&sandbox, "pause")
    };
    let found = pause(4);
    assert_eq!(found.len(), 1);
    let [health, text, mend] = &found[0];
    assert_eq!((health.as_str(), mend.as_str()), ("warn", "workloop resume"));
    let start = "agent default failed 2 times within seconds; next try at ";
    let end = ", or at once after workloop resume (overloaded, [masked]\u{1b})";
    assert!(text.starts_with(start) && text.ends_with(end), "{text}");
    assert_eq!(pause(-6).len(), 0, "long over");
}

#[test]
fn red_flags_quote_no_secrets() {
    let events: Vec<Value> = (1..=3)
        .map(|attempt| {
            json!({"event": "retried", "task": "A", "worker": "host:7:0000000a", "attempt": attempt,
                   "data": {"reason": "the key is s3cret-word"}})
        })
        .collect();
    let found =
        of(&Sandbox::complete(one()).journal(&events).var("DOOR_KEY", "s3cret-word"), "red flag");
    let text = "A fails repeatedly: 3 attempts failed in a row, the last: the key is [masked]";
    assert_eq!(found, [warn(text, "workloop why A")]);
}

#[test]
fn what_to_do_names_the_queue_that_was_named() {
    let task = json!([{"id": "S", "title": "s", "status": "in_progress", "attempts": 1, "claim": gone(1)}]);
    let sandbox = Sandbox::complete(task).queue("other", one()).journal(&failures("S", 3));
    let ran = sandbox.reads("doctor --json queues/q.json");
    let named = "--work-queue queues/q.json";
    let run = format!("workloop run {named}");
    assert_eq!(signs(&ran, "claims"), [warn("stale: S; the next run takes them over", &run)]);
    let [_, _, mend] = &signs(&ran, "red flag")[0];
    assert_eq!(*mend, format!("workloop why S {named}"));
    let [_, _, mend] = &of(&sandbox, "red flag")[0];
    assert_eq!(mend, "workloop why S");
}
