//! Describes in sentences how edits of a queue file were handled.

use crate::domain::{Event, EventKind, Field, Status, Typed};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// How many ids a sentence lists.
const NAMED: usize = 8;
/// How many characters of a value are shown.
const VALUE: usize = 40;

/// Returns one sentence for each action of one change.
pub(crate) fn sentences(events: &[Event], typed: &Typed) -> Vec<String> {
    let of = |wanted: fn(&Event) -> bool| -> Vec<&Event> {
        events.iter().filter(|event| event.task.is_some() && wanted(event)).collect()
    };
    let mut all: Vec<String> = put_back(&of(is_put_back), typed).into_iter().collect();
    let of_queues = || events.iter().filter(|event| event.task.is_none() && is_put_back(event));
    let is_about = |key: &str| of_queues().any(|event| event.data["put_back"].get(key).is_some());
    if is_about("phases") {
        let text = "the phases of a queue were edited beside attempts, and are put back";
        all.push(text.to_owned());
    }
    if is_about("phases.verify") {
        let text = "the phases that were added to a queue beside attempts do not choose how tasks are \
                    verified: verify was removed from them; add it while no attempt runs";
        all.push(text.to_owned());
    }
    let restored = of(|event| event.event == EventKind::Restored);
    if !restored.is_empty() {
        let ids = ids(&restored);
        all.push(format!(
            "set back with the queue: {ids}; the files of the work are as they were, so it counts \
             as complete again"
        ));
    }
    let waiting = of(|event| event.data.get("set_back") == Some(&Value::Bool(true)));
    if !waiting.is_empty() {
        let ids = ids(&waiting);
        all.push(format!(
            "set back with the queue: {ids}; a verification of the tree decides whether the work \
             is still there"
        ));
    }
    all
}

/// Returns one sentence about the edits that were put back since the last loop started, for
/// `status`.
pub(crate) fn since_start(events: impl Iterator<Item = Event>, typed: &Typed) -> Option<String> {
    let mut back: Vec<Event> = Vec::new();
    for event in events {
        if event.event == EventKind::LoopStarted {
            back.clear();
        } else if event.task.is_some() && is_put_back(&event) {
            back.push(event);
        }
    }
    let all: Vec<&Event> = back.iter().collect();
    put_back(&all, typed)
}

/// Returns one sentence about all edits that were put back.
fn put_back(events: &[&Event], typed: &Typed) -> Option<String> {
    match events {
        [] => None,
        [event] => Some(one(event, typed)),
        several => {
            let all_beside = several.iter().all(|event| is_beside(event));
            let beside = if all_beside { " beside attempts" } else { "" };
            let events = typed.verb("events");
            Some(format!("edits{beside} were put back: {}; {events} shows each", ids(several)))
        }
    }
}

/// Returns whether the edit was made while attempts ran, so that one of them may have made it.
fn is_beside(event: &Event) -> bool {
    event.data.get("beside") == Some(&Value::Bool(true))
}

fn is_put_back(event: &Event) -> bool {
    event.event == EventKind::ExternalEdit && event.data.contains_key("put_back")
}

