//! Runs whose attempts have threads and supervisors. The supervisors are scripted, so that no
//! process is started.

use super::super::running::{Kind, Running};
use super::super::thread::Message;
use super::ends::lines_of;
use super::play::{Play, Ran, task};
use crate::domain::Outcome;
use crate::engine::attempt::Steering;
use crate::platform::lock::FileLock;
use crate::platform::signal::Request;
use crate::store::StateDir;
use crate::supervisor::scripted::{Answer, Script, variable};
use crate::supervisor::{CommandSpec, Launch, Supervisor, Told};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONFIG: &str = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"test\"\n\
                      run = [\"check\"]\n";
const PLAIN: &str = "[limits]\nuntouched = false\n";

/// Returns a run of these tasks under the supervisors of `script`; `more` follows [`CONFIG`].
fn play(script: &Script, more: &str, tasks: Value) -> Play {
    Play::supervised(script.exe(), &format!("{CONFIG}{more}{PLAIN}"), tasks)
}

fn run(script: &Arc<Script>, tasks: Value) -> Ran {
    play(script, "", tasks).go()
}

#[test]
fn an_attempt_reports_its_stages_to_the_loop() {
    let script = Script::new();
    let ran = run(&script, json!([task("A")]));
    assert_eq!(
        ran.heard(),
        [
            "0 begins A",
            "0 of 1 complete, 1 running, 0 blocked, 0 ready",
            "0 A: Started",
            "0 A: AgentFinished(Exited { code: 0 })",
            "0 A: Verifying(\"test\")",
            "0 A: Verified(Pass)",
            "0 ends A PASS: complete",
            "1 of 1 complete, 0 running, 0 blocked, 0 ready",
        ]
    );
    assert_eq!(ran.end(), (0, "the task is complete".to_owned()));
    let journal =
        ["claimed A", "attempt_started A", "agent_finished A", "verified A", "completed A"];
    assert_eq!(ran.journal()[1..6], journal);
}

#[test]
fn one_task_follows_the_other_in_the_same_slot() {
    let script = Script::new();
    script.on("check", Answer::exit(1));
    script.on("check", Answer::exit(0));
    let ran = run(&script, json!([task("A"), task("B")]));
    assert_eq!(script.words(), ["agent", "check", "agent", "check", "agent", "check"]);
    let ends = lines_of(&ran, " ends ");
    let failed = "0 ends A FAIL: step test: exit status 1; to be tried again [test]";
    assert_eq!(ends, [failed, "0 ends A PASS: complete", "0 ends B PASS: complete"]);
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
    let attempt = |spec: &CommandSpec| variable(spec, "WORKLOOP_ATTEMPT");
    let attempts: Vec<_> = script.ran().iter().filter_map(attempt).collect();
    assert_eq!(attempts, ["1", "1", "2", "2", "1", "1"]);
}

#[test]
fn two_slots_have_a_supervisor_each() {
    let script = Script::new();
    let mut play = play(&script, "", json!([task("A"), task("B"), task("C")]));
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!(ran.end(), (0, "all 3 tasks are complete".to_owned()));
    assert_eq!(script.ran().len(), 6);
}

#[test]
fn a_program_that_cannot_be_started_ends_the_run_and_blames_no_task() {
    let config = format!("{CONFIG}{PLAIN}");
    let ran = Play::supervised(Path::new("/nowhere"), &config, json!([task("A"), task("B")])).go();
    let why = "task A: cannot start the supervisor: No such file or directory (os error 2)";
    let said = format!("stopped: {why}; no task was blamed, 0 of 2 complete");
    assert_eq!(ran.end(), (2, said));
    assert_eq!((ran.status("A"), ran.status("B")), ("pending".to_owned(), "pending".to_owned()));
}

#[test]
fn supervisors_that_are_refused_what_they_need_end_the_run() {
    let script = Script::refusing();
    let ran = run(&script, json!([task("A"), task("B")]));
    let why = "its supervisor was refused what it needs: file descriptors (ulimit -n), memory or \
               /proc";
    let end = format!("0 ends A without a verdict: {why}; pending again");
    assert_eq!(lines_of(&ran, " ends "), [end]);
    let said = format!("stopped: task A: {why}; no task was blamed, 0 of 2 complete");
    assert_eq!((ran.end(), script.ran().len()), ((2, said), 0));
}

