//! The loop's side: starts a supervisor, runs commands through it, and ends what it leaves if it
//! dies.

use super::body::{Body, LOOK, Pulse, Started};
use super::protocol::{CommandSpec, Ended, Reply, Request, line};
use crate::platform::claim_tag::{ClaimTag, Sought, VARIABLE, supervisor_value, value};
use crate::platform::handover;
use crate::platform::lock::FileLock;
use crate::platform::process::{TreeEnd, end_tree};
use crate::platform::scan::Wanted;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// How long the search for leftovers of a dead supervisor may take.
const SEARCH: Duration = Duration::from_secs(60);

/// What is needed to start a supervisor.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The path of this program.
    pub exe: &'a Path,
    /// The tag of its first claim.
    pub tag: &'a ClaimTag,
    /// Its environment, except for the claim tags.
    pub env: &'a [(OsString, OsString)],
}

/// Progress that is reported while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It runs, and this is its first process.
    Started(Started),
    /// Nothing of it runs any more or will be started, as requested by the pause with this number.
    Paused(u64),
}

/// The supervisor vanished. What it left was ended before this was returned.
#[derive(Debug, Error)]
#[error(
    "keep the attempt running: its supervisor {}",
    if *.killed { "was stopped or did not answer, and was killed" } else { "vanished" }
)]
pub struct Lost {
    /// Whether the loop killed it, because it stayed stopped or did not end when asked to.
    pub killed: bool,
    /// Whether it ended by itself before it was ready: the system refused it a resource, and it ran
    /// nothing.
    pub refused: bool,
    /// What was found and ended; a person must inspect anything in `left` or `unreadable`.
    pub cleared: Option<TreeEnd>,
    /// The error of the search, if it failed.
    #[source]
    pub source: Option<io::Error>,
}

/// Controls what runs under a supervisor, from any thread.
#[derive(Clone, Debug)]
pub struct Controls(Arc<Mutex<Line>>);

/// The loop's end of the socket.
#[derive(Debug)]
struct Line {
    socket: UnixStream,
    /// The process that reads at the other end.
    reader: Started,
    /// Whether it was asked to end, and starts nothing more.
    ended: bool,
    /// The last pause that was sent, until it is continued.
    paused: Option<u64>,
    /// The controls of commands that run beside it and receive the same requests.
    followers: Vec<Controls>,
}

impl Controls {
    /// Ends what runs (TERM, grace, KILL); later commands are not started.
    pub fn term(&self) {
        self.send(&Request::Term);
    }

    /// Kills what runs; later commands are not started.
    pub fn kill(&self) {
        self.send(&Request::Kill);
    }

    /// Stops what runs, and its timers; commands requested meanwhile start after [`resume`]. A
    /// thread in [`Supervisor::run`] gets the number when nothing runs any more.
    ///
    /// [`resume`]: Self::resume
    pub fn pause(&self, number: u64) {
        self.send(&Request::Pause { number });
    }

    /// Continues what was paused.
    pub fn resume(&self) {
        self.send(&Request::Resume);
    }

    /// The last pause that was requested, as long as it lasts.
    pub fn paused(&self) -> Option<u64> {
        self.end().paused
    }

    /// Forwards all later requests to `other`, and sends it those that are in effect.
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
    /// Records the effect of a request on later ones. Returns the followers that must receive it
    /// too.
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

    /// Shuts the socket down if a message was not sent completely, because that cannot be repaired.
    /// A live supervisor then ends what it runs, and a thread that waits for its answer learns that
    /// it is lost.
    fn unless_sent(&self, sent: io::Result<()>) {
        if sent.is_err() {
            drop(self.socket.shutdown(Shutdown::Both));
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The messages of the supervisor.
#[derive(Debug)]
struct Answers {
    reader: BufReader<UnixStream>,
    /// The part of the next line that has arrived.
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
    /// The number of claims that it was given and has not taken yet.
    asked: u32,
    /// The last pause that it answered while no command was running.
    paused: Option<u64>,
}

impl Supervisor {
    /// Starts a supervisor and gives it its first claim; [`Supervisor::ready`] waits until it holds
    /// the claim. The caller may release the lock then.
    pub fn start(launch: &Launch<'_>, claim: &FileLock) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let outer = std::env::var(VARIABLE).ok().filter(|outer| !outer.is_empty());
        let mut env = launch.env.to_vec();
        env.retain(|(name, _)| name != VARIABLE);
        let tags = supervisor_value(&value(outer.as_deref(), launch.tag));
        env.push((OsString::from(VARIABLE), OsString::from(tags)));
        let body = Body::start(launch.exe, &env, theirs)?;
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

    /// Gives it another claim instead of the one that it holds, whose result must be written. The
    /// caller keeps the lock until this returns. If the supervisor is gone or was asked to end, the
    /// caller can start another one with that lock.
    pub fn take(&mut self, tag: &ClaimTag, claim: &FileLock) -> Result<Started, Lost> {
        if self.controls.end().ended {
            return Err(self.lost());
        }
        self.tag = tag.clone();
        self.ask(claim);
        self.ready()
    }

    /// Waits until it holds the claim that it was last given. Returns its process.
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

    /// Runs a command to its end. Calls `tell` with its first process once it runs, and with
    /// pauses.
    ///
    /// Nothing of the agent starts before the first command.
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

    /// Returns the controls, which other threads use while [`Supervisor::run`] waits.
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Releases it, and with it the claim, and waits until it is gone.
    pub fn finish(mut self) -> io::Result<()> {
        self.controls.close(Shutdown::Write);
        self.body.gone()
    }

    /// Waits for the next answer; `None` if there will be none.
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
