//! The five queues under `queues/papers/` keep the structure that the planner is measured against.
//!
//! Nothing of the program is used here: waves and paths are computed again, in the simplest way, so
//! that a fault of the planner and a fault of a queue cannot hide each other.
#![expect(clippy::disallowed_methods, reason = "files of the repository are read")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

struct Paper {
    name: &'static str,
    tasks: Vec<Value>,
}

fn paper(name: &'static str) -> Paper {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).expect("readable");
    let mut queue: Value = serde_json::from_str(&text).expect("valid JSON");
    let tasks = queue["tasks"].as_array_mut().expect("a list of tasks").drain(..).collect();
    Paper { name, tasks }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("queues/papers")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn id(task: &Value) -> &str {
    task["id"].as_str().expect("a text as id")
}

fn hours(task: &Value) -> f64 {
    task["estimated_hours"].as_f64().unwrap_or(0.0)
}

impl Paper {
    fn open(&self) -> Vec<&Value> {
        self.tasks.iter().filter(|task| task["status"] == "pending").collect()
    }

    /// Levels of the open tasks: each as early as its dependencies allow. Fails on a cycle.
    fn waves(&self) -> Vec<Vec<&Value>> {
        let mut left = self.open();
        let mut waves = Vec::new();
        while !left.is_empty() {
            let waiting: BTreeSet<&str> = left.iter().map(|task| id(task)).collect();
            let (now, later): (Vec<&Value>, Vec<&Value>) = left.into_iter().partition(|task| {
                texts(&task["dependencies"]).iter().all(|needed| !waiting.contains(needed))
            });
            assert!(!now.is_empty(), "{}: a cycle among {waiting:?}", self.name);
            waves.push(now);
            left = later;
        }
        waves
    }

    fn widths(&self) -> Vec<usize> {
        self.waves().iter().map(Vec::len).collect()
    }

    /// Hours of the longest chain of open tasks.
    fn critical_hours(&self) -> f64 {
        let mut ends: BTreeMap<&str, f64> = BTreeMap::new();
        for task in self.waves().into_iter().flatten() {
            let start = texts(&task["dependencies"])
                .iter()
                .filter_map(|needed| ends.get(needed))
                .fold(0.0_f64, |latest, end| latest.max(*end));
            ends.insert(id(task), start + hours(task));
        }
        ends.values().fold(0.0, |latest, end| latest.max(*end))
    }
}

const NAMES: [&str; 5] =
    ["000-one-master", "001-typed-agents", "002-many-windows", "003-one-feature", "004-two-loops"];

#[test]
fn ids_are_unique_and_dependencies_known() {
    for name in NAMES {
        let paper = paper(name);
        let ids: BTreeSet<&str> = paper.tasks.iter().map(id).collect();
        assert_eq!(ids.len(), paper.tasks.len(), "{name}: an id occurs twice");
        for task in &paper.tasks {
            for needed in texts(&task["dependencies"]).iter().chain(&texts(&task["notify"])) {
                assert!(ids.contains(needed), "{name}: {} names {needed}", id(task));
            }
        }
    }
}

#[test]
fn every_task_says_what_it_is_and_when_it_is_done() {
    for name in NAMES {
        for task in &paper(name).tasks {
            let (id, gate) = (id(task), task["type"] == "gate");
            for key in ["title", "description", "priority", "phase", "dependencies"] {
                assert!(!task[key].is_null(), "{name}: {id} has no {key}");
            }
            assert!(!texts(&task["acceptance_criteria"]).is_empty(), "{name}: {id}");
            assert_eq!(texts(&task["deliverables"]).is_empty(), gate, "{name}: {id}");
            assert_eq!(task["agent"].is_null(), gate, "{name}: {id}");
            let estimated =
                !task["estimated_hours"].is_null() || !task["estimated_minutes"].is_null();
            assert!(estimated, "{name}: {id} has no estimate");
        }
    }
}

#[test]
fn deliverables_belong_to_one_task() {
    for name in NAMES {
        let paper = paper(name);
        let all: Vec<&str> =
            paper.tasks.iter().flat_map(|task| texts(&task["deliverables"])).collect();
        let different: BTreeSet<&&str> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{name}: two tasks deliver the same file");
    }
}

#[test]
fn summaries_and_phases_are_true() {
    for name in NAMES {
        let text =
            std::fs::read_to_string(folder().join(format!("{name}.json"))).expect("readable");
        let queue: Value = serde_json::from_str(&text).expect("valid JSON");
        let tasks = queue["tasks"].as_array().expect("a list");
        let count = |status: &str| tasks.iter().filter(|task| task["status"] == status).count();
        assert_eq!(queue["summary"]["total"], tasks.len(), "{name}");
        assert_eq!(queue["summary"]["pending"], count("pending"), "{name}");
        assert_eq!(queue["summary"]["complete"], count("complete"), "{name}");
        let phases: Vec<&Value> =
            queue["phases"].as_array().expect("a list").iter().map(|p| &p["phase"]).collect();
        for task in tasks {
            assert!(phases.contains(&&task["phase"]), "{name}: phase of {}", id(task));
        }
    }
}

#[test]
fn one_master_starts_four_children_of_which_two_share_a_file() {
    let paper = paper("000-one-master");
    assert_eq!(paper.widths(), [1, 4, 1, 2, 1]);
    let waves = paper.waves();
    let mut taken = BTreeSet::new();
    let (first, second): (Vec<&Value>, Vec<&Value>) = waves[1].iter().partition(|task| {
        let files = texts(&task["files"]);
        let free = files.iter().all(|file| !taken.contains(file));
        if free {
            taken.extend(files);
        }
        free
    });
    assert_eq!((first.len(), second.len()), (3, 1));
    assert_eq!(id(second[0]), "O6");
}

#[test]
fn typed_agents_go_through_the_same_phase_four_times() {
    let paper = paper("001-typed-agents");
    assert_eq!(paper.widths(), [5, 1, 1, 1].repeat(4));
    let gates = paper.tasks.iter().filter(|task| task["type"] == "gate").count();
    assert_eq!(gates, 4);
}

#[test]
fn twelve_windows_start_at_once() {
    assert_eq!(paper("002-many-windows").widths(), [12, 3, 3, 8, 3, 1, 1]);
}

#[test]
fn one_feature_has_five_phases() {
    let paper = paper("003-one-feature");
    assert_eq!(paper.widths(), [3, 4, 4, 3, 4]);
    let sum = |phase: u64, end: usize| -> f64 {
        let tasks = paper.tasks.iter().filter(|task| task["phase"] == phase);
        tasks.filter_map(|task| task["estimated_hours"][end].as_f64()).sum()
    };
    let ranges: Vec<[f64; 2]> = (1..=5).map(|phase| [sum(phase, 0), sum(phase, 1)]).collect();
    assert_eq!(ranges, [[2.0, 3.0], [4.0, 5.0], [3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]);
}

#[test]
fn two_loops_have_a_chain_of_27_hours_in_45() {
    let paper = paper("004-two-loops");
    assert_eq!(paper.widths(), [2, 4, 2, 2, 1, 1, 1]);
    let work: f64 = paper.open().into_iter().map(hours).sum();
    assert_eq!((paper.critical_hours(), work), (27.0, 45.0));
}

#[test]
fn a_barrier_changes_no_wave_where_one_is_declared() {
    for name in NAMES {
        let text =
            std::fs::read_to_string(folder().join(format!("{name}.json"))).expect("readable");
        let queue: Value = serde_json::from_str(&text).expect("valid JSON");
        let declared =
            queue["phases"].as_array().expect("a list").iter().any(|p| p["barrier"] == true);
        let paper = paper(name);
        let ordered = paper.waves().windows(2).all(|pair| {
            let last = pair[0].iter().filter_map(|task| task["phase"].as_u64()).max();
            let next = pair[1].iter().filter_map(|task| task["phase"].as_u64()).min();
            last <= next
        });
        assert!(ordered || !declared, "{name}: a barrier would move a task");
    }
}
