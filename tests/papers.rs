//! The five queues under `queues/papers/`, each run to its end by four loops at once, and judged
//! from outside: by a log that the agent and the verification write themselves.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long four loops may take for one queue.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOPS: usize = 4;

/// Notes its beginning, does what the papers' own script does, notes its end. Single writes to a
/// file that is only appended to do not mix.
fn noted(script: &str, word: &str) -> String {
    format!(
        "#!/bin/sh\n# Of no interest is what is about no task.\ntest -n \"$WORKLOOP_TASK_ID\" || exit 0\nnote() {{ echo \"$1 $WORKLOOP_TASK_ID\" >>\"$(dirname \"$WORKLOOP_QUEUE\")/../log\"; }}\n\
         note {word}-start\nsh \"$(dirname \"$WORKLOOP_QUEUE\")/{script}.real\" || exit 1\nnote {word}-end\n"
    )
}

struct Paper {
    dir: TempDir,
    name: &'static str,
    tasks: Vec<Value>,
    barriers: BTreeSet<String>,
    phases: Vec<String>,
}

/// When the attempt of a task began and its verification passed, as places in the log.
type Spans = BTreeMap<String, (usize, usize)>;

fn texts<'v>(task: &'v Value, key: &str) -> Vec<&'v str> {
    task[key].as_array().map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn id(task: &Value) -> &str {
    task["id"].as_str().expect("a text as id")
}

