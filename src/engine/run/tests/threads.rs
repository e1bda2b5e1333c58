//! The thread of a slot: how a supervisor gets the claim, and why an attempt does not begin.

use super::super::thread::{Ended, Executor, Holder, Message, Surroundings, Threads};
use super::host::Ticking;
use super::outside::Site;
use super::play::{Play, task};
use crate::domain::{Outcome, QueueIx};
use crate::engine::attempt::{KnownCommands, Purpose, Steering};
use crate::engine::dispatch::SlotIx;
use crate::project::Project;
use crate::store::{Hold, StateDir};
use crate::supervisor::Supervisor;
use crate::supervisor::scripted::{Answer, Script};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;

const CONFIG: &str = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"test\"\n\
                      run = [\"check\"]\n[limits]\nuntouched = false\n";

/// A project whose claims are locks of files, and the program of its supervisors.
struct Bench {
    site: Rc<Site>,
    project: Project,
}

impl Bench {
    fn new(exe: &Path) -> Self {
        let play = Play::supervised(exe, CONFIG, json!([task("A"), task("B")]));
        let project = play.site.open();
        Self { site: play.site, project }
    }

    fn hold(&self, id: &str) -> Hold {
        Site::hold(&self.project, id).expect("it is free")
    }

    /// Runs an attempt at a task to its end. Returns the other messages, too.
    fn run(&self, exe: &Path, id: &str, holder: Holder) -> (Ended, Vec<String>) {
        let (outbox, inbox) = mpsc::channel();
        let (exe, env) = (exe.to_owned(), Vec::new());
        let clock = Arc::<Ticking>::clone(&self.site.clock);
        let known = Arc::new(KnownCommands::default());
        let threads = Threads(Arc::new(Surroundings { exe, env, clock, known, outbox }));
        let steering = Steering { cancelled: Arc::default(), on_still: Box::new(|_| {}) };
        let (job, slot) = (self.site.job(&self.project, id, 7), SlotIx::new(4));
        assert_eq!(job.purpose, Purpose::Attempt);
        let thread = threads.begin(slot, job, holder, Arc::new(steering)).expect("a thread");
        thread.join().unwrap();
        let mut said = Vec::new();
        for message in inbox.try_iter() {
            let (at, text) = match message {
                Message::Finished(at, ended) => {
                    assert_eq!(at, slot);
                    return (*ended, said);
                }
                Message::Stage(at, stage) => (at, format!("{stage:?}")),
                Message::Attached(at, _) => (at, "attached".to_owned()),
                other @ (Message::Still(..)
                | Message::Died(_)
                | Message::Hooked(_)
                | Message::Released
                | Message::Changed
                | Message::Signal(_)) => panic!("{other:?}"),
            };
            assert_eq!(at, slot);
            said.push(text);
        }
        panic!("it did not end: {said:?}")
    }
}

fn lock(lock: Hold, idle: Option<Box<Supervisor>>) -> Holder {
    Holder::Lock { lock, idle }
}

/// Returns how an attempt ended that did not begin.
fn end(ended: &Ended) -> (Outcome, &str) {
    let report = &ended.finished.report;
    assert_eq!((report.verdict, report.steps.len()), (None, 0), "{report:?}");
    (report.outcome.clone(), report.reason.as_deref().unwrap_or_default())
}

fn failed(reason: &str) -> (Outcome, &str) {
    (Outcome::FailedToStart { reason: reason.to_owned() }, reason)
}

#[test]
fn a_supervisor_keeps_the_claim_of_an_attempt_that_ended() {
    let script = Script::new();
    let bench = Bench::new(script.exe());
    let (ended, said) = bench.run(script.exe(), "A", lock(bench.hold("A"), None));
    let stages =
        ["attached", "Started", "AgentFinished(Exited { code: 0 })", "Verifying(\"test\")"];
    assert_eq!(said, stages);
    assert!(ended.lock.is_some_and(|lock| lock.is_valid().unwrap()));
    assert!(ended.supervisor.is_some());
}

