//! Turns flags and JSON into fields of a task, for `add` and `edit`.

use super::args::FieldArgs;
use super::failure::Failure;
use super::write::{json, stdin};
use crate::domain::Field;
use crate::project::verbs::Said;
use serde_json::{Value, json};

/// Returns the fields that the flags set.
pub(super) fn said(args: &FieldArgs) -> Result<Vec<Said>, Failure> {
    let mut said = Vec::new();
    let texts = [
        (Field::Title, &args.title),
        (Field::Description, &args.description),
        (Field::Type, &args.kind),
        (Field::Agent, &args.agent),
        (Field::Parent, &args.parent),
        (Field::NotBefore, &args.not_before),
    ];
    let text = |(field, text): &(Field, &Option<String>)| {
        Some(Said::Field(*field, json!((*text).as_ref()?)))
    };
    said.extend(texts.iter().filter_map(text));
    let names = [
        (Field::Priority, &args.priority),
        (Field::Phase, &args.phase),
        (Field::Track, &args.track),
        (Field::Epic, &args.epic),
    ];
    for (field, name) in names {
        said.extend(name.as_ref().map(|name| Said::Field(field, name_or_number(field, name))));
    }
    let lists = [
        (Field::Dependencies, &args.depends_on),
        (Field::Scope, &args.scope),
        (Field::Tests, &args.test),
        (Field::Verify, &args.verify),
        (Field::Tags, &args.tag),
        (Field::AcceptanceCriteria, &args.acceptance_criteria),
    ];
    let given = lists.iter().filter(|(_, list)| !list.is_empty());
    said.extend(given.map(|(field, list)| Said::Field(*field, json!(list))));
    if !args.file.is_empty() {
        said.push(Said::Files(args.file.clone()));
    }
    let numbers = [
        (Field::MaxIterations, args.max_iterations),
        (Field::EstimatedMinutes, args.estimated_minutes),
    ];
    said.extend(numbers.into_iter().filter_map(|(f, n)| Some(Said::Field(f, json!(n?)))));
    if args.requires_approval {
        said.push(Said::Field(Field::RequiresApproval, json!(true)));
    }
    for pair in &args.set {
        let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Failure::usage(format_args!("--set takes KEY=VALUE, not {pair:?}")));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        said.push(Said::Key(key.to_owned(), value));
    }
    Ok(said)
}

/// Parses a priority as a number if it is one. Other values stay text until the file is known.
fn name_or_number(field: Field, text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if field == Field::Priority => json!(number),
        _ => json!(text),
    }
}

/// Parses the JSON of an argument, or of stdin if it is `-`. Returns text and value.
pub(super) fn given(argument: &str) -> Result<(String, Value), Failure> {
    let (text, whence) = match argument {
        "-" => (stdin()?, "stdin"),
        text => (text.to_owned(), "argument"),
    };
    let value = json(&text, whence)?;
    Ok((text, value))
}