impl Paper {
    /// Copies the queue, its configuration and its scripts, with notes around the latter.
    fn copy(name: &'static str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("queues/papers");
        // As deep as in the repository: the roots of the projects are given as ../../target.
        let to = dir.path().join("queues/papers");
        fs::create_dir_all(&to).expect("a folder");
        for script in ["agent.sh", "verify.sh"] {
            fs::copy(from.join(script), to.join(format!("{script}.real"))).expect("copied");
            let word = script.trim_end_matches(".sh");
            fs::write(to.join(script), noted(script, word)).expect("written");
        }
        let file = format!("{name}.json");
        for kept in ["workloop.toml", &file] {
            fs::copy(from.join(kept), to.join(kept)).expect("copied");
        }
        let text = fs::read_to_string(to.join(&file)).expect("readable");
        let queue: Value = serde_json::from_str(&text).expect("JSON");
        let phases = queue["phases"].as_array().cloned().unwrap_or_default();
        let barriers = phases.iter().filter(|phase| phase["barrier"] == true);
        let barriers = barriers.map(|phase| phase["phase"].to_string()).collect();
        let phases = phases.iter().map(|phase| phase["phase"].to_string()).collect();
        // What is complete from the beginning never runs.
        let tasks = queue["tasks"].as_array().expect("tasks").iter();
        let tasks = tasks.filter(|task| task["status"] == "pending").cloned().collect();
        Self { dir, name, tasks, barriers, phases }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("queues/papers")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloop"));
        command
            .args(["run", &format!("{}.json", self.name)])
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("NO_COLOR", "1")
            .env("CI", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Runs it to its end by several loops; every one must leave with 0 or 7.
    fn run(&self) {
        let started: Vec<Child> =
            (0..LOOPS).map(|_| self.command().spawn().expect("started")).collect();
        let end = Instant::now() + DEADLINE;
        let mut codes = Vec::new();
        for mut child in started {
            let status = loop {
                match child.try_wait().expect("a child") {
                    Some(status) => break status.code(),
                    None if Instant::now() > end => {
                        drop(child.kill());
                        break None;
                    }
                    None => std::thread::park_timeout(Duration::from_millis(5)),
                }
            };
            codes.push(status);
        }
        let well = codes.iter().all(|code| matches!(code, Some(0 | 7)));
        assert!(well && codes.contains(&Some(0)), "{}: exit statuses {codes:?}", self.name);
    }

    fn log(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.dir.path().join("queues/log")).expect("a log");
        let line = |line: &str| line.split_once(' ').map(|(w, id)| (w.to_owned(), id.to_owned()));
        text.lines().filter_map(line).collect()
    }

    /// The span of each task, and what is wrong with the log as such.
    fn spans(&self) -> Spans {
        let mut spans = Spans::new();
        let log = self.log();
        for task in &self.tasks {
            let gate = task["type"] == "gate";
            let places = |word: &str| -> Vec<usize> {
                let of = log.iter().enumerate().filter(|(_, (w, at))| w == word && at == id(task));
                of.map(|(place, _)| place).collect()
            };
            let agents = (places("agent-start"), places("agent-end"));
            let verified = (places("verify-start"), places("verify-end"));
            let once = usize::from(!gate);
            assert_eq!(agents.0.len(), once, "{}: agents of {}", self.name, id(task));
            assert_eq!(agents.1.len(), once, "{}: agents of {}", self.name, id(task));
            assert_eq!(verified.0.len(), 1, "{}: verification of {}", self.name, id(task));
            assert_eq!(verified.1.len(), 1, "{}: verification of {}", self.name, id(task));
            let start = if gate { verified.0[0] } else { agents.0[0] };
            spans.insert(id(task).to_owned(), (start, verified.1[0]));
        }
        spans
    }

    /// Everything that the log must show.
    fn judge(&self) {
        let spans = self.spans();
        self.dependencies_come_first(&spans);
        self.files_are_one_task_at_a_time(&spans);
        self.barriers_hold(&spans);
        self.limits_hold(&spans);
        let text = fs::read_to_string(self.folder().join(format!("{}.json", self.name)));
        let queue: Value = serde_json::from_str(&text.expect("readable")).expect("JSON");
        let tasks = queue["tasks"].as_array().expect("tasks");
        assert!(tasks.iter().all(|task| task["status"] == "complete"), "{}: all done", self.name);
        assert_eq!(queue["summary"]["complete"], tasks.len(), "{}", self.name);
    }

    fn dependencies_come_first(&self, spans: &Spans) {
        for task in &self.tasks {
            for needed in texts(task, "dependencies") {
                let ended = spans.get(needed).map(|span| span.1);
                let before = ended < Some(spans[id(task)].0);
                assert!(before, "{}: {} began before {needed} had passed", self.name, id(task));
            }
        }
    }

    fn files_are_one_task_at_a_time(&self, spans: &Spans) {
        for (number, one) in self.tasks.iter().enumerate() {
            for other in &self.tasks[number + 1..] {
                let files = texts(one, "files");
                let shared = texts(other, "files").into_iter().find(|file| files.contains(file));
                let (a, b) = (spans[id(one)], spans[id(other)]);
                let met = a.0 < b.1 && b.0 < a.1;
                let both = shared.filter(|_| met);
                assert!(
                    both.is_none(),
                    "{}: {} and {} had {both:?}",
                    self.name,
                    id(one),
                    id(other)
                );
            }
        }
    }

    fn barriers_hold(&self, spans: &Spans) {
        let place = |task: &Value| {
            let phase = task["phase"].to_string();
            self.phases.iter().position(|known| *known == phase)
        };
        for (number, phase) in self.phases.iter().enumerate() {
            if !self.barriers.contains(phase) {
                continue;
            }
            let of = |task: &&Value, later: bool| {
                place(task).is_some_and(|at| if later { at > number } else { at <= number })
            };
            let ends = self.tasks.iter().filter(|task| of(task, false)).map(|t| spans[id(t)].1);
            let starts = self.tasks.iter().filter(|task| of(task, true)).map(|t| spans[id(t)].0);
            if let (Some(end), Some(start)) = (ends.max(), starts.min()) {
                assert!(end < start, "{}: something began before phase {phase} ended", self.name);
            }
        }
    }

    fn limits_hold(&self, spans: &Spans) {
        let config = fs::read_to_string(self.folder().join("workloop.toml")).expect("readable");
        let config: toml::Table = config.parse().expect("TOML");
        let agents = config["agents"].as_table().expect("agents");
        for (agent, section) in agents {
            let Some(most) = section.get("max_parallel").and_then(toml::Value::as_integer) else {
                continue;
            };
            let mine = self.tasks.iter().filter(|task| task["agent"] == agent.as_str());
            let mine: Vec<(usize, usize)> = mine.map(|task| spans[id(task)]).collect();
            for (start, _) in &mine {
                let at_once = mine.iter().filter(|other| other.0 <= *start && *start < other.1);
                assert!(at_once.count() as i64 <= most, "{}: agent {agent}", self.name);
            }
        }
    }

    /// How many tasks were under way at once, at most.
    fn most_at_once(&self) -> usize {
        let spans = self.spans();
        let at = |place: usize| spans.values().filter(|s| s.0 <= place && place < s.1).count();
        spans.values().map(|span| at(span.0)).max().unwrap_or(0)
    }
}

fn to_its_end(name: &'static str) -> Paper {
    let paper = Paper::copy(name);
    paper.run();
    paper.judge();
    assert!(paper.most_at_once() > 1, "{name}: the loops really worked at once");
    paper
}

#[test]
fn one_master() {
    let paper = to_its_end("000-one-master");
    let spans = paper.spans();
    assert!(
        spans["W0"].1 < spans.values().map(|span| span.0).filter(|s| *s > 0).min().unwrap_or(0)
    );
}

#[test]
fn typed_agents() {
    let paper = to_its_end("001-typed-agents");
    let gates = paper.tasks.iter().filter(|task| task["type"] == "gate").count();
    assert_eq!(gates, 4, "and none of them was an agent's");
}

#[test]
fn many_windows() {
    to_its_end("002-many-windows");
}

#[test]
fn one_feature() {
    let paper = to_its_end("003-one-feature");
    assert_eq!(paper.barriers.len(), 5);
}

#[test]
fn two_loops() {
    to_its_end("004-two-loops");
}

/// The judge must be able to say no.
#[test]
fn the_judge_sees_what_is_wrong() {
    let paper = Paper::copy("003-one-feature");
    let mut log = String::new();
    for task in &paper.tasks {
        let id = id(task);
        for word in ["agent-start", "agent-end", "verify-start", "verify-end"] {
            log.push_str(&format!("{word} {id}\n"));
        }
    }
    let path = paper.dir.path().join("queues/log");
    fs::write(&path, &log).expect("written");
    let spans = paper.spans();
    paper.dependencies_come_first(&spans);
    paper.barriers_hold(&spans);
    // The last task of the first phase and the first of the second change places.
    let swapped =
        log.replace(" 1.3\n", " X\n").replace(" 2.1\n", " 1.3\n").replace(" X\n", " 2.1\n");
    fs::write(&path, swapped).expect("written");
    let spans = paper.spans();
    let says_no =
        |check: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err();
    assert!(says_no(&|| paper.dependencies_come_first(&spans)));
    assert!(says_no(&|| paper.barriers_hold(&spans)));
}