#[test]
fn an_idle_supervisor_takes_the_next_claim_and_the_same_one_again() {
    let script = Script::new();
    let bench = Bench::new(script.exe());
    let (first, _) = bench.run(script.exe(), "A", lock(bench.hold("A"), None));
    // No other supervisor could be started.
    let nowhere = Path::new("/nowhere");
    let (second, _) = bench.run(nowhere, "B", lock(bench.hold("B"), first.supervisor));
    assert_eq!(second.finished.report.outcome, Outcome::Exited { code: 0 });
    let holder = Holder::Supervisor(second.supervisor.unwrap());
    let (third, said) = bench.run(nowhere, "B", holder);
    assert!(third.finished.report.verdict.is_some() && third.lock.is_none());
    assert_eq!(said[0], "attached");
}

#[test]
fn an_idle_supervisor_that_was_ended_is_replaced() {
    let script = Script::new();
    let bench = Bench::new(script.exe());
    let (first, _) = bench.run(script.exe(), "A", lock(bench.hold("A"), None));
    let idle = first.supervisor.unwrap();
    idle.controls().term();
    let (second, _) = bench.run(script.exe(), "B", lock(bench.hold("B"), Some(idle)));
    assert!(second.finished.report.verdict.is_some(), "{:?}", second.finished.report);
}

#[test]
fn a_claim_that_no_process_can_inherit_does_not_begin() {
    let script = Script::new();
    let bench = Bench::new(script.exe());
    let memory = Play::new(json!([task("A")]));
    let project = memory.site.open();
    let hold = Site::hold(&project, "A").unwrap();
    let (ended, _) = bench.run(script.exe(), "A", lock(hold, None));
    assert_eq!(end(&ended), failed("no process of this host can inherit the claim"));
    assert!(ended.supervisor.is_none() && ended.lock.is_none());
}

#[test]
fn a_supervisor_that_cannot_be_started_is_an_error_of_the_environment() {
    let nowhere = Path::new("/nowhere");
    let bench = Bench::new(nowhere);
    let (ended, said) = bench.run(nowhere, "A", lock(bench.hold("A"), None));
    let why = "cannot start the supervisor: No such file or directory (os error 2)";
    assert_eq!(end(&ended), failed(why));
    assert_eq!(said, Vec::<String>::new(), "nothing was attached");
    assert!(ended.lock.is_none());
}

#[test]
fn a_supervisor_that_is_refused_what_it_needs_is_an_error_of_the_environment() {
    let script = Script::refusing();
    let bench = Bench::new(script.exe());
    let (ended, _) = bench.run(script.exe(), "A", lock(bench.hold("A"), None));
    let why = "its supervisor was refused what it needs: file descriptors (ulimit -n), memory or \
               /proc";
    assert_eq!(end(&ended), failed(why));
    assert!(ended.supervisor.is_none() && ended.lock.is_none());
}

#[test]
fn a_claim_whose_lock_was_deleted_begins_nothing() {
    let script = Script::new();
    let bench = Bench::new(script.exe());
    let hold = bench.hold("A");
    let state = StateDir::beside(bench.project.set().real(QueueIx::FIRST));
    fs::remove_dir_all(state.claims()).unwrap();
    let (ended, said) = bench.run(script.exe(), "A", lock(hold, None));
    let why = "interrupted: the lock of its claim was deleted";
    assert_eq!(end(&ended), (Outcome::Interrupted, why));
    // It holds a claim that proves nothing, until the loop releases it.
    assert!(ended.supervisor.is_some() && ended.lock.is_none());
    assert_eq!((said, script.ran().len()), (Vec::new(), 0));
    // Another process that took the task meanwhile has another lock file.
    let hold = bench.hold("A");
    fs::remove_dir_all(state.claims()).unwrap();
    let other = bench.hold("A");
    let (ended, _) = bench.run(script.exe(), "A", lock(hold, None));
    assert_eq!(end(&ended), (Outcome::Interrupted, why));
    assert!(other.is_valid().unwrap());
}

#[test]
fn a_supervisor_that_vanishes_during_an_attempt_keeps_no_claim() {
    let script = Script::new();
    script.on("agent", Answer::vanishes());
    let bench = Bench::new(script.exe());
    let (ended, _) = bench.run(script.exe(), "A", lock(bench.hold("A"), None));
    assert_eq!(ended.finished.report.outcome, Outcome::Lost);
}
