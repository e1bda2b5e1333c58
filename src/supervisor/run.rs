//! Runs one command, from its start until nothing of it is left.

use super::capture::Stream;
use super::claim::Claim;
use super::link::{End, Link};
use super::protocol::{CommandSpec, Ended, Reply, Unstarted};
use crate::domain::Outcome;
use crate::platform::claim_tag::VARIABLE;
use crate::platform::fault::{self, Fault};
use crate::platform::open;
use crate::platform::process::{
    Children, Exit, Signal, free_vforks, freeze, kill_all, peek_children, reap, signal_found,
    signal_group,
};
use crate::platform::scan::{Wanted, find, is_still, start_time};
use crate::platform::spawn::{self, Leader, Start};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long after a KILL to check again whether something is left.
const AGAIN: Duration = Duration::from_millis(100);
/// How soon to check again whether everything has stopped.
const STILL: Duration = Duration::from_millis(2);
/// The maximum time between TERM and KILL for leftovers of a command that ended by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);
/// How long to wait for a pipe that a process outside of the tree keeps open.
const OPEN_PIPE: Duration = Duration::from_secs(2);

/// Runs `spec` to its end.
pub(super) fn run(link: &mut Link, claim: &mut Claim, spec: &CommandSpec) -> io::Result<Ended> {
    let (streams, leader) = match start(spec, claim.tags()) {
        Ok(started) => started,
        Err((why, reason)) => {
            return Ok(Ended::never(Outcome::FailedToStart { reason }, Some(why)));
        }
    };
    let begin = Instant::now();
    let pid = leader.pid();
    let started = start_time(pid).unwrap_or_default();
    claim.note(Some((pid, started)));
    link.tell(&Reply::Started { pid, start: started });
    let wanted = Wanted {
        below: Some(std::process::id()),
        sessions: if cfg!(target_os = "linux") { vec![] } else { vec![(pid, started)] },
        ..Wanted::default()
    };
    let mut running = Running {
        link,
        spec,
        leader,
        streams,
        wanted,
        wall_from: begin,
        quiet_from: begin,
        stopped_at: None,
        ending: None,
    };
    let millis = running.watch()?;
    let (exit, leftovers) = running.settle()?;
    let ended = running.report(exit, millis, leftovers);
    claim.note(None);
    Ok(ended)
}

/// Opens the files and starts the command. Errors come with a message.
fn start(spec: &CommandSpec, tags: &str) -> Result<(Vec<Stream>, Leader), (Unstarted, String)> {
    let input = spec.stdin.as_deref().unwrap_or(Path::new("/dev/null"));
    let unreadable = |error| (Unstarted::Other, format!("open {}: {error}", input.display()));
    let opened = spec.stdin.as_deref().map_or_else(open::null, open::for_command);
    let stdin = opened.map_err(unreadable)?;
    let pipe = |error: io::Error| (Unstarted::Other, format!("make a pipe: {error}"));
    let (stdout_stream, stdout) = Stream::new(&spec.stdout, spec.cap).map_err(pipe)?;
    let mut streams = vec![stdout_stream];
    let stderr: OwnedFd = match &spec.stderr {
        None => stdout.try_clone().map_err(pipe)?,
        Some(path) => {
            let (stream, stderr) = Stream::new(path, spec.cap).map_err(pipe)?;
            streams.push(stream);
            stderr
        }
    };
    let mut env = spec.env.clone();
    env.retain(|(name, _)| name != VARIABLE);
    env.push((OsString::from(VARIABLE), OsString::from(tags)));
    let (argv, dir) = (&spec.argv, &spec.cwd);
    let start = Start { argv, dir, env: &env, stdin: stdin.into(), stdout, stderr };
    match spawn::in_own_session(start) {
        Ok(leader) => Ok((streams, leader)),
        Err(error) => Err((cause(spec, &error), reason(spec, &error))),
    }
}

/// Classifies a failed start.
fn cause(spec: &CommandSpec, error: &io::Error) -> Unstarted {
    let missing = [ErrorKind::NotFound, ErrorKind::PermissionDenied].contains(&error.kind());
    if error.kind() == ErrorKind::ArgumentListTooLong {
        Unstarted::TooLong
    } else if missing && spec.cwd.is_dir() {
        Unstarted::Missing
    } else {
        Unstarted::Other
    }
}

