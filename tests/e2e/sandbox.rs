//! A temporary folder with queues, a configuration and an agent, and runs of the program in it.
//!
//! ```text
//! let sandbox = Sandbox::new().queue("q.json", &queue).script("A", "fail 1");
//! sandbox.run(["run", "q.json"]).exits(0).says("all tasks are complete");
//! ```

use crate::fake_agent::{CONFIG, Oracle, SCRIPT};
use crate::processes;
use crate::quick_dir::quick_dir_named;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// How long a test waits for any condition.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds, and panics if that takes longer than the deadline.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    assert!(holds_within(DEADLINE, &mut condition), "timed out waiting until {what}");
}

/// Returns whether `condition` becomes true within `time`.
pub(crate) fn holds_within(time: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(3));
    }
}

/// Runs `one` with each of the cases at the same time: for cases that mostly wait.
pub(crate) fn with_each<T: Send>(cases: impl IntoIterator<Item = T>, one: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| one(case));
        }
    });
}

/// Returns a queue of pending tasks from `(id, dependencies)`.
pub(crate) fn queue(tasks: &[(&str, &[&str])]) -> Value {
    let task = |(id, needed): &(&str, &[&str])| json!({"id": id, "title": format!("Make {id}"), "status": "pending", "dependencies": needed});
    json!({"project": "sandbox", "tasks": tasks.iter().map(task).collect::<Vec<_>>()})
}

/// Returns a queue of `count` tasks without dependencies, and their ids.
pub(crate) fn flat_queue(count: usize) -> (Value, Vec<String>) {
    let ids: Vec<String> = (1..=count).map(|n| format!("T{n:03}")).collect();
    let tasks: Vec<(&str, &[&str])> = ids.iter().map(|id| (id.as_str(), &[][..])).collect();
    (queue(&tasks), ids)
}

/// Returns the task of a queue with this id.
#[track_caller]
pub(crate) fn task<'a>(queue: &'a Value, id: &str) -> &'a Value {
    let list = queue["tasks"].as_array().or_else(|| queue["features"].as_array());
    let found = list.and_then(|tasks| tasks.iter().find(|task| task["id"] == id));
    assert!(found.is_some(), "no task {id} in {queue}");
    found.unwrap_or(&Value::Null)
}

/// A scratch folder. It is removed at the end, and every process that was left in it is killed. If
/// the test failed, the folder stays and its path is printed.
pub(crate) struct Sandbox {
    root: PathBuf,
    outputs: PathBuf,
    dir: Option<TempDir>,
    /// The program that is run.
    pub(crate) program: PathBuf,
    /// Additional environment variables of the program.
    pub(crate) variables: Vec<(String, String)>,
    /// The first process of the namespace in which programs are started, if not that of the test.
    pub(crate) room: Option<u32>,
}

impl Sandbox {
    /// Creates a folder with the scripted agent, its configuration and no queue.
    pub(crate) fn new() -> Self {
        Self::within(quick_dir_named(tempfile::Builder::new().prefix("workloop-e2e-")))
    }

    /// Creates one on the disk even where [`Sandbox::new`] creates it in memory: for tests that show
    /// what becomes of files.
    pub(crate) fn on_disk() -> Self {
        let dir = tempfile::Builder::new().prefix("workloop-e2e-").tempdir();
        Self::within(dir.expect("a folder"))
    }

    fn within(dir: TempDir) -> Self {
        let top = dir.path().canonicalize().expect("a real path");
        let sandbox = Self {
            root: top.join("work"),
            outputs: top.join("out"),
            dir: Some(dir),
            program: program(),
            variables: Vec::new(),
            room: None,
        };
        fs::create_dir_all(sandbox.path("script")).expect("a folder");
        fs::create_dir_all(&sandbox.outputs).expect("a folder");
        sandbox.file("fake-agent.sh", SCRIPT).config(CONFIG).script("default", "")
    }

