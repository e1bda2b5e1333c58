//! Work that an agent found while it did its own: the follow-ups of its result file, added when its
//! attempt passed.
//!
//! An agent only proposes work: it says what is to be done, but not its state, who approves it, or
//! how it is verified. A follow-up is verified like the task in which it was found. Nothing in it
//! may become a flag on a command line or a path out of the project; its number and length are
//! limited, and so is the depth of chains of discoveries.

use crate::agent::cut;
use crate::config::Config;
use crate::domain::{Field, QueueIx, Status};
use crate::queue::{Duplicate, Queue, fingerprint};
use crate::store::{Actor, Draft, Place};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Component, Path};

/// The fields that an agent may set in a follow-up.
const ALLOWED: [Field; 11] = [
    Field::Title,
    Field::Description,
    Field::Priority,
    Field::Dependencies,
    Field::File,
    Field::Files,
    Field::Tests,
    Field::Tags,
    Field::AcceptanceCriteria,
    Field::EstimatedMinutes,
    Field::EstimatedHours,
];

/// The fields of the source task that decide how a follow-up is verified.
const INHERITED: [Field; 2] = [Field::Type, Field::Verify];

/// The most follow-ups of one result.
const MOST: usize = 50;
/// The most characters of a title.
const TITLE: usize = 500;
/// The most bytes of a description.
const DESCRIPTION: usize = 16 * 1024;
/// The most bytes of a whole follow-up.
const WHOLE: usize = 64 * 1024;

/// What happened to the follow-ups of one result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FollowUps {
    /// Ids of the tasks that were added.
    pub(super) added: Vec<String>,
    /// How many were already in the queue.
    pub(super) duplicates: usize,
    /// Why others were left out.
    pub(super) warnings: Vec<String>,
}

impl FollowUps {
    /// Returns the data for the journal; `None` if there is nothing to report.
    pub(super) fn to_json(&self) -> Option<Value> {
        let Self { added, duplicates, warnings } = self;
        let data = json!({"added": added, "duplicates": duplicates, "warnings": warnings});
        (*self != Self::default()).then_some(data)
    }
}

/// Adds `proposed` to the queue of the task at `place`, from whose attempt they come.
///
/// A follow-up that cannot be added is left out with a warning: it does not affect the work that
/// passed.
pub(super) fn add(
    draft: &mut Draft<'_>,
    place: Place,
    actor: &Actor,
    proposed: &[Map<String, Value>],
    config: &Config,
) -> FollowUps {
    let mut made = FollowUps::default();
    if proposed.is_empty() {
        return made;
    }
    let source = draft.task(place).id.to_string();
    let depth_limit = config.limits.follow_up_depth.value;
    let depth = depth(&draft.queues()[place.queue], place.task).saturating_add(1);
    if depth > depth_limit {
        let count = proposed.len();
        made.warnings.push(format!(
            "task {source}: {count} follow-ups dropped: it is itself {} deep in a chain of \
             follow-ups, and limits.follow_up_depth is {depth_limit}",
            depth - 1
        ));
        return made;
    }
    let proposed = accepted(proposed, &source, &mut made.warnings);
    let queue = &draft.queues()[place.queue];
    let inherited = inherited(queue, place.task, config);
    let mut ids = queue.next_ids(proposed.len()).into_iter();
    let (mut tasks, mut names) = (Vec::new(), HashMap::new());
    let mut prints: HashMap<String, String> = HashMap::new();
    for (name, mut task) in proposed {
        let print = fingerprint(&task);
        let known = match queue.duplicate_of(&task) {
            Some(Duplicate::Task(index)) => Some(queue.tasks()[index].id.to_string()),
            Some(Duplicate::Listed) => {
                made.duplicates += 1;
                continue;
            }
            None => prints.get(&print).cloned(),
        };
        let id = match known {
            Some(known) => {
                made.duplicates += 1;
                known
            }
            None => {
                let Some(id) = ids.next() else { break };
                task.extend(inherited.clone());
                task.insert(Field::DiscoveredBy.key().to_owned(), json!(source));
                task.insert(Field::Fingerprint.key().to_owned(), json!(print));
                prints.insert(print, id.clone());
                tasks.push((id.clone(), task));
                id
            }
        };
        // The agent's own name for it is used only for references among its follow-ups.
        names.extend(name.map(|name| (name, id)));
    }
    for task in written(queue, tasks, &names) {
        match put(draft, place.queue, actor, &task) {
            Ok(id) => made.added.push(id),
            Err(why) => {
                made.warnings.push(format!("task {source}: a follow-up was left out: {why}"));
            }
        }
    }
    made
}

