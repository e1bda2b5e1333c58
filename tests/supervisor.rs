//! The supervisor with commands that resist being ended, and the case that it is killed itself.
//!
//! No test sleeps: it waits for a condition, with a deadline.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use workloop::domain::Outcome;
use workloop::testing::platform::claim_tag::{ClaimTag, Sought, VARIABLE, supervisor_value};
use workloop::testing::platform::handover;
use workloop::testing::platform::lock::FileLock;
use workloop::testing::platform::process::{Signal, become_subreaper, signal_process};
use workloop::testing::platform::scan::{Found, Wanted, alive, find, process, start_time};
use workloop::testing::platform::spawn;
use workloop::testing::supervisor::{
    Abandoned, ClaimRecord, CommandSpec, Controls, Ended, Launch, Started, Supervisor, Told,
    end_leftovers, find_leftovers,
};

/// Returns the first process of a command, if that is what the supervisor reported.
fn first(told: Told) -> Option<Started> {
    match told {
        Told::Started(process) => Some(process),
        Told::Paused(_) => None,
    }
}

const LONG: Duration = Duration::from_secs(30);

/// A temporary folder with a claim file and its own claim tag.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn tag(&self) -> ClaimTag {
        tag_of(self.dir.path())
    }

    fn supervisor(&self) -> Supervisor {
        supervisor_in(self.dir.path())
    }

    /// Writes a script, in which `$DIR` is the folder.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        let text = format!("#!/bin/sh\nDIR='{}'\n{text}\n", self.dir.path().display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn spec(&self, script: &str) -> CommandSpec {
        let path = self.script("command.sh", script);
        spec_of(self.dir.path(), &path)
    }

    fn run(&self, script: &str) -> Ended {
        let mut supervisor = self.supervisor();
        let ended = supervisor.run(&self.spec(script), &mut |_| {}).unwrap();
        supervisor.finish().unwrap();
        self.is_clean();
        ended
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    fn carriers(&self) -> Found {
        carriers(&self.tag())
    }

    /// Asserts that no process carries the tag, and that the claim is free.
    fn is_clean(&self) {
        assert!(self.carriers().is_over(), "{:?}", self.carriers());
        assert!(FileLock::try_acquire(&self.at("1.lock")).unwrap().is_some());
    }

    /// Waits until the file contains the id of a live process.
    fn pid_in(&self, name: &str) -> Started {
        let mut found = None;
        until(&format!("a process number in {name}"), || {
            let text = self.read(name);
            let pid = text.strip_suffix('\n').and_then(|text| text.parse().ok());
            found = pid.and_then(|pid| Some(Started { pid, start: start_time(pid)? }));
            found.is_some()
        });
        found.unwrap()
    }
}

fn tag_of(dir: &Path) -> ClaimTag {
    let name = dir.file_name().unwrap().to_string_lossy().replace('.', "-");
    ClaimTag::new(&name, None, "1", &name)
}

fn carriers(tag: &ClaimTag) -> Found {
    find(&Wanted { task: Some(Sought::claim(tag)), ..Wanted::default() }).unwrap()
}

fn environment() -> Vec<(OsString, OsString)> {
    vec![("PATH".into(), std::env::var_os("PATH").unwrap())]
}

fn supervisor_in(dir: &Path) -> Supervisor {
    let claim = FileLock::try_acquire(&dir.join("1.lock")).unwrap().unwrap();
    let (exe, tag) = (Path::new(env!("CARGO_BIN_EXE_workloop")), tag_of(dir));
    let launch = Launch { exe, tag: &tag, env: &environment() };
    let mut supervisor = Supervisor::start(&launch, &claim).unwrap();
    supervisor.ready().unwrap();
    supervisor
}

