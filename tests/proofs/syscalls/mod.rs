//! Every transition, killed before each of its system calls and with an error in place of each.
//! Then another process continues, and nothing may be lost, half-written or left.
//!
//! `strace` injects without following threads, and counts the calls of each name separately, so a
//! point is a name and a number. Verbs run in one thread. Loops do so as the twin with the
//! condition `one-thread`, which breaks nothing. Their supervisor is a process of one thread, and
//! is traced instead if it is to be harmed. An injection into the wrong call shows nothing, so
//! every run asserts that something died or that an error was delivered.

mod errors;
mod kills;
mod order;
mod recovery;
mod transitions;

use crate::chance::say;
use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::room::Room;
use crate::sandbox::{Ran, Sandbox};
use crate::twin::{broken, twin};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use transitions::{Traced, Transition};

/// The tools for injection.
struct Workshop {
    room: Option<Room>,
    /// The fault of the twin that makes the transitions, if it is to be caught.
    fault: Option<&'static str>,
}

/// A point: the n-th call of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    call: String,
    number: usize,
    /// Whether it can change anything that another process sees.
    changes: bool,
}

/// Calls that change nothing visible to another process: a kill before one of them has the same
/// effect as a kill before the next call that does. (`openat` is among them unless it creates or
/// truncates a file; `close` is, because a kill closes everything.)
const LOOKS: &[&str] = &[
    "close",
    "read",
    "pread64",
    "readlink",
    "readlinkat",
    "statx",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "getdents64",
    "lseek",
    "mmap",
    "munmap",
    "mprotect",
    "brk",
    "madvise",
    "mremap",
    "futex",
    "poll",
    "ppoll",
    "epoll_wait",
    "clock_gettime",
    "clock_nanosleep",
    "sched_yield",
    "sched_getaffinity",
    "getrandom",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getcwd",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "ioctl",
    "fcntl",
    "uname",
    "sysinfo",
    "prlimit64",
    "getsockname",
    "getpeername",
    "pidfd_open",
    "rseq",
    "set_robust_list",
    "waitid",
    "wait4",
    "recvfrom",
    "recvmsg",
    "pipe2",
    "socketpair",
    "eventfd2",
    "epoll_create1",
    "inotify_init1",
    "inotify_add_watch",
    "epoll_ctl",
    "dup",
];

/// Calls that only wait: their number depends on the speed of the machine.
const WAITS: &[&str] = &["futex", "restart_syscall", "sched_yield", "clock_nanosleep"];

impl Workshop {
    /// Creates a workshop if `strace` may trace; prints a message if not.
    fn open() -> Option<Self> {
        if lacks("flock") || lacks("strace") {
            return None;
        }
        let sandbox = Sandbox::new();
        let probe =
            "strace -o ../works -e inject=getcwd:error=EIO pwd -P; grep -q INJECTED ../works";
        if !sandbox.shell(probe) {
            say("SKIPPED: strace is missing here, or may not trace");
            return None;
        }
        Some(Self { room: Room::new(), fault: None })
    }

    /// Creates a workshop in which the twin with `fault` makes the transitions, if there is a twin.
    fn broken(fault: &'static str) -> Option<Self> {
        twin()?;
        Some(Self { fault: Some(fault), ..Self::open()? })
    }

    fn sandbox(&self) -> Sandbox {
        match &self.room {
            Some(room) => room.furnish(unsaved()),
            None => unsaved(),
        }
    }

    /// Creates the folder before `transition`, for the process that makes it.
    fn before(&self, transition: &Transition) -> Sandbox {
        let sandbox = self.sandbox().queue("q.json", &(transition.before)(self));
        sandbox.rescript("A", transition.script);
        let condition = (transition.traced != Traced::Verb).then_some(transition.conditions);
        let faults: Vec<&str> = condition.into_iter().chain(self.fault).collect();
        match faults.is_empty() {
            true => sandbox,
            false => broken(sandbox, &faults.join(",")).expect("there is a twin"),
        }
    }

