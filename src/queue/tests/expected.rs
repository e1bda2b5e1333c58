//! Tests what is said of each field that cannot be read, and of files that are no queues.

use super::*;
use crate::queue::Severity;
use serde_json::Value;

/// Returns the findings about a task with these members, each as `column code message`.
fn said(members: &str) -> Vec<String> {
    let queue = parse(&format!("{{\"tasks\": [{{\"id\": \"t\", \"title\": \"x\", {members}}}]}}"));
    let one = |found: &crate::queue::Finding| {
        format!("{} {} {}", found.position.column, found.code, found.message)
    };
    queue.findings().iter().map(one).collect()
}

/// The column of the first member in [`said`].
const FIRST: usize = 38;

#[test]
fn a_field_that_cannot_be_read_says_what_it_must_be() {
    let (count, path) = ("must be a whole number, 0 or more", "must be a path or a list of paths");
    for (key, expected) in [
        ("status", "must be a word such as `pending`"),
        ("dependencies", "must be a list of ids"),
        ("blockedBy", "must be a list of ids"),
        ("child_tasks", "must be a list of ids"),
        ("file", path),
        ("files", path),
        ("files_to_modify", path),
        ("files_to_create", path),
        ("scope", "must be a path or a list of paths and globs"),
        ("may_change_tests", "must be true or false"),
        ("may_remove_tests", "must be true or false"),
        ("contracts", "must be a name or a list of names"),
        ("type", "must be a string"),
        ("agent", "must be a string"),
        ("agent_type", "must be a string"),
        ("parent", "must be a string"),
        ("phase", "must be a name or a number"),
        ("requires_approval", "must be true, false or a list"),
        ("review", "must be true or false"),
        ("not_before", "must be a time such as 2026-01-19T14:35:45Z"),
        ("start_after", "must be a time such as 2026-01-19T14:35:45Z"),
        ("attempts", count),
        ("iterations", count),
        ("max_iterations", count),
        ("budget_used", count),
        ("claim", "must be an object with worker, attempt and since"),
        ("verify", "must be the name of a profile or a list of names"),
    ] {
        let column = FIRST + key.len() + 4;
        let expected =
            format!("{column} field-unusable `{key}` {expected}; until then the task is not run");
        let found = said(&format!("\"{key}\": {{\"odd\": 1}}"));
        assert_eq!(found, [expected], "{key}");
    }
}

#[test]
fn a_field_that_is_odd_says_what_to_write() {
    for (members, expected) in [
        (
            "\"priority\": \"urgent\"",
            "50 priority-unreadable the priority cannot be read, so the task ranks last; write a \
             whole number, P0 to P9, critical, high, medium or low",
        ),
        (
            "\"estimated_minutes\": \"x\"",
            "59 estimate-unreadable `estimated_minutes` cannot be read; write a number",
        ),
        (
            "\"estimated_hours\": \"x\"",
            "57 estimate-unreadable `estimated_hours` cannot be read; write a number, [low, high] or \"2-3\"",
        ),
        (
            "\"effort\": \"x\"",
            "48 estimate-unreadable `effort` cannot be read; write S, M, L or XL",
        ),
        (
            "\"status\": \"later\"",
            "48 status-unknown the status `later` is unknown; the task is not run",
        ),
        (
            "\"steps\": [{\"id\": \"a\", \"needs\": \"x\"}, {\"id\": \"a1\", \"depends_on\": [\"b\"]}, {\"id\": \"b\"}]",
            "47 step-order step a1 is listed before step b, on which it depends; swap them",
        ),
        (
            "\"attempts\": 1, \"iterations\": 2",
            "53 two-spellings `attempts` and `iterations` are two spellings of one field; `attempts` counts, remove the other",
        ),
        (
            "\"iterations\": 2, \"attempts\": 1",
            "55 two-spellings `iterations` and `attempts` are two spellings of one field; `attempts` counts, remove the other",
        ),
        (
            "\"status\": \"done\", \"passes\": false",
            "66 complete-not-passed the task is complete, but `passes` is false; look at it, then `workloop reset` it or set `passes`",
        ),
        (
            "\"status\": \"todo\", \"done\": true",
            "64 passed-not-complete `done` is true, but `status` says pending, which counts: the task is run; `workloop done` it, or set `done` to false",
        ),
        (
            "\"state\": 3",
            "47 state-unreadable `state` is 3, and not a word: it does not give the state, so the task is pending",
        ),
        (
            "\"done\": \"yes\"",
            "46 state-unreadable `done` is \"yes\", and not true or false: it does not give the state, so the task is pending",
        ),
        (
            "\"x\": 1, \"x\": 2",
            "46 duplicate-key the key `x` occurs twice in this object; the last one counts",
        ),
    ] {
        assert_eq!(said(members), [expected], "{members}");
    }
}

