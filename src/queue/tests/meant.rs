//! Tests which unknown keys are told as probably meant for known ones.

use super::*;

/// Returns what is told of the keys of these tasks, each as `code: message`.
fn told(tasks: &str) -> Vec<String> {
    let queue = parse(&format!("{{\"tasks\": [{tasks}]}}"));
    let found = queue.odd_keys();
    let one = |finding: &crate::queue::Finding| format!("{}: {}", finding.code, finding.message);
    let all: Vec<String> = found.iter().map(one).collect();
    // `check` tells the same among all others.
    let odd = |code: &str| matches!(code, "near-key" | "unread-state" | "unread-ids");
    let checked = queue.findings();
    assert_eq!(checked.iter().filter(|one| odd(one.code)).map(one).collect::<Vec<_>>(), all);
    all
}

#[test]
fn a_misspelled_key_is_told_with_the_one_that_is_meant() {
    for (key, meant) in [
        ("Status", "status"),
        ("STATUS", "status"),
        ("Depends_On", "depends_on"),
        ("depends-on", "depends_on"),
        ("dependson", "depends_on"),
        ("dependancies", "dependencies"),
        ("prioirty", "priority"),
        ("descripton", "description"),
        ("max iterations", "max_iterations"),
        ("estimated_minuts", "estimated_minutes"),
        ("acceptance_criterea", "acceptance_criteria"),
        ("Titel", "title"),
    ] {
        let expected = format!("near-key: `{key}` is not a known key; `{meant}` is probably meant");
        assert_eq!(told(&format!("{{\"id\": \"a\", \"{key}\": 1}}")), [expected], "{key}");
    }
    for key in
        ["sta", "notes", "owner", "titles", "tag", "required", "need", "block", "xyz", "statutory"]
    {
        assert_eq!(told(&format!("{{\"id\": \"a\", \"{key}\": 1}}")), [""; 0], "{key}");
    }
}

#[test]
fn an_odd_key_is_told_once_with_how_often_it_occurs() {
    let task = |id: usize| format!("{{\"id\": \"t{id}\", \"prioirty\": 1}}");
    let told_of = |count: usize| {
        let all: Vec<String> = (0..count).map(task).collect();
        told(&all.join(", "))
    };
    let says = "near-key: `prioirty` is not a known key; `priority` is probably meant";
    assert_eq!(told_of(1), [says]);
    assert_eq!(told_of(2), [format!("{says} (also in 1 more task)")]);
    assert_eq!(told_of(3), [format!("{says} (also in 2 more tasks)")]);
}

#[test]
fn a_key_like_a_state_is_told_where_the_task_has_none() {
    let state = |key: &str, meant: &str| {
        format!(
            "unread-state: `{key}` is not read, so the task counts as pending; if it is the state, \
             call it `{meant}`"
        )
    };
    for (member, expected) in [
        ("\"isDone\": true", Some(("isDone", "done"))),
        ("\"is_complete\": false", Some(("is_complete", "done"))),
        ("\"was_finished\": true", Some(("was_finished", "done"))),
        ("\"hasPassed\": true", Some(("hasPassed", "done"))),
        ("\"finished\": true", Some(("finished", "done"))),
        ("\"task_status\": \"todo\"", Some(("task_status", "status"))),
        ("\"myState\": \"Done\"", Some(("myState", "status"))),
        ("\"task_status\": \"whatever\"", None),
        ("\"mode\": \"done\"", None),
        ("\"isDone\": \"true\"", None),
        ("\"isDone\": 1", None),
        ("\"isOpen\": true", None),
        ("\"isDone\": true, \"status\": \"todo\"", None),
        ("\"task_status\": \"todo\", \"done\": false", None),
    ] {
        let expected: Vec<String> =
            expected.into_iter().map(|(key, meant)| state(key, meant)).collect();
        assert_eq!(told(&format!("{{\"id\": \"a\", {member}}}")), expected, "{member}");
    }
}

#[test]
fn a_key_that_names_other_tasks_is_told() {
    let with = |member: &str| {
        told(&format!(
            "{{\"id\": \"a\", {member}}}, {{\"id\": \"b\"}}, {{\"id\": 7}}, {{\"id\": \"8\"}}"
        ))
    };
    for (member, names) in [
        ("\"follows\": \"b\"", Some(("follows", "b"))),
        ("\"follows\": [\"x\", \"b\"]", Some(("follows", "b"))),
        ("\"follows\": [7, 8]", Some(("follows", "7"))),
        ("\"follows\": [7, 9]", None),
        ("\"follows\": 7", None),
        ("\"follows\": \"a\"", None),
        ("\"follows\": [\"a\"]", None),
        ("\"follows\": \"x\"", None),
        ("\"follows\": {\"b\": true}", None),
        ("\"follows\": []", None),
    ] {
        let expected: Vec<String> = names
            .into_iter()
            .map(|(key, id)| {
                format!(
                    "unread-ids: `{key}` names tasks of this file (`{id}`) but is not read, so it \
                     does not order them; use `dependencies`"
                )
            })
            .collect();
        assert_eq!(with(member), expected, "{member}");
    }
    // A key that names no task here may name one further down.
    let later = told("{\"id\": \"a\", \"follows\": \"x\"}, {\"id\": \"b\", \"follows\": \"a\"}");
    assert_eq!(later.len(), 1);
}

#[test]
fn a_finding_of_a_key_is_at_its_first_occurrence() {
    let queue = parse(
        "{\"tasks\": [\n  {\"id\": \"a\"},\n  {\"id\": \"b\",\n   \"prioirty\": 1},\n  {\"id\": \"c\", \"prioirty\": 2}]}",
    );
    let found = queue.odd_keys();
    let [one] = &found[..] else { panic!("one finding: {found:?}") };
    assert_eq!((one.position.line, one.position.column), (4, 4));
    assert_eq!(one.task.as_ref().map(|id| id.as_str()), Some("b"));
}

#[test]
fn what_is_long_or_hostile_is_shortened_and_escaped() {
    let long = "k".repeat(70);
    let told = told(&format!("{{\"id\": \"a\", \"{long}\": \"b\"}}, {{\"id\": \"b\"}}"));
    let begin = format!("unread-ids: `{}…` names tasks", "k".repeat(60));
    assert!(told[0].starts_with(&begin), "{told:?}");
    let told = super::meant::told("{\"id\": \"a\", \"x\\u001b[31m\": \"b\"}, {\"id\": \"b\"}");
    assert!(told[0].starts_with("unread-ids: `x\\u{1b}[31m` names"), "{told:?}");
}
