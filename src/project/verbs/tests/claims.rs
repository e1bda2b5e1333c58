//! Verbs over tasks that a worker has claimed: dead workers are no obstacle, living ones are.

use super::*;
use crate::platform::scan;

/// Returns a task that the parent of this process has claimed, which is alive.
fn alive(id: &str) -> (Value, String) {
    let parent = scan::process(std::process::id()).expect("this process").parent;
    let start = scan::start_time(parent).expect("a start time");
    (claimed(id, (parent, start)), format!("h:{parent}:00000000"))
}

fn of(error: VerbError) -> String {
    match error {
        VerbError::Store(error) => format!("store: {error}"),
        at_work @ VerbError::AtWork { .. } => at_work.to_string(),
    }
}

fn finish(sample: &mut Sample, ids: &[&str], by: &Done) -> Result<Vec<String>, String> {
    let ids = words(ids);
    let (_, dead) = before_done(&sample.project, &ids).map_err(of)?;
    let details = |_: QueueIx, id: &str| Map::from_iter([("of".to_owned(), json!(id))]);
    done(&mut sample.project, &ids, by, &dead, &details).map_err(|error| error.to_string())
}

fn ada(verdict: Verdict) -> Done {
    Done { by: "Ada".to_owned(), note: None, verdict }
}

#[test]
fn the_claim_of_a_dead_worker_is_released() {
    let mut sample =
        Sample::of(json!([abandoned("A"), in_state("B", "in_progress", &json!({"attempts": 1}))]));
    let made = release(&mut sample.project, &words(&["A", "q:B"]), false).map_err(of);
    assert_eq!(made, Ok(words(&["A", "B"])));
    let wanted = json!({"id": "A", "title": "A", "status": "pending", "attempts": 2,
        "error": "released", "budget_used": 1});
    assert_eq!(sample.task("A"), wanted, "the attempt costs no budget");
    assert_eq!(sample.events(), [event("released", "A"), event("released", "B")]);
}

#[test]
fn a_worker_that_may_be_alive_is_ended_only_by_force() {
    let (living, worker) = alive("A");
    for (task, why) in [
        (living, format!("task A: {worker} is working on it")),
        (
            foreign("A"),
            "task A: h:1:00000000 is on another host, so whether it is alive cannot be determined here".to_owned(),
        ),
    ] {
        let mut sample = Sample::of(json!([task, abandoned("B")]));
        let before = sample.task("A");
        let ids = words(&["B", "A"]);
        assert_eq!(release(&mut sample.project, &ids, false).map_err(of), Err(why.clone()));
        assert_eq!(finish(&mut sample, &["B", "A"], &ada(Verdict::Skipped)), Err(why));
        assert_eq!((sample.task("A"), sample.events()), (before, vec![]));
        assert_eq!(release(&mut sample.project, &ids, true).map_err(of), Ok(ids));
        assert_eq!(sample.task("A")["status"], "pending");
    }
}

#[test]
fn a_claim_whose_lock_is_held_is_alive() {
    let mut sample = Sample::of(json!([abandoned("A")]));
    let set = std::sync::Arc::clone(sample.project.set());
    let key = set.queue(QueueIx::FIRST).task("A");
    let hold = set.claims().take(&sample.path("q"), &key).expect("taken");
    assert!(hold.is_some());
    let why = "task A: h:1:00000000 is working on it";
    assert_eq!(
        release(&mut sample.project, &words(&["A"]), false).map_err(of),
        Err(why.to_owned())
    );
    drop(hold);
    assert!(release(&mut sample.project, &words(&["A"]), false).is_ok());
}

#[test]
fn what_is_not_claimed_is_not_released() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    for force in [false, true] {
        let why = "store: task A is pending: it is not claimed; legal now: run, done, block, park, cancel, reset";
        assert_eq!(
            release(&mut sample.project, &words(&["A"]), force).map_err(of),
            Err(why.to_owned())
        );
        let why = "store: there is no task `no-such` in q.json";
        assert_eq!(
            release(&mut sample.project, &words(&["no-such"]), force).map_err(of),
            Err(why.to_owned())
        );
    }
}

#[test]
fn a_claim_that_changed_meanwhile_is_left_alone() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    // The project was read before a worker claimed the task.
    sample.put("q", &json!({"tasks": [abandoned("A")]}));
    let why = "store: the claim of task A has just changed; look again";
    assert_eq!(
        release(&mut sample.project, &words(&["A"]), false).map_err(of),
        Err(why.to_owned())
    );
    assert_eq!(sample.task("A")["status"], "in_progress");
}

#[test]
fn a_person_completes_work_and_says_so() {
    let mut sample = Sample::of(json!([task("A", &json!({"error": "x"})), abandoned("B")]));
    let by = Done { note: Some("by hand".to_owned()), ..ada(Verdict::Skipped) };
    assert_eq!(finish(&mut sample, &["A"], &by), Ok(words(&["A"])));
    let wanted = json!({"id": "A", "title": "A", "status": "complete", "error": null,
        "completed_at": NOW, "completed_by": "Ada", "completion_note": "by hand", "passes": false,
        "verification_verdict": "SKIPPED"});
    assert_eq!(sample.task("A"), wanted);
    let data = sample.last_data();
    assert_eq!(
        (&data["by"], &data["note"], &data["of"]),
        (&json!("Ada"), &json!("by hand"), &json!("A"))
    );
    // A dead worker's claim ends before that.
    assert_eq!(finish(&mut sample, &["B"], &ada(Verdict::Pass)), Ok(words(&["B"])));
    let after = sample.task("B");
    assert_eq!((&after["status"], &after["passes"]), (&json!("complete"), &json!(true)));
    assert_eq!((after.get("claim"), after.get("completion_note")), (None, None));
    assert_eq!(
        sample.events(),
        [event("completed", "A"), event("released", "B"), event("completed", "B")]
    );
    assert_eq!(sample.last_data().get("note"), None);
    let why = "task A is complete: it is already complete; legal now: reset";
    assert_eq!(finish(&mut sample, &["A"], &ada(Verdict::Pass)), Err(why.to_owned()));
    let why = "store: there is no task `no-such` in q.json";
    assert_eq!(finish(&mut sample, &["no-such"], &ada(Verdict::Pass)), Err(why.to_owned()));
}

#[test]
fn a_reset_ends_dead_claims_and_leaves_the_living() {
    let mut sample = Sample::of(json!([abandoned("A")]));
    assert_eq!(reset(&mut sample.project, &words(&["A"])).map_err(of), Ok(words(&["A"])));
    assert_eq!(sample.events(), [event("released", "A"), event("reset", "A")]);
    let (living, _) = alive("A");
    for task in [living, foreign("A")] {
        let mut sample =
            Sample::of(json!([task, in_state("B", "complete", &json!({"attempts": 1}))]));
        let why = "store: task A is in_progress: an attempt is running; cancel or release it first; \
                   legal now: cancel, block, park, release, progress";
        let both = words(&["B", "A"]);
        assert_eq!(reset(&mut sample.project, &both).map_err(of), Err(why.to_owned()));
        // A running task is met before anything else is changed.
        let mut done = Vec::new();
        assert_eq!(reset_all(&mut sample.project, &mut done).map_err(of), Err(why.to_owned()));
        assert_eq!((done, sample.events()), (vec![], vec![]));
    }
}
