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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Verb};
    use clap::Parser;

    /// Returns the fields that the flags of `add` set.
    fn set(flags: &[&str]) -> Result<Vec<Said>, Failure> {
        let words = ["workloop", "add"].iter().chain(flags);
        let verb = Cli::try_parse_from(words).expect("valid flags").verb;
        let Verb::Add(add) = verb else { panic!("{verb:?}") };
        said(&add.fields)
    }

    /// Returns them in a form that can be compared.
    fn shown(flags: &[&str]) -> Vec<(String, Value)> {
        let one = |said| match said {
            Said::Field(field, value) => (field.key().to_owned(), value),
            Said::Files(paths) => ("paths".to_owned(), json!(paths)),
            Said::Key(key, value) => (format!("key {key}"), value),
        };
        set(flags).expect("valid").into_iter().map(one).collect()
    }

    #[test]
    fn every_flag_sets_its_field() {
        for (flags, key, value) in [
            (&["--title", "t"][..], "title", json!("t")),
            (&["--title", ""], "title", json!("")),
            (&["--description", "d"], "description", json!("d")),
            (&["--type", "bug"], "type", json!("bug")),
            (&["--agent", "7"], "agent", json!("7")),
            (&["--parent", "E"], "parent", json!("E")),
            (
                &["--not-before", "2026-01-19T00:00:00Z"],
                "not_before",
                json!("2026-01-19T00:00:00Z"),
            ),
            (&["--priority", "0"], "priority", json!(0)),
            (&["--priority", "P1"], "priority", json!("P1")),
            // Whether a phase is a number, the file decides.
            (&["--phase", "2"], "phase", json!("2")),
            (&["--track", "t"], "track", json!("t")),
            (&["--epic", "9"], "epic", json!("9")),
            (&["--depends-on", "A", "--depends-on", "B"], "dependencies", json!(["A", "B"])),
            (&["--scope", "src/**"], "scope", json!(["src/**"])),
            (&["--test", "t.rs"], "tests", json!(["t.rs"])),
            (&["--verify", "quick"], "verify", json!(["quick"])),
            (&["--tag", "x", "--tag", "x"], "tags", json!(["x", "x"])),
            (&["--accept", "it works"], "acceptance_criteria", json!(["it works"])),
            (&["--file", "a", "--file", "b"], "paths", json!(["a", "b"])),
            (&["--max-iterations", "3"], "max_iterations", json!(3)),
            (&["--estimated-minutes", "0"], "estimated_minutes", json!(0)),
            (&["--requires-approval"], "requires_approval", json!(true)),
        ] {
            assert_eq!(shown(flags), [(key.to_owned(), value)], "{flags:?}");
        }
        assert_eq!(shown(&[]), []);
    }

    #[test]
    fn any_key_is_set_to_json_or_else_to_text() {
        for (pair, key, value) in [
            ("a=1", "a", json!(1)),
            ("a=1.50", "a", json!(1.5)),
            ("a=true", "a", json!(true)),
            ("a=null", "a", json!(null)),
            ("a=[1, \"x\"]", "a", json!([1, "x"])),
            ("a=\"1\"", "a", json!("1")),
            ("a=words of text", "a", json!("words of text")),
            ("a={half", "a", json!("{half")),
            ("a=", "a", json!("")),
            ("a=b=c", "a", json!("b=c")),
            (" a =x", " a ", json!("x")),
        ] {
            assert_eq!(shown(&["--set", pair]), [(format!("key {key}"), value)], "{pair}");
        }
        for pair in ["a", "", "=1"] {
            let failure = set(&["--set", pair]).expect_err(pair);
            let text = format!("--set takes KEY=VALUE, not {pair:?}");
            assert_eq!((failure.exit(), failure.message), (2, text));
        }
    }

    #[test]
    fn json_of_an_argument_is_returned_as_text_and_value() {
        let text = r#"{"weight": 1.50}"#;
        assert_eq!(given(text), Ok((text.to_owned(), json!({"weight": 1.5}))));
        let failure = given("{\n\"a\": }").expect_err("no JSON");
        let text = "argument:2:6: invalid JSON: expected value";
        assert_eq!((failure.exit(), failure.message.as_str()), (2, text));
    }
}
