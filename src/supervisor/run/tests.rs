//! Starts that fail, the timers of a command, and how its end is reported.

use super::*;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

fn spec(argv: &[&str], cwd: &Path) -> CommandSpec {
    CommandSpec {
        argv: argv.iter().map(OsString::from).collect(),
        cwd: cwd.to_owned(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin: None,
        stdout: cwd.join("out"),
        stderr: Some(cwd.join("err")),
        timeout: Duration::from_secs(60),
        silence: None,
        grace: Duration::ZERO,
        cap: 1 << 20,
    }
}

/// Returns why a command did not start.
fn failed(spec: &CommandSpec) -> (Unstarted, String) {
    start(spec, "f.p.t.r").expect_err("it cannot start")
}

#[test]
fn a_program_that_cannot_start_says_what_is_at_fault() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path();
    let put = |name: &str, text: &str, mode: u32| {
        let made = std::fs::File::create(path.join(name));
        made.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
        std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(mode))
            .expect("set");
    };
    put("plain", "text", 0o600);
    put("odd", "#!/no/such/interpreter\n", 0o700);
    let longest = "x".repeat(3 << 20);
    for (argv, cause, wanted) in [
        (&["no-such-program"][..], Unstarted::Missing, "no-such-program: not found"),
        (&["./none"], Unstarted::Missing, "./none: not found"),
        (&["./plain"], Unstarted::Missing, "./plain: not executable"),
        (
            &["./odd"],
            Unstarted::Missing,
            "./odd: the interpreter that its first line names does not exist",
        ),
        (&["true", &longest], Unstarted::TooLong, "true: Argument list too long (os error 7)"),
    ] {
        assert_eq!(failed(&spec(argv, path)), (cause, wanted.to_owned()));
    }
    assert_eq!(failed(&spec(&[], path)).0, Unstarted::Other);
}

#[test]
fn a_folder_or_an_input_that_is_missing_is_no_missing_program() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, missing) = (dir.path(), dir.path().join("none"));
    let (shown, other) = (path.display(), Unstarted::Other);
    let reads =
        |stdin: &Path| CommandSpec { stdin: Some(stdin.to_owned()), ..spec(&["true"], path) };
    let folder = format!("the working folder {shown}/none does not exist");
    assert_eq!(failed(&spec(&["true"], &missing)), (other, folder));
    let gone = format!("open {shown}/none: No such file or directory (os error 2)");
    assert_eq!(failed(&reads(&missing)), (other, gone));
    let no_file = format!("open {shown}: {shown} is a folder, not a regular file");
    assert_eq!(failed(&reads(path)), (other, no_file));
}

/// A sleeping command with its timers, of which nothing is left at the end of the test.
struct Sleeper {
    dir: tempfile::TempDir,
    link: Link,
    _theirs: UnixStream,
}