fn spec_of(dir: &Path, program: &Path) -> CommandSpec {
    CommandSpec {
        // Not through its shebang: another test that forks may hold the new file open for writing.
        argv: vec!["sh".into(), program.into()],
        cwd: dir.to_owned(),
        env: environment(),
        stdin: None,
        stdout: dir.join("out.log"),
        stderr: None,
        timeout: LONG,
        silence: None,
        grace: LONG,
        cap: CommandSpec::CAP,
    }
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < LONG, "timed out waiting for {what}");
        std::thread::yield_now();
    }
}

fn exited(code: i32) -> Outcome {
    Outcome::Exited { code }
}

#[test]
fn reports_how_a_command_ended() {
    let place = Place::new();
    let mut supervisor = place.supervisor();
    let mut outcome = |spec: &CommandSpec| supervisor.run(spec, &mut |_| {}).unwrap().outcome;
    assert_eq!(outcome(&place.spec("exit 0")), exited(0));
    assert_eq!(outcome(&place.spec("exit 3")), exited(3));
    assert_eq!(outcome(&place.spec("exit 127")), exited(127));
    assert_eq!(outcome(&place.spec("kill -9 $$")), Outcome::Signaled { signal: 9 });
    let failed = |outcome| {
        let Outcome::FailedToStart { reason } = outcome else { panic!("{outcome}") };
        reason
    };
    let mut spec = place.spec("exit 0");
    spec.argv.remove(0);
    fs::set_permissions(&spec.argv[0], fs::Permissions::from_mode(0o600)).unwrap();
    assert!(failed(outcome(&spec)).ends_with("not executable"));
    spec.argv = vec!["no-such-program".into()];
    assert_eq!(failed(outcome(&spec)), "no-such-program: not found");
    spec.argv = vec!["a\0b".into()];
    assert!(failed(outcome(&spec)).contains("nul byte"));
    spec.cwd = place.at("nowhere");
    assert!(failed(outcome(&spec)).contains("the working folder"));
    spec.stdin = Some(place.at("no-input"));
    assert!(failed(outcome(&spec)).contains("no-input"));
    drop(supervisor);
    place.is_clean();
}