fn ids(events: &[&Event]) -> String {
    let mut seen: HashSet<&str> = HashSet::new();
    let named = events.iter().filter_map(|event| event.task.as_deref());
    let mut ids: Vec<&str> = named.filter(|id| seen.insert(*id)).collect();
    let more = ids.len().saturating_sub(NAMED);
    ids.truncate(NAMED);
    let names = ids.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

fn one(event: &Event, typed: &Typed) -> String {
    let id = event.task.as_deref().unwrap_or_default();
    let none = Map::new();
    let back = event.data.get("put_back").and_then(Value::as_object).unwrap_or(&none);
    if back.contains_key("task") {
        let cancel = typed.about("cancel", id);
        return format!(
            "task {id} was deleted from the file beside an attempt, and is put back; {cancel} takes it \
             out of the work"
        );
    }
    if back.contains_key(Field::DiscoveredBy.key()) && !is_there(back, Field::DiscoveredBy) {
        let edit = typed.about("edit", id);
        return format!(
            "task {id} was added to the file beside attempts: it counts as added by an agent, and \
             may change neither tests nor other files that judge; if you added it, {edit} --unset \
             discovered_by lifts this"
        );
    }
    let change = |(key, values): (&String, &Value)| {
        let shown = |side: &str| shorten(values.get(side).unwrap_or(&Value::Null));
        format!("{key} is {} again, not {}", shown("kept"), shown("found"))
    };
    let first = back.iter().next().map(change).unwrap_or_default();
    let more = match back.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let beside = if is_beside(event) { " beside an attempt" } else { "" };
    let next = next(event, back, typed);
    format!("edit of task {id}{beside} put back: {first}{more}; {next}")
}

/// Returns whether the file had a value for the field.
fn is_there(back: &Map<String, Value>, field: Field) -> bool {
    back.get(field.key()).and_then(|values| values.get("found")).is_some_and(|it| !it.is_null())
}

/// Returns the command that makes the same change as the edit that was put back, and what it does.
fn next(event: &Event, back: &Map<String, Value>, typed: &Typed) -> String {
    let has = |field: Field| field.spellings().iter().any(|key| back.contains_key(*key));
    let to_complete = [Field::Passes, Field::CompletedAt, Field::VerificationVerdict]
        .iter()
        .any(|field| has(*field));
    let status = event.data.get("status").and_then(Value::as_str);
    let is_complete = status.map(Status::from_word) == Some(Status::Complete);
    let (verb, does) = if has(Field::Claim) {
        ("release", "ends a claim")
    } else if has(Field::Status) || to_complete {
        ("done", "completes a task by hand")
    } else if has(Field::ApprovedBy) || has(Field::ApprovedAt) || has(Field::RequiresApproval) {
        ("approve", "approves a task")
    } else if has(Field::Attempts) || has(Field::BudgetUsed) {
        if is_complete { ("reset", "begins it anew") } else { ("retry", "gives a new budget") }
    } else {
        ("edit", "makes it")
    };
    let id = event.task.as_deref().unwrap_or_default();
    format!("{} {does}", typed.about(verb, id))
}

fn shorten(value: &Value) -> String {
    if value.is_null() {
        return "absent".to_owned();
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: EventKind, task: &str, data: &Value) -> Event {
        Event {
            v: 1,
            seq: 1,
            at: String::new(),
            event: kind,
            queue: "q.json".to_owned(),
            task: Some(task.to_owned()),
            worker: None,
            attempt: None,
            data: data.as_object().cloned().unwrap_or_default(),
        }
    }

    fn put_back(task: &str, key: &str, kept: &Value, found: &Value) -> Event {
        let data = json!({"put_back": {key: {"kept": kept, "found": found}}, "beside": true});
        event(EventKind::ExternalEdit, task, &data)
    }

    fn told(events: &[Event]) -> Vec<String> {
        sentences(events, &Typed::default())
    }

    /// Returns the same edit, made while no attempt ran.
    fn alone(mut event: Event, status: &str) -> Event {
        event.data.insert("beside".to_owned(), json!(false));
        event.data.insert("status".to_owned(), json!(status));
        event
    }

    #[test]
    fn a_put_back_names_both_values_and_the_verb() {
        let complete = put_back("A", "status", &json!("pending"), &json!("complete"));
        assert_eq!(
            told(&[complete]),
            ["edit of task A beside an attempt put back: status is pending again, not complete; \
              workloop done A completes a task by hand"]
        );
        let longer = put_back("my B", "max_iterations", &json!(null), &json!(99));
        let typed = Typed::naming(" --work-queue q.json".to_owned());
        assert_eq!(
            sentences(&[longer], &typed),
            ["edit of task my B beside an attempt put back: max_iterations is absent again, not \
              99; workloop edit 'my B' --work-queue q.json makes it"]
        );
    }

    #[test]
    fn an_edit_of_a_person_is_told_as_one() {
        let edit = || put_back("A", "attempts", &json!(2), &json!(0));
        assert_eq!(
            told(&[alone(edit(), "blocked")]),
            ["edit of task A put back: attempts is 2 again, not 0; workloop retry A gives a new \
              budget"]
        );
        let complete = told(&[alone(edit(), "complete")]);
        assert!(complete[0].ends_with("; workloop reset A begins it anew"), "{complete:?}");
        let other = put_back("B", "attempts", &json!(2), &json!(0));
        let both = [alone(edit(), "blocked"), alone(other, "blocked")];
        assert_eq!(told(&both), ["edits were put back: A, B; workloop events shows each"]);
    }

    /// Each verb makes the change that the edit made, with its own checks.
    #[test]
    fn the_command_is_the_one_that_makes_the_same_change() {
        let next = |key: &str, status: &str| {
            let edit = put_back("A", key, &json!(1), &json!(2));
            let told = told(&[alone(edit, status)]).remove(0);
            told.rsplit_once("; ").expect("a command").1.to_owned()
        };
        for (key, status, wanted) in [
            ("claim", "pending", "workloop release A ends a claim"),
            ("state", "pending", "workloop done A completes a task by hand"),
            ("passes", "pending", "workloop done A completes a task by hand"),
            ("completed_at", "pending", "workloop done A completes a task by hand"),
            ("verification_verdict", "pending", "workloop done A completes a task by hand"),
            ("approved_by", "pending", "workloop approve A approves a task"),
            ("approved_at", "pending", "workloop approve A approves a task"),
            ("requires_approval", "pending", "workloop approve A approves a task"),
            ("budget_used", "blocked", "workloop retry A gives a new budget"),
            ("attempts", "done", "workloop reset A begins it anew"),
            ("scope", "pending", "workloop edit A makes it"),
        ] {
            assert_eq!(next(key, status), wanted, "{key}");
        }
    }

    #[test]
    fn a_value_is_shown_in_short_and_the_others_are_counted() {
        let shown = |kept: &Value, found: &Value| {
            let told = told(&[alone(put_back("A", "title", kept, found), "pending")]).remove(0);
            let told = told.strip_prefix("edit of task A put back: ").expect("an edit").to_owned();
            told.split_once("; ").expect("a command").0.to_owned()
        };
        let (forty, more) = ("é".repeat(40), "é".repeat(41));
        assert_eq!(
            shown(&json!(forty), &json!(null)),
            format!("title is {forty} again, not absent")
        );
        assert_eq!(
            shown(&json!([1, "a"]), &json!(more)),
            format!("title is [1,\"a\"] again, not {forty}…")
        );
        let mut two = put_back("A", "title", &json!("a"), &json!("b"));
        two.data["put_back"]["scope"] = json!({"kept": [], "found": ["x"]});
        two.data["put_back"]["files"] = json!({"kept": [], "found": ["x"]});
        assert!(told(&[two])[0].contains("title is a again, not b (and 2 more); "));
    }

    #[test]
    fn a_task_that_was_deleted_or_added_beside_an_attempt_has_its_own_sentence() {
        let deleted = put_back("A", "task", &json!({}), &json!(null));
        assert_eq!(
            told(&[deleted]),
            [
                "task A was deleted from the file beside an attempt, and is put back; workloop cancel A \
              takes it out of the work"
            ]
        );
        let added = put_back("A", "discovered_by", &json!("agent"), &json!(null));
        let typed = Typed::naming(" --work-queue q.json".to_owned());
        assert_eq!(
            sentences(&[added], &typed),
            [
                "task A was added to the file beside attempts: it counts as added by an agent, and may \
              change neither tests nor other files that judge; if you added it, workloop edit A \
              --work-queue q.json --unset discovered_by lifts this"
            ]
        );
        let edited = put_back("A", "discovered_by", &json!("agent"), &json!("B"));
        assert!(
            told(&[edited])[0].contains("discovered_by is agent again, not B; workloop edit A")
        );
    }

    #[test]
    fn what_came_back_with_the_queue_and_the_phases_are_told_too() {
        let of_queue = |key: &str| {
            let mut event = put_back("", key, &json!([]), &json!([1]));
            event.task = None;
            event
        };
        let restored = |id: &str| event(EventKind::Restored, id, &json!({}));
        let back = |id: &str| event(EventKind::ExternalEdit, id, &json!({"set_back": true}));
        let other = event(EventKind::ExternalEdit, "Z", &json!({"set_back": "yes"}));
        let all = [
            of_queue("phases.verify"),
            of_queue("phases"),
            restored("A"),
            back("C"),
            restored("B"),
            back("A"),
            restored("A"),
            other,
        ];
        assert_eq!(
            told(&all),
            [
                "the phases of a queue were edited beside attempts, and are put back",
                "the phases that were added to a queue beside attempts do not choose how tasks are \
                 verified: verify was removed from them; add it while no attempt runs",
                "set back with the queue: A, B; the files of the work are as they were, so it counts \
                 as complete again",
                "set back with the queue: C, A; a verification of the tree decides whether the work is \
                 still there",
            ]
        );
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn several_edits_of_one_task_name_it_once() {
        let edit = |id: &str| put_back(id, "title", &json!("a"), &json!("b"));
        assert_eq!(
            told(&[edit("A"), edit("B"), edit("A")]),
            ["edits beside attempts were put back: A, B; workloop events shows each"]
        );
    }

    #[test]
    fn many_are_told_together_and_only_since_the_last_start() {
        let many: Vec<Event> =
            (0..12).map(|n| put_back(&format!("T{n}"), "attempts", &json!(2), &json!(0))).collect();
        let told = told(&many);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("edits beside attempts were put back: T0"), "{told:?}");
        assert!(told[0].contains("T7 and 4 more"), "{told:?}");
        let start = event(EventKind::LoopStarted, "", &json!({}));
        let all = many.into_iter().chain([start.clone()]);
        let found = Typed::default();
        assert_eq!(since_start(all, &found), None);
        let one = put_back("A", "claim", &json!({}), &json!(null));
        assert!(since_start([start, one].into_iter(), &found).unwrap().contains("release A"));
    }
}
