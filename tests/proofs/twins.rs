//! Small proofs, each with its broken twin: the correct program passes, the twin must not.

use crate::chance::say;
use crate::fake_agent::CONFIG;
use crate::processes::{self, lacks};
use crate::sandbox::{DEADLINE, Sandbox, flat_queue, holds_within, queue, wait_until};
use crate::twin::{broken, twin};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a twin may pass by chance.
const TRIES: usize = 8;

/// Checks the correct program with `proof`, which returns what was broken, and shows that the proof
/// detects `fault`. Both have a folder of their own and run at the same time.
#[track_caller]
pub(crate) fn holds(fault: &'static str, proof: impl Fn(Sandbox) -> Vec<String> + Sync) {
    let caught = std::thread::scope(|scope| {
        let caught = scope.spawn(|| caught(fault, &proof));
        is_sound(&proof);
        caught.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    shows(fault, caught);
}

/// Does the same in turn: for a proof that the same proof beside it would disturb.
#[track_caller]
pub(crate) fn holds_alone(fault: &'static str, proof: impl Fn(Sandbox) -> Vec<String>) {
    is_sound(&proof);
    shows(fault, caught(fault, &proof));
}

/// The queue in which a proof is shown.
fn ready() -> Sandbox {
    Sandbox::new().queue("q.json", &flat_queue(3).0)
}

#[track_caller]
fn is_sound(proof: &impl Fn(Sandbox) -> Vec<String>) {
    assert_eq!(proof(ready()), Vec::<String>::new(), "the sound program broke it");
}

/// Returns what the proof notices of `fault`, and the number of the try: a twin that often passes by
/// chance will not be detected one day. `Some(None)` if it notices nothing, `None` without a twin.
fn caught(fault: &'static str, proof: &impl Fn(Sandbox) -> Vec<String>) -> Option<Option<String>> {
    twin()?;
    Some((1..=TRIES).find_map(|number| {
        let noticed = proof(broken(ready(), fault)?).into_iter().next()?;
        Some(format!("{noticed} (try {number})"))
    }))
}

#[track_caller]
fn shows(fault: &str, caught: Option<Option<String>>) {
    let Some(caught) = caught else { return };
    say(&format!("{fault}: {}", caught.as_deref().unwrap_or("NOT NOTICED")));
    assert!(caught.is_some(), "the fault {fault} was not noticed");
}

/// Returns how long what `sandbox` shows may take: a broken program is not waited for as a sound one
/// is, on however slow a machine, because it never does what is waited for.
pub(crate) fn patience(sandbox: &Sandbox) -> Duration {
    if sandbox.variables.is_empty() { DEADLINE } else { Duration::from_secs(2) }
}

pub(crate) fn unless(holds: bool, what: &str) -> Vec<String> {
    if holds { Vec::new() } else { vec![what.to_owned()] }
}

/// Returns the supervisors of the sandbox.
pub(crate) fn supervisors(sandbox: &Sandbox) -> Vec<u32> {
    let all = sandbox.strays().into_iter();
    all.filter(|pid| processes::command_line(*pid).contains("workloop supervise")).collect()
}

/// Kills them and waits until they are gone: until then they hold their claims.
pub(crate) fn kill_supervisors(sandbox: &Sandbox) {
    for pid in supervisors(sandbox) {
        processes::signal(pid, Signal::KILL);
    }
    wait_until("the supervisors are gone", || supervisors(sandbox).is_empty());
}

/// The lock of a sandbox's queues, held by this process.
struct Lock(fs::File);

impl Lock {
    fn take(sandbox: &Sandbox) -> Self {
        let folder = fs::File::open(sandbox.path("")).expect("the sandbox");
        flock(&folder, FlockOperation::LockExclusive).expect("the lock of the queue");
        Self(folder)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Not by closing: a process that another thread is just starting still has the descriptor.
        flock(&self.0, FlockOperation::Unlock).expect("let go of");
    }
}

/// Several concurrent writers, and a reader that never waits.
fn many_writers(sandbox: &Sandbox) -> Vec<String> {
    let over = AtomicBool::new(false);
    let mut broken = Vec::new();
    let bad = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut bad = 0;
            while !over.load(Ordering::Relaxed) {
                let read = fs::read(sandbox.path("q.json")).unwrap_or_default();
                bad += usize::from(serde_json::from_slice::<Value>(&read).is_err());
            }
            bad
        });
        let writer = |number: usize| {
            move || {
                let add = |n: usize| {
                    let id = format!("W{number}-{n}");
                    let title = format!("{id} {}", "long ".repeat(400));
                    (sandbox.run(["add", "q.json", "--id", &id, "--title", &title]).status, id)
                };
                (0..12).map(add).filter(|(status, _)| *status == 0).map(|(_, id)| id).collect()
            }
        };
        let writers: Vec<_> = (0..4).map(|number| scope.spawn(writer(number))).collect();
        let joined = writers.into_iter().map(|writer| writer.join().unwrap_or_default());
        let acknowledged: Vec<String> = joined.flat_map(|ids: Vec<String>| ids).collect();
        over.store(true, Ordering::Relaxed);
        let text = String::from_utf8_lossy(&sandbox.bytes("q.json")).into_owned();
        let lost = acknowledged.iter().filter(|id| !text.contains(&format!("\"{id}\""))).count();
        if lost > 0 || acknowledged.len() < 24 {
            broken.push(format!("{lost} of {} acknowledged tasks are lost", acknowledged.len()));
        }
        reader.join().unwrap_or(1)
    });
    if bad > 0 {
        broken.push(format!("{bad} reads saw half a file"));
    }
    broken
}