#[test]
fn an_attempt_whose_supervisor_vanishes_is_tried_again_under_another_one() {
    let script = Script::new();
    script.on("agent", Answer::vanishes());
    script.on("agent", Answer::exit(0));
    let ran = run(&script, json!([task("A")]));
    let ends = lines_of(&ran, " ends ");
    assert!(ends[0].starts_with("0 ends A without a verdict: "), "{ends:?}");
    assert_eq!((ends.len(), ends[1].as_str(), ran.end().0), (2, "0 ends A PASS: complete", 0));
    assert_eq!(ran.task("A")["attempts"], 2);
}

/// Returns an answer that lets the run receive these signals, and runs until it is ended.
fn signals<const N: usize>(play: &Play, signals: [i32; N]) -> Answer {
    let outbox = play.outbox();
    Answer::runs().does(move |_| {
        for signal in signals {
            outbox.send(Message::Signal(Request::End { signal })).unwrap();
        }
    })
}

#[test]
fn a_signal_reaches_the_supervisor_of_an_attempt() {
    for all in [&[15][..], &[2, 2], &[15, 15]] {
        let script = Script::new();
        let play = play(&script, "", json!([task("A"), task("B")]));
        let answer = match *all {
            [one] => signals(&play, [one]),
            [one, two] => signals(&play, [one, two]),
            _ => unreachable!(),
        };
        script.on("agent", answer);
        let ran = play.go();
        assert_eq!(ran.end().0, 128 + u8::try_from(all[0]).unwrap(), "{all:?}");
        let end = "0 ends A without a verdict: interrupted; pending again";
        assert_eq!(lines_of(&ran, " ends "), [end], "{all:?}");
        assert_eq!(
            (script.words(), ran.status("A")),
            (vec!["agent".to_owned()], "pending".to_owned())
        );
    }
}

#[test]
fn an_attempt_that_is_cancelled_before_it_is_attached_ends_as_well() {
    let script = Script::new();
    // It may begin before the signal is heard, but does not end by itself.
    script.on("agent", Answer::runs());
    let play = play(&script, "", json!([task("A")]));
    play.outbox().send(Message::Signal(Request::End { signal: 15 })).unwrap();
    let ran = play.go();
    assert_eq!((ran.end().0, ran.status("A")), (143, "pending".to_owned()));
}

#[test]
fn what_looks_like_a_request_and_is_none_is_said_once() {
    let script = Script::new();
    let play = play(&script, "", json!([task("A"), task("B")]));
    let state = StateDir::beside(&play.site.key("q.json"));
    let stray = state.request("stop", Some("q"));
    fs::create_dir_all(&stray).unwrap();
    let ran = play.go();
    let [said] = ran.said("warning").try_into().unwrap();
    let start = format!("not a request, ignored: {}", stray.display());
    assert!(said.starts_with(&start), "{said}");
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
}

/// A hook after each task.
const HOOK: &str = "[hooks]\nafter_task = [\"hook\"]\n";

#[test]
fn the_hook_after_a_task_learns_how_it_ended() {
    let script = Script::new();
    for code in [0, 1, 1] {
        script.on("check", Answer::exit(code));
    }
    let limits = "[limits]\nattempts = 2\nuntouched = false\n";
    let config = format!("{CONFIG}{HOOK}{limits}");
    let ran = Play::supervised(script.exe(), &config, json!([task("A"), task("B")])).go();
    assert_eq!(ran.end().0, 5);
    let hooks: Vec<Vec<String>> = script
        .ran()
        .iter()
        .filter(|spec| spec.argv == ["hook"])
        .map(|spec| {
            let names = ["TASK_ID", "ATTEMPT", "STATE", "VERDICT", "REASON_CODE", "HOOK"];
            let names = names.iter().map(|name| format!("WORKLOOP_{name}"));
            names.map(|name| variable(spec, &name).unwrap_or_default()).collect()
        })
        .collect();
    // Between two attempts there is no hook after the task.
    assert_eq!(hooks.len(), 2, "{hooks:?}");
    assert!(
        hooks.contains(&["A", "1", "complete", "PASS", "", "after_task"].map(str::to_owned).into())
    );
    let blocked = ["B", "2", "blocked", "FAIL", "tests_failed", "after_task"];
    assert!(hooks.contains(&blocked.map(str::to_owned).into()), "{hooks:?}");
    let journal = ran.journal();
    assert!(journal.contains(&"hook A".to_owned()) && journal.contains(&"hook B".to_owned()));
    assert_eq!(ran.said("warning"), Vec::<String>::new());
}

