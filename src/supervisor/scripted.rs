//! A supervisor for unit tests: a thread that speaks the protocol and answers each command as a
//! script says. Nothing is started, unless an answer asks for it.
//!
//! A script has a path of its own. A supervisor whose program is that path is this thread, so the
//! code under test starts it as it starts any other, also for commands that run beside others.

use super::protocol::{CommandSpec, Ended, Reply, Request, Unstarted, line};
use crate::domain::Outcome;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

/// A process id that no system gives to a process.
const NOBODY: u32 = (1 << 22) + 1;
/// The start of that process. No process is younger, so none counts as one of its own.
const NEVER: u64 = u64::MAX;

/// The scripts that exist, by their paths.
static SCRIPTS: Mutex<BTreeMap<PathBuf, Weak<Script>>> = Mutex::new(BTreeMap::new());

fn scripts() -> MutexGuard<'static, BTreeMap<PathBuf, Weak<Script>>> {
    SCRIPTS.lock().unwrap_or_else(PoisonError::into_inner)
}

type Deed = Arc<dyn Fn(&CommandSpec) + Send + Sync>;

/// How a command ends.
#[derive(Clone)]
enum Course {
    Ends(Ended),
    /// It runs until it is asked to end, and is then interrupted.
    Runs,
    /// Its supervisor vanishes while it runs.
    Vanishes,
    /// It is a real process.
    Real,
}

/// What one run of a command does, and how it ends.
#[derive(Clone)]
pub(crate) struct Answer {
    course: Course,
    out: String,
    err: String,
    deeds: Vec<Deed>,
    paused: Option<u64>,
}

impl Answer {
    fn of(course: Course) -> Self {
        Self { course, out: String::new(), err: String::new(), deeds: Vec::new(), paused: None }
    }

    /// The command ends with this exit status.
    pub(crate) fn exit(code: i32) -> Self {
        Self::ends(Outcome::Exited { code })
    }

    /// The command ends so.
    pub(crate) fn ends(outcome: Outcome) -> Self {
        Self::of(Course::Ends(Ended { millis: 7, ..Ended::never(outcome, None) }))
    }

    /// The command cannot be started.
    pub(crate) fn unstarted(why: Unstarted, reason: &str) -> Self {
        let outcome = Outcome::FailedToStart { reason: reason.to_owned() };
        Self::of(Course::Ends(Ended::never(outcome, Some(why))))
    }

    /// The command runs until it is asked to end.
    pub(crate) fn runs() -> Self {
        Self::of(Course::Runs)
    }

    /// The supervisor vanishes while the command runs.
    pub(crate) fn vanishes() -> Self {
        Self::of(Course::Vanishes)
    }

    /// The command is started as a process. It must be a short one that leaves nothing behind.
    pub(crate) fn real() -> Self {
        Self::of(Course::Real)
    }

    /// It prints `text` on stdout.
    pub(crate) fn prints(mut self, text: &str) -> Self {
        self.out.push_str(text);
        self
    }

    /// It prints `text` on stderr.
    pub(crate) fn complains(mut self, text: &str) -> Self {
        self.err.push_str(text);
        self
    }

    /// It does this while it runs, or before it cannot be started. A panic makes the supervisor
    /// vanish.
    pub(crate) fn does(mut self, deed: impl Fn(&CommandSpec) + Send + Sync + 'static) -> Self {
        self.deeds.push(Arc::new(deed));
        self
    }

    /// It writes a file; a relative `path` begins in its working directory.
    pub(crate) fn writes(self, path: &str, text: &str) -> Self {
        let (path, text) = (path.to_owned(), text.to_owned());
        self.does(move |spec| {
            let path = spec.cwd.join(&path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &text).unwrap();
        })
    }

    /// It removes a file or a folder; a relative `path` begins in its working directory.
    pub(crate) fn removes(self, path: &str) -> Self {
        let path = path.to_owned();
        self.does(move |spec| {
            let path = spec.cwd.join(&path);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        })
    }

    /// It writes the result file of its attempt.
    pub(crate) fn reports(self, result: &Value) -> Self {
        let text = result.to_string();
        self.does(move |spec| {
            fs::write(variable(spec, "WORKLOOP_RESULT_FILE").unwrap(), &text).unwrap()
        })
    }

    /// It acknowledges the pause with this number while it runs.
    pub(crate) fn pauses(mut self, number: u64) -> Self {
        self.paused = Some(number);
        self
    }

    /// Changes the message about its end; it must end by itself.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Ended)) -> Self {
        if let Course::Ends(ended) = &mut self.course {
            change(ended);
        }
        self
    }
}

