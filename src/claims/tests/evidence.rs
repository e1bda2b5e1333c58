//! Which evidence decides, how often it is gathered, and what this host really runs.

use super::*;
use crate::claims::ThisHost;
use crate::domain::{Change, Waits};
use crate::platform::claim_tag::VARIABLE;
use crate::platform::scan;
use crate::store::tests::places::{Files, Kept};
use crate::supervisor::ClaimRecord;
use std::process::{Child, Command, Stdio};

/// A host that notes what it is asked.
#[derive(Debug)]
struct Noting {
    seat: Seat,
    looks: Mutex<usize>,
    /// The start times before which no process belongs to the claims whose processes were ended.
    ended: Mutex<Vec<Option<u64>>>,
}

impl Noting {
    fn new(seat: &Seat) -> Arc<Self> {
        let (looks, ended) = (Mutex::new(0), Mutex::new(Vec::new()));
        Arc::new(Self { seat: seat.clone(), looks, ended })
    }

    fn keeper(self: &Arc<Self>, opened: &Opened) -> Keeper {
        Keeper::new(Arc::clone(&opened.claims), Arc::clone(self) as Arc<dyn System>)
    }
}

impl System for Noting {
    fn host(&self) -> &Host {
        self.seat.host()
    }

    fn own(&self) -> (u32, u64) {
        self.seat.own()
    }

    fn distrust(&self) -> Option<String> {
        self.seat.distrust()
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        self.seat.is_alive(pid, start)
    }

    fn look(&self) -> io::Result<Processes> {
        *self.looks.lock().unwrap() += 1;
        self.seat.look()
    }

    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd> {
        self.ended.lock().unwrap().push(claim.since);
        self.seat.end(claim)
    }
}

/// Returns the record of a supervisor of `boot`, whose command is process 6 or none.
fn record(boot: &str, command: Option<(u32, u64)>) -> Vec<u8> {
    let (pid, start) = (5, 9);
    let record = ClaimRecord {
        v: 1,
        pid,
        start,
        session: pid,
        group: pid,
        boot: boot.to_owned(),
        tags: String::new(),
        command,
    };
    serde_json::to_vec(&record).unwrap()
}

#[test]
fn one_scan_is_enough_for_all_locks_that_were_taken_since_the_last_one() {
    let at = Kept::new();
    at.put(Q, &json!({"tasks": [{"id": "A"}, {"id": "B"}]}).to_string());
    let (opened, path) = (at.opened(&[Q]).unwrap(), at.key(Q));
    let system = Noting::new(&Seat::new(1));
    let mut keeper = system.keeper(&opened);
    let tasks = opened.store.queues()[QueueIx::FIRST].tasks();
    let all: Vec<(&std::path::Path, &Task)> = tasks.iter().map(|task| (&*path, task)).collect();
    let keys = ["A", "B"].map(|id| TaskKey::new(&path, id));
    let looks = || *system.looks.lock().unwrap();
    assert!(keeper.refused(&all).unwrap().is_empty());
    assert_eq!(looks(), 0, "no lock was taken");
    for key in &keys {
        assert!(keeper.lock(&path, key).unwrap());
        assert!(keeper.lock_of(key).is_some());
    }
    assert!(keeper.refused(&all).unwrap().is_empty());
    assert!(keeper.refused(&all).unwrap().is_empty());
    assert_eq!(looks(), 1);
    // Its own scan counts as well, and a lock that is taken again needs another one.
    keeper.let_go(&keys[0]);
    assert!(keeper.take(&path, &keys[0], None).unwrap());
    assert!(keeper.refused(&all).unwrap().is_empty());
    assert_eq!(looks(), 2);
    keeper.let_go(&keys[1]);
    assert!(keeper.lock(&path, &keys[1]).unwrap());
    assert!(keeper.refused(&all).unwrap().is_empty());
    assert_eq!(looks(), 3);
}

#[test]
fn a_claim_of_another_boot_is_not_taken_without_a_scan() {
    let at = Kept::new();
    let mut bench = Bench::new(&at);
    let seat = Seat::new(1);
    let rebooted = Claim { boot: "99999999".to_owned(), ..claimed(5) };
    bench.change(&Transition::Claim(rebooted));
    let task = bench.task();
    seat.change(|workers| workers.stubborn = true);
    let liveness = seat.keeper(&bench.opened).recover(&bench.path, &task, &HashSet::new());
    let why = "process 98 of its last attempt does not end";
    assert_eq!(liveness.unwrap(), Liveness::Unknown(why.to_owned()));
}

#[test]
fn only_start_times_of_this_boot_limit_what_is_ended() {
    let ours = Seat::new(1).host.boot;
    for (boot, recorded, since) in [
        (ours.as_str(), None, Some(7)),
        ("99999999", None, None),
        ("99999999", Some("99999999"), None),
        ("99999999", Some(ours.as_str()), Some(9)),
    ] {
        let at = Kept::new();
        let mut bench = Bench::new(&at);
        bench.change(&Transition::Claim(Claim { boot: boot.to_owned(), ..claimed(5) }));
        if let Some(boot) = recorded {
            at.record(&bench.path, &bench.key, &record(boot, None));
        }
        let system = Noting::new(&Seat::new(1));
        let task = bench.task();
        let mut keeper = system.keeper(&bench.opened);
        assert_eq!(keeper.recover(&bench.path, &task, &HashSet::new()).unwrap(), DEAD);
        assert_eq!(*system.ended.lock().unwrap(), [since], "{boot} {recorded:?}");
    }
}

