//! An agent puts a FIFO, a device or a symlink in the place of a file that the loop opens: the loop
//! does not block, reads nothing endlessly, and its run continues.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Ran, Sandbox, holds_within, queue, wait_until, with_each};
use crate::twins::{holds, patience, unless};
use rustix::process::Signal;

/// Creates two tasks, the second after the first, whose agent does `harm`.
fn harmed(harm: &str) -> Sandbox {
    let list = queue(&[("A", &[]), ("B", &["A"])]);
    let script: Vec<String> = harm.lines().map(|line| format!("sh {}", line.trim())).collect();
    Sandbox::new().queue("q.json", &list).script("A", &script.join("\n"))
}

/// Checks that both tasks end, whatever the first one's agent did.
#[track_caller]
fn goes_on(harm: &str) -> (Sandbox, Ran) {
    let sandbox = harmed(harm);
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!((sandbox.oracle().ends("A"), sandbox.oracle().ends("B")), (1, 1), "{harm}: {ran}");
    sandbox.nothing_left();
    (sandbox, ran)
}

fn count(ran: &Ran, text: &str) -> usize {
    ran.stderr.matches(text).count()
}

#[test]
fn a_script_of_the_verification() {
    for instead in ["mkfifo check.sh", "ln -s /dev/zero check.sh", "mkdir check.sh"] {
        let harm = format!("rm check.sh; {instead}");
        let config = CONFIG.replace("[[verify]]", "[[verify]]\nrun = './check.sh'\n[[verify]]");
        let sandbox = harmed(&harm).config(&config).file("check.sh", "#!/bin/sh\nexit 0\n");
        assert!(sandbox.shell("chmod +x check.sh"));
        let ran = sandbox.run(["run", "q.json"]).exits(5);
        assert_eq!(sandbox.status("A"), "blocked", "{instead}: {ran}");
        sandbox.nothing_left();
    }
}

/// A person may share one script between projects.
#[test]
fn a_script_that_is_a_symlink_is_followed() {
    let config = CONFIG.replace("[[verify]]", "[[verify]]\nrun = './check.sh'\n[[verify]]");
    for (harm, status) in [("true", 0), ("echo exit 0 >>shared/check.sh", 5)] {
        let sandbox = harmed(harm).config(&config);
        let sandbox = sandbox.file("shared/check.sh", "#!/bin/sh\nexit 0\n");
        assert!(sandbox.shell("chmod +x shared/check.sh; ln -s shared/check.sh check.sh"));
        sandbox.run(["run", "q.json"]).exits(status);
    }
}

#[test]
fn the_log_of_verdicts() {
    for (instead, what) in
        [("mkfifo", "a FIFO"), ("mkdir", "a folder"), ("ln -s /dev/full", "a symlink")]
    {
        let harm =
            format!("rm -f .workloop/verification.log; {instead} .workloop/verification.log");
        let (sandbox, ran) = goes_on(&harm);
        let told = format!(".workloop/verification.log is {what}, not a regular file");
        assert_eq!(count(&ran, &told), 1, "told once: {ran}");
        assert!(!sandbox.path(".workloop/verification.log").is_file());
    }
}

#[test]
fn the_folder_of_claims() {
    // The lock of the task itself, and that of the next one.
    goes_on("lock=$(ls .workloop/claims/*.lock); rm $lock; mkfifo $lock");
    let next = "lock=.workloop/claims/$(printf 'q\\0B' | sha256sum | cut -c1-16).lock";
    let (sandbox, _) = goes_on(&format!("{next}; mkfifo $lock"));
    assert!(sandbox.shell(&format!("{next}; test -f $lock")));
    goes_on(&format!("{next}; ln -s /dev/zero $lock"));
}

#[test]
fn the_entries_of_queues_and_loops() {
    let entry = "entry=$(ls .workloop/queues/*); rm $entry; mkfifo $entry";
    let (sandbox, _) = goes_on(entry);
    assert!(sandbox.shell("test -f .workloop/queues/*"));
    goes_on("mkfifo .workloop/queues/0123456789abcdef; ln -s /dev/zero .workloop/queues/x");
    let (sandbox, _) = goes_on("mkfifo .workloop/workers/x.json; rm -r .workloop/queues");
    sandbox.run(["status", "q.json"]).exits(0);
    sandbox.run(["stop", "q.json"]).exits(0);
}