/// Returns the umask of this process, as a shell prints it.
fn umask() -> String {
    let output = Command::new("sh").args(["-c", "umask"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn gives_a_command_what_is_its_own_and_nothing_else() {
    let place = Place::new();
    let mut spec = place.spec(
        "cat; echo \"$WORKLOOP_CLAIM\"; echo \"[$HOME]\" >&2; umask; pwd; : > made; ps -o sid= -p $$; echo $$
         for fd in /proc/$$/fd/*; do echo \"fd ${fd##*/} $(readlink $fd)\"; done",
    );
    spec.stdin = Some(place.script("input", "hello"));
    spec.stderr = Some(place.at("err.log"));
    let mut supervisor = place.supervisor();
    let ready = supervisor.ready().unwrap();
    let mut started = None;
    let ended = supervisor.run(&spec, &mut |told| started = started.or(first(told))).unwrap();
    assert_eq!(ended.outcome, exited(0), "{}", place.read("err.log"));
    let output = place.read("out.log");
    let lines: Vec<&str> = output.lines().skip(2).collect();
    let pid = started.unwrap().pid.to_string();
    assert_eq!(lines[..3], ["hello", &place.tag().to_string(), &umask()]);
    assert_eq!(Path::new(lines[3]), fs::canonicalize(place.dir.path()).unwrap());
    assert_eq!([lines[4].trim(), lines[5]], [pid.as_str(); 2]);
    assert_eq!(place.read("err.log"), "[]\n");
    assert_eq!(ended.printed, (output.len() + 3) as u64);
    // The process that started the tests may have leaked descriptors to all of its children.
    let given = fs::read_dir("/proc/self/fd").unwrap();
    let given: Vec<PathBuf> =
        given.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
    let own = |fd: &&&str| fd.contains("socket:") || fd.ends_with("1.lock");
    let link = |fd: &&str| PathBuf::from(fd.rsplit(' ').next().unwrap());
    let strange = lines[6..].iter().filter(own).find(|fd| !given.contains(&link(fd)));
    assert_eq!(strange, None, "{output}");
    assert!(FileLock::try_acquire(&place.at("1.lock")).unwrap().is_none());
    let record = ClaimRecord::read(&place.at("1.lock")).unwrap();
    assert_eq!((record.pid, record.start, record.session), (ready.pid, ready.start, ready.pid));
    assert_eq!((record.tags, record.command), (place.tag().to_string(), None));
    supervisor.finish().unwrap();
    place.is_clean();
}

#[test]
fn a_hang_with_a_daemon_that_ignores_everything_is_ended() {
    let place = Place::new();
    let mut spec = place.spec(
        "trap '' TERM HUP INT
         (setsid sh -c 'trap \"\" TERM; echo $$ > $0/daemon; while :; do sleep 100; done' $DIR &) &
         while :; do sleep 100; done",
    );
    // The daemon must have started before the limit is reached.
    (spec.timeout, spec.grace) = (Duration::from_secs(3), Duration::from_millis(100));
    let mut supervisor = place.supervisor();
    let mut leader = None;
    let ended = supervisor.run(&spec, &mut |told| leader = leader.or(first(told))).unwrap();
    assert_eq!(ended.outcome, Outcome::TimedOut { seconds: 3 });
    assert!(ended.millis >= 3_100, "{ended:?}");
    assert!(!place.read("daemon").is_empty());
    assert!(place.carriers().living().count() == 1, "only the supervisor is left");
    let leader = leader.unwrap();
    assert!(!alive(leader.pid, leader.start));
    supervisor.finish().unwrap();
    place.is_clean();
}

/// One supervisor serves one claim after the other, each with its own lock and claim tag.
#[test]
fn a_supervisor_continues_with_the_next_claim() {
    let (one, other) = (Place::new(), Place::new());
    let mut supervisor = one.supervisor();
    let path = other.at("1.lock");
    let claim = FileLock::try_acquire(&path).unwrap().unwrap();
    let holder = supervisor.take(&other.tag(), &claim).unwrap();
    drop(claim);
    one.is_clean();
    assert_eq!(ClaimRecord::read(&one.at("1.lock")), None);
    assert!(FileLock::try_acquire(&path).unwrap().is_none());
    let carriers = other.carriers().processes;
    assert_eq!(carriers.iter().map(|process| process.pid).collect::<Vec<_>>(), [holder.pid]);
    let record = ClaimRecord::read(&path).unwrap();
    assert_eq!((record.pid, record.tags), (holder.pid, other.tag().to_string()));
    let ended = supervisor.run(&other.spec("echo $WORKLOOP_CLAIM"), &mut |_| {}).unwrap();
    assert_eq!(ended.outcome, exited(0));
    assert_eq!(other.read("out.log").trim(), other.tag().to_string());
    supervisor.finish().unwrap();
    other.is_clean();
}

#[test]
fn what_a_command_leaves_is_ended_before_the_next_one() {
    let place = Place::new();
    // One in the process group, one in its own session with an empty environment, one that ignores
    // TERM, and one that is stopped.
    let mut spec = place.spec(
        "sleep 1000 &
         (env -i setsid sh -c 'echo $$ > '$DIR/empty'; exec sleep 1000' &) &
         (setsid sh -c 'trap \"\" TERM; echo $$ > $0/stubborn; while :; do sleep 100; done' $DIR &)
         (setsid sh -c 'echo $$ > $0/still; kill -STOP $$; sleep 1000' $DIR &)
         until [ -s $DIR/empty ] && [ -s $DIR/stubborn ] && [ -s $DIR/still ]; do :; done",
    );
    spec.grace = Duration::from_millis(100);
    let mut supervisor = place.supervisor();
    let ended = supervisor.run(&spec, &mut |_| {}).unwrap();
    assert_eq!((ended.outcome, ended.leftovers), (exited(0), true));
    for name in ["empty", "stubborn", "still"] {
        let pid = place.read(name).trim().parse().unwrap();
        assert_eq!(process(pid), None, "{name}");
    }
    assert_eq!(place.carriers().processes.len(), 1);
    let ended = supervisor.run(&place.spec("exit 1"), &mut |_| {}).unwrap();
    assert_eq!((ended.outcome, ended.leftovers), (exited(1), false));
    supervisor.finish().unwrap();
    place.is_clean();
}

#[test]
fn a_tree_that_keeps_forking_is_ended() {
    let place = Place::new();
    let mut spec = place.spec(
        "fork() { i=0; while [ $i -lt 300 ]; do setsid sleep 1000 & i=$((i+1)); done; sleep 1000; }
         fork & fork & fork",
    );
    (spec.timeout, spec.grace) = (Duration::from_millis(150), Duration::ZERO);
    let mut supervisor = place.supervisor();
    let ended = supervisor.run(&spec, &mut |_| {}).unwrap();
    assert_eq!(ended.outcome, Outcome::TimedOut { seconds: 0 });
    supervisor.finish().unwrap();
    place.is_clean();
}

#[test]
fn a_flood_is_drained_into_a_capped_file() {
    let place = Place::new();
    let mut spec = place.spec("echo first; head -c 200000000 /dev/zero; echo last");
    spec.cap = 1 << 20;
    let mut supervisor = place.supervisor();
    let pid = supervisor.ready().unwrap().pid;
    let ended = supervisor.run(&spec, &mut |_| {}).unwrap();
    assert_eq!((ended.outcome, ended.printed), (exited(0), 200_000_011));
    assert_eq!(ended.output_error, None);
    let bytes = fs::read(place.at("out.log")).unwrap();
    assert_eq!(bytes.len(), 1 << 20);
    assert!(bytes.starts_with(b"first\n\0") && bytes.ends_with(b"\0last\n"));
    let text = String::from_utf8_lossy(&bytes);
    let missing = 200_000_011 - (1 << 20);
    let line = text.lines().find(|line| line.starts_with("[workloop: ")).unwrap();
    let said: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((missing..missing + 100).contains(&said), "{line}");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).map(str::trim);
    let kib: u64 = peak.map_or(0, |text| text.split(' ').next().unwrap().parse().unwrap());
    assert!(kib < 8 * 1024, "{kib} KiB");
    supervisor.finish().unwrap();
}

#[test]
fn output_that_cannot_be_kept_stops_nothing() {
    let place = Place::new();
    let mut spec = place.spec("head -c 1000000 /dev/zero; exit 4");
    spec.stdout = place.at("gone/out.log");
    let mut supervisor = place.supervisor();
    let ended = supervisor.run(&spec, &mut |_| {}).unwrap();
    assert_eq!((ended.outcome, ended.printed), (exited(4), 1_000_000));
    assert!(ended.output_error.unwrap().contains("gone/out.log"));
    supervisor.finish().unwrap();
}

#[test]
fn readers_of_stdin_and_of_the_terminal_do_not_hang() {
    let place = Place::new();
    assert_eq!(place.run("cat; read line; exit 5").outcome, exited(5));
    let ended = place.run("if (exec < /dev/tty) 2>/dev/null; then exit 1; else exit 6; fi");
    assert_eq!(ended.outcome, exited(6));
}

#[test]
fn silence_is_a_limit_of_its_own() {
    let place = Place::new();
    let mut spec = place.spec("for i in 1 2 3 4; do echo $i; sleep 0.1; done; exec sleep 1000");
    (spec.silence, spec.grace) = (Some(Duration::from_millis(300)), LONG);
    let mut supervisor = place.supervisor();
    let ended = supervisor.run(&spec, &mut |_| {}).unwrap();
    assert_eq!(ended.outcome, Outcome::Silent { seconds: 0 });
    assert_eq!(place.read("out.log"), "1\n2\n3\n4\n");
    supervisor.finish().unwrap();
    place.is_clean();
}

#[test]
fn term_ends_and_kill_does_not_wait_for_the_grace() {
    for stubborn in [false, true] {
        let place = Place::new();
        let trap = if stubborn { "trap '' TERM" } else { "" };
        let spec = place.spec(&format!("{trap}\necho $$ > $DIR/pid; while :; do sleep 1000; done"));
        let mut supervisor = place.supervisor();
        let controls = supervisor.controls();
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _guard = KillOnPanic(controls.clone());
                place.pid_in("pid");
                controls.term();
                if stubborn {
                    controls.kill();
                }
            });
            supervisor.run(&spec, &mut |_| {}).unwrap()
        });
        assert_eq!(ended.outcome, Outcome::Interrupted);
        let after = supervisor.run(&place.spec(": > $DIR/never"), &mut |_| {}).unwrap();
        assert_eq!(after.outcome, Outcome::Interrupted);
        assert!(!place.at("never").exists());
        supervisor.finish().unwrap();
        place.is_clean();
    }
}

