//! Starts the two kinds of long-lived processes: supervisors, and the commands under them.
//!
//! `docs/design/processes.md` explains why commands are started with `duct`, and which parts of it
//! are not used.

use super::tree::Exit;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command with everything that it gets; nothing else of this process reaches it.
#[derive(Debug)]
pub struct Start<'a> {
    /// Program and arguments. A program with a slash is a path relative to `dir`; any other is
    /// searched for in the `PATH` of `env`.
    pub argv: &'a [OsString],
    /// The working directory.
    pub dir: &'a Path,
    /// Its whole environment. If a variable occurs twice, the last one counts.
    pub env: &'a [(OsString, OsString)],
    /// Its standard input.
    pub stdin: OwnedFd,
    /// Its standard output.
    pub stdout: OwnedFd,
    /// Its standard error.
    pub stderr: OwnedFd,
}

/// The first process of a started command. It is reaped only here: until then, no other process can
/// get its id, which is also that of its session and group.
#[derive(Debug)]
pub struct Leader {
    handle: duct::Handle,
    pid: u32,
}

impl Leader {
    /// Its id, which is also that of its session and of its group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Reaps it if it has ended, and returns how it ended.
    pub fn reap(&self) -> Option<Exit> {
        let status = self.handle.try_wait().ok()??.status;
        let code = status.code().map(Exit::Code);
        code.or_else(|| status.signal().map(Exit::Signal))
    }
}

/// Starts a command in its own session.
///
/// # Errors
/// The error of the operating system about the program or the folder.
pub fn in_own_session(start: Start<'_>) -> io::Result<Leader> {
    let (name, arguments) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let arg0 = name.clone();
    let command = duct::cmd(program(name, start.dir), arguments)
        .dir(start.dir)
        .full_env(start.env.iter().cloned())
        .stdin_file(start.stdin)
        .stdout_file(start.stdout)
        .stderr_file(start.stderr)
        .unchecked()
        .before_spawn(move |command| {
            command.arg0(&arg0);
            begin_session(command);
            Ok(())
        });
    // The expression holds the command's ends of the pipes: drop it at once.
    let handle = command.start()?;
    let pid = handle.pids().first().copied().ok_or(io::ErrorKind::NotFound)?;
    Ok(Leader { handle, pid })
}

/// Returns the program for `duct`, which resolves a relative path against the current directory.
fn program(name: &OsStr, dir: &Path) -> OsString {
    let is_path = name.as_bytes().contains(&b'/');
    if is_path { dir.join(name).into_os_string() } else { name.to_owned() }
}

/// Makes the command start its own session with no signal blocked: the standard library lets it
/// inherit the signal mask and resets only SIGPIPE.
#[expect(unsafe_code, reason = "a session is begun, and the mask emptied, between fork and exec")]
fn begin_session(command: &mut Command) {
    let begin = || {
        rustix::process::setsid()?;
        let mut none = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` initializes the set that it is given, and `sigprocmask` reads it.
        let failed = unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut())
        };
        if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: the closure runs between fork and exec and makes two system calls: it takes no lock,
    // allocates nothing and touches no memory that another thread could have left inconsistent.
    unsafe { command.pre_exec(begin) };
}

/// Starts this program as a helper with `argument`, with `stdin` as its standard input.
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
    use std::io::Read;
    use std::time::{Duration, Instant};

    fn null() -> OwnedFd {
        std::fs::File::open("/dev/null").unwrap().into()
    }

    /// Returns what `argv` prints about itself in `dir`, and how it ends.
    fn run(argv: &[&str], dir: &Path) -> (String, Exit) {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let path = std::env::var_os("PATH").unwrap();
        let twice = ("SAID".into(), "not this".into());
        let env = [twice, ("PATH".into(), path), ("SAID".into(), "it is\nso".into())];
        let (mut reader, writer) = io::pipe().unwrap();
        let stdout = OwnedFd::from(writer);
        let stderr = stdout.try_clone().unwrap();
        let start = Start { argv: &argv, dir, env: &env, stdin: null(), stdout, stderr };
        let leader = in_own_session(start).unwrap();
        let mut text = String::new();
        // This ends because this process does not hold the pipe open.
        reader.read_to_string(&mut text).unwrap();
        let begin = Instant::now();
        loop {
            if let Some(exit) = leader.reap() {
                return (text.replace(&leader.pid().to_string(), "ITSELF"), exit);
            }
            assert!(begin.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
    }

    /// Returns what a shell started here prints about itself, by line.
    fn told(script: &str) -> Vec<String> {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let (text, exit) = run(&["sh", "-c", script, "name", "one two"], &dir);
        assert_eq!(exit, Exit::Code(3));
        text.replace(dir.to_str().unwrap(), "FOLDER").lines().map(str::to_owned).collect()
    }

    #[test]
    fn it_has_what_it_was_given_and_a_session_of_its_own() {
        let told = told("pwd; echo $0 $1; cut -d' ' -f5,6 /proc/$$/stat; env | sort; exit 3");
        let path = format!("PATH={}", std::env::var("PATH").unwrap());
        let shell = ["PWD=", "OLDPWD=", "SHLVL=", "_="];
        let told: Vec<&str> = told
            .iter()
            .map(String::as_str)
            .filter(|l| !shell.iter().any(|s| l.starts_with(s)))
            .collect();
        assert_eq!(told, ["FOLDER", "name one two", "ITSELF ITSELF", &path, "SAID=it is", "so"]);
    }

    /// Blocks SIGUSR1 in this thread.
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "a mask that a command would inherit")]
    fn block_a_signal() {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` initializes the set that it is given, which the others change and
        // read.
        let failed = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGUSR1);
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut())
        };
        assert_eq!(failed, 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_has_no_descriptor_and_no_signal_of_ours() {
        block_a_signal();
        let file = tempfile::NamedTempFile::new().unwrap();
        let name = file.path().file_name().unwrap().to_str().unwrap();
        // The shell reads its own state: while it starts a command, it blocks all signals.
        let script = format!(
            "ls -l /proc/self/fd | grep -c {name}; \
             while read -r key value; do case $key in SigBlk:) blocked=$value ;; \
             SigIgn:) ignored=$value ;; esac; done </proc/$$/status; \
             echo $blocked; umask; echo $((0x$ignored & 0x1000)); exit 3"
        );
        let status = crate::platform::open::kernel_text("/proc/self/status").unwrap();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:\t")).unwrap();
        assert_eq!(told(&script), ["0", "0000000000000000", umask, "0"]);
        drop(file);
    }

    #[test]
    fn programs_are_found_as_the_shell_finds_them() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let make = "printf 'echo no first line $0' >plain; printf '#!/bin/sh\necho here' >own; \
                    chmod +x plain own";
        duct::cmd!("sh", "-c", make).dir(&dir).run().unwrap();
        assert_eq!(run(&["./own"], &dir).0, "here\n");
        assert!(run(&["./plain"], &dir).0.starts_with("no first line"));
        for (name, kind) in [
            ("no-such-program", io::ErrorKind::NotFound),
            ("./no-such-program", io::ErrorKind::NotFound),
            (dir.to_str().unwrap(), io::ErrorKind::PermissionDenied),
            ("a\0b", io::ErrorKind::InvalidInput),
        ] {
            let argv = [OsString::from(name)];
            let (stdin, stdout, stderr) = (null(), null(), null());
            let start = Start { argv: &argv, dir: &dir, env: &[], stdin, stdout, stderr };
            assert_eq!(in_own_session(start).unwrap_err().kind(), kind, "{name}");
        }
    }
}
