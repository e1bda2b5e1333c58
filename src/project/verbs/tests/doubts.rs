//! Warnings about tasks that can never run, right after they were written.

use super::*;

fn doubts_of(tasks: Value, ids: &[&str]) -> Vec<String> {
    doubts(&Sample::of(tasks).project, &words(ids))
}

#[test]
fn a_task_that_waits_for_nothing_raises_no_doubt() {
    let tasks = json!([task("A", &json!({})), task("B", &json!({"dependencies": ["A"]}))]);
    assert_eq!(doubts_of(tasks.clone(), &["A"]), [] as [&str; 0]);
    assert_eq!(doubts_of(tasks.clone(), &["B"]), [] as [&str; 0]);
    assert_eq!(doubts_of(tasks.clone(), &["no-such-task"]), [] as [&str; 0]);
    assert_eq!(doubts_of(tasks, &[]), [] as [&str; 0]);
}

#[test]
fn an_unknown_dependency_is_a_doubt_about_the_tasks_that_were_named_only() {
    let tasks = json!([
        task("A", &json!({"dependencies": ["nowhere-1"]})),
        task("B", &json!({"dependencies": ["nowhere-2"]})),
    ]);
    let found = doubts_of(tasks, &["B"]);
    assert_eq!(found, ["B can never run: nowhere-2: no loaded queue has such a task"]);
}

#[test]
fn a_cycle_is_reported_once() {
    let tasks = json!([
        task("A", &json!({"dependencies": ["B"]})),
        task("B", &json!({"dependencies": ["A"]})),
        task("C", &json!({"dependencies": ["C"]})),
    ]);
    let found = doubts_of(tasks.clone(), &["A", "B"]);
    assert_eq!(found, ["A -> B -> A can never run"]);
    assert_eq!(doubts_of(tasks, &["B"]), ["A -> B -> A can never run"]);
}

#[test]
fn only_the_first_twenty_doubts_are_listed() {
    let waits = |count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("no-such-{n}")).collect();
        json!([task("A", &json!({"dependencies": ids}))])
    };
    assert_eq!(doubts_of(waits(20), &["A"]).len(), 20);
    for (count, more) in [(21, 1), (45, 25)] {
        let found = doubts_of(waits(count), &["A"]);
        assert_eq!(found.len(), 21);
        let last = format!("and {more} more of this kind; `workloop check` lists them all");
        assert_eq!(found.last(), Some(&last));
    }
    let named = Sample::named(" --project p", waits(21));
    let last = "and 1 more of this kind; `workloop check --project p` lists them all";
    assert_eq!(doubts(&named.project, &words(&["A"])).last().map(String::as_str), Some(last));
}