#[test]
fn a_field_that_is_empty_or_agrees_with_the_others_is_not_odd() {
    for members in [
        "\"priority\": \"\"",
        "\"priority\": null",
        "\"effort\": \"\"",
        "\"status\": null",
        "\"passes\": false",
        "\"dependencies\": [\"a\"], \"depends_on\": [\"b\"]",
        "\"status\": \"done\", \"passes\": false, \"verification_verdict\": \"SKIPPED\"",
        "\"status\": \"blocked\", \"done\": false",
        "\"state\": null",
        "\"x\": {\"a\": 1}, \"y\": {\"a\": 2}",
    ] {
        assert_eq!(said(members), [""; 0], "{members}");
    }
}

#[test]
fn a_doubled_key_is_found_at_any_depth_and_each_time() {
    let found = said("\"x\": {\"a\": [{\"b\": 1, \"b\": 2, \"b\": 3}]}");
    let twice = "duplicate-key the key `b` occurs twice in this object; the last one counts";
    assert_eq!(found, [format!("59 {twice}"), format!("67 {twice}")]);
}

#[test]
fn a_summary_is_compared_in_the_words_that_it_has() {
    let of = |summary: &str| {
        let text = format!(
            "{{\"summary\": {summary}, \"tasks\": [{{\"id\": \"a\", \"title\": \"x\", \"status\": \"done\"}}, \
             {{\"id\": \"b\", \"title\": \"x\"}}]}}"
        );
        let found = parse(&text).findings();
        found.into_iter().map(|found| found.message).collect::<Vec<_>>()
    };
    let next = "the next change corrects it";
    assert_eq!(of("{\"total\": 2, \"completed\": 1, \"todo\": 1, \"doing\": 0}"), [""; 0]);
    assert_eq!(of("{}"), [""; 0]);
    assert_eq!(of("{\"total\": 2.0, \"done\": 1}"), [""; 0]);
    for (summary, wrong) in [
        ("{\"total\": 3}", "`total` says 3, the tasks say 2"),
        ("{\"completed\": 0}", "`completed` says 0, the tasks say 1"),
        ("{\"closed\": \"x\"}", "`closed` says \"x\", the tasks say 1"),
        ("{\"open\": 2}", "`open` says 2, the tasks say 1"),
        ("{\"running\": 1}", "`running` says 1, the tasks say 0"),
        ("{\"needs_human\": 1}", "`needs_human` says 1, the tasks say 0"),
        ("{\"icebox\": 1}", "`icebox` says 1, the tasks say 0"),
        // Both words of finished work are kept, and of other states the first that there is.
        (
            "{\"complete\": 0, \"completed\": 2}",
            "`complete` says 0, the tasks say 1; `completed` says 2, the tasks say 1",
        ),
        ("{\"pending\": 1, \"todo\": 5, \"blocked\": 1}", "`blocked` says 1, the tasks say 0"),
    ] {
        assert_eq!(of(summary), [format!("{wrong}; {next}")], "{summary}");
    }
    for (summary, kind) in
        [("3", "a number"), ("\"x\"", "a string"), ("true", "true or false"), ("[]", "a list")]
    {
        let expected = format!("`summary` is {kind}, so it cannot hold counts");
        assert_eq!(of(summary).last(), Some(&expected), "{summary}");
    }
}

const FORM: &str = "a queue is a list of tasks, `[{\"id\": \"T-1\", \"title\": \"…\"}]`, by itself or under `tasks`";

#[test]
fn a_file_that_is_no_queue_is_told_what_it_has_instead() {
    each_refused(&[
        ("", "empty", "1:1", "the file is empty".to_owned()),
        ("3", "not-an-object", "1:1", format!("the file holds a number; {FORM}")),
        ("\"x\"", "not-an-object", "1:1", format!("the file holds a string; {FORM}")),
        ("null", "not-an-object", "1:1", format!("the file holds null; {FORM}")),
        (
            "{}",
            "no-task-list",
            "1:1",
            format!("there is no list of tasks in this file: the object is empty; {FORM}"),
        ),
        (
            "{\"a\": 1, \"b\\n\": 2}",
            "no-task-list",
            "1:1",
            format!("there is no list of tasks in this file: it has `a`, `b\\n`; {FORM}"),
        ),
        (
            "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}",
            "no-task-list",
            "1:1",
            format!(
                "there is no list of tasks in this file: it has `a`, `b`, `c`, `d`, `e`, `f` and 2 more; {FORM}"
            ),
        ),
    ]);
}