#[test]
fn writers_exclude_each_other() {
    holds("no-lock", |sandbox| {
        let mut broken = many_writers(&sandbox);
        // Whether two writers meet is random; this check is not.
        let lock = Lock::take(&sandbox);
        let add = ["add", "q.json", "--title", "Beside", "--lock-timeout", "1"];
        let wrote = sandbox.run(add).status == 0;
        drop(lock);
        broken.extend(unless(!wrote, "a verb wrote while another process held the lock"));
        broken
    });
}

#[test]
fn a_reader_never_sees_half_a_file() {
    holds("write-in-place", |sandbox| {
        let broken = many_writers(&sandbox);
        broken.into_iter().filter(|what| what.contains("half")).collect()
    });
}

#[test]
fn leftovers_of_dead_writers_are_swept() {
    holds("no-sweep", |sandbox| {
        let sandbox = sandbox.file(".q.json.0123abcd.tmp", "{");
        sandbox.run(["block", "T001", "q.json", "--because", "x"]).exits(0);
        unless(!sandbox.path(".q.json.0123abcd.tmp").exists(), "a temp file stayed")
    });
}

#[test]
fn a_task_is_complete_only_when_verified() {
    holds("no-verification", |sandbox| {
        let sandbox = sandbox.script("default", "nothing");
        sandbox.run(["run", "q.json", "--max-iterations", "1"]);
        unless(sandbox.status("T001") != "complete", "complete, and nothing was made")
    });
}

/// A project in which the agent changes its judge in a way that a single check, or a check of only
/// the first word of a step, does not detect.
fn cheated(sandbox: Sandbox, agent: &str, steps: &str) -> Vec<String> {
    let config = format!("[agents.default]\nrun = \"{agent}\"\n{steps}");
    let sandbox = sandbox.config(&config).file("check.sh", "exit 1\n");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]);
    let complete = ["T001", "T002", "T003"].iter().any(|id| sandbox.status(id) == "complete");
    unless(!complete, "complete by a changed script")
}

