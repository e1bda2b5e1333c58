//! `on_red = "task TEMPLATE"`: a red gate adds a task to fix it, and waits for that task.
//!
//! A person words the task in the configuration. The gate adds a text about what failed, and the
//! steps that judge it. The task counts as discovered (`discovered_by`), so it has no permissions:
//! an agent that makes a gate red can cause work, but gains no rights. A gate adds only one task,
//! so that a gate that stays red reaches a person.

use super::follow_ups::whole;
use crate::agent::cut;
use crate::config::Config;
use crate::domain::{Field, Items, Status, StepReport, Task, Verdict};
use crate::engine::attempt::{Finished, Judge};
use crate::platform::fault::{self, Fault};
use crate::queue::{Queue, fingerprint};
use crate::store::{Actor, Draft, Place};
use crate::verify::OnRed;
use serde_json::{Map, Value, json};

/// How many failed items are named.
const NAMED: usize = 50;
/// The most bytes of the text about the gate.
const MOST: usize = 16 * 1024;
/// The placeholder for the id of the gate in the texts of a template.
const GATE: &str = "{gate}";

/// Adds the task for the gate at `place` because of its result. Returns the id of the task; `None`
/// if the gate is to be blocked, or was not red.
pub(super) fn mend(
    draft: &mut Draft<'_>,
    place: Place,
    finished: &Finished,
    (config, warnings): (&Config, &mut Vec<String>),
) -> Option<String> {
    let gate = draft.task(place);
    if !gate.is_gate() || finished.report.verdict != Some(Verdict::Fail) {
        return None;
    }
    let template = config.templates.get(template_of(finished)?)?;
    let queue = &draft.queues()[place.queue];
    if !may_make(queue, place.task) {
        return None;
    }
    let mut steps = finished.report.steps.iter().filter(|step| step.is_red());
    let red = finished.job.mask.text(&red_text(&mut steps)).into_owned();
    let task = task(template, (config, queue, place.task), &red);
    let actor = Actor::Worker(finished.job.token.clone());
    match draft.add_by(&actor, place.queue, &task) {
        Ok(made) => Some(draft.task(made).id.to_string()),
        Err(error) => {
            let id = &finished.job.id;
            warnings.push(format!("task {id}: no task was added to fix it: {error}"));
            None
        }
    }
}

/// Returns the template that the profile of the red step names.
fn template_of(finished: &Finished) -> Option<&str> {
    let Judge::Steps(steps) = &finished.job.judge else { return None };
    let red = finished.report.steps.iter().find(|step| step.is_red())?;
    let named = steps.iter().filter(|step| step.name == red.name);
    let mut on_red = named.map(|step| &step.rules.profile.on_red);
    on_red.find_map(|on_red| match on_red {
        OnRed::Task(template) => Some(template.as_str()),
        OnRed::Block => None,
    })
}

/// Returns whether the gate with that index may add a task: a person added the gate, and it has
/// added none yet. A task that it added is recognized by `discovered_by`, whatever happened to it.
fn may_make(queue: &Queue, gate: usize) -> bool {
    let id = queue.tasks()[gate].id.as_str();
    let mut found = (0..queue.tasks().len()).filter_map(|at| queue.text(at, Field::DiscoveredBy));
    let by_person = queue.raw(gate, Field::DiscoveredBy).is_none();
    by_person && (fault::is(Fault::RedTaskAgain) || found.all(|by| by != id))
}

/// Returns what was red, step by step, with the items that failed and those that are missing.
fn red_text(steps: &mut dyn Iterator<Item = &StepReport>) -> String {
    let mut lines = Vec::new();
    for step in steps {
        lines.push(format!("{}: {}", step.named(), step.ended()));
        let Some(items) = &step.checked.items else { continue };
        let Items { new, old, lost, .. } = items;
        for (word, names) in [("failed", new), ("failed", old), ("did not run", lost)] {
            lines.extend(names.iter().take(NAMED).map(|name| format!("- {word}: {name}")));
            if let Some(more) = names.len().checked_sub(NAMED).filter(|more| *more > 0) {
                lines.push(format!("- and {more} more"));
            }
        }
    }
    let mut text = lines.join("\n");
    cut(&mut text, MOST);
    text
}

