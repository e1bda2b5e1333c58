//! `schema`: prints the schemas of the files that the program reads and of its JSON output.

use crate::cli::args::SchemaArgs;
use crate::cli::failure::Failure;
use crate::cli::schemas::SCHEMAS;
use crate::cli::session::Session;
use std::io::Write;

pub(super) fn run(args: &SchemaArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let out = &mut session.streams.out;
    let Some(name) = &args.name else {
        for (name, _) in SCHEMAS {
            writeln!(out, "{name}")?;
        }
        return Ok(());
    };
    let known = name.trim_end_matches(".json").trim_end_matches(".schema");
    let Some((_, text)) = SCHEMAS.iter().find(|(schema, _)| *schema == known) else {
        let names = SCHEMAS.map(|(name, _)| name).join(", ");
        return Err(Failure::usage(format_args!("there is no schema {name:?}"))
            .hint(format_args!("schemas: {names}")));
    };
    Ok(out.write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::SCHEMAS;
    use crate::domain::{Event, EventKind};
    use serde_json::{Value, json};

    fn accepts(name: &str, value: &Value) -> bool {
        let (_, text) = SCHEMAS.iter().find(|(schema, _)| *schema == name).expect(name);
        jsonschema::is_valid(&serde_json::from_str(text).expect(name), value)
    }

    #[test]
    fn every_schema_is_one() {
        for (name, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).expect(name);
            jsonschema::meta::validate(&schema).expect(name);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        }
    }

    #[test]
    fn an_event_line_is_as_its_schema_says() {
        let event = Event {
            v: 1,
            seq: 7,
            at: "2026-01-19T14:35:45.000Z".into(),
            event: EventKind::AttemptStarted,
            queue: "q.json".into(),
            task: Some("A".into()),
            worker: None,
            attempt: Some(1),
            data: serde_json::Map::new(),
        };
        assert!(accepts("event", &json!(event)));
        assert!(!accepts("event", &json!({"v": 1, "seq": 1, "at": "", "event": "nothing"})));
    }

    #[test]
    fn shapes_of_the_contract_are_accepted() {
        let waiting = json!([{"kind": "dependency", "what": "B"}]);
        assert!(accepts(
            "why",
            &json!({
                "schema_version": 1, "id": "A", "queue": "q.json", "state": "waiting",
                "waiting_for": waiting, "holds_up": ["C"], "attempts": [{"attempt": 1,
                "outcome": "exit status 0", "verdict": "FAIL", "reason": "test", "log": null}]
            })
        ));
        assert!(!accepts("why", &json!({"schema_version": 2})));
        assert!(accepts("result", &json!({"status": "done", "artifacts": ["a"], "later": 1})));
        assert!(!accepts("result", &json!({"status": "finished"})));
        assert!(accepts(
            "plan",
            &json!({
                "schema_version": 1, "tasks": 1, "edges": 0, "waves": [["A"]], "width": 1,
                "critical_path": {"tasks": ["A"], "minutes": 30}, "work_minutes": 30.5,
                "estimates": "default", "loops": [], "cycles": [], "stuck": [],
                "slack": {"A": 0}, "barriers": ["1"]
            })
        ));
    }
}
