//! `progress`: what an agent or a person reports about a task that runs.

use super::*;
use crate::domain::{ClaimToken, WorkerId};

fn percent(percent: u8) -> Progress {
    let fields = Map::from_iter([("percent".to_owned(), json!(percent))]);
    Progress { fields, steps: Vec::new() }
}

fn steps(steps: &[usize]) -> Progress {
    Progress { steps: steps.to_vec(), ..Progress::default() }
}

fn report(sample: &mut Sample, said: &Progress) -> Result<(), StoreError> {
    progress(&mut sample.project, "A", &Actor::Person, said)
}

#[test]
fn a_report_is_merged_over_earlier_ones() {
    let earlier = json!({"percent": 10, "next": "walls", "own": 1, "at": "2026-01-01T00:00:00Z"});
    let mut sample =
        Sample::of(json!([in_state("A", "in_progress", &json!({"progress": earlier}))]));
    report(&mut sample, &percent(40)).expect("reported");
    let wanted = json!({"percent": 40, "next": "walls", "own": 1, "at": NOW});
    assert_eq!(sample.task("A")["progress"], wanted);
    assert_eq!(sample.events(), [event("progress", "A")]);
    // What is no object is replaced.
    for other in [json!(null), json!("half"), json!([1])] {
        let mut sample =
            Sample::of(json!([in_state("A", "in_progress", &json!({"progress": other}))]));
        report(&mut sample, &percent(1)).expect("reported");
        assert_eq!(sample.task("A")["progress"], json!({"percent": 1, "at": NOW}));
    }
}

#[test]
fn steps_accumulate_and_replace_the_percentage() {
    let tasks = json!([in_state("A", "in_progress", &json!({"steps": ["a", "b", "c"]}))]);
    let mut sample = Sample::of(tasks);
    report(&mut sample, &percent(50)).expect("reported");
    for (given, wanted) in [
        (&[3, 1][..], json!([1, 3])),
        (&[3], json!([1, 3])),
        (&[2], json!([1, 2, 3])),
        (&[], json!([1, 2, 3])),
    ] {
        report(&mut sample, &steps(given)).expect("reported");
        assert_eq!(
            sample.task("A")["progress"],
            json!({"steps_done": wanted, "at": NOW}),
            "{given:?}"
        );
    }
    // A list that was edited by hand is read as far as it is one.
    let odd = json!({"steps": ["a", "b"], "progress": {"steps_done": [2, "x", -1, 9]}});
    let mut sample = Sample::of(json!([in_state("A", "in_progress", &odd)]));
    report(&mut sample, &steps(&[1])).expect("reported");
    assert_eq!(sample.task("A")["progress"]["steps_done"], json!([1, 2, 9]));
}

#[test]
fn a_step_that_the_task_does_not_have_is_refused() {
    let with_steps = json!({"steps": ["a", {"title": "b"}]});
    let mut sample = Sample::of(json!([in_state("A", "in_progress", &with_steps)]));
    for step in [0, 3] {
        let why = format!("task A has no step {step}; its steps are 1 to 2");
        refuses(&mut sample, |sample| report(sample, &steps(&[1, step])), &why);
    }
    for more in [json!({}), json!({"steps": []}), json!({"steps": "one"})] {
        let mut sample = Sample::of(json!([in_state("A", "in_progress", &more)]));
        let why = "task A lists no steps; use --percent, or add a list `steps` to it";
        refuses(&mut sample, |sample| report(sample, &steps(&[1])), why);
    }
}

#[test]
fn only_the_attempt_that_has_the_claim_reports() {
    let mut sample = Sample::of(json!([abandoned("A"), task("B", &json!({}))]));
    let worker =
        |name: &str, attempt| Actor::Worker(ClaimToken { worker: WorkerId::new(name), attempt });
    let report = |sample: &mut Sample, id: &str, actor: &Actor| {
        progress(&mut sample.project, id, actor, &percent(1))
    };
    for (id, actor, why) in [
        ("A", worker("h:1:00000000", 1), "task A is no longer claimed by attempt 1"),
        ("A", worker("h:2:00000000", 2), "task A is no longer claimed by attempt 2"),
        ("B", worker("h:1:00000000", 2), "task B is no longer claimed by attempt 2"),
        ("no-such", worker("h:1:00000000", 2), "there is no task `no-such` in q.json"),
    ] {
        refuses(&mut sample, |sample| report(sample, id, &actor), why);
    }
    report(&mut sample, "A", &worker("h:1:00000000", 2)).expect("reported");
    // A person may report about any task.
    report(&mut sample, "B", &Actor::Person).expect("reported");
    let events = sample.memory.events(&sample.path("q"));
    let by: Vec<_> = events.iter().map(|event| (event.worker.as_deref(), event.attempt)).collect();
    assert_eq!(by, [(Some("h:1:00000000"), Some(2)), (None, None)]);
}