#[test]
fn a_worker_is_alive_if_its_process_runs_here() {
    let at = Kept::new();
    let bench = Bench::new(&at);
    let seat = Seat::new(1);
    let keeper = seat.keeper(&bench.opened);
    assert!(keeper.has_worker(&claimed(1)));
    assert!(!keeper.has_worker(&claimed(5)));
    let foreign = Claim { host: "99999999".to_owned(), ..claimed(1) };
    assert!(!keeper.has_worker(&foreign));
}

#[test]
fn a_command_is_leaving_while_its_record_and_its_processes_exist() {
    let at = Kept::new();
    let mut bench = Bench::new(&at);
    let (seat, task) = (Seat::new(1), bench.task());
    let is_leaving = || ClaimReader::new(bench.claims(), &seat).is_leaving(&bench.path, &task);
    seat.change(|workers| workers.carried.push(bench.tags()));
    assert!(!is_leaving(), "nothing is recorded");
    at.record(&bench.path, &bench.key, &record(&seat.host.boot, None));
    assert!(!is_leaving(), "no command is recorded");
    at.record(&bench.path, &bench.key, &record(&seat.host.boot, Some((6, 9))));
    assert!(is_leaving());
    seat.change(|workers| workers.carried.clear());
    assert!(!is_leaving(), "its processes ended");
}

#[test]
fn without_a_journal_the_state_decides_whether_a_claim_is_lost() {
    let at = Kept::new();
    let mut bench = Bench::new(&at);
    let token = ClaimToken { worker: WorkerId::new("h:5:00000000"), attempt: 1 };
    let task = bench.task();
    assert_eq!(fencing::lost(bench.claims(), &bench.path, &task, &token), None);
    at.put(Q, &json!({"tasks": [{"id": "A", "status": "complete"}]}).to_string());
    let task = bench.task();
    let lost = fencing::lost(bench.claims(), &bench.path, &task, &token);
    assert_eq!(lost.as_deref(), Some("it is complete"));
}

#[test]
fn another_attempt_of_the_same_worker_ends_the_earlier_one() {
    let at = Kept::new();
    let mut bench = Bench::new(&at);
    let first = bench.claim(5, 1);
    bench.change(&Transition::Release);
    let second = bench.claim(5, 2);
    let ended = |token| fencing::is_ended(bench.claims(), &bench.path, "A", token);
    assert_eq!((ended(&first), ended(&second)), (true, false));
    let other = ClaimToken { worker: WorkerId::new("h:6:00000000"), attempt: 2 };
    assert!(ended(&other));
}

#[test]
fn a_person_who_rejects_work_in_review_ends_its_claim() {
    let change = Change {
        commit: "c".to_owned(),
        base: "b".to_owned(),
        verdict: "PASS".to_owned(),
        waits: Waits::Review,
        obstacle: None,
    };
    let (question, text) = (Some("is it right?".to_owned()), "no".to_owned());
    let answer =
        Transition::Answer { question, earlier: Vec::new(), text, by: None, matches: None };
    let after = |at: &dyn Somewhere, rejects: &Transition| {
        let mut bench = Bench::new(at);
        let token = bench.claim(5, 1);
        bench.change_by(&Actor::Worker(token.clone()), &Transition::Await(change.clone()));
        assert!(!fencing::is_ended(bench.claims(), &bench.path, "A", &token));
        bench.change(rejects);
        let task = bench.task();
        fencing::lost(bench.claims(), &bench.path, &task, &token)
    };
    for rejects in [Transition::Retry, answer] {
        for at in [&Kept::new() as &dyn Somewhere, &Files::new()] {
            let lost = after(at, &rejects);
            assert_eq!(lost.as_deref(), Some("a person ended its claim"), "{rejects:?} {at:?}");
        }
    }
}

#[test]
fn a_worker_that_fails_ends_its_own_claim_and_no_other() {
    let at = Kept::new();
    let mut bench = Bench::new(&at);
    let token = bench.claim(5, 1);
    let reason = "step test: exit status 1".to_owned();
    let none = Vec::new;
    let fail = Transition::Fail {
        reason,
        files_changed: none(),
        files_ambiguous: none(),
        conflict_paths: none(),
    };
    bench.change_by(&Actor::Worker(token.clone()), &fail);
    // Its text may not be in place, and the result is then written once more.
    assert!(!fencing::is_ended(bench.claims(), &bench.path, "A", &token));
}

/// A process of this host that carries the tag of a task, until it is dropped.
struct Tagged(Child);

impl Tagged {
    fn new(tags: &str) -> Self {
        let mut cat = Command::new("cat");
        cat.env(VARIABLE, tags).stdin(Stdio::piped()).stdout(Stdio::null());
        Self(cat.spawn().unwrap())
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        // It reads until its input is closed.
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

#[test]
fn this_host_finds_the_processes_of_a_task_and_ends_them() {
    let at = Files::new();
    let bench = Bench::new(&at);
    let host = ThisHost::current();
    let sought = bench.key.sought(place_of(&bench.path));
    assert!(!host.look().unwrap().have(&sought));
    let process = Tagged::new(&bench.tags());
    // Between fork and exec, a process has the environment of its parent.
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !host.look().unwrap().have(&sought) {
        assert!(std::time::Instant::now() < limit, "it is not found");
    }
    assert!(!host.look().unwrap().supervise(&sought));
    let pid = process.0.id();
    assert!(host.is_alive(pid, scan::start_time(pid).unwrap()));
    let claim = Abandoned { record: None, task: &sought, since: None };
    let end = host.end(&claim).unwrap();
    assert_eq!((end.ended, end.left.len()), (1, 0), "{end:?}");
    assert!(!host.look().unwrap().have(&sought));
}