impl Sleeper {
    fn new() -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let link = Link::new(ours).expect("a link");
        Self { dir: tempfile::tempdir().expect("a folder"), link, _theirs: theirs }
    }

    /// Calls `see` with the command after `change`.
    fn with<T>(
        &mut self,
        change: impl FnOnce(&mut CommandSpec),
        see: impl FnOnce(&mut Running<'_>) -> T,
    ) -> T {
        let mut spec = spec(&["sleep", "60"], self.dir.path());
        change(&mut spec);
        let (streams, leader) = start(&spec, "f.p.t.r").expect("it sleeps");
        let (pid, now) = (leader.pid(), Instant::now());
        let mut running = Running {
            link: &mut self.link,
            spec: &spec,
            leader,
            streams,
            wanted: Wanted {
                sessions: vec![(pid, start_time(pid).unwrap_or_default())],
                ..Wanted::default()
            },
            wall_from: now,
            quiet_from: now,
            stopped_at: None,
            ending: None,
        };
        let seen = see(&mut running);
        signal_group(pid, Signal::KILL);
        let deadline = Instant::now() + Duration::from_secs(20);
        while running.leader.reap().is_none() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        seen
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_next_deadline_is_the_first_of_the_limits_that_count() {
    let mut sleeper = Sleeper::new();
    let limits = |spec: &mut CommandSpec| (spec.timeout, spec.silence) = (secs(60), Some(secs(10)));
    sleeper.with(limits, |running| {
        let (wall, quiet) = (running.wall_from + secs(60), running.quiet_from + secs(10));
        assert_eq!(running.deadline(), Some(quiet));
        running.quiet_from += secs(55);
        assert_eq!(running.deadline(), Some(wall));
        running.stopped_at = Some(Instant::now());
        assert_eq!(running.deadline(), None, "time does not pass in a pause");
        running.link.orders.unanswered = Some(1);
        let soon = running.deadline().expect("the answer is due");
        assert!(soon <= Instant::now() + STILL);
        let kill_at = Instant::now() + secs(5);
        running.ending = Some(Ending { outcome: Outcome::Interrupted, kill_at, killed: false });
        assert_eq!(running.deadline(), Some(kill_at));
    });
    let endless = |spec: &mut CommandSpec| spec.timeout = Duration::MAX;
    sleeper.with(endless, |running| assert_eq!(running.deadline(), None));
}

#[test]
fn a_limit_that_is_over_ends_the_command_once() {
    let mut sleeper = Sleeper::new();
    let limits = |spec: &mut CommandSpec| (spec.timeout, spec.silence) = (secs(60), Some(secs(10)));
    let back =
        |from: &mut Instant, by: u64| *from = from.checked_sub(secs(by)).expect("an earlier time");
    let outcome =
        |running: &Running<'_>| running.ending.as_ref().map(|ending| ending.outcome.clone());
    sleeper.with(limits, |running| {
        running.check_limits();
        assert_eq!(outcome(running), None);
        back(&mut running.quiet_from, 10);
        running.stopped_at = Some(Instant::now());
        running.check_limits();
        assert_eq!(outcome(running), None, "a paused command is not silent");
        running.stopped_at = None;
        running.check_limits();
        assert_eq!(outcome(running), Some(Outcome::Silent { seconds: 10 }));
        back(&mut running.wall_from, 60);
        running.check_limits();
        assert_eq!(
            outcome(running),
            Some(Outcome::Silent { seconds: 10 }),
            "the first reason stays"
        );
        running.ending = None;
        running.check_limits();
        assert_eq!(outcome(running), Some(Outcome::TimedOut { seconds: 60 }));
    });
}

/// TERM first, and KILL when the grace is over; an order to kill shortens it.
#[test]
fn an_order_to_end_gives_the_grace_and_an_order_to_kill_takes_it() {
    let mut sleeper = Sleeper::new();
    sleeper.with(
        |spec| spec.grace = secs(30),
        |running| {
            running.link.orders.end = Some(End::Term);
            running.obey().expect("obeyed");
            let first =
                running.ending.as_ref().map(|ending| (ending.outcome.clone(), ending.kill_at));
            let (outcome, kill_at) = first.expect("it ends");
            assert_eq!(outcome, Outcome::Interrupted);
            assert!(kill_at > Instant::now() + secs(20));
            running.obey().expect("obeyed");
            assert_eq!(running.ending.as_ref().map(|ending| ending.kill_at), Some(kill_at));
            running.link.orders.end = Some(End::Kill);
            running.obey().expect("obeyed");
            assert!(running.ending.as_ref().is_some_and(|ending| ending.kill_at <= Instant::now()));
            running.kill_if_due().expect("killed");
            assert!(
                running.ending.as_ref().is_some_and(|e| e.killed && e.kill_at > Instant::now())
            );
        },
    );
    sleeper.link.orders.end = None;
    sleeper.with(
        |spec| spec.grace = secs(30),
        |running| {
            running.link.orders.end = Some(End::Kill);
            running.obey().expect("obeyed");
            assert!(running.ending.as_ref().is_some_and(|ending| ending.kill_at <= Instant::now()));
        },
    );
}

#[test]
fn a_pause_stops_the_command_and_moves_its_timers() {
    let mut sleeper = Sleeper::new();
    sleeper.with(
        |_| (),
        |running| {
            let (pid, wall) = (running.leader.pid(), running.wall_from);
            (running.link.orders.paused, running.link.orders.unanswered) = (true, Some(7));
            running.obey().expect("obeyed");
            assert!(running.stopped_at.is_some());
            let deadline = Instant::now() + secs(20);
            while running.link.orders.unanswered.is_some() && Instant::now() < deadline {
                running.answer_pause().expect("answered");
            }
            assert_eq!(running.link.orders.unanswered, None);
            assert!(is_still(pid));
            running.stopped_at = Instant::now().checked_sub(secs(5));
            (running.link.orders.paused, running.link.orders.unanswered) = (false, None);
            running.obey().expect("obeyed");
            assert_eq!(running.stopped_at, None);
            let moved = running.wall_from.duration_since(wall);
            assert!(moved >= secs(5) && moved < secs(15), "{moved:?}");
            assert_eq!(running.quiet_from, running.wall_from);
            let deadline = Instant::now() + secs(20);
            while is_still(pid) && Instant::now() < deadline {
                std::thread::yield_now();
            }
            assert!(!is_still(pid), "it runs again");
        },
    );
}

#[test]
fn the_reason_for_ending_a_command_counts_before_how_it_ended() {
    let ending = |outcome: &Outcome| Ending {
        outcome: outcome.clone(),
        kill_at: Instant::now(),
        killed: true,
    };
    let timed_out = Outcome::TimedOut { seconds: 60 };
    for (given, exit, wanted) in [
        (None, Some(Exit::Code(3)), Outcome::Exited { code: 3 }),
        (None, Some(Exit::Signal(9)), Outcome::Signaled { signal: 9 }),
        (None, None, Outcome::Lost),
        (Some(&timed_out), Some(Exit::Code(0)), timed_out.clone()),
        (Some(&timed_out), None, timed_out.clone()),
    ] {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let dir = tempfile::tempdir().expect("a folder");
        let mut link = Link::new(ours).expect("a link");
        let spec =
            CommandSpec { stdout: "/no/such/folder/out".into(), ..spec(&["true"], dir.path()) };
        let (mut streams, leader) = start(&spec, "").expect("started");
        let deadline = Instant::now() + secs(20);
        while leader.reap().is_none() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        for (at, text) in [(0, "out"), (1, "error")] {
            let (stream, writer) =
                Stream::new(if at == 0 { &spec.stdout } else { dir.path() }, 1 << 20)
                    .expect("a stream");
            std::fs::File::from(writer).write_all(text.as_bytes()).expect("written");
            streams[at] = stream;
            streams[at].drain();
        }
        let running = Running {
            link: &mut link,
            spec: &spec,
            leader,
            streams,
            wanted: Wanted::default(),
            wall_from: Instant::now(),
            quiet_from: Instant::now(),
            stopped_at: None,
            ending: given.map(ending),
        };
        let ended = running.report(exit, 5, true);
        assert_eq!(ended.outcome, wanted);
        assert_eq!(
            (ended.millis, ended.printed, ended.leftovers, ended.unstarted),
            (5, 8, true, None)
        );
        let error = ended.output_error.expect("no folder");
        assert!(error.starts_with("open /no/such/folder/out: "), "the first error: {error}");
    }
}
