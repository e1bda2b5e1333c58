//! What is claimed next, in small projects.

use super::*;
use crate::agent::AgentProfile;
use crate::config::{Config, SelectedQueue, Selection};
use crate::domain::{Allowance, Budget, Command, Ledger, Preset, Task, TaskId, Typed, Usage};
use crate::engine::attempt::Untouched;
use crate::plan::NeighbourTask;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::RandomIds;
use crate::project::{Among, Planner, Project};
use crate::store::tests::places::quietly;
use chrono::Utc;
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, LazyLock};

/// A project with one queue.
struct Case {
    _dir: tempfile::TempDir,
    project: Project,
    scope: Scope,
    resting: Resting,
    untouched: Untouched,
    judged: Vec<PathBuf>,
    paused: HashSet<QueueIx>,
    refused_trees: HashSet<ProfileKey>,
    /// Tasks whose worker is dead.
    dead: HashSet<String>,
    /// Tasks that run in queues of other loops.
    outside: Vec<NeighbourTask>,
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
        let files = Box::new(quietly(Arc::new(SystemClock), Arc::new(RandomIds)));
        let selection = Selection { config, queues, typed: Typed::default() };
        let project = Project::open(selection, files).unwrap();
        Self {
            _dir: dir,
            project,
            scope: Scope::default(),
            resting: Resting::default(),
            untouched: Untouched::default(),
            judged: Vec::new(),
            paused: HashSet::new(),
            refused_trees: HashSet::new(),
            dead: HashSet::new(),
            outside: Vec::new(),
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
            outside: self.outside.clone(),
        };
        let mut conditions = around.conditions(set, queues, &structure);
        for id in &self.dead {
            let place = self.place(id);
            let node = structure.graph.node(place.queue, place.task);
            conditions.claims.insert(node, Liveness::Dead { strays: false });
        }
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
        decide(&seen, ready, room, &Refused { tasks: refused, trees: self.refused_trees.clone() })
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

static UNLIMITED: LazyLock<Spendable> = LazyLock::new(Spendable::default);
static NOTHING: LazyLock<HashSet<QueueIx>> = LazyLock::new(HashSet::new);

fn room(free: &[SlotIx], most: usize) -> Room<'_> {
    Room { free, again: Vec::new(), most, spendable: &UNLIMITED, paused: &NOTHING }
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

/// A project whose tree is judged before an attempt begins.
fn verified(tasks: Value) -> Case {
    let text = "[[verify]]\nname = \"test\"\nrun = \"true\"\n";
    Case::with(tasks, crate::config::parse(Path::new("/p/workloop.toml"), text).unwrap())
}

/// Returns the slot that judges the tree, and the claims.
fn judged(case: &Case, room: &Room<'_>) -> (Option<usize>, Vec<(usize, String)>) {
    let plan = case.decide(room, &[]);
    (plan.judge.as_ref().map(|(slot, _)| slot.index()), case.claims(&plan))
}

#[test]
fn a_tree_is_judged_before_anything_begins_in_it() {
    let mut case = verified(json!([{"id": "A"}, {"id": "B"}]));
    let free = slots(&[1, 0]);
    let plan = case.decide(&room(&free, 9), &[]);
    let (slot, profile) = plan.judge.as_ref().expect("a judge");
    assert_eq!((slot.index(), profile.name.as_str(), profile.steps.len()), (1, "default", 1));
    assert_eq!(profile.key.root, case.project.set().root(QueueIx::FIRST));
    assert!(plan.claims.is_empty() && plan.has_work);
    assert_eq!(plan.left, 2);
    // Nothing may begin, so nothing is judged.
    assert_eq!(judged(&case, &room(&free, 0)), (None, Vec::new()));
    assert_eq!(judged(&case, &room(&[], 9)), (None, Vec::new()));
    // What cannot be judged now, or is known, holds nothing up.
    let key = profile.key.clone();
    let claims = claimed(&[(1, "A"), (0, "B")]);
    case.refused_trees.insert(key.clone());
    assert_eq!(judged(&case, &room(&free, 9)), (None, claims.clone()));
    case.refused_trees.clear();
    case.untouched.learn(&key, Some(None), HashSet::new());
    assert_eq!(judged(&case, &room(&free, 9)), (None, claims));
}

#[test]
fn only_a_fresh_task_needs_a_judged_tree() {
    let free = slots(&[0]);
    let of = |task: Value| judged(&verified(json!([task])), &room(&free, 9));
    assert_eq!(of(json!({"id": "A"})), (Some(0), Vec::new()));
    assert_eq!(of(json!({"id": "A", "type": "gate"})), (None, claimed(&[(0, "A")])));
    assert_eq!(of(json!({"id": "A", "attempts": 1})), (None, claimed(&[(0, "A")])));
    let mut off = verified(json!([{"id": "A"}]));
    off.project = {
        let text = "[limits]\nuntouched = false\n[[verify]]\nname = \"test\"\nrun = \"true\"\n";
        let config = crate::config::parse(Path::new("/p/workloop.toml"), text).unwrap();
        Case::with(json!([{"id": "A"}]), config).project
    };
    assert_eq!(judged(&off, &room(&free, 9)).0, None);
}

#[test]
fn a_tree_in_which_somebody_works_is_not_judged() {
    let claim = json!({"worker": "h:1:00000000", "attempt": 1, "since": ""});
    let with = |status: &str, claim: &Value| {
        verified(json!([{"id": "A"}, {"id": "B", "status": status, "claim": claim}]))
    };
    let free = slots(&[0]);
    let judges = |case: &Case| judged(case, &room(&free, 9)).0.is_some();
    assert!(judges(&with("pending", &Value::Null)));
    assert!(!judges(&with("in_progress", &claim)));
    assert!(judges(&with("in_progress", &Value::Null)), "nobody has it");
    assert!(judges(&with("complete", &claim)), "it is done");
    let mut dead = with("in_progress", &claim);
    dead.dead.insert("B".to_owned());
    assert!(judges(&dead));
    // A loop over another queue works there, or in another project.
    let mut beside = with("pending", &Value::Null);
    let root = beside.project.set().root(QueueIx::FIRST).to_owned();
    for (root, judges_it) in [(root.join("sub"), true), (root, false)] {
        beside.outside = vec![NeighbourTask {
            name: "other:X".to_owned(),
            root,
            agent: String::new(),
            foreign: false,
            task: Task::new(TaskId::new("X").unwrap()),
        }];
        assert_eq!(judges(&beside), judges_it);
    }
    // A task that is tried again begins there at once.
    let case = verified(json!([{"id": "A"}, {"id": "B"}]));
    let again = vec![(SlotIx::new(1), case.place("B"))];
    let plan = case.decide(&Room { again, ..room(&free, 9) }, &[]);
    assert!(plan.judge.is_none());
    assert_eq!(case.claims(&plan), claimed(&[(1, "B"), (0, "A")]));
}

#[test]
fn what_is_left_and_what_overlaps_is_told() {
    let text = "[limits]\nscopes = \"warn\"\n";
    let config = crate::config::parse(Path::new("/p/workloop.toml"), text).unwrap();
    let tasks =
        json!([{"id": "A", "files": ["a.rs"]}, {"id": "B", "files": ["a.rs"]}, {"id": "C"}]);
    let case = Case::with(tasks, config);
    let free = slots(&[0, 1]);
    let plan = case.decide(&room(&free, 9), &[]);
    assert_eq!(case.claims(&plan), claimed(&[(0, "A"), (1, "B")]));
    assert_eq!(
        (plan.left, plan.warnings),
        (1, vec!["B and A run at the same time on /p/a.rs".to_owned()])
    );
}

#[test]
fn a_repeated_task_counts_as_an_attempt() {
    let case = Case::new(json!([{"id": "A"}, {"id": "B"}, {"id": "C"}]));
    let free = slots(&[2]);
    let again = || vec![(SlotIx::new(0), case.place("A")), (SlotIx::new(1), case.place("B"))];
    let claims =
        |most| case.claims(&case.decide(&Room { again: again(), ..room(&free, most) }, &[]));
    assert_eq!(claims(0), []);
    assert_eq!(claims(1), claimed(&[(0, "A")]));
    assert_eq!(claims(2), claimed(&[(0, "A"), (1, "B")]));
    assert_eq!(claims(3), claimed(&[(0, "A"), (1, "B"), (2, "C")]));
    let plan = case.decide(&Room { again: again(), ..room(&free, 2) }, &[]);
    assert_eq!(plan.left, 1);
}

#[test]
fn an_epic_of_a_paused_queue_is_left_alone() {
    let case = Case::new(json!([
        {"id": "E", "type": "epic"}, {"id": "A", "parent": "E", "status": "complete"},
    ]));
    let paused = HashSet::from([QueueIx::FIRST]);
    let plan = case.decide(&Room { paused: &paused, ..room(&[], 9) }, &[]);
    assert!(plan.settle.is_empty(), "{plan:?}");
}

#[test]
fn a_task_that_is_too_dear_lets_a_cheaper_one_begin() {
    let mut config = Config::default();
    let agent = AgentProfile::new("default", Command::Shell("true".to_owned()));
    config.agents.insert("default".to_owned(), agent);
    let tasks = json!([
        {"id": "A", "status": "pending", "type": "dear", "priority": "critical"},
        {"id": "B", "status": "pending", "type": "cheap"},
        {"id": "C", "status": "pending", "type": "cheap"},
    ]);
    let case = Case::with(tasks, config);
    let limit = Allowance { cost_usd: Some(10.0), ..Allowance::default() };
    let mut ledger = Ledger::default();
    for (kind, cost_usd) in [("dear", 4.5), ("cheap", 2.0)] {
        let used = Usage { attempts: 1, cost_usd, ..Usage::default() };
        ledger.settle("x", &usage_kind(Preset::Command, "default", kind), used);
    }
    let budget = ledger.budget(&limit, Utc::now());
    let root = case.project.set().root(QueueIx::FIRST).to_owned();
    let days = [(root.clone(), budget)].into_iter().collect();
    let spendable = Spendable::new(Budget::default(), days);
    let free = slots(&[0, 1, 2]);
    let plan = case.decide(&Room { spendable: &spendable, ..room(&free, 9) }, &[]);
    // 3.5 dollars are left.
    assert_eq!(case.claims(&plan), claimed(&[(0, "B")]));
    let dear = TooDear { root, kind: usage_kind(Preset::Command, "default", "dear") };
    assert_eq!((plan.too_dear, plan.left), (Some(dear), 2));
}
