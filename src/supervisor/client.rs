//! The loop's side: start a supervisor, run commands through it, end what it leaves if it dies.

use super::VERB;
use super::body::{Body, LOOK, Pulse, Started};
use super::protocol::{CommandSpec, Ended, Reply, Request, line};
use crate::platform::claim_tag::{ClaimTag, Sought, VARIABLE, supervisor_value, value};
use crate::platform::handover;
use crate::platform::lock::FileLock;
use crate::platform::process::{TreeEnd, end_tree};
use crate::platform::scan::Wanted;
use crate::platform::spawn;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// How long the search for what a dead supervisor left may take.
const SEARCH: Duration = Duration::from_secs(60);

/// What a supervisor is started with.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Our own program.
    pub exe: &'a Path,
    /// The tag of its first claim.
    pub tag: &'a ClaimTag,
    /// Its environment, but for the claim tags.
    pub env: &'a [(OsString, OsString)],
}

/// What is told while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It runs, and this is its first process.
    Started(Started),
    /// Nothing of it runs any more, or is started, as the pause with this number asked for.
    Paused(u64),
}

/// The supervisor vanished; what it left was ended before this was returned.
#[derive(Debug, Error)]
#[error(
    "keep the attempt running: its supervisor {}",
    if *.killed { "was stopped or did not answer, and was killed" } else { "vanished" }
)]
pub struct Lost {
    /// Whether we killed it: it stayed stopped, or did not end when it was told to.
    pub killed: bool,
    /// Whether it ended by itself before it was ready: the system refused it something, and it ran
    /// nothing.
    pub refused: bool,
    /// What was found and ended; anything `left` or `unreadable` must be looked at by a person.
    pub cleared: Option<TreeEnd>,
    /// How the search failed, if it did.
    #[source]
    pub source: Option<io::Error>,
}

/// Steers what runs under a supervisor, from any thread.
#[derive(Clone, Debug)]
pub struct Controls(Arc<Mutex<Line>>);

/// The loop's end of the socket.
#[derive(Debug)]
struct Line {
    socket: UnixStream,
    /// Who reads at the other end.
    reader: Started,
    /// Whether it was told to end, and starts nothing more.
    ended: bool,
    /// The pause that it was told of last, until it continues.
    paused: Option<u64>,
    /// What runs beside it, and is told the same.
    followers: Vec<Controls>,
}

impl Controls {
    /// Ends what runs (TERM, grace, KILL); whatever is asked for later is not started.
    pub fn term(&self) {
        self.send(&Request::Term);
    }

    /// Kills what runs; whatever is asked for later is not started.
    pub fn kill(&self) {
        self.send(&Request::Kill);
    }

    /// Stops what runs, and its timers; what is asked for meanwhile starts after [`resume`]. Whoever
    /// waits in [`Supervisor::run`] is told the number when nothing runs any more.
    ///
    /// [`resume`]: Self::resume
    pub fn pause(&self, number: u64) {
        self.send(&Request::Pause { number });
    }

    /// Lets it continue.
    pub fn resume(&self) {
        self.send(&Request::Resume);
    }

    /// The pause that was asked for last, as long as it holds.
    pub fn paused(&self) -> Option<u64> {
        self.end().paused
    }

    /// Has `other` hear what this one is told from now on, and what holds already.
    pub(super) fn lead(&self, other: &Self) {
        let (ended, paused) = {
            let mut end = self.end();
            end.followers.retain(|follower| Arc::strong_count(&follower.0) > 1);
            end.followers.push(other.clone());
            (end.ended, end.paused)
        };
        if let Some(number) = paused {
            other.pause(number);
        }
        if ended {
            other.term();
        }
    }

    fn send(&self, request: &Request) {
        let followers = {
            let mut end = self.end();
            let sent = end.write(&line(request));
            end.unless_sent(sent);
            end.heard(request)
        };
        followers.iter().for_each(|follower| follower.send(request));
    }

    fn close(&self, how: Shutdown) {
        drop(self.end().socket.shutdown(how));
    }

