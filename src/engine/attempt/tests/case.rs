//! A project in a folder with one queue, whose attempts run under a scripted supervisor.

use super::super::{
    Finished, Fixed, Job, KnownCommands, Source, Stage, Steering, Untouched, With, run,
};
use crate::config::{self, SelectedQueue, Selection};
use crate::domain::{AttemptReport, StepReport, Typed, Verdict};
use crate::platform::clock::Clock;
use crate::platform::ids::{CountingIds, Ids};
use crate::platform::lock::FileLock;
use crate::platform::{quick_dir, test_shell};
use crate::project::{Among, Planner, Project};
use crate::store::tests::places::quietly;
use crate::store::{Place, TaskKey};
use crate::supervisor::scripted::{Answer, Script};
use crate::supervisor::{Launch, Supervisor};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An agent and a step, each of one word.
pub(crate) const CONFIG: &str = "[agents.default]\nrun = [\"agent\"]\n\
                                 [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";

/// A clock whose time of day does not change, and whose monotonic time also advances by leaps: no test
/// waits for a limit.
pub(crate) struct Leaping(AtomicU64);

impl Leaping {
    /// Lets an hour pass.
    pub(crate) fn leap(&self) {
        self.0.fetch_add(60 * 60, Ordering::SeqCst);
    }
}

impl Clock for Leaping {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    fn monotonic(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Returns a task that is claimed for its first attempt.
fn claimed(id: &str) -> Value {
    let tag = "ab".repeat(16);
    let claim = json!({"worker": "h:7:00000000", "attempt": 1, "since": "", "tag": tag});
    let title = id.to_lowercase();
    json!({"id": id, "title": title, "status": "in_progress", "attempts": 1, "claim": claim})
}

/// A project with the task `A`, which is claimed for its first attempt.
pub(crate) struct Case {
    dir: Arc<tempfile::TempDir>,
    /// The answers of its supervisors.
    pub(crate) script: Arc<Script>,
    config: String,
    /// The queue as JSON.
    pub(crate) queue: Value,
    /// The environment of the loop.
    pub(crate) vars: Vec<(OsString, OsString)>,
    /// What the run knows about commands; shared by its attempts.
    pub(crate) known: KnownCommands,
    /// Set when nothing more may begin.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// The clock of its attempts.
    pub(crate) clock: Arc<Leaping>,
    /// The pauses that its attempts acknowledged.
    pub(crate) still: Arc<Mutex<Vec<u64>>>,
    /// The id of the task whose attempts run.
    pub(crate) id: &'static str,
    /// Changes what an attempt runs with, before it runs.
    change: Box<dyn Fn(&mut Job)>,
}

impl Case {
    /// Creates a project with [`CONFIG`], without git.
    pub(crate) fn new() -> Self {
        Self::of(CONFIG)
    }

    /// Creates a project with [`CONFIG`] and `more`.
    pub(crate) fn more(more: &str) -> Self {
        Self::of(&format!("{CONFIG}{more}"))
    }

    /// Creates a project with this configuration.
    pub(crate) fn of(config: &str) -> Self {
        let dir = quick_dir();
        fs::create_dir_all(dir.path().join("top/project")).unwrap();
        let task = claimed("A");
        Self {
            dir: Arc::new(dir),
            script: Script::new(),
            config: config.to_owned(),
            queue: json!({"tasks": [task]}),
            vars: Vec::new(),
            known: KnownCommands::default(),
            cancelled: Arc::default(),
            clock: Arc::new(Leaping(AtomicU64::new(0))),
            still: Arc::default(),
            id: "A",
            change: Box::new(|_| {}),
        }
    }

    /// Creates a git repository of its files, with the real git. Attempts see what changed.
    pub(crate) fn git(self) -> Self {
        self.git_at(".")
    }

    /// Creates it in the folder `top`, relative to the project root.
    fn git_at(mut self, top: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap();
        let null = ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into());
        let home = ("HOME".into(), self.dir.path().join("home").into());
        self.vars.extend([("PATH".into(), path), home, null]);
        self.sh(&format!(
            "cd {top} && git init -q -b main . && printf '.workloop\\n' >.git/info/exclude
             git add -A && git -c maintenance.auto=false commit -q --allow-empty -m one"
        ));
        self
    }

    /// Creates a git repository whose top is the folder above the project root, and in which each
    /// attempt has private trees.
    pub(crate) fn private_below(self) -> Self {
        self.with_trees().git_at("..")
    }

    /// Creates a git repository in which each attempt has private trees.
    pub(crate) fn private(self) -> Self {
        self.with_trees().git()
    }

    fn with_trees(mut self) -> Self {
        let trees = self.dir.path().join("trees").display().to_string();
        let rules = format!("[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"{trees}\"\n");
        self.config.push_str(&rules);
        self
    }

    /// Adds lines to the configuration. After [`Self::private`] they are in `[workspaces]`.
    pub(crate) fn also(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self
    }

    /// Adds the task `id`, whose attempts run from now on; so do those of a task that is there.
    pub(crate) fn other(&mut self, id: &'static str) {
        let tasks = self.queue["tasks"].as_array_mut().unwrap();
        if tasks.iter().all(|task| task["id"] != id) {
            tasks.push(claimed(id));
        }
        self.id = id;
    }

    /// Adds keys to the task `A`, or replaces them.
    pub(crate) fn task(mut self, keys: Value) -> Self {
        let Value::Object(keys) = keys else { panic!("{keys} is no object") };
        self.queue["tasks"][0].as_object_mut().unwrap().extend(keys);
        self
    }

    /// Adds an answer to commands with `word`: see [`Script`].
    pub(crate) fn on(self, word: &str, answer: Answer) -> Self {
        self.script.on(word, answer);
        self
    }

    /// Adds a variable to the environment of the loop.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Makes the next attempt the one with this number.
    pub(crate) fn attempt(&mut self, number: u32) {
        let task = &mut self.queue["tasks"][0];
        (task["attempts"], task["claim"]["attempt"]) = (json!(number), json!(number));
    }

    /// Changes each job before it runs.
    pub(crate) fn job(mut self, change: impl Fn(&mut Job) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    /// The project root.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("top/project")
    }

    /// Writes a file below the project root.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.put(path, text);
        self
    }

