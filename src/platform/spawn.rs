//! Starting the two kinds of long-lived processes: supervisors, and the commands under them.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "spawn_linux.rs"]
mod fast;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command with everything it is given; nothing else of ours reaches it.
#[derive(Debug)]
pub struct Start<'a> {
    /// Program and arguments.
    pub argv: &'a [OsString],
    /// Where it runs.
    pub dir: &'a Path,
    /// Its whole environment.
    pub env: &'a [(OsString, OsString)],
    /// What it reads.
    pub stdin: OwnedFd,
    /// Where it prints.
    pub stdout: OwnedFd,
    /// Where it complains.
    pub stderr: OwnedFd,
}

/// Starts a command in a session of its own and gives its number; the caller waits for it.
pub fn in_own_session(start: Start<'_>) -> io::Result<u32> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if let Some(pid) = fast::start(&start) {
        return Ok(pid);
    }
    in_own_session_by_fork(start)
}

/// The ordinary way, which also runs a script without a first line, and says what is wrong.
#[expect(unsafe_code, reason = "a new session is begun between fork and exec")]
fn in_own_session_by_fork(start: Start<'_>) -> io::Result<u32> {
    let program = start.argv.first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = new_command(program);
    command.args(start.argv.iter().skip(1)).current_dir(start.dir).env_clear();
    command.envs(start.env.iter().map(|(name, value)| (name, value)));
    command.stdin(start.stdin).stdout(start.stdout).stderr(start.stderr);
    // SAFETY: the closure runs between fork and exec and makes one system call: it takes no lock,
    // allocates nothing and touches no memory that another thread could have left half-changed.
    unsafe { command.pre_exec(|| Ok(rustix::process::setsid().map(drop)?)) };
    Ok(command.spawn()?.id())
}

/// Starts our own program as a helper with `argument`, and `stdin` given to it.
///
/// No code runs between fork and exec, so that the system's fast way of starting can be used.
pub fn helper(
    exe: &Path,
    argument: &str,
    env: &[(OsString, OsString)],
    stdin: OwnedFd,
) -> io::Result<Child> {
    let mut command = new_command(exe.as_os_str());
    command.arg(argument).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[expect(clippy::disallowed_methods, reason = "this is the place where processes start")]
fn new_command(program: &OsStr) -> Command {
    Command::new(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::process::{Exit, reap};
    use std::io::Read;
    use std::time::{Duration, Instant};

    /// What `argv` prints about itself in `dir`, and how it ends.
    fn run(argv: &[&str], dir: &Path, way: fn(Start<'_>) -> io::Result<u32>) -> (String, Exit) {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let path = std::env::var_os("PATH").unwrap();
        let env = [("PATH".into(), path), ("SAID".into(), "it is\nso".into())];
        let (mut reader, writer) = io::pipe().unwrap();
        let null = || std::fs::File::open("/dev/null").unwrap().into();
        let stdout = OwnedFd::from(writer);
        let stderr = stdout.try_clone().unwrap();
        let start = Start { argv: &argv, dir, env: &env, stdin: null(), stdout, stderr };
        let pid = way(start).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let begin = Instant::now();
        loop {
            if let Some(exit) = reap(pid) {
                return (text.replace(&pid.to_string(), "ITSELF"), exit);
            }
            assert!(begin.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
    }

    #[test]
    fn both_ways_start_the_same_process() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let script = "pwd; echo $SAID $0 $1; cut -d' ' -f5,6 /proc/$$/stat; grep SigBlk /proc/self/status; \
                      ignored=$(sed -n 's/SigIgn:.//p' /proc/self/status); \
                      echo $((0x$ignored & 0x7fffffff)); env | sort; ls /proc/self/fd | wc -l; exit 3";
        let words = ["sh", "-c", script, "name", "one two"];
        let [fast, slow] =
            [in_own_session, in_own_session_by_fork].map(|way| run(&words, &dir, way));
        assert_eq!(fast, slow);
        assert!(fast.0.contains("ITSELF ITSELF") && fast.0.contains("it is so name one two"));
        assert_eq!(fast.1, Exit::Code(3));
    }

    #[test]
    fn programs_are_found_as_the_shell_finds_them() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let make = "printf 'echo no first line' >plain; printf '#!/bin/sh\necho here' >own; \
                    chmod +x plain own";
        duct::cmd!("sh", "-c", make).dir(&dir).run().unwrap();
        assert_eq!(run(&["./own"], &dir, in_own_session).0, "here\n");
        assert_eq!(run(&["./plain"], &dir, in_own_session).0, "no first line\n");
        let argv = [OsString::from("no-such-program")];
        let null = || std::fs::File::open("/dev/null").unwrap().into();
        let start = Start {
            argv: &argv,
            dir: &dir,
            env: &[],
            stdin: null(),
            stdout: null(),
            stderr: null(),
        };
        let error = in_own_session(start).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
