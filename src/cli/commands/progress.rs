//! `progress`: records the progress of a task, reported by its agent or by a person.

use crate::cli::args::{ProgressArgs, QueueArgs};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, json, stdin, tell};
use crate::domain::{ClaimToken, WorkerId};
use crate::project::verbs::{self, Progress};
use crate::store::Actor;
use serde_json::{Value, json};
use std::path::PathBuf;

const KEYS: [&str; 5] = ["percent", "step", "next", "eta", "note"];
/// The keys whose values are texts.
const TEXTS: [&str; 3] = ["next", "eta", "note"];

pub(super) fn run(args: &ProgressArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut said = Progress::default();
    let mut id = args.id.clone();
    if id.as_deref() == Some("-") {
        (id, said) = from_json(&stdin()?)?;
    }
    for (key, text) in [("next", &args.next), ("eta", &args.eta), ("note", &args.note)] {
        if let Some(text) = text {
            said.fields.insert(key.to_owned(), json!(text));
        }
    }
    if let Some(percent) = args.percent {
        said.fields.insert("percent".to_owned(), json!(percent));
    }
    said.steps.extend(args.step.iter().map(|step| *step as usize));
    if said == Progress::default() {
        let text = "give at least one of --percent, --step, --next, --eta and --note";
        return Err(Failure::usage(text));
    }
    let inside = id.is_none();
    let Some(id) = id.or_else(|| session.world.text("WORKLOOP_TASK_ID")) else {
        return Err(Failure::usage("name the task: outside an attempt its id is unknown"));
    };
    let actor = if inside { attempt(session) } else { Actor::Person };
    let queues = queues(&args.queues, session);
    let mut project = write::of_attempt(session, &queues, &id)?;
    verbs::progress(&mut project, &id, &actor, &said)?;
    tell(session, &[id], "progress recorded")
}

/// Reads the id and the fields from the JSON object on stdin.
fn from_json(text: &str) -> Result<(Option<String>, Progress), Failure> {
    let Value::Object(mut said) = json(text, "stdin")? else {
        return Err(Failure::usage("stdin must contain a JSON object"));
    };
    let id = match said.remove("id") {
        None => None,
        Some(Value::String(id)) => Some(id),
        // A whole number is the id of its decimal text, as in a queue.
        Some(Value::Number(id)) if !id.is_f64() => Some(id.to_string()),
        Some(_) => return Err(Failure::usage("id must be a text or a whole number")),
    };
    if let Some(key) = said.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let known = KEYS.join(", ");
        return Err(Failure::usage(format_args!(
            "progress has no key {key}; its keys are id, {known}"
        )));
    }
    let percent = said.get("percent").is_none_or(|value| value.as_u64().is_some_and(|n| n <= 100));
    if !percent {
        return Err(Failure::usage("percent must be a whole number from 0 to 100"));
    }
    let is_text = |key: &&str| said.get(*key).is_none_or(Value::is_string);
    if let Some(key) = TEXTS.iter().find(|key| !is_text(key)) {
        return Err(Failure::usage(format_args!("{key} must be a text")));
    }
    let wrong = || Failure::usage("step must be a positive number, or a list of such numbers");
    let number = |value: &Value| {
        let number = value.as_u64().filter(|number| *number > 0);
        number.and_then(|number| usize::try_from(number).ok()).ok_or_else(wrong)
    };
    let steps = match said.remove("step") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(number).collect::<Result<_, _>>()?,
        Some(value) => vec![number(&value)?],
    };
    if !steps.is_empty() && said.contains_key("percent") {
        return Err(Failure::usage(
            "give percent or step, not both: the percentage follows from the steps",
        ));
    }
    Ok((id, Progress { fields: said, steps }))
}

/// Returns the named queues; without any, the queue of the attempt in which this process runs.
fn queues(args: &QueueArgs, session: &Session<'_>) -> QueueArgs {
    let flags = &args.flags;
    let named = !args.queues.is_empty()
        || !flags.work_queue.is_empty()
        || !flags.names.is_empty()
        || flags.project.is_some();
    let mut args = args.clone();
    if !named && let Some(queue) = session.world.var("WORKLOOP_QUEUE") {
        args.queues.push(PathBuf::from(queue));
    }
    args
}

/// Returns the worker of the attempt in which this process runs.
fn attempt(session: &Session<'_>) -> Actor {
    let number = session.world.text("WORKLOOP_ATTEMPT").and_then(|text| text.parse().ok());
    match (session.world.text("WORKLOOP_WORKER"), number) {
        (Some(worker), Some(attempt)) => {
            Actor::Worker(ClaimToken { worker: WorkerId::new(&worker), attempt })
        }
        _ => Actor::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_on_stdin_says_the_same_as_the_flags() {
        let read = |text: &str| from_json(text).expect(text);
        let fields = |value: Value| value.as_object().cloned().expect("an object");
        let id = |id: &str| Some(id.to_owned());
        assert_eq!(
            read(r#"{"id": "R", "percent": 100, "next": "n", "eta": "e", "note": "ü"}"#),
            (
                id("R"),
                Progress {
                    fields: fields(json!({"percent": 100, "next": "n", "eta": "e", "note": "ü"})),
                    steps: vec![],
                }
            )
        );
        let steps = |steps| Progress { steps, ..Progress::default() };
        for (text, wanted) in [
            (r#"{"id": "R", "step": [2, 1, 2]}"#, (id("R"), steps(vec![2, 1, 2]))),
            (r#"{"id": 7, "step": 3}"#, (id("7"), steps(vec![3]))),
            (r#"{"step": []}"#, (None, Progress::default())),
            ("{}", (None, Progress::default())),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        let none = read(r#"{"step": [], "percent": 0}"#).1;
        assert_eq!(none.fields, fields(json!({"percent": 0})));
    }

    #[test]
    fn a_wrong_report_on_stdin_is_refused_with_what_it_must_be() {
        let percent = "percent must be a whole number from 0 to 100";
        let step = "step must be a positive number, or a list of such numbers";
        let both = "give percent or step, not both: the percentage follows from the steps";
        let id = "id must be a text or a whole number";
        for (text, told) in [
            (r#"{"percent": 101}"#, percent),
            (r#"{"percent": -1}"#, percent),
            (r#"{"percent": 1.5}"#, percent),
            (r#"{"percent": "40"}"#, percent),
            (r#"{"percent": null}"#, percent),
            (r#"{"step": 0}"#, step),
            (r#"{"step": "1"}"#, step),
            (r#"{"step": [1, 0]}"#, step),
            (r#"{"step": {}}"#, step),
            (r#"{"step": 1, "percent": 3}"#, both),
            (r#"{"note": 3}"#, "note must be a text"),
            (r#"{"next": ["a"], "note": 3}"#, "next must be a text"),
            (r#"{"eta": null}"#, "eta must be a text"),
            (r#"{"id": null, "note": "x"}"#, id),
            (r#"{"id": 1.5, "note": "x"}"#, id),
            (r#"{"id": ["R"], "note": "x"}"#, id),
            (
                r#"{"id": "R", "per": 1}"#,
                "progress has no key per; its keys are id, percent, step, next, eta, note",
            ),
            ("[]", "stdin must contain a JSON object"),
            ("null", "stdin must contain a JSON object"),
            ("{\n\"id\": }", "stdin:2:7: invalid JSON: expected value"),
            ("", "stdin:1:0: invalid JSON: EOF while parsing a value"),
            ("{} {}", "stdin:1:4: invalid JSON: trailing characters"),
        ] {
            assert_eq!(from_json(text), Err(Failure::usage(told)), "{text}");
        }
    }
}
