//! To which task an id refers, and what is said if it refers to none or to several.

use super::*;

/// A project that serves the queues `q` and `features`; `other` is only read.
fn three() -> Sample {
    let one = |tasks: Value| json!({ "tasks": tasks });
    let served = [
        ("q", one(json!([task("A", &json!({})), task("both", &json!({}))]))),
        (
            "features",
            one(json!([task("F", &json!({})), task("both", &json!({})), task("x:y", &json!({}))])),
        ),
    ];
    let waits = json!([task("A", &json!({})), task("far", &json!({})), task("twice", &json!({}))]);
    Sample::new("queues = [\"*.json\"]\n", &served, &[("other", one(waits))])
}

fn found(sample: &Sample, text: &str, among: Among) -> Result<(usize, String), String> {
    let (set, queues) = sample.parts();
    let place =
        crate::project::resolve(set, queues, text, among).map_err(|error| error.to_string())?;
    Ok((place.queue.index(), queues[place.queue].tasks()[place.task].id.to_string()))
}

#[test]
fn an_id_is_searched_in_the_served_queues_before_those_that_are_only_read() {
    let sample = three();
    assert_eq!(sample.project.queues().len(), 3);
    for (text, among, wanted) in [
        ("A", Among::Served, (0, "A")),
        // The queue that is only read has a task A too.
        ("A", Among::All, (0, "A")),
        ("F", Among::All, (1, "F")),
        ("far", Among::All, (2, "far")),
        ("other:far", Among::All, (2, "far")),
        ("features:both", Among::Served, (1, "both")),
        ("q:both", Among::All, (0, "both")),
        // A whole id wins over a reference.
        ("x:y", Among::Served, (1, "x:y")),
        ("features:x:y", Among::Served, (1, "x:y")),
    ] {
        let wanted = (wanted.0, wanted.1.to_owned());
        assert_eq!(found(&sample, text, among), Ok(wanted), "{text} {among:?}");
    }
}

#[test]
fn an_id_that_is_not_unique_lists_the_references_to_choose_from() {
    let sample = three();
    for among in [Among::Served, Among::All] {
        let text = "task id `both` exists in 2 queues: q:both, features:both";
        assert_eq!(found(&sample, "both", among), Err(text.to_owned()));
    }
}

#[test]
fn a_task_of_a_queue_that_is_only_read_is_not_changed() {
    let sample = three();
    let text = "task `far` is in other.json, which was not named: name that queue";
    assert_eq!(found(&sample, "far", Among::Served), Err(text.to_owned()));
}

#[test]
fn an_unknown_id_names_the_queues_and_the_nearest_id() {
    let sample = three();
    let queues = "q.json, features.json";
    for (id, meant) in [
        ("boht", "; did you mean `both`?"),
        ("nothing-like-it", ""),
        ("q:F", ""),
        ("nowhere:A", ""),
        (":::::", ""),
    ] {
        let text = format!("there is no task `{id}` in {queues}{meant}");
        assert_eq!(found(&sample, id, Among::All), Err(text), "{id}");
    }
    // A task that is only read is not suggested to a verb that writes.
    let text = format!("there is no task `twicf` in {queues}");
    assert_eq!(found(&sample, "twicf", Among::Served), Err(text));
}

#[test]
fn a_queue_is_named_by_its_name_or_by_its_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().canonicalize().expect("a folder").join("work_queue_p.json");
    let memory = Memory::default();
    memory.put(&path, json!({"tasks": [task("A", &json!({}))]}).to_string());
    let queue = SelectedQueue {
        path,
        shown: "p.json".into(),
        name: "default".to_owned(),
        aliases: vec!["default".to_owned()],
        project: None,
    };
    let selection = Selection {
        config: config::Config::default(),
        queues: vec![queue],
        typed: Typed::default(),
    };
    let project = Project::open(selection, Box::new(memory.at(Arc::new(Still)))).expect("open");
    for (text, is_found) in [
        ("A", true),
        ("default:A", true),
        ("work_queue_p:A", true),
        ("work_queue_p.json:A", false),
        ("p:A", false),
    ] {
        assert_eq!(project.resolve(text, Among::Served).is_ok(), is_found, "{text}");
    }
}
