//! Loops are killed again and again: nothing is lost, nothing runs twice, nothing is left.
//!
//! `WORKLOOP_TORTURE_SEED` repeats a run, `WORKLOOP_TORTURE_SECONDS` makes it longer.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{DEADLINE, Running, Sandbox, flat_queue, holds_within, task, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// A small generator (xorshift), so that a seed reproduces a run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap_or(1)).unwrap_or(0)
    }
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn all_complete(queue: &Value) -> bool {
    queue["tasks"]
        .as_array()
        .is_some_and(|tasks| tasks.iter().all(|task| task["status"] == "complete"))
}

/// Records how often each complete task has been started so far; no start may follow an
/// acknowledged completion.
fn note_complete(sandbox: &Sandbox, acknowledged: &mut BTreeMap<String, usize>) -> Value {
    let queue = sandbox.read("q.json");
    let oracle = sandbox.oracle();
    for task in queue["tasks"].as_array().into_iter().flatten() {
        let id = task["id"].as_str().unwrap_or_default();
        if task["status"] == "complete" && !acknowledged.contains_key(id) {
            acknowledged.insert(id.to_owned(), oracle.starts(id));
        }
    }
    queue
}

#[test]
fn loops_killed_every_sixty_milliseconds_lose_nothing() {
    if lacks("flock") {
        return;
    }
    let seed = number_from("WORKLOOP_TORTURE_SEED")
        .unwrap_or_else(|| RandomState::new().hash_one(Instant::now()) | 1);
    let time = Duration::from_secs(number_from("WORKLOOP_TORTURE_SECONDS").unwrap_or(12));
    println!("WORKLOOP_TORTURE_SEED={seed}");
    let mut random = Random(seed);
    let (list, ids) = flat_queue(60);
    let sandbox = Sandbox::on_disk().queue("q.json", &list).script("default", "sleep 0.25");
    let start = || sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    let mut loops: Vec<Running> = (0..8).map(|_| start()).collect();
    let end = Instant::now() + time;
    let mut kills = 0;
    let mut acknowledged = BTreeMap::new();
    while (Instant::now() < end || kills <= 20)
        && !all_complete(&note_complete(&sandbox, &mut acknowledged))
    {
        holds_within(Duration::from_millis(60), || false);
        let victim = random.below(loops.len());
        if !loops[victim].has_ended() {
            loops[victim].signal(Signal::KILL);
            kills += 1;
        }
        drop(std::mem::replace(&mut loops[victim], start()));
    }
    assert!(kills > 20, "only {kills} loops were killed");
    wait_until("all tasks are complete", || all_complete(&sandbox.read("q.json")));
    drop(loops);
    sandbox.run(["run", "q.json"]).exits(0);
    sandbox.nothing_left();
    let oracle = sandbox.oracle();
    assert_eq!(oracle.overlaps(), Vec::<&str>::new(), "ran twice at the same time");
    for (id, starts) in &acknowledged {
        assert_eq!(oracle.starts(id), *starts, "{id} was started again after it was complete");
    }
    let queue = sandbox.read("q.json");
    for id in &ids {
        assert!(sandbox.path("made").join(id).exists(), "{id} was never made");
        let task = task(&queue, id);
        assert_eq!(task["passes"], true, "{task}");
        assert!(task["claim"].is_null(), "{task}");
    }
    assert!(oracle.started().len() > ids.len(), "no kill hit an attempt");
}

#[test]
fn an_attempt_whose_loop_was_killed_costs_no_budget() {
    let limits = "\n[limits]\nattempts = 1\n";
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::on_disk()
        .config(&format!("{CONFIG}{limits}"))
        .queue("q.json", &list)
        .script("default", "hang");
    for attempt in 1..=3 {
        let running = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == attempt);
        running.signal(Signal::KILL);
        drop(running);
        sandbox.nothing_left();
    }
    sandbox.rescript("default", "");
    sandbox.run(["run", "q.json"]).exits(0);
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "T001")["attempts"], 4);
    assert_eq!(task(&queue, "T001")["verification_verdict"], "PASS");
}

#[test]
fn a_waiting_loop_takes_over_from_a_killed_one() {
    if lacks("flock") {
        return;
    }
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::on_disk().queue("q.json", &list).script("default", "hang");
    let first = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
    let second = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    wait_until("the second loop has started", || !second.output().is_empty());
    sandbox.rescript("default", "");
    first.signal(Signal::KILL);
    drop(first);
    wait_until("the second loop has done it", || all_complete(&sandbox.read("q.json")));
    assert!(sandbox.oracle().overlaps().is_empty());
}

/// The same command is started again at once, while the supervisor of the killed loop still ends
/// what ran. The new loop waits for that.
#[test]
fn a_loop_waits_for_the_end_of_what_a_killed_one_ran() {
    let toml = "[agents.default]\nrun = 'test -e once || { touch once; trap \"\" TERM; touch up; \
                while :; do sleep 0.05; done; }'\ngrace = \"2s\"\n[[verify]]\nrun = 'true'\n\
                [limits]\nuntouched = false\n";
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::on_disk().queue("q.json", &list).config(toml);
    let first = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.path("up").exists());
    first.signal(Signal::KILL);
    drop(first);
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(all_complete(&sandbox.read("q.json")));
}

#[test]
fn killing_everything_and_starting_again_ends_well() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(6);
    let sandbox = Sandbox::on_disk().queue("q.json", &list).script("default", "sleep 0.2");
    let running = sandbox.spawn(["run", "q.json", "--jobs", "2"]);
    wait_until("two tasks are complete", || {
        sandbox.read("q.json")["summary"]["complete"].as_u64() >= Some(2)
    });
    running.signal(Signal::KILL);
    for pid in sandbox.strays() {
        crate::processes::signal(pid, Signal::KILL);
    }
    drop(running);
    assert!(holds_within(DEADLINE, || sandbox.strays().is_empty()));
    sandbox.run(["run", "q.json", "--jobs", "2"]).exits(0);
    for id in &ids {
        assert!(sandbox.oracle().ends(id) >= 1, "{id}");
    }
    assert!(sandbox.oracle().overlaps().is_empty());
    sandbox.nothing_left();
}
