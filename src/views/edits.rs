//! Describes in sentences how edits of a queue file were handled.

use crate::domain::{Event, EventKind, Field};
use serde_json::{Map, Value};

/// The most tasks that are described one by one.
const ONE_BY_ONE: usize = 2;
/// How many ids a sentence lists.
const NAMED: usize = 8;
/// How many characters of a value are shown.
const VALUE: usize = 40;

/// Returns one sentence for each action of one change.
pub fn sentences(events: &[Event]) -> Vec<String> {
    let of = |wanted: fn(&Event) -> bool| -> Vec<&Event> {
        events.iter().filter(|event| event.task.is_some() && wanted(event)).collect()
    };
    let put_back = of(is_put_back);
    let mut all: Vec<String> = if put_back.len() > ONE_BY_ONE {
        let what = "edits beside attempts were put back";
        vec![format!("{what}: {}; workloop events shows each", ids(&put_back))]
    } else {
        put_back.into_iter().map(one).collect()
    };
    if events.iter().any(|event| event.task.is_none() && is_put_back(event)) {
        let text = "the phases of a queue were edited beside attempts, and are put back";
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
pub fn since_start(events: impl Iterator<Item = Event>) -> Option<String> {
    let mut back: Vec<Event> = Vec::new();
    for event in events {
        if event.event == EventKind::LoopStarted {
            back.clear();
        } else if event.task.is_some() && is_put_back(&event) {
            back.push(event);
        }
    }
    let all: Vec<&Event> = back.iter().collect();
    match all.as_slice() {
        [] => None,
        [event] => Some(one(event)),
        several => Some(format!(
            "edits beside attempts were put back: {}; workloop events shows each",
            ids(several)
        )),
    }
}

fn is_put_back(event: &Event) -> bool {
    event.event == EventKind::ExternalEdit && event.data.contains_key("put_back")
}

fn ids(events: &[&Event]) -> String {
    let mut ids: Vec<&str> = events.iter().filter_map(|event| event.task.as_deref()).collect();
    ids.dedup();
    let more = ids.len().saturating_sub(NAMED);
    ids.truncate(NAMED);
    let names = ids.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

fn one(event: &Event) -> String {
    let id = event.task.as_deref().unwrap_or_default();
    let none = Map::new();
    let back = event.data.get("put_back").and_then(Value::as_object).unwrap_or(&none);
    if back.contains_key("task") {
        return format!(
            "task {id} was deleted from the file beside an attempt, and is put back; workloop cancel \
             {id} takes it out of the work"
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
    format!("edit of task {id} beside an attempt put back: {first}{more}; {}", verb(id, back))
}

/// Returns the verb that makes the change that was put back.
fn verb(id: &str, back: &Map<String, Value>) -> String {
    let has = |field: Field| field.spellings().iter().any(|key| back.contains_key(*key));
    let to_complete = [Field::Passes, Field::CompletedAt, Field::VerificationVerdict]
        .iter()
        .any(|field| has(*field));
    if has(Field::Claim) {
        format!("workloop release {id} ends a claim")
    } else if has(Field::Status) || to_complete {
        format!("workloop done {id} completes a task by hand")
    } else if has(Field::ApprovedBy) || has(Field::ApprovedAt) || has(Field::RequiresApproval) {
        format!("workloop approve {id} approves a task")
    } else if has(Field::Attempts) || has(Field::BudgetUsed) {
        format!("workloop retry {id} gives a new budget")
    } else {
        format!("workloop edit {id} makes it")
    }
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
        let data = json!({"put_back": {key: {"kept": kept, "found": found}}});
        event(EventKind::ExternalEdit, task, &data)
    }

    #[test]
    fn a_put_back_names_both_values_and_the_verb() {
        let edits = [
            put_back("A", "status", &json!("pending"), &json!("complete")),
            put_back("B", "max_iterations", &json!(null), &json!(99)),
        ];
        assert_eq!(
            sentences(&edits),
            [
                "edit of task A beside an attempt put back: status is pending again, not \
                 complete; workloop done A completes a task by hand",
                "edit of task B beside an attempt put back: max_iterations is absent again, not \
                 99; workloop edit B makes it",
            ]
        );
    }

    #[test]
    fn many_are_told_together_and_only_since_the_last_start() {
        let many: Vec<Event> =
            (0..12).map(|n| put_back(&format!("T{n}"), "attempts", &json!(2), &json!(0))).collect();
        let told = sentences(&many);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("T7 and 4 more"), "{told:?}");
        let start = event(EventKind::LoopStarted, "", &json!({}));
        let all = many.into_iter().chain([start.clone()]);
        assert_eq!(since_start(all), None);
        let one = put_back("A", "claim", &json!({}), &json!(null));
        assert!(since_start([start, one].into_iter()).unwrap().contains("release A"));
    }
}