    /// Writes a file below the project root.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Returns the text of a file below the project root.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Runs a shell script in the project root and returns what it printed.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> String {
        test_shell::sh(&self.root(), script, &[])
    }

    /// Runs the attempt for which its task is claimed.
    pub(crate) fn run(&self) -> Ran {
        self.run_with(run)
    }

    /// Runs it with another entry of the engine: a landing.
    pub(crate) fn run_with(
        &self,
        run: fn(Job, With<'_>, &mut dyn FnMut(Stage)) -> Finished,
    ) -> Ran {
        let mut stages = Vec::new();
        let finished = self.under(|job, with| run(job, with, &mut |stage| stages.push(stage)));
        Ran { finished, stages, _dir: Arc::clone(&self.dir) }
    }

    /// Does something with the job of its task under a supervisor that has the claim.
    pub(crate) fn under<T>(&self, act: impl FnOnce(Job, With<'_>) -> T) -> T {
        let job = self.prepared();
        // A process that another test starts at this moment may still hold the lock of an earlier run.
        let claim = tempfile::tempdir_in(self.dir.path()).unwrap();
        let lock = FileLock::try_acquire(&claim.path().join("lock")).unwrap().unwrap();
        let (exe, env) = (self.script.exe(), Vec::new());
        let mut supervisor =
            Supervisor::start(&Launch { exe, tag: &job.tag, env: &env }, &lock).unwrap();
        let still = Arc::clone(&self.still);
        let on_still = Box::new(move |number| still.lock().unwrap().push(number));
        let steering = Steering { cancelled: Arc::clone(&self.cancelled), on_still };
        let with = With {
            supervisor: &mut supervisor,
            steering: &steering,
            known: &self.known,
            exe,
            env: &env,
            clock: &*self.clock,
        };
        let done = act(job, with);
        drop(supervisor.finish());
        done
    }

    /// Returns the key of the task `id`.
    pub(crate) fn claimed_key(&self, id: &str) -> TaskKey {
        TaskKey::new(&self.root().join("q.json"), id)
    }

    /// Returns the job of the attempt for which its task is claimed.
    pub(crate) fn prepared(&self) -> Job {
        let mut job = self.source(self.id, |source, place, fixed| {
            let token = source.queues[place.queue].tasks()[place.task].claim().unwrap().token();
            source.job(place, token, fixed).unwrap()
        });
        (self.change)(&mut job);
        job
    }

    /// Calls `work` with what jobs are made from, and with the place of the task `id`.
    pub(crate) fn source<T>(
        &self,
        id: &str,
        work: impl FnOnce(Source<'_>, Place, &Fixed) -> T,
    ) -> T {
        let (project, ids) = (self.project(), Arc::new(CountingIds::default()));
        let (set, queues) = (project.set(), project.queues());
        let fixed = Fixed::of_run(&set.config, &self.vars, &(ids as Arc<dyn Ids>));
        let fixed = fixed.isolated(set, &self.vars).unwrap();
        let structure = Planner::default().structure(set, queues);
        let source = Source {
            set,
            queues,
            graph: &structure.graph,
            vars: &self.vars,
            untouched: &Untouched::default(),
            pauses: &[],
        };
        work(source, project.resolve(id, Among::Served).unwrap(), &fixed)
    }

    /// Opens the project.
    pub(crate) fn project(&self) -> Project {
        let root = self.root();
        let (file, queue) = (root.join("workloop.toml"), root.join("q.json"));
        fs::write(&file, &self.config).unwrap();
        fs::write(&queue, self.queue.to_string()).unwrap();
        let config = config::parse(&file, &self.config).unwrap();
        let queues = vec![SelectedQueue::at(queue, &config).unwrap()];
        let selection = Selection { config, queues, typed: Typed::default() };
        let ids: Arc<dyn Ids> = Arc::new(CountingIds::default());
        let files = quietly(Arc::<Leaping>::clone(&self.clock), ids);
        Project::open(selection, Box::new(files)).unwrap()
    }
}

/// An attempt that ran.
pub(crate) struct Ran {
    /// Its end.
    pub(crate) finished: Finished,
    /// What it told the loop meanwhile.
    pub(crate) stages: Vec<Stage>,
    /// Its files exist as long as it does.
    _dir: Arc<tempfile::TempDir>,
}

impl Ran {
    /// Its report.
    pub(crate) fn report(&self) -> &AttemptReport {
        &self.finished.report
    }

    /// Returns its verdict, its reason code as a word, and its reason.
    pub(crate) fn end(&self) -> (Option<Verdict>, &str, &str) {
        let AttemptReport { verdict, reason, reason_code, .. } = self.report();
        let code = reason_code.map_or("", |code| code.word());
        (*verdict, code, reason.as_deref().unwrap_or_default())
    }

    /// Returns the report of a step.
    #[track_caller]
    pub(crate) fn step(&self, name: &str) -> &StepReport {
        let steps = &self.report().steps;
        let found = steps.iter().find(|step| step.name == name);
        found.unwrap_or_else(|| panic!("no step {name} among {steps:?}"))
    }

    /// Returns the names of its steps with how each ended.
    pub(crate) fn steps(&self) -> Vec<String> {
        let steps = self.report().steps.iter();
        steps.map(|step| format!("{}: {}", step.name, step.ended())).collect()
    }

    /// Returns the text of a file in the attempt's folder; an empty one if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.finished.job.folder.file(name)).unwrap_or_default()
    }
}
