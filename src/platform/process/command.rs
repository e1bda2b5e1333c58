//! Short commands whose output is needed, such as `git`: started, waited for, never left behind.
//!
//! Output goes to unnamed files, so that a child of the command that keeps them open cannot block
//! this process. Agents and verification do not run here but under a supervisor.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thiserror::Error;

use super::group::{Signal, signal_group};

/// How often to check a command that may have to be ended.
const LOOK: Duration = Duration::from_millis(50);

/// A command to run.
#[derive(Clone, Default)]
pub struct Short {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// The working directory; the current one if `None`.
    pub dir: Option<PathBuf>,
    /// Variables that are added to the environment.
    pub env: Vec<(OsString, OsString)>,
    /// Its standard input; none if empty.
    pub stdin: Vec<u8>,
    /// How long it may run.
    pub limit: Option<Duration>,
    /// Whether `env` is its whole environment.
    pub only_env: bool,
    /// Descriptors that it keeps open: locks that it still holds if this process is killed.
    pub held: Vec<Arc<OwnedFd>>,
    /// Ends it at once, or prevents its start, when the value becomes true.
    pub cancelled: Option<Arc<AtomicBool>>,
}

/// How a short command ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit status, or 128 + n after signal n.
    pub code: i32,
    /// The bytes it wrote to stdout.
    pub stdout: Vec<u8>,
    /// The bytes it wrote to stderr.
    pub stderr: Vec<u8>,
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum ShortError {
    /// It could not be started, or its output could not be stored.
    #[error("run {program}")]
    Io {
        /// The program.
        program: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// It was ended, or not started, because this process must end.
    #[error("run {program}: it was ended by a signal")]
    Cancelled {
        /// The program.
        program: String,
    },
    /// It took too long and was ended.
    #[error("run {program}: it did not end within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
}

impl Short {
    /// Creates a command of `program` and `args`.
    pub fn new(program: &str, args: &[&str]) -> Self {
        let argv = std::iter::once(program).chain(args.iter().copied()).map(OsString::from);
        Self { argv: argv.collect(), ..Self::default() }
    }

    /// Runs it to its end, in its own process group.
    pub fn run(&self) -> Result<Finished, ShortError> {
        let program = self.argv.first().map(|p| p.to_string_lossy().into_owned());
        let program = program.unwrap_or_default();
        self.run_io(&program).map_err(|source| match (source.kind(), self.limit) {
            (io::ErrorKind::TimedOut, Some(limit)) => {
                ShortError::TimedOut { program: program.clone(), limit }
            }
            (io::ErrorKind::Interrupted, _) if self.is_cancelled() => {
                ShortError::Cancelled { program: program.clone() }
            }
            _ => ShortError::Io { program: program.clone(), source },
        })
    }

    fn run_io(&self, program: &str) -> io::Result<Finished> {
        let (mut stdout, mut stderr) = (unnamed_file()?, unnamed_file()?);
        let held = self.held.clone();
        let mut command = duct::cmd(program, self.argv.iter().skip(1))
            .stdout_file(stdout.try_clone()?)
            .stderr_file(stderr.try_clone()?)
            .before_spawn(move |command| {
                command.process_group(0);
                for one in &held {
                    keep_open(command, Arc::clone(one));
                }
                Ok(())
            })
            .unchecked();
        if self.only_env {
            command = command.full_env(self.env.iter().cloned());
        } else {
            for (name, value) in &self.env {
                command = command.env(name, value);
            }
        }
        if let Some(dir) = &self.dir {
            command = command.dir(dir);
        }
        command = if self.stdin.is_empty() {
            command.stdin_null()
        } else {
            let mut input = unnamed_file()?;
            io::Write::write_all(&mut input, &self.stdin)?;
            input.rewind()?;
            command.stdin_file(input)
        };
        if self.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let status = self.wait(&command.start()?)?;
        let code = status.code().or_else(|| status.signal().map(|n| 128 + n)).unwrap_or(-1);
        Ok(Finished { code, stdout: all_of(&mut stdout)?, stderr: all_of(&mut stderr)? })
    }
}

impl Short {
    /// Waits for its end. Ends it with everything that it started at its limit, or when this
    /// process must end.
    fn wait(&self, handle: &duct::Handle) -> io::Result<ExitStatus> {
        let begin = Instant::now();
        loop {
            let left = self.limit.map(|limit| limit.saturating_sub(begin.elapsed()));
            let most = self.cancelled.as_ref().map(|_| LOOK);
            let slice = left.map_or(most, |left| Some(most.map_or(left, |most| most.min(left))));
            let ended = match slice {
                None => Some(handle.wait()?),
                Some(slice) => handle.wait_timeout(slice)?,
            };
            if let Some(ended) = ended {
                return Ok(ended.status);
            }
            let is_over = left.is_some_and(|left| left.is_zero());
            if is_over || self.is_cancelled() {
                for pid in handle.pids() {
                    signal_group(pid, Signal::KILL);
                }
                handle.wait()?;
                let kind =
                    if is_over { io::ErrorKind::TimedOut } else { io::ErrorKind::Interrupted };
                return Err(kind.into());
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.as_ref().is_some_and(|cancelled| cancelled.load(Ordering::Acquire))
    }
}

/// Lets the command inherit `held`, which stays close-on-exec for all other programs.
#[expect(unsafe_code, reason = "a descriptor is kept open between fork and exec")]
fn keep_open(command: &mut std::process::Command, held: Arc<OwnedFd>) {
    let keep = move || Ok(rustix::io::fcntl_setfd(&*held, rustix::io::FdFlags::empty())?);
    // SAFETY: the closure runs between fork and exec and makes one system call: it takes no lock,
    // allocates nothing and touches no memory that another thread could have left inconsistent.
    unsafe { command.pre_exec(keep) };
}

fn all_of(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(target_os = "linux")]
fn unnamed_file() -> io::Result<File> {
    use rustix::fs::MemfdFlags;
    Ok(File::from(rustix::fs::memfd_create("workloop", MemfdFlags::CLOEXEC)?))
}

#[cfg(not(target_os = "linux"))]
fn unnamed_file() -> io::Result<File> {
    use crate::platform::ids::{Ids, RandomIds};
    use crate::platform::open;
    let path = std::env::temp_dir().join(format!(".workloop-{}", RandomIds.hex8()));
    let file = open::new(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_output_and_status() {
        let mut command = Short::new("sh", &["-c", "cat; echo no >&2; exit 3"]);
        command.stdin = b"hello".to_vec();
        let finished = command.run().unwrap();
        assert_eq!(
            (finished.code, &*finished.stdout, &*finished.stderr),
            (3, &b"hello"[..], &b"no\n"[..])
        );
        assert!(matches!(Short::new("/no/such", &[]).run(), Err(ShortError::Io { .. })));
    }

    #[test]
    fn ends_at_its_limit_with_all_that_it_started() {
        let mut command = Short::new("sh", &["-c", "sleep 1000 & sleep 1000"]);
        command.limit = Some(Duration::from_millis(50));
        assert!(matches!(command.run(), Err(ShortError::TimedOut { .. })));
    }

    #[test]
    fn ends_at_once_when_we_are_to_end() {
        let cancelled = Arc::new(AtomicBool::new(false));
        let dir = tempfile::tempdir().unwrap();
        let mut command = Short::new("sh", &["-c", "touch began; sleep 1000 & sleep 1000"]);
        command.dir = Some(dir.path().to_owned());
        command.limit = Some(Duration::from_secs(900));
        command.cancelled = Some(Arc::clone(&cancelled));
        let again = command.clone();
        let ended = std::thread::spawn(move || command.run());
        while !dir.path().join("began").exists() {
            std::thread::yield_now();
        }
        cancelled.store(true, Ordering::Release);
        assert!(matches!(ended.join().unwrap(), Err(ShortError::Cancelled { .. })));
        // Nothing more starts.
        assert!(matches!(again.run(), Err(ShortError::Cancelled { .. })));
    }

    #[test]
    fn its_environment_may_be_its_own() {
        let mut command = Short::new("/usr/bin/env", &[]);
        command.env = vec![("ONLY".into(), "this".into())];
        command.only_env = true;
        assert_eq!(command.run().unwrap().stdout, b"ONLY=this\n");
    }

    /// A lock outlives its process with the command that holds it, and no other command gets it.
    #[test]
    fn what_is_held_stays_locked_as_long_as_it_runs() {
        if crate::platform::programs::lacks("flock") {
            return;
        }
        use crate::platform::lock::FileLock;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = FileLock::try_acquire(&path).unwrap().unwrap();
        let mut command = Short::new("sh", &["-c", "flock -n lock true; echo $?"]);
        command.dir = Some(dir.path().to_owned());
        command.held = vec![Arc::new(lock.file().try_clone().unwrap().into())];
        // This process has released it, and the command still holds it.
        drop(lock);
        assert_eq!(command.run().unwrap().stdout, b"1\n");
        command.held.clear();
        // Another test may be starting a program, which has the lock open until it begins.
        command.argv = Short::new("flock", &["-w", "20", "lock", "echo", "free"]).argv;
        assert_eq!(command.run().unwrap().stdout, b"free\n");
    }
}