/// Returns a message about a failed start: the folder or the program is at fault.
fn reason(spec: &CommandSpec, error: &io::Error) -> String {
    let program = spec.argv.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    if !spec.cwd.is_dir() {
        return format!("the working folder {} does not exist", spec.cwd.display());
    }
    let is_path = program.contains('/') && spec.cwd.join(&*program).exists();
    if error.kind() == ErrorKind::NotFound && is_path {
        format!("{program}: the interpreter that its first line names does not exist")
    } else if error.kind() == ErrorKind::NotFound {
        format!("{program}: not found")
    } else if error.kind() == ErrorKind::PermissionDenied {
        format!("{program}: not executable")
    } else {
        format!("{program}: {error}")
    }
}

/// Why a command is being ended, and how far that has progressed.
struct Ending {
    outcome: Outcome,
    kill_at: Instant,
    killed: bool,
}

/// A command that runs.
struct Running<'a> {
    link: &'a mut Link,
    spec: &'a CommandSpec,
    leader: Leader,
    streams: Vec<Stream>,
    wanted: Wanted,
    /// The starts of the two timers; every pause moves them forward.
    wall_from: Instant,
    quiet_from: Instant,
    stopped_at: Option<Instant>,
    ending: Option<Ending>,
}

impl Running<'_> {
    /// Waits until the first process has ended, and ends it if necessary. Returns the milliseconds.
    fn watch(&mut self) -> io::Result<u64> {
        let begin = self.wall_from;
        // Sending the start message may have shown that the loop is dead. Nothing would wake this
        // wait again.
        self.obey()?;
        loop {
            let deadline = self.deadline();
            if self.link.wait(&mut self.streams, deadline)? {
                self.quiet_from = Instant::now();
            }
            if self.leader_ended()? {
                let millis = begin.elapsed().as_millis();
                return Ok(u64::try_from(millis).unwrap_or(u64::MAX));
            }
            self.obey()?;
            self.answer_pause()?;
            self.check_limits();
            self.kill_if_due()?;
        }
    }

    /// Returns when something must be done even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        if let Some(ending) = &self.ending {
            return Some(ending.kill_at);
        }
        if self.stopped_at.is_some() {
            let unanswered = self.link.orders.unanswered.is_some();
            return unanswered.then(|| Instant::now() + STILL);
        }
        let wall = self.wall_from.checked_add(self.spec.timeout);
        let quiet = self.spec.silence.and_then(|limit| self.quiet_from.checked_add(limit));
        wall.into_iter().chain(quiet).min()
    }

    /// Returns whether the first process has ended. Reaps adopted orphans, but not that process:
    /// until it is reaped, the id of its group cannot be reused.
    fn leader_ended(&self) -> io::Result<bool> {
        loop {
            match peek_children()? {
                Children::Running => return Ok(false),
                Children::Ended(pid) if pid != self.leader.pid() => {
                    let _ = reap(pid);
                }
                Children::Ended(_) | Children::None => return Ok(true),
            }
        }
    }

    fn obey(&mut self) -> io::Result<()> {
        if let Some(end) = self.link.orders.end {
            let grace = if end == End::Kill { Duration::ZERO } else { self.spec.grace };
            match &mut self.ending {
                None => self.begin_end(Outcome::Interrupted, grace)?,
                Some(ending) if end == End::Kill && !ending.killed => {
                    ending.kill_at = Instant::now();
                }
                Some(_) => {}
            }
        }
        match (self.link.orders.paused, self.stopped_at) {
            (true, None) if self.ending.is_none() => {
                freeze(&self.wanted)?;
                self.stopped_at = Some(Instant::now());
            }
            (false, Some(since)) => {
                signal_found(&find(&self.wanted)?, Signal::CONT);
                let pause = since.elapsed();
                self.wall_from += pause;
                self.quiet_from += pause;
                self.stopped_at = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// Answers a pause once nothing runs: a stop takes a moment to reach each thread.
    fn answer_pause(&mut self) -> io::Result<()> {
        let Some(number) = self.link.orders.unanswered.filter(|_| self.stopped_at.is_some()) else {
            return Ok(());
        };
        let found = freeze(&self.wanted)?;
        if found.living().all(|process| is_still(process.pid)) {
            self.link.orders.unanswered = None;
            self.link.tell(&Reply::Paused { number });
        } else {
            free_vforks(&found);
        }
        Ok(())
    }

    fn begin_end(&mut self, outcome: Outcome, grace: Duration) -> io::Result<()> {
        if !grace.is_zero() {
            signal_group(self.leader.pid(), Signal::TERM);
            // A stopped process could not act on the signal.
            signal_group(self.leader.pid(), Signal::CONT);
            if self.stopped_at.take().is_some() {
                signal_found(&find(&self.wanted)?, Signal::CONT);
            }
        }
        let now = Instant::now();
        let kill_at = now.checked_add(grace).unwrap_or(now);
        self.ending = Some(Ending { outcome, kill_at, killed: false });
        Ok(())
    }

    fn check_limits(&mut self) {
        if self.ending.is_some() || self.stopped_at.is_some() {
            return;
        }
        let over = if self.wall_from.elapsed() >= self.spec.timeout {
            Some(Outcome::TimedOut { seconds: self.spec.timeout.as_secs() })
        } else {
            let limit = self.spec.silence.filter(|limit| self.quiet_from.elapsed() >= *limit);
            limit.map(|limit| Outcome::Silent { seconds: limit.as_secs() })
        };
        if let Some(outcome) = over {
            // Nothing is paused here, so no process table is read and nothing can fail.
            drop(self.begin_end(outcome, self.spec.grace));
        }
    }

    fn kill_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if let Some(ending) = self.ending.as_mut().filter(|ending| now >= ending.kill_at) {
            signal_group(self.leader.pid(), Signal::KILL);
            kill_all(&self.wanted)?;
            ending.killed = true;
            ending.kill_at = now + AGAIN;
        }
        Ok(())
    }

    /// Ends what the first process left, and reads the pipes to their end.
    fn settle(&mut self) -> io::Result<(Option<Exit>, bool)> {
        let killed = self.ending.as_ref().is_some_and(|ending| ending.killed);
        signal_group(self.leader.pid(), if killed { Signal::KILL } else { Signal::TERM });
        signal_group(self.leader.pid(), Signal::CONT);
        let exit = self.leader.reap();
        let mut leftovers = false;
        if !fault::is(Fault::LeftoversStay) && !self.is_over()? {
            leftovers = true;
            self.end_leftovers(killed)?;
        }
        let deadline = Instant::now() + OPEN_PIPE;
        while self.streams.iter().any(|stream| stream.descriptor().is_some())
            && Instant::now() < deadline
        {
            self.link.wait(&mut self.streams, Some(deadline))?;
        }
        Ok((exit, leftovers))
    }

    fn end_leftovers(&mut self, killed: bool) -> io::Result<()> {
        let mut kill_at = Instant::now();
        if !killed {
            let found = find(&self.wanted)?;
            signal_found(&found, Signal::TERM);
            signal_found(&found, Signal::CONT);
            kill_at += match &self.ending {
                None => self.spec.grace.min(LEFTOVER_GRACE),
                Some(ending) => ending.kill_at.saturating_duration_since(kill_at),
            };
        }
        while !self.is_over()? {
            if self.link.orders.end == Some(End::Kill) {
                kill_at = kill_at.min(Instant::now());
            }
            if Instant::now() >= kill_at {
                kill_all(&self.wanted)?;
                kill_at = Instant::now() + AGAIN;
            }
            self.link.wait(&mut self.streams, Some(kill_at))?;
        }
        Ok(())
    }

    /// Returns whether nothing is left below this process. On Linux it adopts every orphan, so no
    /// child means no descendant; elsewhere the process table is searched as well.
    fn is_over(&self) -> io::Result<bool> {
        loop {
            match peek_children()? {
                Children::Ended(pid) => {
                    let _ = reap(pid);
                }
                Children::Running => return Ok(false),
                Children::None if cfg!(target_os = "linux") => return Ok(true),
                Children::None => return Ok(find(&self.wanted)?.is_over()),
            }
        }
    }

    fn report(self, exit: Option<Exit>, millis: u64, leftovers: bool) -> Ended {
        let outcome = match (self.ending, exit) {
            (Some(ending), _) => ending.outcome,
            (None, Some(Exit::Code(code))) => Outcome::Exited { code },
            (None, Some(Exit::Signal(signal))) => Outcome::Signaled { signal },
            (None, None) => Outcome::Lost,
        };
        let (mut printed, mut output_error) = (0, None);
        for stream in self.streams {
            let (total, error) = stream.finish();
            printed += total;
            output_error = output_error.or(error);
        }
        Ended { outcome, unstarted: None, millis, printed, leftovers, output_error }
    }
}

#[cfg(test)]
mod tests;