#[test]
fn the_files_of_an_attempt() {
    let all = "for name in changed-files.txt verify-1.out verdict.json result.json; do \
               rm -f $WORKLOOP_ATTEMPT_DIR/$name; mkfifo $WORKLOOP_ATTEMPT_DIR/$name; done";
    let (sandbox, _) = goes_on(all);
    let left = "find .workloop/attempts -name result.json -o ! -type f ! -type d | sort -u";
    assert!(sandbox.shell(&format!("test \"$({left} | wc -l)\" = 1")), "more than the result");
    let ran = goes_on("ln -s /dev/zero $WORKLOOP_RESULT_FILE").1;
    ran.says("result.json is a symlink, not a regular file");
    // Nothing is written through a link.
    let harm = "for name in changed-files.txt verify-1.out verdict.json; do \
                ln -s $WORKLOOP_ROOT/precious $WORKLOOP_ATTEMPT_DIR/$name; done; echo x >precious";
    let (sandbox, _) = goes_on(harm);
    assert_eq!(sandbox.bytes("precious"), b"x\n");
    // Readers of what an agent left.
    let harm = "rm -f $WORKLOOP_ATTEMPT_DIR/agent.*; mkfifo $WORKLOOP_ATTEMPT_DIR/agent.out; \
                ln -s /dev/zero $WORKLOOP_ATTEMPT_DIR/agent.err";
    let (sandbox, _) = goes_on(harm);
    sandbox.run(["log", "A", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["log", "A", "--work-queue", "q.json", "--json"]).exits(0);
}

/// The output of a failed attempt is read for the next prompt.
#[test]
fn the_output_that_feeds_back() {
    with_each(["mkfifo", "ln -s /dev/zero"], |instead| {
        let harm = format!("(sleep 0.2; {instead} $WORKLOOP_ATTEMPT_DIR/agent.new) & wait");
        let after = "mv -f $WORKLOOP_ATTEMPT_DIR/agent.new $WORKLOOP_ATTEMPT_DIR/agent.err";
        let sandbox = harmed(&format!("{harm}\n{after}"));
        sandbox.rescript("A", &format!("sh {harm}\nsh {after}\nsh exit 3"));
        let running = sandbox.spawn(["run", "q.json", "--max-iterations", "2"]);
        wait_until("it is tried again", || sandbox.oracle().starts("A") == 2);
        assert_eq!(running.ends().status, 6, "{instead}");
    });
}

/// Today's usage, and what a hook prints after the agent.
#[test]
fn what_was_used_and_what_hooks_print() {
    let config = format!(
        "{CONFIG}\n[limits.day]\ncost_usd = 50\n[hooks]\nafter_attempt = 'echo said; echo told >&2'\n"
    );
    for instead in ["mkfifo", "ln -s /dev/zero", "ln -s $WORKLOOP_ROOT/precious"] {
        let harm = format!(
            "mkdir -p .workloop/spent; for file in .workloop/spent/day.json \
             $WORKLOOP_ATTEMPT_DIR/hook-after_attempt.out $WORKLOOP_ATTEMPT_DIR/hook-after_attempt.err; \
             do rm -f $file; {instead} $file; done"
        );
        let sandbox = harmed(&harm).config(&config).file("precious", "x\n");
        let ran = sandbox.run(["run", "q.json"]).exits(0);
        let ends = (sandbox.oracle().ends("A"), sandbox.oracle().ends("B"));
        assert_eq!(ends, (1, 1), "{instead}: {ran}");
        assert_eq!(sandbox.bytes("precious"), b"x\n", "{instead}: {ran}");
        sandbox.run(["status", "q.json"]).exits(0);
        sandbox.nothing_left();
    }
}

#[test]
fn the_journal() {
    let (sandbox, _) = goes_on("ln -sf /dev/zero .workloop/events.jsonl");
    assert!(sandbox.path(".workloop/events.jsonl").symlink_metadata().is_ok_and(|it| it.is_file()));
    sandbox.run(["events", "q.json"]).exits(0).says("B");
    goes_on("rm .workloop/events.jsonl; mkfifo .workloop/events.jsonl");
    // Without a last line in the journal, the rotated one is read.
    goes_on("rm .workloop/events.jsonl; mkfifo .workloop/events.1.jsonl");
    goes_on(": >.workloop/events.jsonl; ln -s /dev/zero .workloop/events.1.jsonl");
    // Too long to read, and a single line.
    let (sandbox, _) = goes_on("truncate -s 900G .workloop/events.jsonl");
    sandbox.run(["events", "q.json"]).exits(0).says("B");
    sandbox.run(["plan", "--actual", "q.json"]).exits(0);
}

#[test]
fn requests() {
    let harm = "mkfifo .workloop/stop-q; touch x; ln -s ../x .workloop/pause-all; \
                mkdir .workloop/stop-all";
    let (sandbox, ran) = goes_on(harm);
    for stray in ["stop-q is a FIFO", "pause-all is a symlink", "stop-all is a folder"] {
        assert_eq!(count(&ran, stray), 1, "{stray}: {ran}");
    }
    sandbox.run(["resume", "--all", "q.json"]).exits(0).says("nothing was stopped or paused");
    // A person's own request replaces what is not a request.
    sandbox.run(["reset", "B", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["pause", "--all", "q.json"]).exits(0);
    sandbox.run(["status", "q.json"]).exits(0).says("paused");
}

/// Files that people name: a link is followed, a FIFO refused at once.
#[test]
fn what_people_name() {
    let with_prompt = CONFIG.replace("[agents.default]", "[agents.default]\nprompt = 'p.md'");
    let sandbox = harmed("true").config(&with_prompt).file("real.md", "do {{ title }}");
    assert!(sandbox.shell("ln -s real.md p.md; mkfifo fifo; mkfifo fifo.json"));
    sandbox.run(["prompt", "A", "--work-queue", "q.json"]).exits(0).says("do Make A");
    assert!(sandbox.shell("rm p.md; mkfifo p.md"));
    sandbox.run(["prompt", "A", "--work-queue", "q.json"]).exits(2).says("p.md is a FIFO");
    sandbox.run(["run", "q.json"]).says("p.md is a FIFO").exits(2);
    // A verb that only reads prints a warning and answers.
    sandbox.run(["status", "q.json", "--config", "fifo"]).exits(0).says("fifo is a FIFO");
    sandbox.run(["status", "fifo.json"]).exits(1).says("fifo.json is a FIFO");
    assert!(sandbox.shell("mv workloop.toml real.toml; ln -s real.toml workloop.toml; rm p.md"));
    assert!(sandbox.shell("ln -s real.md p.md"));
    sandbox.run(["run", "q.json"]).exits(0);
}

#[test]
fn nothing_is_waited_for() {
    holds("blocking-open", |sandbox| {
        let sandbox = sandbox.script("T001", "sh mkfifo .workloop/queues/x");
        let mut running = sandbox.spawn(["run", "q.json"]);
        let ended = holds_within(patience(&sandbox), || running.has_ended());
        running.signal(Signal::KILL);
        unless(ended, "the loop waits for a writer of a FIFO")
    });
}

/// A supervisor that its agent stopped continues, and enforces the time limit.
#[test]
fn a_stopped_supervisor() {
    let config = CONFIG.replace(r#"timeout = "30s""#, r#"timeout = "1s""#);
    // The parent of the agent's shell is the supervisor.
    let sandbox = harmed("true").config(&config).script("A", "sh kill -STOP $PPID\nhang");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    sandbox.nothing_left();
    // A loop that is asked to end ends.
    let sandbox = harmed("true").script("A", "sh kill -STOP $PPID\nhang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    running.signal(Signal::TERM);
    running.ends().exits(143);
    sandbox.nothing_left();
}

/// A supervisor that is stopped again each time is killed: its attempt counts as lost.
#[test]
fn a_supervisor_that_is_stopped_again_and_again() {
    if lacks("flock") {
        return;
    }
    let again = "sh trap '' TERM; while :; do kill -STOP $PPID || exit; done";
    let sandbox = harmed("true").script("A", again);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.rescript("A", "");
    let ran = running.ends().exits(0).says("was killed");
    assert_eq!(sandbox.oracle().overlaps(), Vec::<&str>::new(), "{ran}");
    assert_eq!(sandbox.oracle().starts("A"), 2, "{ran}");
    let report = "grep -q '\"lost\"' .workloop/attempts/*/1/verdict.json";
    assert!(sandbox.shell(report), "{ran}");
    sandbox.nothing_left();
}

/// A pid namespace whose /proc is that of another: the table does not show who is alive.
#[test]
fn a_foreign_table_of_processes() {
    if lacks("jq") {
        return;
    }
    let sandbox = harmed("true");
    if !sandbox.shell("unshare -pf true 2>/dev/null") {
        crate::chance::say("SKIPPED: no namespace of processes can be made here");
        return;
    }
    let unshare = std::path::Path::new("unshare");
    let program = sandbox.program.display().to_string();
    let run = ["-pf", &program, "run", "q.json"];
    let ran = sandbox.spawn_as(unshare, &[], &run).ends().exits(2);
    ran.says("refused /proc").says("another namespace");
    assert!(sandbox.oracle().started().is_empty());
    assert_eq!(sandbox.status("A"), "pending");
    let release = ["-pf", &program, "release", "A", "q.json"];
    let claim = r#"jq '.tasks[0].status = "in_progress"' q.json >t && mv t q.json"#;
    assert!(sandbox.shell(claim));
    sandbox.spawn_as(unshare, &[], &release).ends().exits(2).says("another namespace");
    let own = ["-pf", "--mount-proc", &program, "release", "A", "q.json"];
    sandbox.spawn_as(unshare, &[], &own).ends().exits(0);
}
