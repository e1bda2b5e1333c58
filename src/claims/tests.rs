//! Who has a task, over every store: the same decisions, wherever claims are held.

mod evidence;

use super::{ClaimReader, Keeper, Processes, System, fencing};
use crate::domain::{Claim, ClaimToken, Liveness, QueueIx, Task, Transition, WorkerId};
use crate::platform::claim_tag::{Carried, supervisor_value, value};
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::platform::scan::Process;
use crate::store::tests::places::{Somewhere, over_each_place};
use crate::store::{Actor, ClaimKeeper, Opened, Patience, Place, QueueStore, TaskKey, place_of};
use crate::supervisor::Abandoned;
use serde_json::{Map, json};
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const Q: &str = "q.json";
const FIRST: Place = Place { queue: QueueIx::FIRST, task: 0 };
const DEAD: Liveness = Liveness::Dead { strays: false };

/// A host whose processes are a table.
#[derive(Debug, Default)]
struct Workers {
    alive: Vec<u32>,
    /// What the processes carry; one entry for each process.
    carried: Vec<String>,
    stubborn: bool,
    unreadable: bool,
    distrusted: bool,
}

#[derive(Clone, Debug)]
struct Seat {
    host: Host,
    pid: u32,
    workers: Arc<Mutex<Workers>>,
}

impl Seat {
    fn new(pid: u32) -> Self {
        let word = |text: &str| text.to_owned();
        let host = Host { name: word("h"), id: word("0123abcd"), boot: word("4567cdef") };
        let workers = Workers { alive: vec![pid], ..Workers::default() };
        Self { host, pid, workers: Arc::new(Mutex::new(workers)) }
    }

    /// Another process of the same host.
    fn other(&self, pid: u32) -> Self {
        self.change(|workers| workers.alive.push(pid));
        Self { pid, ..self.clone() }
    }

    fn change(&self, change: impl FnOnce(&mut Workers)) {
        change(&mut self.workers.lock().unwrap());
    }

    fn keeper(&self, opened: &Opened) -> Keeper {
        Keeper::new(Arc::clone(&opened.claims), Arc::new(self.clone()))
    }
}

impl System for Seat {
    fn host(&self) -> &Host {
        &self.host
    }

    fn own(&self) -> (u32, u64) {
        (self.pid, 7)
    }

    fn distrust(&self) -> Option<String> {
        self.workers.lock().unwrap().distrusted.then(|| "another namespace".to_owned())
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        start == 7 && self.workers.lock().unwrap().alive.contains(&pid)
    }

    fn look(&self) -> io::Result<Processes> {
        let workers = self.workers.lock().unwrap();
        Ok(Processes::of(workers.carried.iter().map(|tags| Carried::of(tags)).collect()))
    }

    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd> {
        let mut workers = self.workers.lock().unwrap();
        let unreadable = if workers.unreadable { vec![99] } else { Vec::new() };
        if workers.stubborn {
            let left =
                Process { pid: 98, parent: 1, group: 98, session: 98, start: 7, dead: false };
            return Ok(TreeEnd { ended: 0, left: vec![left], unreadable });
        }
        let before = workers.carried.len();
        workers.carried.retain(|tags| !claim.task.is_carried(&Carried::of(tags)));
        let ended = before - workers.carried.len();
        Ok(TreeEnd { ended, left: Vec::new(), unreadable })
    }
}

/// A queue with one task, and its place.
struct Bench<'s> {
    at: &'s dyn Somewhere,
    opened: Opened,
    path: PathBuf,
    key: TaskKey,
}

impl<'s> Bench<'s> {
    fn new(at: &'s dyn Somewhere) -> Self {
        at.put(Q, &json!({"tasks": [{"id": "A", "title": "a"}]}).to_string());
        let path = at.key(Q);
        let (opened, key) = (at.opened(&[Q]).unwrap(), TaskKey::new(&path, "A"));
        Self { at, opened, path, key }
    }

    fn task(&mut self) -> Task {
        self.opened.store.read().unwrap();
        self.opened.store.queues()[QueueIx::FIRST].tasks()[0].clone()
    }

    fn change(&mut self, transition: &Transition) {
        self.change_by(&Actor::Person, transition);
    }

    fn change_by(&mut self, actor: &Actor, transition: &Transition) {
        let store: &mut dyn QueueStore = &mut *self.opened.store;
        let made = store.update(Patience::Limited, &mut |draft| {
            draft.transition(FIRST, transition, actor, Map::new())
        });
        made.unwrap();
    }

