//! Which red gates add a task, and from which template.

use super::super::on_red::mend;
use super::*;
use crate::engine::attempt::Judge;

/// A gate that is red at `test` adds a task.
pub(super) const CONFIG: &str = "[agents.default]\nrun = \"true\"\n[limits]\nattempts = 3\n\
    [[verify]]\nname = \"lint\"\nrun = \"true\"\n\
    [[verify]]\nprofile = \"full\"\nname = \"test\"\nrun = \"true\"\n\
    [types]\ngate = { verify = [\"default\", \"full\"] }\n\
    [profiles.full]\non_red = \"task mend\"\n[templates.mend]\n\
    title = \"Mend {gate}\"\ndescription = \"Make {gate} green.\"\n";

fn gate() -> Value {
    with(claimed("A", 1), json!({"type": "gate"}))
}

/// Returns the task that is added because `gate` ended like this, and the warnings.
fn mended(tasks: Value, change: impl FnOnce(&mut Finished)) -> Option<Value> {
    let case = Case::of(CONFIG, &json!({"tasks": tasks}));
    let mut finished = case.failed("A");
    change(&mut finished);
    let mut queues = case.queues();
    let before = queues[QueueIx::FIRST].tasks().len();
    let (mut draft, mut warnings) = (Draft::new(&mut queues, at(0)), Vec::new());
    let config = case.project.config();
    let made = mend(&mut draft, case.place("A"), &finished, (config, &mut warnings));
    let added = (draft.queues()[QueueIx::FIRST].tasks().len() > before).then(|| {
        let place = Place { queue: QueueIx::FIRST, task: before };
        assert_eq!(made.as_deref(), Some(draft.task(place).id.as_str()));
        written(&draft, place)
    });
    assert_eq!(made.is_some(), added.is_some());
    let all = draft.into_events();
    assert_eq!(all.len(), usize::from(added.is_some()));
    assert!(all.iter().all(|(_, event)| event.worker.as_deref() == Some(WORKER)));
    assert_eq!(warnings, Vec::<String>::new());
    added
}

#[test]
fn a_red_gate_adds_a_task_from_the_template_of_the_red_step() {
    let task = mended(json!([gate()]), |_| {}).expect("a task");
    assert_eq!((&task["title"], &task["status"]), (&json!("Mend A"), &json!("pending")));
    let said = "Make A green.\n\nGate A was red:\nstep test: exit status 1";
    assert_eq!(task["description"], said);
    assert_eq!((&task["discovered_by"], &task["blocks"]), (&json!("A"), &json!(["A"])));
}

#[test]
fn nothing_else_adds_a_task() {
    let is_green: Change = |it| it.report.verdict = Some(Verdict::Pass);
    let unjudged: Change = |it| it.report.verdict = None;
    let other_step: Change = |it| it.report.steps[1] = step(StepKind::Verify, "lint", 1);
    let no_step: Change = |it| it.report.steps.truncate(1);
    let no_judge: Change = |it| it.job.judge = Judge::Nobody;
    for (why, change) in [
        ("it is green", is_green),
        ("it was interrupted", unjudged),
        ("the profile of the red step blocks", other_step),
        ("no step is red", no_step),
        ("nothing judges", no_judge),
    ] {
        assert_eq!(mended(json!([gate()]), change), None, "{why}");
    }
    assert_eq!(mended(json!([claimed("A", 1)]), |_| {}), None, "it is no gate");
    let found = json!({"discovered_by": "B"});
    assert_eq!(mended(json!([with(gate(), found)]), |_| {}), None, "an agent added it");
    let before = json!({"id": "M", "title": "m", "status": "complete", "discovered_by": "A"});
    assert_eq!(mended(json!([gate(), before]), |_| {}), None, "it has added one");
}

#[test]
fn the_budget_of_a_gate_does_not_matter() {
    let added = |used: u32| {
        let gate = with(gate(), json!({"budget_used": used}));
        mended(json!([gate]), |_| {}).is_some()
    };
    // Its last attempt adds a task as well, because waiting for the task costs none.
    assert_eq!([0, 2, 3].map(added), [true; 3]);
}