#[test]
fn a_step_cannot_rewrite_the_next_one() {
    holds("guard-once", |sandbox| {
        let steps = "[[verify]]\nrun = 'sh ./app'\n[[verify]]\nrun = 'sh check.sh'\n";
        cheated(sandbox, "echo 'echo exit 0 >check.sh' >app", steps)
    });
}

#[test]
fn every_word_of_a_step_counts() {
    holds("guard-first-word", |sandbox| {
        let steps = "[[verify]]\nrun = 'true && timeout 5 sh check.sh'\n";
        cheated(sandbox, "echo exit 0 >check.sh", steps)
    });
}

#[test]
fn nothing_outlives_its_attempt() {
    holds("leftovers-stay", |sandbox| {
        let sandbox = sandbox.script("default", "daemonise");
        sandbox.run(["run", "q.json", "--max-iterations", "1"]);
        let gone = holds_within(patience(&sandbox), || sandbox.strays().is_empty());
        unless(gone, "a daemon of an agent stayed")
    });
}

#[test]
fn nothing_outlives_its_loop() {
    holds("outlives-loop", |sandbox| {
        let sandbox = sandbox.script("default", "hang");
        let running = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        running.signal(Signal::KILL);
        drop(running);
        let gone = holds_within(patience(&sandbox), || sandbox.strays().is_empty());
        unless(gone, "an attempt continued when its loop was dead")
    });
}

/// Loop and supervisor die, and the agent stays alive.
#[test]
fn an_orphan_is_ended_before_its_task_runs_again() {
    if lacks("flock") {
        return;
    }
    holds("no-process-scan", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let first = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        first.signal(Signal::STOP);
        kill_supervisors(&sandbox);
        drop(first);
        let second = sandbox.spawn(["run", "q.json"]);
        wait_until("it runs again", || sandbox.oracle().starts("T001") == 2);
        let overlaps = sandbox.oracle().overlaps().len();
        drop(second);
        unless(overlaps == 0, "a second agent ran beside the orphan")
    });
}

/// A claim is old, and its worker alive. Only the second loop may be broken: two loops that take
/// over by time end each other's agents before these start.
#[test]
fn an_old_claim_is_not_taken_from_the_living() {
    if lacks("flock") {
        return;
    }
    let overlaps = |second: PathBuf, fault: &str| {
        let (list, _) = flat_queue(1);
        let sandbox = Sandbox::new().queue("q.json", &list).script("T001", "ignore-term\nhang");
        let first = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        let variables = [("WORKLOOP_FAULT", fault)];
        let wait = ["run", "q.json", "--when-empty", "wait"];
        let second = sandbox.spawn_as(&second, &variables, &wait);
        let again = || sandbox.oracle().starts("T001") > 1;
        // A broken one may start when the claim is already old, and then does not wait.
        wait_until("the second looked", || second.output().contains("waiting") || again());
        let took = holds_within(Duration::from_secs(if fault.is_empty() { 3 } else { 20 }), again);
        drop((first, second));
        took || !sandbox.oracle().overlaps().is_empty()
    };
    assert!(!overlaps(Sandbox::new().program.clone(), ""), "the sound program took it");
    let Some(program) = twin() else { return };
    let caught = overlaps(PathBuf::from(program), "take-over-by-time");
    say(&format!("take-over-by-time: {}", if caught { "taken" } else { "NOT NOTICED" }));
    assert!(caught, "the fault take-over-by-time was not noticed");
}

/// The lock of the claim is held as long as the agent is alive, even if the loop is dead.
#[test]
fn the_supervisor_holds_the_claim() {
    if lacks("flock") {
        return;
    }
    holds("claim-unlocked", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let running = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        // The verification of the tree has a lock as well, which is free.
        let free = "for lock in .workloop/claims/*.lock; do flock -n $lock true || exit 1; done";
        let mut broken = unless(!sandbox.shell(free), "the lock was free while the agent ran");
        running.signal(Signal::KILL);
        drop(running);
        // The grace period of the agent is one second.
        broken.extend(unless(!sandbox.shell(free), "the lock was free while the tree was ended"));
        broken
    });
}