    /// Lets the worker `h:PID:00000000` claim the task.
    fn claim(&mut self, pid: u32, attempt: u32) -> ClaimToken {
        let claim = Claim { attempt, ..claimed(pid) };
        self.change_by(&Actor::Worker(claim.token()), &Transition::Claim(claim.clone()));
        claim.token()
    }

    /// What a process of the claim carries.
    fn tags(&self) -> String {
        value(None, &self.key.tag(place_of(&self.path), &"0".repeat(32)))
    }

    fn claims(&self) -> &dyn ClaimKeeper {
        &*self.opened.claims
    }
}

fn claimed(pid: u32) -> Claim {
    let text = |text: &str| text.to_owned();
    Claim {
        worker: format!("h:{pid}:00000000"),
        attempt: 1,
        since: text("2026-01-19T00:00:00Z"),
        host: text("0123abcd"),
        boot: text("4567cdef"),
        start: 7,
        tag: "0".repeat(32),
    }
}

over_each_place![
    a_claim_is_held_by_one,
    a_hold_that_was_deleted_excludes_nobody,
    a_task_whose_processes_run_is_not_taken,
    only_a_dead_worker_is_taken_over,
    what_cannot_be_told_is_left_alone,
    a_late_result_is_fenced_off,
];

fn a_claim_is_held_by_one(at: &dyn Somewhere) {
    let mut bench = Bench::new(at);
    let (seat, task) = (Seat::new(1), bench.task());
    let (mut one, mut two) = (seat.keeper(&bench.opened), seat.other(2).keeper(&bench.opened));
    assert!(one.lock(&bench.path, &bench.key).unwrap());
    assert!(one.lock(&bench.path, &bench.key).unwrap(), "it has it already");
    assert!(!two.lock(&bench.path, &bench.key).unwrap());
    assert!(one.refused(&[(&bench.path, &task)]).unwrap().is_empty());
    let hold = one.hand_over(&bench.key).unwrap();
    assert!(hold.is_valid().unwrap() && one.lock_of(&bench.key).is_none());
    assert!(!two.lock(&bench.path, &bench.key).unwrap(), "it was handed over, not released");
    drop(hold);
    assert!(two.take(&bench.path, &bench.key, None).unwrap());
    two.let_go(&bench.key);
    assert!(one.lock(&bench.path, &bench.key).unwrap());
    one.let_go_of_all();
    assert!(two.lock(&bench.path, &bench.key).unwrap());
}

fn a_hold_that_was_deleted_excludes_nobody(at: &dyn Somewhere) {
    let bench = Bench::new(at);
    let seat = Seat::new(1);
    let (mut one, mut two) = (seat.keeper(&bench.opened), seat.other(2).keeper(&bench.opened));
    assert!(one.lock(&bench.path, &bench.key).unwrap());
    bench.at.forget();
    assert!(two.lock(&bench.path, &bench.key).unwrap());
    let holds = [one.hand_over(&bench.key).unwrap(), two.hand_over(&bench.key).unwrap()];
    assert_eq!(holds.map(|hold| hold.is_valid().unwrap()), [false, true]);
}

fn a_task_whose_processes_run_is_not_taken(at: &dyn Somewhere) {
    let mut bench = Bench::new(at);
    let (seat, task) = (Seat::new(1), bench.task());
    // Its lock was deleted, its claim is gone from the queue, and its agent works.
    seat.change(|workers| workers.carried.push(bench.tags()));
    let mut keeper = seat.keeper(&bench.opened);
    assert!(keeper.lock(&bench.path, &bench.key).unwrap());
    assert_eq!(keeper.refused(&[(&bench.path, &task)]).unwrap(), [0]);
    assert!(keeper.lock_of(&bench.key).is_none(), "it is released again");
    assert!(!keeper.take(&bench.path, &bench.key, None).unwrap());
    // Without a supervisor nobody else would end it.
    assert!(keeper.end_strays().unwrap().is_empty());
    assert!(keeper.take(&bench.path, &bench.key, None).unwrap());
}