/// Returns the tasks as they are written into `queue`, with new ids in place of those that the
/// agent used.
fn written(
    queue: &Queue,
    tasks: Vec<(String, Map<String, Value>)>,
    names: &HashMap<String, String>,
) -> Vec<Map<String, Value>> {
    let state = queue.state_member(Status::Pending);
    let one = |(id, mut task): (String, Map<String, Value>)| {
        rename_dependencies(&mut task, queue, names);
        whole(queue.id_value(&id), state.clone(), task)
    };
    tasks.into_iter().map(one).collect()
}

/// Returns what is taken of a list, limited and sanitized, each with the name that the agent gave
/// it.
fn accepted(
    proposed: &[Map<String, Value>],
    source: &str,
    warnings: &mut Vec<String>,
) -> Vec<(Option<String>, Map<String, Value>)> {
    let mut warn = |text: String| warnings.push(format!("task {source}: {text}"));
    if let Some(more) = proposed.len().checked_sub(MOST).filter(|more| *more > 0) {
        let count = proposed.len();
        warn(format!("{more} of {count} follow-ups dropped: at most {MOST} are taken"));
    }
    let one = |proposal: &Map<String, Value>| {
        let mut task = allowed(proposal);
        if let Some(why) = tame(&mut task) {
            warn(format!("a follow-up was changed: {why}"));
        }
        if json!(task).to_string().len() > WHOLE {
            warn(format!("a follow-up was left out: it has more than {WHOLE} bytes"));
            return None;
        }
        let name = proposal.get(Field::Id.key()).and_then(name);
        Some((name, task))
    };
    proposed.iter().take(MOST).filter_map(one).collect()
}

/// Returns an id as text, even if it is a number.
fn name(id: &Value) -> Option<String> {
    id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|number| number.to_string()))
}

/// Returns the length of the chain of discoveries that led to a task.
fn depth(queue: &Queue, task: usize) -> u32 {
    let mut depth = 0;
    let mut at = Some(task);
    while let Some(index) = at {
        let Some(found_by) = queue.text(index, Field::DiscoveredBy) else { break };
        depth += 1;
        // The source is in another queue, or the chain is a cycle: it counts as deep enough.
        at = queue.index_of(&found_by).filter(|_| (depth as usize) < queue.tasks().len());
    }
    depth
}

fn allowed(proposal: &Map<String, Value>) -> Map<String, Value> {
    let keys = ALLOWED.iter().flat_map(|field| field.spellings());
    let kept = keys.filter_map(|key| Some(((*key).to_owned(), proposal.get(*key)?.clone())));
    kept.filter(|(_, value)| !value.is_null()).collect()
}

/// Returns the fields that choose the verification, as they are in the task at `index`. A follow-up
/// has neither the agent nor the phase of that task, so it gets the profiles that these choose.
fn inherited(queue: &Queue, index: usize, config: &Config) -> Map<String, Value> {
    let value = |field: Field| Some((field.key().to_owned(), queue.value(index, field)?));
    let values = INHERITED.into_iter().filter_map(value);
    let mut values: Map<String, Value> = values.filter(|(_, value)| !value.is_null()).collect();
    let chosen = config.verify_for_follow_up(&queue.tasks()[index], queue.phase_profiles());
    values.extend(chosen.map(|names| (Field::Verify.key().to_owned(), json!(names))));
    values
}

/// Removes from a follow-up what could do harm. Returns what was changed, if anything.
fn tame(task: &mut Map<String, Value>) -> Option<String> {
    let mut changed = Vec::new();
    if let Some(Value::String(title)) = task.get_mut(Field::Title.key()) {
        if let Some((at, _)) = title.char_indices().nth(TITLE) {
            title.truncate(at);
            changed.push("its title was cut".to_owned());
        }
        if title.starts_with('-') {
            *title = title.trim_start_matches(['-', ' ']).to_owned();
            changed.push("its title began with -".to_owned());
        }
    }
    if let Some(Value::String(description)) = task.get_mut(Field::Description.key())
        && cut(description, DESCRIPTION)
    {
        changed.push("its description was cut".to_owned());
    }
    for key in [Field::File, Field::Files, Field::Tests].iter().flat_map(|f| f.spellings()) {
        let Some(value) = task.get_mut(*key) else { continue };
        let refused = match value {
            Value::Array(paths) => {
                let before = paths.len();
                paths.retain(|path| path.as_str().is_some_and(is_inside));
                paths.len() < before
            }
            Value::String(path) => !is_inside(path),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
        };
        if refused {
            changed.push(format!("{key} may contain only paths inside the project"));
            if !value.is_array() {
                task.shift_remove(*key);
            }
        }
    }
    (!changed.is_empty()).then(|| changed.join(", "))
}

