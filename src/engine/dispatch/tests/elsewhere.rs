//! What a loop sees of other workers and of other queues.

use super::super::Dispatcher;
use super::super::Forecast;
use super::super::recovery::{Others, look_at_others};
use super::*;
use crate::domain::Liveness;
use crate::project::{Scope, Seen};
use std::collections::HashSet;

/// A claim of process `pid` of this host, which began at 1.
fn claim_of(pid: u32) -> Value {
    json!({"claim": {"worker": format!("h:{pid}:00000000"), "attempt": 1, "since": "",
        "host": "0123abcd", "boot": "4567cdef", "start": 1}})
}

fn others(tasks: Value, own: &[ClaimToken], alive: &[u32]) -> (Others, Vec<String>) {
    let case = Case::new("", tasks);
    let (set, queues) = (case.project.set(), case.project.queues());
    let own: HashSet<ClaimToken> = own.iter().cloned().collect();
    let mut keeper = case.keeper(alive);
    let others = look_at_others(set, queues, &own, &mut keeper).unwrap();
    let dead = others.dead.iter().map(|dead| dead.task.id.to_string()).collect();
    (others, dead)
}

#[test]
fn only_claims_of_dead_workers_are_taken() {
    let alive = with(claimed("A", 1), claim_of(9));
    let tasks = json!([
        alive, claimed("B", 1), with(claimed("C", 1), claim_of(8)),
        {"id": "D", "title": "d", "status": "in_progress", "agent": "human"},
        {"id": "E", "title": "e", "status": "in_progress"},
        {"id": "F", "title": "f", "status": "pending"},
        with(claimed("G", 1), json!({"status": "parked"})),
    ]);
    let (others, dead) = others(tasks, &[token(1)], &[7, 9]);
    // B is ours, D belongs to a person, and nobody works on F and G.
    assert_eq!(dead, ["C", "E"]);
    assert_eq!(
        others.dead[0].claim.as_ref().map(|claim| claim.worker.as_str()),
        Some("h:8:00000000")
    );
    assert!(others.dead[1].claim.is_none());
    assert!(others.untold.is_empty() && others.unclear.is_empty() && !others.ending);
}

#[test]
fn what_another_host_does_cannot_be_told() {
    let foreign =
        json!({"claim": {"worker": "x:1:00000000", "attempt": 1, "since": "", "host": "ffffffff"}});
    let (others, dead) = others(json!([with(claimed("A", 1), foreign)]), &[], &[7]);
    assert!(dead.is_empty());
    assert_eq!(others.untold.len(), 1);
}

#[test]
fn a_supervisor_that_outlives_its_loop_ends_soon() {
    let ending = |tasks: Value, alive: &[u32], held: &[&str]| {
        let case = Case::new("", tasks);
        let (set, queues) = (case.project.set(), case.project.queues());
        let real = set.real(QueueIx::FIRST);
        let key = |id: &&str| set.queue(QueueIx::FIRST).task(id);
        let holds: Vec<_> =
            held.iter().map(|id| set.claims().take(real, &key(id)).unwrap()).collect();
        let mut keeper = case.keeper(alive);
        let others = look_at_others(set, queues, &HashSet::new(), &mut keeper).unwrap();
        assert!(others.dead.is_empty() && holds.iter().all(Option::is_some));
        others.ending
    };
    let of = |id: &str, pid| with(claimed(id, 1), claim_of(pid));
    // The supervisor holds the lock.
    assert!(ending(json!([of("A", 8)]), &[7], &["A"]));
    assert!(!ending(json!([of("A", 9)]), &[7, 9], &["A"]), "its loop is alive");
    // One of several is enough.
    assert!(ending(json!([of("A", 8), of("B", 9)]), &[7, 9], &["A", "B"]));
    assert!(!ending(json!([]), &[7], &[]));
}

/// A project of two queues, of which the first one is served.
struct Two {
    memory: Memory,
    project: Project,
    other: PathBuf,
    _dir: tempfile::TempDir,
}

impl Two {
    fn new(ours: Value, theirs: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("queues = [\"q.json\", \"other.json\"]\n{CONFIG}");
        let config = config::parse(&dir.path().join("workloop.toml"), &text).unwrap();
        let (path, other) = (dir.path().join("q.json"), dir.path().join("other.json"));
        // The configuration knows only files that exist.
        std::fs::write(&other, "").unwrap();
        let memory = Memory::default();
        memory.put(&path, json!({"tasks": ours}).to_string());
        memory.put(&other, json!({"tasks": theirs}).to_string());
        let names = vec!["q".to_owned()];
        let selected = SelectedQueue {
            path: path.clone(),
            shown: path,
            name: "q".to_owned(),
            aliases: names,
            project: None,
        };
        let selection = Selection { config, queues: vec![selected], typed: Typed::default() };
        let project = Project::open(selection, Box::new(memory.at(Arc::new(still())))).unwrap();
        Self { memory, project, other, _dir: dir }
    }

