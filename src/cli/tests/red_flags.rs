//! What `doctor` reads from journals and from records of loops.

use super::doctor::{of, ok, one, sound, warn};
use super::sandbox::Sandbox;
use crate::store::StateDir;
use crate::store::workers::{About, Registration};
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
    let flags = |count| of(&sound(one()).journal(&failures("A", count)), "red flag");
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
        let found = of(&sound(one()).journal(&events), "red flag");
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
        let sandbox = attempt(sound(one()).journal(&failures("A", 2)), 1, outputs[0]);
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
        of(&sound(one()).journal(&events), "red flag")
    };
    assert_eq!(flags(40).len(), 0);
    let text = "A is slow: took 41 min, the median is 10";
    assert_eq!(flags(41), [warn(text, "workloop why A")]);
}

#[test]
fn living_loops_are_counted() {
    let sandbox = sound(one());
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
        let sandbox = sound(one()).program("sh", "").program("python3", script).config(config);
        of(&sandbox, "verify")
    };
    let listed = ok("default: unit (python3 -m pytest)");
    let lacking = warn("python3 -m pytest: python3 has no pytest", "python3 -m pip install pytest");
    assert_eq!(verify("exit 1"), [listed.clone(), lacking]);
    assert_eq!(verify("exit 0"), [listed]);
}