#[test]
fn a_list_of_tasks_of_the_wrong_kind_in_depth_or_twice_is_refused() {
    each_refused(&[
        ("{\"tasks\": 3}", "no-task-list", "1:11", "`tasks` must be a list of tasks, not a number".into()),
        ("{\"features\": {}}", "no-task-list", "1:14", "`features` must be a list of tasks, not an object".into()),
        (
            "{\"tasks\": {\"a\": {}}}",
            "no-task-list",
            "1:11",
            "`tasks` must be a list of tasks, not an object; write its values as a list, each with its key as `id`".into(),
        ),
        (
            "{\"x\": 1, \"plan\": {\"subtasks\": [{}]}}",
            "no-task-list",
            "1:10",
            format!("the tasks are nested too deeply in the file, under `plan.subtasks`; {FORM}"),
        ),
        (
            "{\"epics\": [{\"x\": 1}, {\"stories\": [{}]}]}",
            "no-task-list",
            "1:2",
            format!("the tasks are nested too deeply in the file, under `epics[].stories`; {FORM}"),
        ),
        (
            "{\"tasks\": [], \"x\": 1, \"features\": []}",
            "two-task-lists",
            "1:23",
            "there are lists of tasks under both `tasks` and `features`; put all tasks under one of them".into(),
        ),
        (
            "{\"jobs\": [{\"id\": 1}], \"items\": [{\"id\": 2}]}",
            "two-task-lists",
            "1:23",
            "there are lists of tasks under both `jobs` and `items`; put all tasks under one of them".into(),
        ),
        (
            "{\"id\": 1}\n{\"id\": 2}\n",
            "syntax",
            "2:1",
            format!("expected nothing more after the closing `}}`: one value per line is not JSON; {FORM}"),
        ),
        ("[] x", "syntax", "1:4", "expected nothing more after the closing `]`".into()),
        ("{} {}", "syntax", "1:4", "expected nothing more after the closing `}`".into()),
    ]);
}

/// Asserts the code, the place and the reason of each refused text.
fn each_refused(cases: &[(&str, &str, &str, String)]) {
    for (text, code, place, reason) in cases {
        let error = refused(text.as_bytes());
        assert_eq!((error.code, error.position.to_string().as_str()), (*code, *place), "{text}");
        assert_eq!(error.reason, *reason, "{text}");
        let begin = format!("q.json:{place}: error[{code}]: {reason}");
        let excerpt = format!("{begin}\n{}", error.excerpt);
        assert_eq!(error.to_string(), if error.excerpt.is_empty() { begin } else { excerpt });
    }
}

#[test]
fn a_list_under_a_common_word_counts_where_it_has_tasks() {
    let key = |text: &str| {
        let queue = parse(text);
        (queue.tasks().len(), queue.slices.list.map(|at| queue.slices.members[at].start))
    };
    assert_eq!(key("{\"backlog\": [], \"items\": [{\"id\": 1}]}"), (1, Some(25)));
    assert_eq!(key("{\"items\": [1], \"jobs\": [{\"id\": 1}]}"), (1, Some(23)));
    assert_eq!(key("{\"backlog\": []}"), (0, Some(12)));
    assert_eq!(key("{\"items\": [{\"id\": 1}], \"tasks\": []}"), (0, Some(32)));
    // Of a doubled key the last one counts, as for every reader of JSON.
    assert_eq!(key("{\"tasks\": [{\"id\": 1}], \"tasks\": []}").0, 0);
}

#[test]
fn a_file_that_is_too_large_is_not_read_at_all() {
    let error = Refused::too_large(Path::new("q.json"), (256 << 20) + 1);
    let text = "q.json:1:1: error[too-large]: the file is 256 MiB; files over 256 MiB are not read";
    assert_eq!(error.to_string(), text);
    assert!(!error.is_syntax());
    let known = crate::queue::CODES.iter().find(|(code, ..)| *code == error.code);
    assert_eq!(known.map(|(_, severity, _)| *severity), Some(Severity::Error));
}

#[test]
fn schemas_are_found_by_name() {
    use crate::queue::schema;
    assert_eq!(schema::names().collect::<Vec<_>>(), ["queue"]);
    let text = schema::text("queue").expect("the schema");
    assert!(
        serde_json::from_str::<Value>(text).is_ok_and(|schema| schema["$defs"]["task"].is_object())
    );
    assert_eq!(schema::text("task"), None);
}
