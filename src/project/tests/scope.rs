//! Which tasks the filters of a command select.

use super::*;
use crate::project::Scope;

fn selected(scope: &Scope) -> Vec<String> {
    let sample = Sample::of(json!([
        task(
            "A",
            &json!({"phase": "One", "track": "t", "type": "Bug", "tags": ["x", "y"], "epic": "E"})
        ),
        task("B", &json!({"phase": 2, "tags": ["Y"], "parent": "E"})),
        task("C", &json!({"type": "bug", "epic": "F", "parent": "E"})),
        task("D", &json!({})),
    ]));
    let tasks = sample.project.queues()[0].tasks();
    tasks.iter().filter(|task| scope.includes(task)).map(|task| task.id.to_string()).collect()
}

#[test]
fn a_task_passes_if_it_has_one_value_of_each_list() {
    let all = Scope::default;
    for (scope, wanted) in [
        (all(), "A B C D"),
        (Scope { ids: words(&["A", "D", "no"]).into_iter().collect(), ..all() }, "A D"),
        // An id is compared exactly, everything else without case.
        (Scope { ids: words(&["a"]).into_iter().collect(), ..all() }, ""),
        (Scope { phases: words(&["one"]), ..all() }, "A"),
        (Scope { phases: words(&["2", "ONE"]), ..all() }, "A B"),
        (Scope { tracks: words(&["T"]), ..all() }, "A"),
        (Scope { kinds: words(&["BUG"]), ..all() }, "A C"),
        (Scope { tags: words(&["y"]), ..all() }, "A B"),
        (Scope { tags: words(&["x", "z"]), ..all() }, "A"),
        // A parent counts only for a task without an epic of its own.
        (Scope { epics: words(&["E"]), ..all() }, "A B"),
        (Scope { epics: words(&["F"]), ..all() }, "C"),
        (Scope { kinds: words(&["bug"]), epics: words(&["f"]), ..all() }, "C"),
        (Scope { kinds: words(&["bug"]), tags: words(&["y"]), ..all() }, "A"),
        (Scope { phases: words(&["2"]), kinds: words(&["bug"]), ..all() }, ""),
        (Scope { phases: words(&[""]), ..all() }, ""),
        (Scope { nothing: true, ..all() }, ""),
        (Scope { nothing: true, ids: words(&["A"]).into_iter().collect(), ..all() }, ""),
    ] {
        assert_eq!(selected(&scope).join(" "), wanted, "{scope:?}");
    }
}

#[test]
fn only_a_scope_without_filters_is_everything() {
    assert!(Scope::default().is_all());
    assert!(!Scope { nothing: true, ..Scope::default() }.is_all());
    assert!(!Scope { tags: words(&[""]), ..Scope::default() }.is_all());
}