/// Returns the task to add.
fn task(
    template: &Map<String, Value>,
    (config, queue, gate): (&Config, &Queue, usize),
    red: &str,
) -> Map<String, Value> {
    let record: &Task = &queue.tasks()[gate];
    let id = record.id.as_str();
    let mut task = template.clone();
    for field in [Field::Title, Field::Description] {
        if let Some(Value::String(text)) = task.get_mut(field.key()) {
            *text = text.replace(GATE, id);
        }
    }
    let asked = task.get(Field::Description.key()).and_then(Value::as_str);
    let asked = asked.map_or_else(String::new, |text| format!("{}\n\n", text.trim_end()));
    let description = format!("{asked}Gate {id} was red:\n{red}");
    task.insert(Field::Description.key().to_owned(), json!(description));
    // The task is judged like the gate, unless a person configured something else.
    if !task.contains_key(Field::Verify.key()) {
        let own = queue.value(gate, Field::Verify).filter(|value| !value.is_null());
        let verify = own.or_else(|| {
            let names = config.verify_for_any_agent(record, queue.phase_profiles());
            (!names.is_empty()).then(|| json!(names))
        });
        task.extend(verify.map(|value| (Field::Verify.key().to_owned(), value)));
    }
    let phase = queue.value(gate, Field::Phase).filter(|value| !value.is_null());
    task.extend(phase.map(|value| (Field::Phase.key().to_owned(), value)));
    // The gate does not name the task: if the task is deleted from the file, nothing obstructs the
    // gate.
    task.insert(Field::Blocks.key().to_owned(), json!([queue.id_value(id)]));
    task.insert(Field::DiscoveredBy.key().to_owned(), json!(id));
    let print = fingerprint(&task);
    task.insert(Field::Fingerprint.key().to_owned(), json!(print));
    let new = queue.next_ids(1).pop().unwrap_or_else(|| format!("{id}-red"));
    whole(queue.id_value(&new), queue.state_member(Status::Pending), task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::domain::{Checked, ItemId, Outcome, StepKind};
    use std::path::Path;

    const CONFIG: &str = "[agents.default]\nrun = \"true\"\n[[verify]]\nprofile = \"full\"\nrun = \"false\"\n\
         [types]\ngate = { verify = \"full\" }\n[profiles.full]\non_red = \"task mend\"\n[templates.mend]\n\
         title = \"Mend {gate}\"\ndescription = \"Make {gate} green.\"\nagent = \"default\"\n";

    fn queue(tasks: Value) -> Queue {
        let text = json!({"tasks": tasks}).to_string();
        Queue::parse(Path::new("q.json"), text.into_bytes()).unwrap()
    }

    fn made(gate: Value, more: &str) -> Value {
        let config = parse(Path::new("/p/workloop.toml"), &format!("{CONFIG}{more}")).unwrap();
        let queue = queue(json!([{"id": "T-1", "title": "a"}, gate]));
        json!(task(&config.templates["mend"], (&config, &queue, 1), "step x: exit status 1"))
    }

    #[test]
    fn a_task_has_the_words_of_a_person_and_what_failed() {
        let gate = json!({"id": "T-2", "title": "g", "type": "gate", "phase": 2, "files": ["x"],
            "may_change_tests": true, "max_iterations": 9});
        let mut found = made(gate, "");
        assert!(found["fingerprint"].take().is_string());
        let expected = json!({"id": "T-3", "title": "Mend T-2", "status": "pending", "phase": 2,
            "description": "Make T-2 green.\n\nGate T-2 was red:\nstep x: exit status 1",
            "agent": "default", "verify": ["full"], "blocks": ["T-2"], "discovered_by": "T-2",
            "fingerprint": null});
        assert_eq!(found, expected);
        let own = json!({"id": "T-2", "title": "g", "type": "gate", "verify": "quick"});
        assert_eq!(made(own.clone(), "")["verify"], json!("quick"));
        assert_eq!(made(own, "verify = \"full\"\n")["verify"], json!(["full"]));
        // An agent that chooses profiles does not choose those of the task.
        let plain = json!({"id": "T-2", "title": "g", "type": "gate"});
        let text = CONFIG.replace("gate = { verify = \"full\" }\n", "");
        let text = format!("{text}[agents.writer]\nrun = \"x\"\nverify = \"full\"\n");
        let config = parse(Path::new("/p/workloop.toml"), &text).unwrap();
        let queue = queue(json!([{"id": "T-1", "title": "a"}, plain]));
        let made = task(&config.templates["mend"], (&config, &queue, 1), "");
        assert_eq!(made["verify"], json!(["default"]));
    }

    #[test]
    fn a_gate_of_a_person_makes_one_task_and_no_more() {
        let gate = |more: Value| {
            let mut gate = json!({"id": "G", "title": "g", "type": "gate"});
            gate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            gate
        };
        let may = |tasks| may_make(&queue(tasks), 0);
        assert!(may(json!([gate(json!({})), {"id": "A", "title": "a", "discovered_by": "B"}])));
        assert!(!may(json!([gate(json!({"discovered_by": "A"}))])));
        let before = json!({"id": "M", "title": "m", "status": "complete", "discovered_by": "G"});
        assert!(!may(json!([gate(json!({})), before])));
    }

    #[test]
    fn what_failed_is_named_and_bounded() {
        let step = |name: &str, new: Vec<String>, lost: Vec<String>| StepReport {
            kind: StepKind::Verify,
            name: name.to_owned(),
            outcome: Outcome::Exited { code: 1 },
            millis: 0,
            log: String::new(),
            checked: Checked {
                items: Some(Items { new, lost, ..Items::default() }),
                ..Checked::default()
            },
        };
        let id = ItemId::new("a.py", "t").to_string();
        let steps = [step("s", vec![id], vec!["b".to_owned()])];
        let said = "step s: exit status 1\n- failed: a.py::t\n- did not run: b";
        assert_eq!(red_text(&mut steps.iter()), said);
        let many = [step("s", vec!["x".repeat(1000); 60], Vec::new())];
        let text = red_text(&mut many.iter());
        assert!((16_000..16_500).contains(&text.len()), "{}", text.len());
        let short = [step("s", vec!["x".to_owned(); 60], Vec::new())];
        assert!(red_text(&mut short.iter()).ends_with("- and 10 more"));
        let all = [step("s", vec!["x".to_owned(); NAMED], Vec::new())];
        assert!(red_text(&mut all.iter()).ends_with("- failed: x"));
    }
}