    /// Makes the transition under `strace` with `inject`. Returns the run and the trace.
    fn traced(&self, transition: &Transition, sandbox: &Sandbox, inject: &str) -> (Ran, String) {
        let ran = match transition.traced {
            Traced::Verb | Traced::Loop => strace(sandbox, inject, transition.arguments),
            Traced::Supervisor => supervised(sandbox, inject, transition.arguments),
        };
        let trace = fs::read(sandbox.path("../trace")).unwrap_or_default();
        (ran, String::from_utf8_lossy(&trace).into_owned())
    }

    /// Returns all calls of a run from the first that concerns the sandbox on, as points.
    fn points(&self, transition: &Transition) -> Vec<Point> {
        let sandbox = self.before(transition);
        let (ran, trace) = self.traced(transition, &sandbox, "");
        // A run that leaves a question waits for a person.
        let ends = if transition.states.contains(&"blocked") && transition.traced == Traced::Loop {
            7
        } else {
            0
        };
        assert_eq!(ran.status, ends, "{}: {ran}", transition.name);
        points_of(&trace, transition.traced == Traced::Supervisor)
    }
}

/// Creates a sandbox without a backup, which is written by the first change in each folder and
/// would be half of all calls, and without a verification before the first attempt, which writes no
/// queue.
fn unsaved() -> Sandbox {
    let file = "[[verify]]\nprofile = \"file\"\nrun = \"sh look.sh\"\n";
    let config = format!("{CONFIG}\n{file}\n[limits]\nuntouched = false\n");
    let mut sandbox = Sandbox::new().config(&config).file("look.sh", "test -d made\n");
    sandbox.variables.push(("XDG_STATE_HOME".to_owned(), "/dev/null".to_owned()));
    sandbox
}

fn points_of(trace: &str, from_the_start: bool) -> Vec<Point> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    let mut begun = false;
    for line in trace.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        if call.is_empty() || !call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let number = counts.entry(call).or_default();
        *number += 1;
        begun = begun
            || from_the_start && call != "execve"
            || rest.contains("q.json") && call != "execve"
            || rest.contains("fresh\"") && call != "execve";
        if begun && call != "exit_group" && !WAITS.contains(&call) {
            let opens = call == "openat" || call == "open";
            let makes = rest.contains("O_CREAT") || rest.contains("O_TRUNC");
            let changes = if opens { makes } else { !LOOKS.contains(&call) };
            all.push(Point { call: call.to_owned(), number: *number, changes });
        }
    }
    all
}

fn strace(sandbox: &Sandbox, inject: &str, arguments: &[&str]) -> Ran {
    let program = sandbox.program.to_string_lossy().into_owned();
    let mut all = vec!["-qq", "-o", "../trace"];
    if !inject.is_empty() {
        all.extend(["-e", inject]);
    }
    all.push(&program);
    all.extend(arguments);
    sandbox.spawn_as(Path::new("strace"), &[], &all).ends()
}

/// The first supervisor is traced; those that replace it are not.
fn supervised(sandbox: &Sandbox, inject: &str, arguments: &[&str]) -> Ran {
    let inject = if inject.is_empty() { String::new() } else { format!("-e {inject}") };
    let program = sandbox.program.display();
    let script = format!(
        "#!/bin/sh\nif mkdir ../traced 2>/dev/null; then exec strace -qq -o ../trace {inject} \
         {program} \"$@\"; fi\nexec {program} \"$@\"\n"
    );
    // Not written by this process: another thread could start a program while the file is open, and
    // an open file cannot be executed.
    let write = format!("cat >../supervisor <<'END'\n{script}END\nchmod +x ../supervisor");
    assert!(sandbox.shell(&write));
    let supervisor = sandbox.path("../supervisor").canonicalize().expect("a real path");
    let variables = [("WORKLOOP_SUPERVISOR", supervisor.to_str().expect("UTF-8"))];
    sandbox.spawn_as(&sandbox.program, &variables, arguments).ends()
}