    /// Returns a path inside the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file, and creates its folders.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
        self
    }

    /// Writes a file that was saved a while ago: a queue that cannot be read is waited for while it
    /// may still be being saved.
    pub(crate) fn saved(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let sandbox = self.file(name, bytes);
        let file = File::options().write(true).open(sandbox.path(name)).expect("there");
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).expect("set");
        sandbox
    }

    /// Writes a queue, as a person would have formatted it.
    pub(crate) fn queue(self, name: &str, queue: &Value) -> Self {
        let text = serde_json::to_string_pretty(queue).expect("JSON");
        self.file(name, text + "\n")
    }

    /// Writes `workloop.toml`.
    pub(crate) fn config(self, toml: &str) -> Self {
        self.file("workloop.toml", toml)
    }

    /// Sets what the scripted agent does for a task; `default` is for all other tasks.
    pub(crate) fn script(self, id: &str, lines: &str) -> Self {
        self.rescript(id, lines);
        self
    }

    /// Does the same while agents run: it makes a new file, so that an agent that has started keeps
    /// the old one.
    pub(crate) fn rescript(&self, id: &str, lines: &str) {
        let path = self.path("script").join(id);
        let new = self.path("script").join(format!(".{id}.new"));
        fs::write(&new, format!("{lines}\n")).expect("written");
        fs::rename(new, path).expect("renamed");
    }

    /// Copies a file or folder of the repository.
    pub(crate) fn copy(self, from: &str, to: &str) -> Self {
        copy_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join(from), &self.path(to));
        self
    }

    /// Keeps the folder, and prints its path.
    pub(crate) fn keep(&mut self) {
        if let Some(dir) = self.dir.take() {
            let kept = dir.keep();
            drop(writeln!(std::io::stderr(), "the sandbox is kept: {}", kept.display()));
        }
    }

    /// Returns a queue file as JSON. A reader needs no lock and never sees half a file, so this
    /// panics if the file is invalid.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> Value {
        let bytes = self.bytes(name);
        let read = serde_json::from_slice(&bytes);
        assert!(read.is_ok(), "{name} is not JSON: {}", String::from_utf8_lossy(&bytes));
        read.unwrap_or_default()
    }

    /// Returns the bytes of a file.
    #[track_caller]
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("readable")
    }

    /// Returns the status word of a task of `q.json`.
    #[track_caller]
    pub(crate) fn status(&self, id: &str) -> String {
        task(&self.read("q.json"), id)["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns what the agents have logged so far.
    pub(crate) fn oracle(&self) -> Oracle {
        Oracle::read(self)
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run<const N: usize>(&self, arguments: [&str; N]) -> Ran {
        self.spawn(arguments).ends()
    }

    /// Runs the program to its end with `input` on its stdin.
    #[track_caller]
    pub(crate) fn run_with<const N: usize>(&self, arguments: [&str; N], input: &str) -> Ran {
        let mut started = self.start(&arguments, Stdio::piped());
        let mut stdin = started.child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("read by the program");
        drop(stdin);
        started.ends()
    }

    /// Starts the program.
    pub(crate) fn spawn<const N: usize>(&self, arguments: [&str; N]) -> Running {
        self.spawn_as(&self.program, &[], &arguments)
    }

    /// Starts another build of the program, with additional variables.
    pub(crate) fn spawn_as(
        &self,
        program: &Path,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Running {
        self.start_as(program, variables, arguments, Stdio::null())
    }

    /// Starts the program with a stdin that stays open and silent.
    pub(crate) fn spawn_with_silent_stdin<const N: usize>(&self, arguments: [&str; N]) -> Running {
        self.start(&arguments, Stdio::piped())
    }

    fn start(&self, arguments: &[&str], stdin: Stdio) -> Running {
        self.start_as(&self.program, &[], arguments, stdin)
    }

    fn start_as(
        &self,
        program: &Path,
        variables: &[(&str, &str)],
        arguments: &[&str],
        stdin: Stdio,
    ) -> Running {
        let named = tempfile::Builder::new().tempdir_in(&self.outputs).expect("a folder").keep();
        let [out, err] = ["stdout", "stderr"].map(|name| named.join(name));
        let child = self
            .command(program)
            .args(arguments)
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.root)
            .env("XDG_STATE_HOME", self.root.with_file_name("state"))
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("CI", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .envs(variables.iter().copied())
            .stdin(stdin)
            .stdout(File::create(&out).expect("a file"))
            .stderr(File::create(&err).expect("a file"))
            .spawn()
            .expect("the program starts");
        Running { what: arguments.join(" "), child, out, err, in_room: self.room.is_some() }
    }

    fn command(&self, program: &Path) -> Command {
        let Some(room) = self.room else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.args(["-p", "-m", "-t", &room.to_string()]);
        let mut folder = std::ffi::OsString::from("--wd=");
        folder.push(&self.root);
        command.arg(folder).arg("--").arg(program);
        command
    }

    /// Runs a shell script in the folder and returns whether it succeeded.
    pub(crate) fn shell(&self, script: &str) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&self.root);
        // For workloop processes that the script starts.
        command.env("XDG_STATE_HOME", self.root.with_file_name("state"));
        let status = command.status();
        status.is_ok_and(|status| status.success())
    }

    /// Returns the processes that belong to this folder; see [`processes::marked_with`].
    pub(crate) fn strays(&self) -> Vec<u32> {
        processes::marked_with(&self.root)
    }

    /// Asserts that no process of this folder is alive.
    #[track_caller]
    pub(crate) fn nothing_left(&self) {
        // A supervisor may still be exiting when its loop has ended.
        let mut left = Vec::new();
        let gone = holds_within(Duration::from_secs(20), || {
            left = self.strays();
            left.is_empty()
        });
        let lines: Vec<String> = left.iter().map(|pid| processes::command_line(*pid)).collect();
        assert!(gone, "still alive: {lines:?}");
        let temporary: Vec<_> = fs::read_dir(&self.root)
            .expect("readable")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".tmp"))
            .collect();
        assert_eq!(temporary, Vec::<String>::new(), "temporary files were left");
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for pid in self.strays() {
            processes::signal(pid, Signal::KILL);
        }
        if std::thread::panicking() {
            self.keep();
        }
    }
}