    fn end(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Keeps what a request means for later ones; gives who is to hear it as well.
    fn heard(&mut self, request: &Request) -> Vec<Controls> {
        match request {
            Request::Hold { .. } | Request::Run { .. } => return Vec::new(),
            Request::Term | Request::Kill => self.ended = true,
            Request::Pause { number } => self.paused = Some(*number),
            Request::Resume => self.paused = None,
        }
        self.followers.clone()
    }

    /// Writes all of `bytes`, unless their reader stays stopped.
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let mut pulse = Pulse::default();
        while !bytes.is_empty() {
            match self.socket.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if !is_timeout(&error) || pulse.stays_stopped(self.reader) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// What did not go out whole cannot be made good: the line is cut, so that a supervisor that
    /// lives ends what it runs, and whoever waits for its answer hears that it is lost.
    fn unless_sent(&self, sent: io::Result<()>) {
        if sent.is_err() {
            drop(self.socket.shutdown(Shutdown::Both));
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// What the supervisor says.
#[derive(Debug)]
struct Answers {
    reader: BufReader<UnixStream>,
    /// What came of the next line.
    text: Vec<u8>,
}

/// A running supervisor. Dropping it ends what runs and waits until it is gone.
#[derive(Debug)]
pub struct Supervisor {
    body: Body,
    answers: Answers,
    controls: Controls,
    /// The claim tags that this process carries itself.
    outer: Option<String>,
    tag: ClaimTag,
    ready: Option<Started>,
    command: Option<Started>,
    /// Claims that it was given and has not taken yet.
    asked: u32,
    /// The last pause that it answered while nobody asked it to run anything.
    paused: Option<u64>,
}

impl Supervisor {
    /// Starts a supervisor and gives it its first claim; [`Supervisor::ready`] waits until it
    /// holds it. The caller may let go of the lock then.
    pub fn start(launch: &Launch<'_>, claim: &FileLock) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let outer = std::env::var(VARIABLE).ok().filter(|outer| !outer.is_empty());
        let mut env = launch.env.to_vec();
        env.retain(|(name, _)| name != VARIABLE);
        let tags = supervisor_value(&value(outer.as_deref(), launch.tag));
        env.push((OsString::from(VARIABLE), OsString::from(tags)));
        let child = spawn::helper(launch.exe, VERB, &env, theirs.into())?;
        let body = Body::of(child);
        ours.set_read_timeout(Some(LOOK))?;
        ours.set_write_timeout(Some(LOOK))?;
        let line = Line {
            socket: ours.try_clone()?,
            reader: body.process(),
            ended: false,
            paused: None,
            followers: Vec::new(),
        };
        let controls = Controls(Arc::new(Mutex::new(line)));
        let answers = Answers { reader: BufReader::new(ours), text: Vec::new() };
        let mut started = Self {
            body,
            answers,
            controls,
            outer,
            tag: launch.tag.clone(),
            ready: None,
            command: None,
            asked: 0,
            paused: None,
        };
        started.ask(claim);
        Ok(started)
    }

    /// Gives it another claim in the place of the one that it holds, whose result is written. The
    /// caller keeps the lock until this returns, and can start another supervisor with it if this
    /// one is gone or was told to end.
    pub fn take(&mut self, tag: &ClaimTag, claim: &FileLock) -> Result<Started, Lost> {
        if self.controls.end().ended {
            return Err(self.lost());
        }
        self.tag = tag.clone();
        self.ask(claim);
        self.ready()
    }

    /// Waits until it holds the claim that it was given last; says who it is.
    pub fn ready(&mut self) -> Result<Started, Lost> {
        while self.asked > 0 || self.ready.is_none() {
            match self.answer() {
                Some(Reply::Ready { pid, start }) => self.ready = Some(Started { pid, start }),
                Some(Reply::Holds) => self.asked = self.asked.saturating_sub(1),
                Some(Reply::Paused { number }) => self.paused = Some(number),
                Some(Reply::Started { .. } | Reply::Ended { .. }) | None => return Err(self.lost()),
            }
        }
        self.ready.ok_or_else(|| self.lost())
    }

    fn ask(&mut self, claim: &FileLock) {
        self.asked += 1;
        let hold = Request::Hold { tags: value(self.outer.as_deref(), &self.tag) };
        let end = self.controls.end();
        end.unless_sent(handover::send(&end.socket, &line(&hold), claim.file().as_fd()));
    }

    /// Runs a command to its end; `tell` is told its first process once it runs, and of pauses.
    ///
    /// The first command is the word to go: before it nothing of the agent has been started.
    pub fn run(&mut self, spec: &CommandSpec, tell: &mut dyn FnMut(Told)) -> Result<Ended, Lost> {
        self.body.grace = spec.grace;
        self.controls.send(&Request::Run { command: Box::new(spec.clone()) });
        self.ready()?;
        if let Some(number) = self.paused.take() {
            tell(Told::Paused(number));
        }
        loop {
            match self.answer() {
                Some(Reply::Started { pid, start }) => {
                    let started = Started { pid, start };
                    self.command = Some(started);
                    tell(Told::Started(started));
                }
                Some(Reply::Paused { number }) => tell(Told::Paused(number)),
                Some(Reply::Ended { ended }) => {
                    self.command = None;
                    return Ok(ended);
                }
                Some(Reply::Ready { .. } | Reply::Holds) | None => return Err(self.lost()),
            }
        }
    }

    /// Steers it from other threads while [`Supervisor::run`] waits.
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Lets it go, and with it the claim, and waits until it is gone.
    pub fn finish(mut self) -> io::Result<()> {
        self.controls.close(Shutdown::Write);
        self.body.gone()
    }

    /// Waits for the next answer; `None` when none will come.
    fn answer(&mut self) -> Option<Reply> {
        let Answers { reader, text } = &mut self.answers;
        loop {
            match reader.read_until(b'\n', text) {
                Ok(0) => return None,
                Ok(_) => {
                    self.body.answered();
                    return serde_json::from_slice(&std::mem::take(text)).ok();
                }
                Err(error) if is_timeout(&error) => {
                    let told = self.controls.end().ended;
                    if self.body.is_hopeless(told) {
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// Waits until the supervisor is dead and ends what it left.
    fn lost(&mut self) -> Lost {
        self.controls.close(Shutdown::Both);
        let gone = self.body.gone();
        let killed = self.body.killed;
        let refused = self.ready.is_none() && gone.is_ok() && self.body.exited();
        if let Err(error) = gone {
            return Lost { killed, refused, cleared: None, source: Some(error) };
        }
        let known = self.command.into_iter().chain(self.ready);
        let wanted = Wanted {
            sessions: known.map(|process| (process.pid, process.start)).collect(),
            task: Some(Sought::claim(&self.tag)),
            adopted: self.ready.is_some(),
            since: self.ready.map(|ready| ready.start),
            below: None,
        };
        match end_tree(&wanted, Duration::ZERO, SEARCH) {
            Ok(end) => Lost { killed, refused, cleared: Some(end), source: None },
            Err(error) => Lost { killed, refused, cleared: None, source: Some(error) },
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.controls.close(Shutdown::Both);
        drop(self.body.gone());
    }
}