/// Returns whether a process is stopped, or waits in the kernel for a stopped child of `vfork`.
fn is_stopped(process: Started) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with(['T', 'D'])
}

/// Ends the command if the thread that controls it panics, so that the test fails as well.
struct KillOnPanic(Controls);

impl Drop for KillOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.kill();
        }
    }
}

#[test]
fn a_pause_stops_the_tree_and_the_timers() {
    let place = Place::new();
    let mut spec = place.spec(
        "(setsid sh -c 'echo $$ > $0/child; while :; do sleep 0.01; done' $DIR &)
         echo $$ > $DIR/pid
         until [ -e $DIR/go ]; do sleep 0.01; done; exit 7",
    );
    spec.timeout = Duration::from_secs(2);
    spec.silence = Some(Duration::from_secs(2));
    let mut supervisor = place.supervisor();
    let controls = supervisor.controls();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = KillOnPanic(controls.clone());
            let (leader, child) = (place.pid_in("pid"), place.pid_in("child"));
            controls.pause(1);
            until("both to be stopped", || is_stopped(leader) && is_stopped(child));
            let begin = Instant::now();
            until("a time after which the limits would have passed without the pause", || {
                begin.elapsed() > Duration::from_millis(2_500)
            });
            assert!(is_stopped(leader) && is_stopped(child));
            drop(fs::File::create(place.at("go")).unwrap());
            controls.resume();
        });
        supervisor.run(&spec, &mut |_| {}).unwrap()
    });
    assert_eq!(ended.outcome, exited(7));
    assert!(ended.millis > 2_500);
    supervisor.finish().unwrap();
    place.is_clean();
}

