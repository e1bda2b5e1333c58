//! Tests which changes of a file a plan depends on.

use super::*;
use crate::domain::Field;

/// Returns the hash of a queue with one task that has these members.
fn of(members: &str) -> u64 {
    parse(&format!("{{\"tasks\": [{{\"id\": \"t\", {members}}}]}}")).structure()
}

#[test]
fn each_field_that_a_plan_reads_changes_the_structure() {
    let plain = of("\"title\": \"x\"");
    let mut seen = vec![plain];
    for members in [
        "\"priority\": 0",
        "\"priority\": 1",
        "\"requires_approval\": true",
        "\"requires_approval\": true, \"approved_at\": \"2026-01-01T00:00:00Z\"",
        "\"type\": \"a\"",
        "\"agent\": \"a\"",
        "\"escalated_to\": \"a\"",
        "\"phase\": \"a\"",
        "\"track\": \"a\"",
        "\"epic\": \"a\"",
        "\"parent\": \"a\"",
        "\"tags\": [\"a\"]",
        "\"files\": [\"a\"]",
        "\"scope\": [\"a\"]",
        "\"child_tasks\": [\"a\"]",
        "\"conflict_paths\": [\"a\"]",
        "\"verify\": [\"a\"]",
        "\"notify\": [\"a\"]",
        "\"dependencies\": [\"a\"]",
        "\"dependencies\": [\"a\", \"b\"]",
        "\"dependencies\": [\"ab\"]",
        "\"dependencies\": [\"b\", \"a\"]",
        "\"requires\": [\"a\"]",
        "\"needs\": [\"a\"]",
        "\"after\": [\"a\"]",
        "\"prerequisites\": [\"a\"]",
        "\"blocks\": [\"a\"]",
        "\"steps\": [{\"depends_on\": [\"a\"]}]",
        "\"estimated_minutes\": 0",
        "\"estimated_minutes\": 5",
        "\"estimated_hours\": 5",
        "\"estimated_hours\": [5, 6]",
        "\"effort\": \"S\"",
        "\"effort\": \"M\"",
        "\"not_before\": \"2026-01-01T00:00:00Z\"",
        "\"not_before\": \"2026-01-01T00:00:01Z\"",
        "\"max_iterations\": 0",
        "\"max_iterations\": 1",
        "\"phase\": {}",
        "\"dependencies\": 1.5",
    ] {
        let hash = of(members);
        assert!(!seen.contains(&hash), "{members}");
        seen.push(hash);
    }
}

#[test]
fn what_a_run_writes_and_what_people_read_changes_nothing() {
    let plain = of("\"title\": \"x\"");
    for members in [
        "\"title\": \"y\"",
        "\"description\": \"y\"",
        "\"status\": \"done\"",
        "\"attempts\": 3",
        "\"passes\": true",
        "\"error\": \"y\"",
        "\"claim\": {\"worker\": \"h:1:00000000\", \"attempt\": 1, \"since\": \"2026-01-01T00:00:00Z\"}",
        "\"progress\": {\"percent\": 5}",
        "\"cost_usd\": 1",
        "\"unknown\": [1]",
        "\"dependencies\": []",
        "\"dependencies\": null",
        // A runtime field that cannot be read holds up the task, not the plan.
        "\"attempts\": \"many\"",
    ] {
        assert_eq!(of(members), plain, "{members}");
    }
}

#[test]
fn phases_and_the_order_of_tasks_are_part_of_it() {
    let of = |text: &str| parse(text).structure();
    let two = "{\"tasks\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}";
    let swapped = "{\"tasks\": [{\"id\": \"b\"}, {\"id\": \"a\"}]}";
    assert_ne!(of(two), of(swapped));
    let phases = |phases: &str| of(&format!("{{\"phases\": {phases}, \"tasks\": []}}"));
    let mut seen = vec![phases("[]")];
    for list in [
        "[\"1\"]",
        "[\"2\"]",
        "[\"1\", \"2\"]",
        "[{\"phase\": 1, \"barrier\": true}]",
        "[{\"phase\": 1, \"gate\": \"g\"}]",
        "[{\"phase\": 1, \"verify\": \"g\"}]",
        "[{\"phase\": 1, \"depends_on\": [\"2\"]}]",
    ] {
        let hash = phases(list);
        assert!(!seen.contains(&hash), "{list}");
        seen.push(hash);
    }
    assert_eq!(phases("[{\"phase\": 1, \"note\": \"x\"}]"), phases("[\"1\"]"));
}

#[test]
fn a_change_of_a_plan_is_seen_and_one_of_a_run_is_not() {
    let mut queue = parse("{\"tasks\": [{\"id\": \"a\", \"title\": \"x\"}]}");
    let before = (queue.revision(), queue.structure());
    step(&mut queue, 0, &claim(1));
    assert!(queue.revision() > before.0 && queue.structure() == before.1);
    let key = Field::Dependencies.key();
    queue.set_key(0, key, Some(&serde_json::json!(["b"]))).expect("set");
    let with = queue.structure();
    assert_ne!(with, before.1);
    queue.set_key(0, key, None).expect("removed");
    assert_eq!(queue.structure(), before.1);
    let task = serde_json::json!({"id": "b"});
    queue.append(task.as_object().expect("an object")).expect("added");
    assert_ne!(queue.structure(), before.1);
}
