//! `reset`: which tasks have run, and what is left of them.

use super::*;
use crate::store::attempts::AttemptFolder;

fn ran() -> Value {
    json!([
        task("fresh", &json!({})),
        task("zeroes", &json!({"attempts": 0, "passes": false, "error": null})),
        task("tried", &json!({"attempts": 1})),
        task("passes", &json!({"passes": true})),
        task("failed", &json!({"error": ""})),
        task("told", &json!({"answers": []})),
        task("half", &json!({"budget_used": -1})),
        task("reported", &json!({"progress": {}})),
        in_state("done", "complete", &json!({})),
        in_state("stopped", "blocked", &json!({})),
        in_state("parked", "parked", &json!({"attempts": 1})),
        in_state("odd", "nearly", &json!({"attempts": 1})),
    ])
}

#[test]
fn every_task_that_has_run_is_reset_except_those_set_aside() {
    let mut sample = Sample::of(ran());
    let ids = |sample: &Sample| {
        let queues = sample.project.queues();
        let places = to_reset(queues, 1).into_iter();
        places
            .map(|place| queues[place.queue].tasks()[place.task].id.to_string())
            .collect::<Vec<_>>()
    };
    let wanted =
        words(&["tried", "passes", "failed", "told", "half", "reported", "done", "stopped"]);
    assert_eq!(ids(&sample), wanted);
    assert_eq!(left_by_reset(sample.project.queues(), 1), 2);
    assert_eq!(
        (to_reset(sample.project.queues(), 0), left_by_reset(sample.project.queues(), 0)),
        (vec![], 0)
    );
    let mut done = words(&["earlier"]);
    reset_all(&mut sample.project, &mut done).expect("reset");
    assert_eq!(done[1..], wanted);
    assert_eq!(sample.task("done"), json!({"id": "done", "title": "done", "status": "pending"}));
    assert_eq!(sample.task("parked")["attempts"], 1);
    assert_eq!(sample.events().len(), wanted.len());
    let mut again = Vec::new();
    reset_all(&mut sample.project, &mut again).expect("nothing is left");
    assert_eq!((again.len(), sample.events().len()), (0, wanted.len()));
}

#[test]
fn a_reset_task_is_as_if_it_had_never_run() {
    let ran = json!({"attempts": 4, "budget_used": 2, "passes": true, "started_at": NOW, "error": "x",
        "completed_by": "Ada", "progress": {"percent": 1}, "answers": ["a"], "open_question": {},
        "files_actually_changed": ["a"], "landed_commit": "c", "cost_usd": 1.5, "own": "stays",
        "approved_by": "Ada", "approved_at": NOW});
    let mut sample = Sample::of(json!([in_state("A", "complete", &ran), task("B", &json!({}))]));
    let set = std::sync::Arc::clone(sample.project.set());
    let folder = |id: &str| {
        let queue = set.queue(QueueIx::FIRST);
        AttemptFolder::new(queue.state(), &queue.task(id), 4)
    };
    for id in ["A", "B"] {
        folder(id).create().expect("made");
    }
    assert_eq!(
        reset(&mut sample.project, &words(&["A"])).map_err(|error| error.to_string()),
        Ok(words(&["A"]))
    );
    let wanted = json!({"id": "A", "title": "A", "status": "pending", "attempts": 0, "passes": false,
        "started_at": null, "error": null, "files_actually_changed": null, "own": "stays",
        "approved_by": "Ada", "approved_at": NOW});
    assert_eq!(sample.task("A"), wanted);
    assert!(!folder("A").path().exists() && folder("B").path().exists());
}

#[test]
fn all_named_tasks_are_reset_or_none() {
    let mut sample = Sample::of(json!([in_state("A", "complete", &json!({}))]));
    let why = "there is no task `no-such` in q.json";
    let ids = words(&["A", "no-such"]);
    let reset = |sample: &mut Sample| match reset(&mut sample.project, &ids) {
        Err(VerbError::Store(error)) => Err(error),
        other => panic!("{other:?}"),
    };
    refuses::<()>(&mut sample, reset, why);
}

#[test]
fn a_task_that_a_reset_cannot_clear_does_not_repeat_it_forever() {
    // The approval of the work stays, but its claim field is text of the file's own.
    let mut sample = Sample::of(json!([task("A", &json!({"attempts": 1, "change": "mine"}))]));
    let mut done = Vec::new();
    reset_all(&mut sample.project, &mut done).expect("it ends");
    assert_eq!(done[0], "A");
    assert!(done.len() <= 2, "{done:?}");
}