/// A shell that waits in `vfork` for its child does not react to a stop signal, and the child may
/// have been stopped before its `exec`.
#[test]
fn every_pause_is_answered_while_programs_are_started() {
    let place = Place::new();
    let spec = place.spec("echo $$ > $DIR/pid; until [ -e $DIR/go ]; do /bin/true; done");
    let mut supervisor = place.supervisor();
    let (controls, answered) = (supervisor.controls(), AtomicU64::new(0));
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = KillOnPanic(controls.clone());
            place.pid_in("pid");
            for number in 1..=150 {
                controls.pause(number);
                until("the answer", || answered.load(Ordering::SeqCst) == number);
                controls.resume();
            }
            drop(fs::File::create(place.at("go")).unwrap());
        });
        let mut tell = |told| {
            if let Told::Paused(number) = told {
                answered.store(number, Ordering::SeqCst);
            }
        };
        supervisor.run(&spec, &mut tell).unwrap()
    });
    assert_eq!(ended.outcome, exited(0));
    supervisor.finish().unwrap();
    place.is_clean();
}

#[test]
fn a_paused_tree_can_be_ended() {
    let place = Place::new();
    let spec = place.spec("echo $$ > $DIR/pid; while :; do sleep 1000; done");
    let mut supervisor = place.supervisor();
    let controls = supervisor.controls();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = KillOnPanic(controls.clone());
            let leader = place.pid_in("pid");
            controls.pause(1);
            until("it to be stopped", || is_stopped(leader));
            controls.term();
        });
        supervisor.run(&spec, &mut |_| {}).unwrap()
    });
    assert_eq!(ended.outcome, Outcome::Interrupted);
    drop(supervisor);
    place.is_clean();
}

