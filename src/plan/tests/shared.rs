//! Tests the example plans and real queues next to the repository, if they exist.

use super::*;
use crate::domain::Effort;
use serde_json::Value;

fn load(path: &str) -> Option<Value> {
    let path = format!("{}/../shared/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {path} is not there");
    }
    serde_json::from_str(&text?).ok()
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn priority(value: &Value) -> Option<i64> {
    let text = word(value)?.to_lowercase();
    let named = ["critical", "high", "medium", "low"].iter().position(|name| *name == text);
    text.trim_start_matches('p').parse().ok().or_else(|| named.map(|at| at as i64))
}

fn read(value: &Value) -> Task {
    let mut task = task(value["id"].as_str().expect("an id"), &[]);
    let keys = ["deps", "dependencies", "depends_on"];
    task.set_list(Field::Dependencies, keys.iter().flat_map(|key| texts(&value[key])));
    task.status = value["status"].as_str().map_or(Status::Pending, Status::from_word);
    task.priority = priority(&value["priority"]);
    task.set_text(Field::Phase, word(&value["phase"]).unwrap_or_default());
    // In these files a list of files may contain globs.
    task.set_list(Field::Scope, texts(&value["files"]));
    task.set_list(Field::Files, word(&value["file"]));
    let hours = value["est_h"].as_f64().or_else(|| value["estimated_hours"].as_f64());
    let effort = match value["effort"].as_str() {
        Some("S") => Some(Effort::S),
        Some("M") => Some(Effort::M),
        Some("L") => Some(Effort::L),
        Some("XL") => Some(Effort::XL),
        Some(_) | None => None,
    };
    let hours = hours.map(|hours| Detail::Hours(hours, hours));
    hours.into_iter().chain(effort.map(Detail::Effort)).for_each(|detail| task.set(detail));
    task
}

fn sample(value: &Value) -> Sample {
    let list = value["tasks"].as_array().or_else(|| value["features"].as_array());
    Sample::new("q", list.expect("a list of tasks").iter().map(read).collect())
}

fn plan_of(sample: &Sample, barriers: Barriers, respect_scopes: bool) -> PlanReport {
    let queues = [sample.view()];
    let graph = Graph::build_with(&queues, barriers);
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    let input = PlanInput {
        graph: &graph,
        queues: &queues,
        estimates: &estimates,
        agents: None,
        respect_scopes,
    };
    plan(&input, &[1, 2, 4], |_| true)
}

fn sizes(report: &PlanReport) -> Vec<usize> {
    report.waves.iter().map(Vec::len).collect()
}

#[test]
fn the_five_papers_have_the_waves_that_they_should_have() {
    let Some(papers) = load("plan-graphs.json") else { return };
    for (name, paper) in papers.as_object().expect("papers by name") {
        let mut sample = sample(paper);
        for (task, value) in sample.tasks.iter_mut().zip(paper["tasks"].as_array().expect("tasks"))
        {
            if value["status_then"] == "done" {
                task.status = Status::Complete;
            }
        }
        let report = plan_of(&sample, Barriers::Declared, false);
        let expected = paper["expected_waves"].as_array().expect("waves");
        let sorted = |mut wave: Vec<String>| {
            wave.sort();
            wave
        };
        let expected: Vec<_> = expected.iter().map(|wave| sorted(texts(wave))).collect();
        let names = |wave: &Vec<Text>| wave.iter().map(Text::to_string).collect();
        let waves: Vec<_> = report.waves.iter().map(|wave| sorted(names(wave))).collect();
        assert_eq!(waves, expected, "{name}");
        assert_eq!(report.width as u64, paper["max_parallel"].as_u64().expect("a number"));
    }
}

#[test]
fn the_papers_with_scopes_barriers_and_hours() {
    let Some(papers) = load("plan-graphs.json") else { return };
    let split = plan_of(&sample(&papers["000"]), Barriers::Declared, true);
    assert_eq!(split.wave_parts, [1, 2, 1, 1, 1]);
    assert_eq!(sizes(&split), [1, 3, 1, 1, 2, 1]);
    let barriers = plan_of(&sample(&papers["002"]), Barriers::All, false);
    assert_eq!(sizes(&barriers), [12, 3, 3, 1, 1, 6, 1, 2, 1, 1]);
    assert_eq!(barriers.barriers, ["1", "2", "3", "4"]);
    let mut four = sample(&papers["004"]);
    for task in &mut four.tasks[..4] {
        task.status = Status::Complete;
    }
    let report = plan_of(&four, Barriers::Declared, false);
    assert_eq!(report.work_minutes, Minutes(45.0 * 60.0));
    assert_eq!(report.critical_path.minutes, Minutes(27.0 * 60.0));
    assert_eq!(report.loops[0].makespan_minutes, report.work_minutes);
}

#[test]
fn real_queues_have_the_waves_that_they_should_have() {
    let of = |name: &str, barriers| {
        load(&format!("queues/{name}.json")).map(|queue| plan_of(&sample(&queue), barriers, false))
    };
    let Some(sprint) = of("karematch-p0-sprint1", Barriers::Declared) else { return };
    assert_eq!(sizes(&sprint), [7, 2, 2, 1]);
    let backend = of("karematch-backend", Barriers::Declared).expect("a queue");
    assert_eq!(sizes(&backend), [1, 3, 1]);
    assert_eq!(backend.work_minutes, Minutes(840.0));
    assert_eq!(backend.critical_path.minutes, Minutes(600.0));
    let adr = of("adr001-plan", Barriers::Declared).expect("a queue");
    assert_eq!(sizes(&adr), [3, 5, 2, 3, 2]);
    let adr = of("adr001-plan", Barriers::All).expect("a queue");
    assert_eq!(sizes(&adr), [3, 5, 2, 1, 2, 1, 1]);
    let provider = of("karematch-provider-onboarding", Barriers::Declared).expect("a queue");
    assert_eq!(sizes(&provider), [1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1]);
    assert_eq!(provider.waves[0], ["PROVIDER-004"]);
    let parked = of("ai-orchestrator", Barriers::Declared).expect("a queue");
    assert!(parked.waves.is_empty());
}

#[test]
fn colliding_queues_are_told_of() {
    let (Some(one), Some(two)) =
        (load("queues/karematch-provider-onboarding.json"), load("queues/karematch-backend.json"))
    else {
        return;
    };
    let samples = [sample(&one), sample(&two)];
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let input = FindingsInput { graph: &graph, queues: &queues, description: &|_| None };
    let count = |code: &str| findings(&input).iter().filter(|found| found.code == code).count();
    assert_eq!(count("same-id-different-dependencies"), 5);
    let done = findings(&input).into_iter().find(|found| found.code == "done-before-dependency");
    let id = done.and_then(|found| found.node).map(|node| graph.id(node).to_string());
    assert_eq!(id.as_deref(), Some("PROVIDER-015"));
}