/// Supervisor and loop are killed, the agent stays alive, and the queue is set back. A loop that
/// knows the folder of locks must not trust the free lock. The journal and the last good text,
/// which would restore the claim, are deleted.
#[test]
fn a_free_lock_does_not_outweigh_an_agent() {
    if lacks("jq") {
        return;
    }
    let (list, _) = flat_queue(3);
    let sandbox =
        Sandbox::new().queue("q.json", &list).script("T001", "fail 1\nignore-term\nsleep 3");
    let only = ["run", "q.json", "--task-id", "T001", "--max-iterations", "1"];
    sandbox.run(only);
    sandbox.run(["park", "T001", "q.json"]).exits(0);
    let second = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    wait_until("the second waits", || second.output().contains("waiting"));
    second.signal(Signal::STOP);
    sandbox.run(["unpark", "T001", "q.json"]).exits(0);
    let first = sandbox.spawn(only);
    wait_until("the first runs", || sandbox.oracle().starts("T001") == 2);
    first.signal(Signal::STOP);
    kill_supervisors(&sandbox);
    // It also holds the lock while it is alive, even while it is stopped.
    first.signal(Signal::KILL);
    drop(first.ends());
    let edit = "flock . sh -c 'rm -r .workloop/last-good .workloop/events.jsonl ../state; \
                jq \"(.tasks[0]|.status)=\\\"pending\\\"|del(.tasks[0].claim)\" q.json >t && mv t q.json'";
    assert!(sandbox.shell(edit));
    second.signal(Signal::CONT);
    wait_until("it runs again", || sandbox.oracle().starts("T001") == 3);
    assert_eq!(sandbox.oracle().overlaps(), Vec::<&str>::new());
}