/// Returns the warnings of a run whose hook after its task answers like this.
fn hooked(answer: impl FnOnce(&Play) -> Answer) -> (Vec<String>, u8) {
    let script = Script::new();
    let play = play(&script, HOOK, json!([task("A")]));
    script.on("hook", answer(&play));
    let ran = play.go();
    assert_eq!(ran.status("A"), "complete");
    (ran.said("warning"), ran.end().0)
}

#[test]
fn a_hook_after_a_task_that_fails_is_said_and_changes_nothing() {
    let (said, status) = hooked(|_| Answer::exit(3).complains("no mail\n"));
    assert_eq!((said, status), (vec!["A: hook after_task: exit status 3: no mail".to_owned()], 0));
    let (said, status) = hooked(|_| Answer::vanishes());
    assert!(said.len() == 1 && said[0].starts_with("A: hook after_task: failed to "), "{said:?}");
    assert_eq!(status, 0);
}

#[test]
fn the_end_of_a_run_waits_for_hooks_and_a_signal_ends_them() {
    for twice in [false, true] {
        let (said, status) = hooked(|play| match twice {
            false => signals(play, [15]),
            true => signals(play, [15, 15]),
        });
        assert_eq!(said, ["A: hook after_task: interrupted"]);
        assert_eq!(status, 143);
    }
}

#[test]
fn a_hook_that_cannot_be_started_is_said() {
    let script = Script::new();
    let play = play(&script, HOOK, json!([task("A")]));
    // Another process holds the lock of the hook.
    let held = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&held);
    let take = move |spec: &CommandSpec| {
        let lock = FileLock::try_acquire(&spec.stdout.with_file_name("hook.lock"));
        *kept.lock().unwrap() = lock.unwrap();
    };
    script.on("agent", Answer::exit(0).does(take));
    let ran = play.go();
    assert!(held.lock().unwrap().is_some());
    let why = "A: hook after_task cannot be started: another hook of this attempt runs";
    assert_eq!(ran.said("warning"), [why]);
    assert_eq!((ran.end().0, script.words()), (0, vec!["agent".to_owned(), "check".to_owned()]));
}

/// Returns how a command ends under a supervisor that is attached after `before` happened, and the
/// pauses that it acknowledges.
fn attached_after(before: impl FnOnce(&mut Running)) -> (Outcome, Vec<u64>) {
    let (script, play) = (Script::new(), Play::new(json!([task("A")])));
    let job = play.site.job(&play.site.open(), "A", 7);
    let lock = FileLock::try_acquire(&play.site.key("lock")).unwrap().unwrap();
    let launch = Launch { exe: script.exe(), tag: &job.tag, env: &[] };
    let mut supervisor = Supervisor::start(&launch, &lock).unwrap();
    let steering = Steering { cancelled: Arc::default(), on_still: Box::new(|_| {}) };
    let mut running = Running::new(Kind::Attempt, &job, &Arc::new(steering));
    before(&mut running);
    running.attach(supervisor.controls());
    let spec = CommandSpec {
        argv: vec!["agent".into()],
        cwd: play.site.dir.path().to_owned(),
        env: Vec::new(),
        stdin: None,
        stdout: play.site.key("out"),
        stderr: None,
        timeout: Duration::from_secs(60),
        silence: None,
        grace: Duration::from_secs(1),
        cap: 1000,
    };
    let mut paused = Vec::new();
    let mut tell = |told| match told {
        Told::Paused(number) => paused.push(number),
        Told::Started(_) => {}
    };
    let ended = supervisor.run(&spec, &mut tell).unwrap();
    supervisor.finish().unwrap();
    (ended.outcome, paused)
}

#[test]
fn a_supervisor_that_is_attached_later_learns_what_was_asked_before() {
    let fine = Outcome::Exited { code: 0 };
    assert_eq!(attached_after(|_| {}), (fine.clone(), vec![]));
    assert_eq!(attached_after(|running| running.hold(true, 5)), (fine.clone(), vec![5]));
    let resumed = |running: &mut Running| {
        running.hold(true, 5);
        running.hold(false, 6);
    };
    assert_eq!(attached_after(resumed), (fine, vec![]));
    assert_eq!(attached_after(Running::end), (Outcome::Interrupted, vec![]));
    assert_eq!(attached_after(Running::kill), (Outcome::Interrupted, vec![]));
    // What ends is not paused any more.
    let both = |running: &mut Running| {
        running.hold(true, 5);
        running.end();
    };
    assert_eq!(attached_after(both), (Outcome::Interrupted, vec![]));
}