#[test]
fn a_supervisor_that_gets_sigterm_ends_its_tree_first() {
    let place = Place::new();
    let spec = place.spec("echo $$ > $DIR/pid; while :; do sleep 1000; done");
    let mut supervisor = place.supervisor();
    let own = supervisor.ready().unwrap();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            place.pid_in("pid");
            assert!(signal_process(own.pid, own.start, Signal::TERM));
        });
        supervisor.run(&spec, &mut |_| {}).unwrap()
    });
    assert_eq!(ended.outcome, Outcome::Interrupted);
    assert!(supervisor.run(&spec, &mut |_| {}).is_err());
    place.is_clean();
}

#[test]
fn a_killed_supervisor_is_noticed_and_its_tree_ended() {
    become_subreaper().unwrap();
    let place = Place::new();
    let spec = place.spec(
        "trap '' TERM
         (env -i setsid sh -c 'echo $$ > '$DIR/empty'; exec sleep 1000' &)
         (setsid sh -c 'echo $$ > $0/daemon; exec sleep 1000' $DIR &)
         until [ -s $DIR/empty ] && [ -s $DIR/daemon ]; do :; done
         echo $$ > $DIR/pid; while :; do sleep 1000; done",
    );
    let mut supervisor = place.supervisor();
    let own = supervisor.ready().unwrap();
    let (sender, receiver) = mpsc::channel();
    let lost = std::thread::scope(|scope| {
        let place = &place;
        scope.spawn(move || {
            let all = ["pid", "empty", "daemon"].map(|name| place.pid_in(name));
            assert!(signal_process(own.pid, own.start, Signal::KILL));
            sender.send(all).unwrap();
        });
        supervisor.run(&spec, &mut |_| {}).unwrap_err()
    });
    for process in receiver.recv().unwrap() {
        assert!(!alive(process.pid, process.start), "{process:?}");
    }
    let cleared = lost.cleared.unwrap();
    assert!(cleared.ended >= 3 && cleared.left.is_empty(), "{cleared:?}");
    place.is_clean();
}

/// The loop that the next test kills; not a test by itself.
#[test]
#[ignore = "run by a_dead_loop_ends_its_tree_and_frees_the_claim"]
fn helper_loop() {
    let Some(dir) = std::env::var_os("HELPER_DIR") else { return };
    let dir = Path::new(&dir);
    let mut spec = spec_of(dir, &dir.join("command.sh"));
    spec.grace = Duration::from_millis(200);
    drop(supervisor_in(dir).run(&spec, &mut |_| {}));
}

/// Starts [`helper_loop`] in a separate process.
fn start_helper(place: &Place) -> duct::Handle {
    let arguments = ["--exact", "helper_loop", "--ignored", "--test-threads=1"];
    duct::cmd(std::env::current_exe().unwrap(), arguments)
        .env("HELPER_DIR", place.dir.path())
        .stdout_null()
        .stderr_null()
        .unchecked()
        .start()
        .unwrap()
}

#[test]
fn a_dead_loop_ends_its_tree_and_frees_the_claim() {
    let place = Place::new();
    place.spec(
        "trap '' TERM
         (setsid sh -c 'trap \"\" TERM; echo $$ > $0/daemon; while :; do sleep 100; done' $DIR &)
         until [ -s $DIR/daemon ]; do :; done
         echo $$ > $DIR/pid; while :; do sleep 1000; done",
    );
    let helper = start_helper(&place);
    let all = ["pid", "daemon"].map(|name| place.pid_in(name));
    let lock = || FileLock::try_acquire(&place.at("1.lock")).unwrap();
    assert!(lock().is_none());
    let record = ClaimRecord::read(&place.at("1.lock")).unwrap();
    assert_eq!(record.command, Some((all[0].pid, all[0].start)));
    helper.kill().unwrap();
    until("the claim to be free", || lock().is_some());
    for process in all {
        assert!(!alive(process.pid, process.start), "{process:?}");
    }
    until("the supervisor to be gone", || carriers(&place.tag()).is_over());
}