fn only_a_dead_worker_is_taken_over(at: &dyn Somewhere) {
    let mut bench = Bench::new(at);
    let (seat, own) = (Seat::new(1), HashSet::new());
    let token = bench.claim(5, 1);
    let task = bench.task();
    let mut keeper = seat.keeper(&bench.opened);
    let reader = |seat: &Seat| ClaimReader::new(bench.claims(), seat).liveness(&bench.path, &task);
    let mine = HashSet::from([token]);
    assert_eq!(keeper.recover(&bench.path, &task, &mine).unwrap(), Liveness::Ours);
    seat.change(|workers| workers.alive.push(5));
    assert_eq!(keeper.recover(&bench.path, &task, &own).unwrap(), Liveness::Alive);
    assert_eq!(reader(&seat), Liveness::Alive);
    assert_eq!(reader(&Seat { pid: 5, ..seat.clone() }), Liveness::Ours);
    // The worker is dead, and its supervisor is not.
    seat.change(|workers| workers.alive.retain(|pid| *pid != 5));
    seat.change(|workers| workers.carried.push(supervisor_value(&bench.tags())));
    assert_eq!(keeper.recover(&bench.path, &task, &own).unwrap(), Liveness::Alive);
    // An agent without a supervisor is ended first.
    seat.change(|workers| workers.carried = vec![bench.tags()]);
    assert_eq!(reader(&seat), Liveness::Dead { strays: true });
    assert_eq!(keeper.recover(&bench.path, &task, &own).unwrap(), DEAD);
    assert!(seat.workers.lock().unwrap().carried.is_empty());
    // Now it is held, until it is let go.
    let mut other = seat.other(2).keeper(&bench.opened);
    assert_eq!(other.recover(&bench.path, &task, &own).unwrap(), Liveness::Alive);
    keeper.let_go(&bench.key);
    assert_eq!(other.recover(&bench.path, &task, &own).unwrap(), DEAD);
}

fn what_cannot_be_told_is_left_alone(at: &dyn Somewhere) {
    let mut bench = Bench::new(at);
    let (seat, own) = (Seat::new(1), HashSet::new());
    bench.change(&Transition::Claim(Claim { host: "99999999".to_owned(), ..claimed(5) }));
    let foreign = bench.task();
    let mut keeper = seat.keeper(&bench.opened);
    assert_eq!(keeper.recover(&bench.path, &foreign, &own).unwrap(), Liveness::Foreign);
    bench.change(&Transition::Release);
    bench.claim(5, 2);
    let task = bench.task();
    let is_unknown = |keeper: &mut Keeper| {
        let liveness = keeper.recover(&bench.path, &task, &own).unwrap();
        matches!(liveness, Liveness::Unknown(_)) && keeper.lock_of(&bench.key).is_none()
    };
    for harm in [
        |workers: &mut Workers| workers.distrusted = true,
        |workers: &mut Workers| workers.stubborn = true,
        |workers: &mut Workers| workers.unreadable = true,
    ] {
        seat.change(harm);
        assert!(is_unknown(&mut keeper), "{:?}", seat.workers);
        seat.change(|workers| *workers = Workers { alive: vec![1], ..Workers::default() });
    }
    let newer = json!({"v": 9, "pid": 5, "start": 7, "session": 5, "group": 5});
    bench.at.record(&bench.path, &bench.key, newer.to_string().as_bytes());
    assert!(is_unknown(&mut keeper));
    bench.at.forget();
    assert_eq!(keeper.recover(&bench.path, &task, &own).unwrap(), DEAD);
}

fn a_late_result_is_fenced_off(at: &dyn Somewhere) {
    let mut bench = Bench::new(at);
    let token = bench.claim(5, 1);
    let lost = |bench: &mut Bench<'_>, token: &ClaimToken| {
        let task = bench.task();
        fencing::lost(bench.claims(), &bench.path, &task, token)
    };
    let other = ClaimToken { worker: WorkerId::new("h:6:00000000"), attempt: 1 };
    assert_eq!(lost(&mut bench, &token), None);
    assert_eq!(lost(&mut bench, &other).as_deref(), Some("worker h:5:00000000 has it"));
    assert!(!fencing::is_ended(bench.claims(), &bench.path, "A", &token));
    // An edit ends no claim.
    let text = bench.at.text(Q);
    bench.at.put(Q, &json!({"tasks": [{"id": "A", "title": "a"}]}).to_string());
    assert_eq!(lost(&mut bench, &token), None);
    bench.at.put(Q, &text);
    // A verb does, and so does another worker.
    bench.change(&Transition::Release);
    assert_eq!(lost(&mut bench, &token).as_deref(), Some("a person ended its claim"));
    assert!(fencing::is_ended(bench.claims(), &bench.path, "A", &token));
    bench.claim(6, 2);
    assert_eq!(lost(&mut bench, &token).as_deref(), Some("worker h:6:00000000 has it"));
}