/// Returns whether a path stays inside the project and no program parses it as a flag.
fn is_inside(path: &str) -> bool {
    let depth = Path::new(path).components().try_fold(0_i32, |depth, part| match part {
        Component::Normal(_) => Some(depth + 1),
        Component::CurDir => Some(depth),
        Component::ParentDir => (depth > 0).then_some(depth - 1),
        Component::RootDir | Component::Prefix(_) => None,
    });
    depth.is_some() && !path.trim().is_empty() && !path.starts_with('-')
}

fn rename_dependencies(
    task: &mut Map<String, Value>,
    queue: &Queue,
    names: &HashMap<String, String>,
) {
    for key in Field::Dependencies.spellings() {
        let ids = match task.get_mut(*key) {
            Some(Value::Array(ids)) => ids.iter_mut().collect(),
            Some(id) => vec![id],
            None => continue,
        };
        for id in ids {
            if let Some(new) = name(id).and_then(|old| names.get(&old)) {
                *id = queue.id_value(new);
            }
        }
    }
}

/// Returns a task as it is written: id and texts first, then its state.
pub(super) fn whole(
    id: Value,
    state: (&str, Value),
    mut task: Map<String, Value>,
) -> Map<String, Value> {
    let mut whole = Map::new();
    whole.insert(Field::Id.key().to_owned(), id);
    for field in [Field::Title, Field::Description] {
        let value = task.shift_remove(field.key());
        whole.extend(value.map(|value| (field.key().to_owned(), value)));
    }
    whole.insert(state.0.to_owned(), state.1);
    whole.extend(task);
    whole
}