/// Returns the program under test: `WORKLOOP_PROOF_PROGRAM` (an optimised build, for example),
/// otherwise the one that was built with the tests.
pub(crate) fn program() -> PathBuf {
    let other = std::env::var_os("WORKLOOP_PROOF_PROGRAM");
    other.map_or_else(|| env!("CARGO_BIN_EXE_workloop").into(), PathBuf::from)
}

/// The running program, which is killed on drop.
pub(crate) struct Running {
    what: String,
    child: Child,
    out: PathBuf,
    err: PathBuf,
    in_room: bool,
}

impl Running {
    pub(crate) fn signal(&self, which: Signal) {
        // In another namespace it is the child of the program that entered the namespace.
        let children = if self.in_room { processes::children(self.child.id()) } else { vec![] };
        processes::signal(children.first().copied().unwrap_or(self.child.id()), which);
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of this process").is_some()
    }

    /// Returns what it has printed so far, on both streams.
    pub(crate) fn output(&self) -> String {
        [&self.out, &self.err].map(|path| lossy(path)).concat()
    }

    /// Waits for its end. The deadline applies only to silence, because a program that prints still
    /// works; five times the deadline is the limit for the whole run, since machines differ.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ran {
        let mut status = None;
        let mut said = 0;
        let lengths = |paths: [&PathBuf; 2]| -> u64 {
            paths.iter().filter_map(|path| fs::metadata(path).ok()).map(|meta| meta.len()).sum()
        };
        let ended = (0..5).any(|_| {
            holds_within(DEADLINE, || {
                status = self.child.try_wait().expect("a child of this process");
                status.is_some()
            }) || {
                let before = std::mem::replace(&mut said, lengths([&self.out, &self.err]));
                before == said
            }
        });
        let ended = ended && status.is_some();
        assert!(ended, "`workloop {}` does not end; it printed:\n{}", self.what, self.output());
        let status = status.expect("ended");
        Ran {
            what: self.what.clone(),
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: lossy(&self.out),
            stderr: lossy(&self.err),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for loops on one queue. The last one finds everything complete. The others may end
/// earlier, if the remaining tasks run in other loops and cannot make anything ready for them.
#[track_caller]
pub(crate) fn all_end_well(loops: impl IntoIterator<Item = Running>) {
    let ended: Vec<Ran> = loops.into_iter().map(Running::ends).collect();
    for ran in &ended {
        assert!(matches!(ran.status, 0 | 7), "{ran}");
    }
    assert!(ended.iter().any(|ran| ran.status == 0), "no loop saw the end: {}", ended[0]);
}

/// The result of a run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    what: String,
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Asserts that stdout or stderr contains a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let there = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(there, "no output contains {text:?}: {self}");
        self
    }

    /// Asserts that the last line of stderr contains each of these texts.
    #[track_caller]
    pub(crate) fn closes_with(self, texts: &[&str]) -> Self {
        let last = self.stderr.lines().last().unwrap_or_default();
        for text in texts {
            assert!(last.contains(text), "the last line lacks {text:?}: {self}");
        }
        self
    }

    /// Returns the JSON object on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let read = serde_json::from_str(&self.stdout);
        assert!(read.is_ok(), "no JSON on stdout: {self}");
        read.unwrap_or_default()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, status, stdout, stderr } = self;
        write!(
            f,
            "`workloop {what}` exited with {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

fn lossy(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn copy_all(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("readable") {
            let name = entry.expect("readable").file_name();
            if name != OsStr::new(".workloop") {
                copy_all(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(from, to).expect("copied");
    }
}