#[test]
fn what_a_dead_loop_and_supervisor_leave_is_found_by_another() {
    let place = Place::new();
    place.spec(
        "trap '' TERM
         (setsid sh -c 'echo $$ > $0/daemon; exec sleep 1000' $DIR &)
         env -i sh -c 'echo $$ > '$DIR/empty'; exec sleep 1000' &
         until [ -s $DIR/daemon ] && [ -s $DIR/empty ]; do :; done
         echo $$ > $DIR/pid; while :; do sleep 1000; done",
    );
    let helper = start_helper(&place);
    let all = ["pid", "daemon", "empty"].map(|name| place.pid_in(name));
    let record = ClaimRecord::read(&place.at("1.lock")).unwrap();
    // The supervisor is stopped while the loop is killed, so that it cannot clean up.
    assert!(signal_process(record.pid, record.start, Signal::STOP));
    helper.kill().unwrap();
    assert!(signal_process(record.pid, record.start, Signal::KILL));
    until("the claim to be free", || FileLock::try_acquire(&place.at("1.lock")).unwrap().is_some());
    assert!(all.iter().all(|process| alive(process.pid, process.start)));
    let task = Sought::claim(&place.tag());
    let claim = Abandoned { record: Some(&record), task: &task, since: Some(record.start) };
    assert!(find_leftovers(&claim).unwrap().living().count() >= 3);
    let end = end_leftovers(&claim, Duration::ZERO, LONG).unwrap();
    assert!(end.ended >= 3 && end.left.is_empty() && end.unreadable.is_empty(), "{end:?}");
    assert!(all.iter().all(|process| !alive(process.pid, process.start)));
    assert!(find_leftovers(&claim).unwrap().is_over());
}

#[test]
fn a_supervisor_without_a_loop_leaves_at_once() {
    let place = Place::new();
    drop(place.supervisor());
    place.is_clean();
    let typed = duct::cmd!(env!("CARGO_BIN_EXE_workloop"), "supervise").stdin_null().unchecked();
    assert!(!typed.stdout_null().run().unwrap().status.success());
}

/// The loop is gone between the start of a silent command and the report about it.
#[test]
fn a_loop_that_dies_before_it_hears_of_the_start() {
    let place = Place::new();
    let lock = FileLock::try_acquire(&place.at("1.lock")).unwrap().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let tags = place.tag().to_string();
    let shown = supervisor_value(&tags).into();
    let env = [("PATH", std::env::var_os("PATH").unwrap()), (VARIABLE, shown)];
    let env = env.map(|(name, value)| (OsString::from(name), value));
    let exe = Path::new(env!("CARGO_BIN_EXE_workloop"));
    let mut child = spawn::helper(exe, "supervise", &env, theirs.into()).unwrap();
    let hold = serde_json::json!({"do": "hold", "tags": tags}).to_string() + "\n";
    handover::send(&ours, hold.as_bytes(), lock.file().as_fd()).unwrap();
    drop(lock);
    let mut answers = BufReader::new(ours);
    for word in ["ready", "holds"] {
        let mut said = String::new();
        answers.read_line(&mut said).unwrap();
        assert!(said.contains(word), "{said}");
    }
    let spec = place.spec("exec sleep 300");
    let asked = serde_json::json!({"do": "run", "command": spec}).to_string() + "\n";
    answers.get_mut().write_all(asked.as_bytes()).unwrap();
    drop(answers);
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > LONG {
            child.kill().unwrap();
        }
        std::thread::yield_now();
    }
    assert!(begin.elapsed() < LONG, "the command continued although its loop was dead");
    place.is_clean();
}