fn put(
    draft: &mut Draft<'_>,
    queue: QueueIx,
    actor: &Actor,
    task: &Map<String, Value>,
) -> Result<String, String> {
    let filled = |key: &str| {
        task.get(key).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    if !filled("title") && !filled("description") {
        return Err("it has neither title nor description".to_owned());
    }
    let place = draft.add_by(actor, queue, task).map_err(|error| error.to_string())?;
    Ok(draft.task(place).id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Limits, Sourced, parse};
    use chrono::DateTime;
    use std::path::Path;

    fn queue(tasks: Value) -> Queue {
        let text = json!({"tasks": tasks}).to_string();
        Queue::parse(Path::new("q.json"), text.into_bytes()).unwrap()
    }

    fn added(queue: &mut Queue, proposed: Value, limit: u32) -> FollowUps {
        let limits = Limits { follow_up_depth: Sourced::default_value(limit), ..Limits::default() };
        added_with(&Config { limits, ..Config::default() }, queue, proposed)
    }

    fn added_with(config: &Config, queue: &mut Queue, proposed: Value) -> FollowUps {
        let proposed: Vec<_> =
            proposed.as_array().unwrap().iter().map(|t| t.as_object().unwrap().clone()).collect();
        let mut draft = Draft::new(std::slice::from_mut(queue), DateTime::UNIX_EPOCH);
        let place = Place { queue: QueueIx::FIRST, task: 0 };
        add(&mut draft, place, &Actor::Person, &proposed, config)
    }

    #[test]
    fn a_follow_up_is_verified_as_the_agent_or_phase_of_its_source_chooses() {
        let text = "[agents.default]\nrun = \"x\"\n[agents.writer]\nrun = \"x\"\nverify = \"prose\"\n\
                    [[verify]]\nrun = \"x\"\n[[verify]]\nprofile = \"prose\"\nrun = \"x\"\n";
        let config = parse(Path::new("/p/workloop.toml"), text).unwrap();
        let verify = |config: &Config, source: Value| {
            let mut source = source;
            source["id"] = json!("A-1");
            let text = json!({"phases": [{"phase": 1, "verify": "prose"}], "tasks": [source]});
            let mut queue =
                Queue::parse(Path::new("q.json"), text.to_string().into_bytes()).unwrap();
            let made = added_with(config, &mut queue, json!([{"title": "b"}]));
            assert_eq!(made.added, ["A-2"]);
            let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
            assert_eq!((&task["agent"], &task["phase"]), (&Value::Null, &Value::Null));
            task["verify"].clone()
        };
        assert_eq!(verify(&config, json!({"agent": "writer"})), json!(["prose"]));
        assert_eq!(verify(&config, json!({"phase": 1})), json!(["prose"]));
        assert_eq!(verify(&config, json!({"phase": 2})), Value::Null);
        assert_eq!(verify(&config, json!({"agent": "writer", "verify": "x"})), json!("x"));
        let strict = text.replace("[agents.writer]", "verify = \"prose\"\n[agents.writer]");
        let strict = strict.replacen("run = \"x\"\nverify = \"prose\"\n[[", "run = \"x\"\n[[", 1);
        let config = parse(Path::new("/p/workloop.toml"), &strict).unwrap();
        assert_eq!(verify(&config, json!({"agent": "writer"})), json!(["default"]));
    }

    #[test]
    fn an_agent_says_what_is_to_be_done_and_nothing_else() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a", "status": "todo"}]));
        let proposal = json!([{
            "id": "mine", "title": "b", "status": "complete", "approved_by": "me", "passes": true,
            "claim": {}, "verify": "true", "agent": "x", "type": "bug", "files": ["b.rs"],
            "requires_approval": false, "max_iterations": 99, "other": 1,
        }]);
        assert_eq!(added(&mut queue, proposal, 1).added, ["A-2"]);
        let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
        let print = fingerprint(json!({"title": "b"}).as_object().unwrap());
        let expected = json!({"id": "A-2", "title": "b", "status": "todo",
            "files": ["b.rs"], "discovered_by": "A-1", "fingerprint": print});
        assert_eq!(task, expected);
    }

    #[test]
    fn a_follow_up_is_verified_as_the_task_in_which_it_was_found() {
        let proposal = json!([{"title": "b", "type": "docs", "verify": "none", "agent": "x"}]);
        for parent in [json!({"type": "bug"}), json!({"verify": ["full", "slow"]}), json!({})] {
            let mut task = json!({"id": "A-1", "title": "a"});
            task.as_object_mut().unwrap().extend(parent.as_object().unwrap().clone());
            let mut queue = queue(json!([task]));
            assert_eq!(added(&mut queue, proposal.clone(), 1).added, ["A-2"]);
            let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
            for key in ["type", "verify", "agent"] {
                assert_eq!(task.get(key), parent.get(key), "{task}");
            }
        }
    }

    #[test]
    fn no_path_leads_out_and_none_is_a_flag() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a"}]));
        let proposal = json!([{
            "title": "--help: b", "tests": ["--version", "a.rs", "../x", "/etc/x", "b/../../y", 3, ""],
            "files": ["b/../c.rs"], "file": "-x",
        }]);
        let made = added(&mut queue, proposal, 1);
        let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
        assert_eq!((&task["tests"], &task["files"]), (&json!(["a.rs"]), &json!(["b/../c.rs"])));
        assert_eq!((&task["title"], task.get("file")), (&json!("help: b"), None));
        assert!(made.warnings[0].contains("tests may contain only paths"), "{made:?}");
    }

    #[test]
    fn paths_of_another_kind_are_left_out_with_a_warning() {
        let kept = |key: &str, value: Value| {
            let mut queue = queue(json!([{"id": "A-1", "title": "a"}]));
            let made = added(&mut queue, json!([{"title": "b", key: value}]), 1);
            let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
            (task.get(key).cloned(), made.warnings)
        };
        let said = |key: &str| {
            let why = format!("{key} may contain only paths inside the project");
            vec![format!("task A-1: a follow-up was changed: {why}")]
        };
        for value in
            [json!(3), json!(true), json!({"a": 1}), json!("../x"), json!("/x"), json!(" ")]
        {
            assert_eq!(kept("file", value.clone()), (None, said("file")), "{value}");
        }
        assert_eq!(kept("files", json!(["a", 1])), (Some(json!(["a"])), said("files")));
        assert_eq!(kept("tests", json!(["/x"])), (Some(json!([])), said("tests")));
        for value in ["a.rs", "./a.rs", "a/../b", "a//b", "a b"] {
            assert_eq!(kept("file", json!(value)), (Some(json!(value)), Vec::new()), "{value}");
        }
        assert_eq!(kept("file", Value::Null), (None, Vec::new()), "nothing was proposed");
    }

    #[test]
    fn a_single_dependency_and_a_number_are_references_too() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a"}]));
        let proposal = json!([
            {"id": 7, "title": "x"}, {"title": "y", "dependencies": "7"}, {"title": "z", "blocked_by": [7]},
        ]);
        assert_eq!(added(&mut queue, proposal, 1).added, ["A-2", "A-3", "A-4"]);
        let needs = |at: usize| queue.tasks()[at].dependencies().to_vec();
        assert_eq!((needs(2), needs(3)), (vec!["A-2".into()], vec!["A-2".into()]));
    }

    #[test]
    fn number_and_length_are_bounded() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a"}]));
        let mut proposal: Vec<Value> =
            (0..3000).map(|n| json!({"title": format!("t{n}")})).collect();
        proposal[0] = json!({"title": "€".repeat(600), "description": "€".repeat(DESCRIPTION)});
        proposal[1] = json!({"title": "big", "tags": ["x".repeat(WHOLE)]});
        let made = added(&mut queue, json!(proposal), 1);
        assert_eq!((made.added.len(), made.warnings.len()), (49, 3), "{:?}", made.warnings);
        assert!(made.warnings[0].contains("2950 of 3000 follow-ups dropped"), "{made:?}");
        let task: Value = serde_json::from_str(queue.task_text(1)).unwrap();
        assert_eq!(task["title"].as_str().map(|text| text.chars().count()), Some(TITLE));
        assert!(task["description"].as_str().is_some_and(|text| text.len() <= DESCRIPTION));
    }

    #[test]
    fn what_is_within_the_bounds_is_taken_as_it_is() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a"}]));
        let mut proposal: Vec<Value> =
            (0..50).map(|n| json!({"title": format!("t{n}"), "tests": ["a.rs", "b"]})).collect();
        let whole = |length| json!({"title": "big", "tags": ["x".repeat(length)]});
        let rest = whole(0).to_string().len();
        proposal[1] = whole(65_536 - rest);
        proposal[2] = json!({"title": "€".repeat(500), "description": "x".repeat(16_384)});
        let made = added(&mut queue, json!(proposal), 1);
        assert_eq!((made.added.len(), made.warnings), (50, Vec::new()));
    }

    #[test]
    fn the_journal_has_what_was_added_or_left_out() {
        let nothing = FollowUps::default();
        assert_eq!(nothing.to_json(), None);
        let made = FollowUps { added: vec!["A".to_owned()], duplicates: 2, ..nothing };
        let expected = json!({"added": ["A"], "duplicates": 2, "warnings": []});
        assert_eq!(made.to_json(), Some(expected));
    }

    #[test]
    fn work_that_a_person_removed_is_not_added_again() {
        let print = fingerprint(json!({"title": "b"}).as_object().unwrap());
        let text = json!({"tasks": [{"id": "A-1", "title": "a"}], "fingerprints": [print]});
        let mut queue = Queue::parse(Path::new("q.json"), text.to_string().into_bytes()).unwrap();
        let proposal = json!([{"title": "b"}, {"title": "c"}, {"title": "b"}]);
        let made = added(&mut queue, proposal, 1);
        assert_eq!((made.added, made.duplicates), (vec!["A-2".to_owned()], 2));
    }

    #[test]
    fn duplicates_are_counted_and_references_among_follow_ups_hold() {
        let mut queue = queue(json!([{"id": "A-1", "title": "a"}, {"id": "A-2", "title": "Old"}]));
        let proposal = json!([
            {"id": "x", "title": "x", "depends_on": ["y", "old", "A-1"]},
            {"id": "old", "title": "old"}, {"id": "y", "title": "y"}, {"title": "Y "},
            {"priority": 1},
        ]);
        let made = added(&mut queue, proposal, 1);
        assert_eq!((made.added, made.duplicates), (vec!["A-3".into(), "A-4".into()], 2));
        assert_eq!(made.warnings.len(), 1, "{:?}", made.warnings);
        assert_eq!(queue.tasks()[2].dependencies(), ["A-4", "A-2", "A-1"]);
    }

    #[test]
    fn a_chain_of_discoveries_ends() {
        let mut queue = queue(json!([
            {"id": "A-1", "title": "a", "discovered_by": "A-2"},
            {"id": "A-2", "title": "b"},
        ]));
        let made = added(&mut queue, json!([{"title": "c"}]), 1);
        assert!(made.added.is_empty() && made.warnings[0].contains("follow_up_depth"), "{made:?}");
        assert_eq!(added(&mut queue, json!([{"title": "c"}]), 2).added, ["A-3"]);
        let mut chain = self::queue(json!([
            {"id": "A-1", "title": "a", "discovered_by": "A-2"},
            {"id": "A-2", "title": "b", "discovered_by": "A-3"},
            {"id": "A-3", "title": "c"},
        ]));
        let made = added(&mut chain, json!([{"title": "d"}]), 2);
        assert!(made.added.is_empty() && made.warnings[0].contains("itself 2 deep"), "{made:?}");
        let mut round = self::queue(json!([{"id": "A", "title": "a", "discovered_by": "A"}]));
        assert!(added(&mut round, json!([{"title": "c"}]), 1).added.is_empty());
        assert_eq!(added(&mut round, json!([{"title": "c"}]), 2).added.len(), 1);
    }
}