    fn forecast(&self, scope: &Scope) -> Forecast {
        let (set, queues) = (self.project.set(), self.project.queues());
        assert_eq!(queues.len(), 2, "the other queue is loaded because of a reference");
        let structure = Planner::default().structure(set, queues);
        let tasks = queues[QueueIx::new(1)].tasks().iter().enumerate();
        let other = QueueIx::new(1);
        let claims = tasks.filter_map(|(task, record)| {
            let foreign = record.claim()?.worker.starts_with("x:");
            let liveness = if foreign { Liveness::Foreign } else { Liveness::Alive };
            Some((Place { queue: other, task }, liveness))
        });
        let around = Seen {
            now: at(0),
            paused: HashSet::new(),
            agent_pauses: Vec::new(),
            claims: claims.collect(),
            outside: Vec::new(),
        };
        let conditions = around.conditions(set, queues, &structure);
        Forecast::of(set, queues, &structure, scope, &conditions)
    }
}

#[test]
fn a_task_of_another_queue_is_waited_for_while_that_is_worked_on() {
    let ours = json!([{"id": "A", "title": "a", "status": "pending", "dependencies": ["other:X"]}]);
    let x = |status: &str| json!({"id": "X", "title": "x", "status": status});
    let idle = json!({"id": "Y", "title": "y", "status": "pending"});
    let waits = |theirs: Value| {
        Two::new(ours.clone(), theirs).forecast(&Scope::default()).others_work_towards_us
    };
    assert!(waits(json!([x("pending"), claimed("Y", 1)])), "it comes next");
    assert!(!waits(json!([x("pending"), idle])), "nobody works there");
    assert!(!waits(json!([x("blocked"), claimed("Y", 1)])), "it waits for a person");
    let foreign = json!({"claim": {"worker": "x:1:00000000", "attempt": 1, "since": ""}});
    let foreign = with(claimed("X", 1), foreign);
    assert!(!waits(json!([foreign, claimed("Y", 1)])), "another host may never end it");
    // Who works on our own queue does not work towards it.
    let busy = json!([ours[0], claimed("B", 1)]);
    assert!(
        !Two::new(busy, json!([x("pending"), idle]))
            .forecast(&Scope::default())
            .others_work_towards_us
    );
    // Nothing of ours waits for it.
    let free =
        json!([{"id": "A", "title": "a", "status": "complete", "dependencies": ["other:X"]}]);
    let theirs = json!([x("pending"), claimed("Y", 1)]);
    assert!(!Two::new(free, theirs).forecast(&Scope::default()).others_work_towards_us);
}

#[test]
fn the_backlog_is_that_of_the_tasks_in_scope() {
    let ours = json!([
        {"id": "A", "title": "a", "status": "pending", "dependencies": ["other:X"]},
        {"id": "B", "title": "b", "status": "pending"},
    ]);
    let theirs = json!([{"id": "X", "title": "x", "status": "pending"}]);
    let two = Two::new(ours, theirs);
    assert_eq!(two.forecast(&Scope::default()).backlog.total, 2);
    let scope = Scope { ids: HashSet::from(["B".to_owned(), "X".to_owned()]), ..Scope::default() };
    assert_eq!(two.forecast(&scope).backlog.total, 1, "the other queue is not ours");
}

#[test]
fn an_epic_has_to_be_written_only_where_it_is_served() {
    let epic = |id: &str| {
        json!([
            {"id": id, "title": "e", "type": "epic", "status": "pending"},
            {"id": "C", "title": "c", "parent": id, "status": "complete"},
            {"id": "A", "title": "a", "status": "pending", "dependencies": ["other:X"]},
        ])
    };
    let plain = json!([{"id": "X", "title": "x", "status": "pending"}]);
    let scope = Scope::default();
    assert!(Two::new(epic("E"), plain.clone()).forecast(&scope).unsettled);
    let ours = json!([{"id": "A", "title": "a", "status": "pending", "dependencies": ["other:X"]}]);
    assert!(!Two::new(ours, epic("X")).forecast(&scope).unsettled);
}

#[test]
fn a_queue_that_another_loop_serves_is_looked_at() {
    let two = Two::new(
        json!([{"id": "A", "title": "a", "status": "pending", "dependencies": ["other:X"]}]),
        json!([{"id": "X", "title": "x", "status": "pending"}]),
    );
    let third = two.other.with_file_name("third.json");
    two.memory.put(&third, json!({"tasks": [{"id": "Z", "title": "z"}]}).to_string());
    let set = two.project.set();
    set.control().register(set.root(QueueIx::FIRST), &third).unwrap();
    let keeper = Keeper::new(Arc::clone(set.claims()), Arc::new(Table::new(&[7])));
    let workers = vec![WorkerId::new(WORKER)];
    let mut dispatcher =
        Dispatcher::new(Planner::default(), keeper, workers, Scope::default(), tools());
    assert_eq!(dispatcher.neighbours().keys().count(), 0);
    dispatcher.forecast(set, two.project.queues(), &HashSet::new(), &HashSet::new()).unwrap();
    assert_eq!(dispatcher.neighbours().keys().collect::<Vec<_>>(), [third]);
}
