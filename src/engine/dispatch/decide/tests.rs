//! What is claimed next, in small projects.

use super::*;
use crate::config::{Config, SelectedQueue, Selection};
use crate::domain::Typed;
use crate::engine::attempt::Untouched;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::RandomIds;
use crate::project::{Among, Planner, Project};
use crate::store::file::FileOptions;
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

fn options() -> FileOptions {
    FileOptions {
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        lock_timeout: Duration::ZERO,
        backups: None,
        unsafe_fs: true,
        on_wait: Box::new(|_, _| {}),
        on_warning: Box::new(|_| {}),
    }
}

/// A project with one queue.
struct Case {
    _dir: tempfile::TempDir,
    project: Project,
    scope: Scope,
    resting: Resting,
    untouched: Untouched,
    judged: Vec<PathBuf>,
    paused: HashSet<QueueIx>,
}

impl Case {
    fn new(tasks: Value) -> Self {
        Self::with(tasks, Config::default())
    }

    fn with(tasks: Value, config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("q.json");
        fs::write(&path, json!({"tasks": tasks}).to_string()).unwrap();
        let queues = vec![SelectedQueue::at(path, &config).unwrap()];
        let project =
            Project::open(Selection { config, queues, typed: Typed::default() }, options())
                .unwrap();
        Self {
            _dir: dir,
            project,
            scope: Scope::default(),
            resting: Resting::default(),
            untouched: Untouched::default(),
            judged: Vec::new(),
            paused: HashSet::new(),
        }
    }

    fn place(&self, id: &str) -> Place {
        self.project.resolve(id, Among::Served).unwrap()
    }

    fn decide(&self, room: &Room<'_>, refused: &[&str]) -> Plan {
        let (set, queues) = (self.project.set(), self.project.queues());
        let structure = Planner::default().structure(set, queues);
        let around = crate::project::Seen {
            now: SystemClock.now(),
            paused: self.paused.clone(),
            agent_pauses: Vec::new(),
            claims: Vec::new(),
            outside: Vec::new(),
        };
        let conditions = around.conditions(set, queues, &structure);
        let seen = Seen {
            set,
            queues,
            structure: &structure,
            conditions: &conditions,
            scope: &self.scope,
            resting: &self.resting,
            untouched: &self.untouched,
            judged: &self.judged,
        };
        let tasks = set.tasks(queues);
        let ready = plan::readiness(&structure.graph, &tasks, &conditions);
        let refused = refused.iter().map(|id| self.place(id)).collect();
        decide(&seen, ready, room, &Refused { tasks: refused, ..Refused::default() })
    }

    /// Returns the ids that are claimed, each with its slot.
    fn claims(&self, plan: &Plan) -> Vec<(usize, String)> {
        let id =
            |place: &Place| self.project.queues()[place.queue].tasks()[place.task].id.to_string();
        plan.claims.iter().map(|(slot, place)| (slot.index(), id(place))).collect()
    }
}

fn slots(numbers: &[usize]) -> Vec<SlotIx> {
    numbers.iter().copied().map(SlotIx::new).collect()
}

static NOTHING: LazyLock<HashSet<QueueIx>> = LazyLock::new(HashSet::new);

fn room(free: &[SlotIx], most: usize) -> Room<'_> {
    Room { free, again: Vec::new(), most, paused: &NOTHING }
}

fn claimed(all: &[(usize, &str)]) -> Vec<(usize, String)> {
    all.iter().map(|(slot, id)| (*slot, (*id).to_owned())).collect()
}

#[test]
fn each_free_slot_gets_the_next_ready_task() {
    let case = Case::new(json!([
        {"id": "A"}, {"id": "B", "depends_on": ["A"]}, {"id": "C", "priority": "critical"},
        {"id": "D"},
    ]));
    let free = slots(&[1, 0]);
    let plan = case.decide(&room(&free, 9), &[]);
    assert_eq!(case.claims(&plan), claimed(&[(1, "C"), (0, "A")]));
    assert!(plan.has_work && plan.judge.is_none() && plan.settle.is_empty());
    // No more than may begin are claimed, and tasks that others hold are left to them.
    assert_eq!(case.claims(&case.decide(&room(&free, 1), &[])), claimed(&[(1, "C")]));
    let plan = case.decide(&room(&free, 9), &["C", "A"]);
    assert_eq!(case.claims(&plan), claimed(&[(1, "D")]));
}

#[test]
fn a_failed_task_keeps_its_slot_before_others_get_it() {
    let case = Case::new(json!([{"id": "A", "priority": "critical"}, {"id": "B"}]));
    let free = slots(&[0]);
    let again = vec![(SlotIx::new(0), case.place("B"))];
    let plan = case.decide(&Room { again, ..room(&free, 9) }, &[]);
    assert_eq!(case.claims(&plan), claimed(&[(0, "B")]));
    // A slot whose task must not be tried at once is free for another one.
    let blocked = Case::new(json!([{"id": "A"}, {"id": "B", "status": "blocked"}]));
    let again = vec![(SlotIx::new(0), blocked.place("B"))];
    let plan = blocked.decide(&Room { again, ..room(&free, 9) }, &[]);
    assert_eq!(blocked.claims(&plan), claimed(&[(0, "A")]));
}

#[test]
fn tasks_on_the_same_files_do_not_begin_in_one_plan() {
    let case = Case::new(json!([
        {"id": "A", "files": ["a.rs"]}, {"id": "B", "files": ["a.rs"]}, {"id": "C", "files": ["c.rs"]},
    ]));
    let free = slots(&[0, 1, 2]);
    let plan = case.decide(&room(&free, 9), &[]);
    assert_eq!(case.claims(&plan), claimed(&[(0, "A"), (1, "C")]));
}

#[test]
fn scope_and_pauses_are_kept() {
    let mut case = Case::new(json!([{"id": "A"}, {"id": "B"}]));
    case.scope.ids.insert("B".to_owned());
    let free = slots(&[0, 1]);
    assert_eq!(case.claims(&case.decide(&room(&free, 9), &[])), claimed(&[(0, "B")]));
    case.paused.insert(QueueIx::FIRST);
    let plan = case.decide(&room(&free, 9), &[]);
    assert!(plan.claims.is_empty() && !plan.has_work, "{plan:?}");
}

#[test]
fn nothing_begins_where_a_tree_is_judged() {
    let mut case = Case::new(json!([{"id": "A"}]));
    case.judged.push(case.project.set().root(QueueIx::FIRST).to_owned());
    let free = slots(&[0]);
    let plan = case.decide(&room(&free, 9), &[]);
    assert!(plan.claims.is_empty() && plan.has_work, "{plan:?}");
}

#[test]
fn an_epic_follows_its_children() {
    let case = Case::new(json!([
        {"id": "E", "type": "epic", "status": "pending"}, {"id": "A", "parent": "E", "status": "complete"},
    ]));
    let plan = case.decide(&room(&[], 9), &[]);
    assert_eq!(plan.settle, [(case.place("E"), Status::Complete, None)]);
}