/// Returns the value of a variable that a command gets.
pub(crate) fn variable(spec: &CommandSpec, name: &str) -> Option<String> {
    let found = spec.env.iter().rev().find(|(one, _)| one == name);
    found.map(|(_, value)| value.to_string_lossy().into_owned())
}

/// The answers of a supervisor, and the commands that it got.
///
/// A command is named by one of its words: its program, an argument, or a whole line for the shell.
/// Several answers for one word are given one after the other; the last one is repeated. A command
/// without an answer succeeds silently, but git is always a process.
pub(crate) struct Script {
    exe: PathBuf,
    answers: Mutex<Vec<(String, Vec<Answer>)>>,
    ran: Mutex<Vec<CommandSpec>>,
    /// Whether supervisors end before they are ready.
    refuses: bool,
}

impl Script {
    /// Creates an empty script.
    pub(crate) fn new() -> Arc<Self> {
        Self::of(false)
    }

    /// Creates the script of supervisors that end before they are ready.
    pub(crate) fn refusing() -> Arc<Self> {
        Self::of(true)
    }

    fn of(refuses: bool) -> Arc<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let exe = PathBuf::from(format!("/scripted/{}", NUMBER.fetch_add(1, Ordering::SeqCst)));
        let (answers, ran) = (Mutex::default(), Mutex::default());
        let script = Arc::new(Self { exe: exe.clone(), answers, ran, refuses });
        scripts().insert(exe, Arc::downgrade(&script));
        script
    }

    /// The path of the program to start its supervisors with.
    pub(crate) fn exe(&self) -> &Path {
        &self.exe
    }

    /// Adds an answer to commands with this word.
    pub(crate) fn on(&self, word: &str, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.iter_mut().find(|(other, _)| other == word) {
            Some((_, list)) => list.push(answer),
            None => answers.push((word.to_owned(), vec![answer])),
        }
    }

    /// Returns the commands that it got so far, except git calls.
    pub(crate) fn ran(&self) -> Vec<CommandSpec> {
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        ran.iter().filter(|spec| !is_git(spec)).cloned().collect()
    }

    /// Returns the last word of each of these commands.
    pub(crate) fn words(&self) -> Vec<String> {
        let last = |spec: &CommandSpec| spec.argv.last().unwrap().to_string_lossy().into_owned();
        self.ran().iter().map(last).collect()
    }

    /// Returns the last of these commands that has `word`.
    #[track_caller]
    pub(crate) fn last(&self, word: &str) -> CommandSpec {
        let found = self.ran().into_iter().rev().find(|spec| has(spec, word));
        found.unwrap_or_else(|| panic!("{word} did not run, only {:?}", self.words()))
    }

    fn answer(&self, spec: &CommandSpec) -> Answer {
        self.ran.lock().unwrap_or_else(PoisonError::into_inner).push(spec.clone());
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.iter_mut().find(|(word, _)| has(spec, word)) {
            Some((_, list)) if list.len() > 1 => list.remove(0),
            Some((_, list)) => list[0].clone(),
            None if is_git(spec) => Answer::real(),
            None => Answer::exit(0),
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        scripts().remove(&self.exe);
    }
}

fn has(spec: &CommandSpec, word: &str) -> bool {
    spec.argv.iter().any(|one| one == word)
}

fn is_git(spec: &CommandSpec) -> bool {
    spec.argv.first().is_some_and(|program| Path::new(program).ends_with("git"))
}

/// Starts the thread that takes the place of the program `exe`, if that is the path of a script.
pub(super) fn attend(exe: &Path, socket: &UnixStream) -> Option<JoinHandle<()>> {
    let script = scripts().get(exe)?.upgrade()?;
    let socket = socket.try_clone().unwrap();
    Some(thread::spawn(move || {
        if !script.refuses {
            let reader = BufReader::new(socket.try_clone().unwrap());
            Attendant { script: &script, socket, reader, is_over: false }.attend();
        }
    }))
}

/// The other end of the link.
struct Attendant<'a> {
    script: &'a Script,
    socket: UnixStream,
    reader: BufReader<UnixStream>,
    /// Whether it was asked to end, and starts nothing more.
    is_over: bool,
}