/// The locks are deleted while an agent works: its task still belongs to it.
#[test]
fn a_deleted_lock_does_not_end_the_living() {
    holds("living-ended", |sandbox| {
        let sandbox = sandbox.script("T001", "meet T003");
        let first = sandbox.spawn(["run", "q.json", "--task-id", "T001"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        assert!(sandbox.shell("rm .workloop/claims/*.lock"));
        let second = sandbox.spawn(["run", "q.json"]);
        let twice = || sandbox.oracle().starts("T001") > 1;
        wait_until("the others are done", || twice() || sandbox.oracle().ends("T003") == 1);
        let broken = unless(!twice(), "an attempt of a loop that lives was ended and made again");
        if broken.is_empty() {
            first.ends().exits(0);
            assert_eq!(sandbox.status("T001"), "complete");
            assert_eq!(sandbox.oracle().starts("T001"), 1);
        }
        drop(second);
        broken
    });
}

/// Returns whether every thread of a process was stopped by a signal.
fn is_stopped(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.map(|thread| processes::state(&thread.path())).all(|state| state == Some('T'))
}

/// A person takes the task away when its attempt is judged and the loop has not written the result
/// yet. Nothing is left that could be ended, and only the claim shows that the result comes too
/// late.
fn late_result(sandbox: Sandbox, verb: &[&str], status: &str) -> Vec<String> {
    let sandbox = sandbox.script("default", "await go");
    let running = sandbox.spawn(["run", "q.json", "--max-iterations", "1"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
    let lock = Lock::take(&sandbox);
    assert!(sandbox.shell("touch go"));
    let verdict = "grep -q '\"task\": \"T001\"' .workloop/attempts/*/1/verdict.json";
    let judged = || sandbox.shell(verdict);
    wait_until("the attempt is judged", judged);
    running.signal(Signal::STOP);
    wait_until("the loop stands still", || is_stopped(running.pid()));
    drop(lock);
    sandbox.spawn_as(&sandbox.program, &[], verb).ends().exits(0);
    running.signal(Signal::CONT);
    let ran = running.ends();
    unless(sandbox.status("T001") == status, &format!("a late result was written: {ran}"))
}

#[test]
fn a_late_result_is_not_written() {
    let block = ["block", "T001", "q.json", "--because", "not now"];
    holds("token-ignored", |sandbox| late_result(sandbox, &block, "blocked"));
}

/// Here only the journal shows that the claim was not removed by an edit.
#[test]
fn a_late_result_of_a_released_task_is_not_written() {
    let release = ["release", "T001", "q.json", "--force"];
    holds("token-ignored", |sandbox| late_result(sandbox, &release, "pending"));
}

fn set_back(sandbox: Sandbox) -> Vec<String> {
    assert!(sandbox.shell("cp q.json saved"));
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(sandbox.shell("cp saved t && mv t q.json"));
    sandbox.run(["run", "q.json"]).exits(0);
    unless(sandbox.oracle().started().len() == 3, "finished work was done again")
}

#[test]
fn finished_work_is_put_back_from_the_journal() {
    holds("no-journal", set_back);
}

#[test]
fn finished_work_that_was_set_back_is_not_done_again() {
    holds("no-restore", set_back);
}

/// One supervisor dies once: the attempt is lost, and the next one gets its own supervisor.
#[test]
fn a_killed_supervisor_costs_one_attempt() {
    if lacks("flock") {
        return;
    }
    let sandbox =
        Sandbox::new().config(CONFIG).queue("q.json", &queue(&[("A", &[])])).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.rescript("A", "");
    for pid in supervisors(&sandbox) {
        processes::signal(pid, Signal::KILL);
    }
    running.ends().exits(0);
    assert_eq!(sandbox.read("q.json")["tasks"][0]["attempts"], 2);
    assert!(sandbox.oracle().overlaps().is_empty());
    sandbox.nothing_left();
}

/// An agent that parks another task, from a process without an environment.
#[test]
fn an_attempt_changes_its_queue_by_no_verb() {
    holds("inside-allowed", |sandbox| {
        let variables = sandbox.variables.iter().map(|(name, value)| format!("{name}={value}"));
        let program = sandbox.program.display().to_string();
        let words = ["env".to_owned(), "-i".to_owned()].into_iter().chain(variables);
        let words: Vec<String> = words.chain([program, "park T002 q.json".to_owned()]).collect();
        let agent = words.join(" ");
        // Once: an agent that fails at once is tried again after longer and longer pauses.
        let flags = ["run", "q.json", "--task-id", "T001", "--max-iterations", "1", "--no-verify"];
        let [run, queue, task, id, most, one, unjudged] = flags;
        sandbox.run([run, queue, task, id, most, one, unjudged, "--agent", &agent]);
        unless(sandbox.status("T002") == "pending", "an agent parked another task")
    });
}

/// After waiting for a pause, a person changes files, so nothing may run any more. A supervisor
/// that is itself stopped cannot report that until its loop has continued it.
#[test]
fn a_pause_that_was_waited_for_is_one() {
    holds("pause-blind", |sandbox| {
        let sandbox = sandbox.script("T001", "hang");
        let running = sandbox.spawn(["run", "q.json"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        let supervisors = supervisors(&sandbox);
        for pid in &supervisors {
            processes::signal(*pid, Signal::STOP);
        }
        let ran = sandbox.run(["pause", "q.json", "--wait", "--timeout", "1s"]);
        let ours = |pid: &u32| processes::command_line(*pid).contains("workloop ");
        let runs = |pid: &u32| !ours(pid) && !is_stopped(*pid);
        let still = ran.status == 6 || !sandbox.strays().iter().any(runs);
        for pid in &supervisors {
            processes::signal(*pid, Signal::CONT);
        }
        drop(running);
        unless(still, &format!("it was said to stand still: {ran}"))
    });
}