impl Attendant<'_> {
    fn attend(mut self) {
        self.tell(&Reply::Ready { pid: NOBODY, start: NEVER });
        while let Some(request) = self.heard() {
            match request {
                Request::Hold { .. } => self.tell(&Reply::Holds),
                Request::Run { command } => match self.run(&command) {
                    Some(ended) => self.tell(&Reply::Ended { ended }),
                    None => return,
                },
                Request::Term | Request::Kill => self.is_over = true,
                Request::Pause { number } => self.tell(&Reply::Paused { number }),
                Request::Resume => {}
            }
        }
    }

    /// Returns the next request; `None` if its loop is gone. The files that come with it are closed.
    fn heard(&mut self) -> Option<Request> {
        let mut text = String::new();
        self.reader.read_line(&mut text).ok().filter(|length| *length > 0)?;
        Some(serde_json::from_str(&text).unwrap())
    }

    fn tell(&mut self, reply: &Reply) {
        // Its loop may be gone, as that of any supervisor.
        drop(self.socket.write_all(&line(reply)));
    }

    /// Runs one command; `None` if the supervisor vanishes.
    fn run(&mut self, spec: &CommandSpec) -> Option<Ended> {
        if self.is_over {
            return Some(Ended::never(Outcome::Interrupted, None));
        }
        let answer = self.script.answer(spec);
        if let Some(reason) = unfit(spec) {
            let outcome = Outcome::FailedToStart { reason };
            return Some(Ended::never(outcome, Some(Unstarted::Other)));
        }
        if let Course::Ends(ended @ Ended { unstarted: Some(_), .. }) = &answer.course {
            answer.deeds.iter().for_each(|deed| deed(spec));
            return Some(ended.clone());
        }
        self.tell(&Reply::Started { pid: NOBODY, start: NEVER });
        if let Some(number) = answer.paused {
            self.tell(&Reply::Paused { number });
        }
        answer.deeds.iter().for_each(|deed| deed(spec));
        let printed = u64::try_from(answer.out.len() + answer.err.len()).unwrap();
        let lost = print(spec, &answer);
        let ended = match answer.course {
            Course::Ends(ended) => ended,
            Course::Runs => self.until_ended()?,
            Course::Vanishes => return None,
            Course::Real => return Some(really(spec)),
        };
        Some(Ended {
            printed: ended.printed.max(printed),
            output_error: ended.output_error.clone().or(lost),
            ..ended
        })
    }

    fn until_ended(&mut self) -> Option<Ended> {
        loop {
            match self.heard()? {
                Request::Term | Request::Kill => {
                    self.is_over = true;
                    return Some(Ended::never(Outcome::Interrupted, None));
                }
                Request::Pause { number } => self.tell(&Reply::Paused { number }),
                Request::Hold { .. } | Request::Run { .. } | Request::Resume => {}
            }
        }
    }
}

/// Returns why no command can start as `spec` says.
fn unfit(spec: &CommandSpec) -> Option<String> {
    if !spec.cwd.is_dir() {
        return Some(format!("the working folder {} does not exist", spec.cwd.display()));
    }
    let input = spec.stdin.as_ref()?;
    let error = fs::read(input).err()?;
    Some(format!("open {}: {error}", input.display()))
}

/// Stores what the command printed, and replaces what an earlier one printed. Returns what failed.
fn print(spec: &CommandSpec, answer: &Answer) -> Option<String> {
    let (out, err) = (&answer.out, &answer.err);
    let both = match &spec.stderr {
        Some(file) => vec![(&spec.stdout, out.clone()), (file, err.clone())],
        None => vec![(&spec.stdout, format!("{out}{err}"))],
    };
    let put = |(file, text): (&PathBuf, String)| {
        drop(fs::remove_file(file));
        let put = if text.is_empty() { Ok(()) } else { fs::write(file, text) };
        put.err().map(|error| format!("write {}: {error}", file.display()))
    };
    both.into_iter().filter_map(put).next()
}

/// Runs the command as a process.
fn really(spec: &CommandSpec) -> Ended {
    let (program, arguments) = spec.argv.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&spec.cwd).env_clear().envs(spec.env.iter().cloned());
    let done = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (&done.stdout, &done.stderr);
    drop(print(spec, &Answer::real()));
    for (file, bytes) in [(Some(&spec.stdout), out), (spec.stderr.as_ref(), err)] {
        if let Some(file) = file.filter(|_| !bytes.is_empty()) {
            fs::write(file, bytes).unwrap();
        }
    }
    let outcome = match (done.status.code(), done.status.signal()) {
        (Some(code), _) => Outcome::Exited { code },
        (None, signal) => Outcome::Signaled { signal: signal.unwrap() },
    };
    let printed = u64::try_from(out.len() + err.len()).unwrap();
    Ended { millis: 7, printed, ..Ended::never(outcome, None) }
}
