//! A whole run, from its parts to its end: the real loop, dispatcher and store, over queues in
//! memory.

use super::super::attention::Attention;
use super::super::crew::Crew;
use super::super::drain::{Drain, Limits};
use super::super::ending::Ending;
use super::super::inbox::Inbox;
use super::super::options::{RunOptions, WhenEmpty};
use super::super::presence::Presence;
use super::super::reaper::Reaper;
use super::super::run_loop::RunLoop;
use super::super::slots::Slots;
use super::super::teller::Teller;
use super::super::thread::{Executor, Message, Surroundings, Threads};
use super::super::work::Work;
use super::ends::End;
use super::host::{Computer, Ticking};
use super::outside::{Act, Ears, Hands, Heard, Outside, Site};
use crate::claims::Keeper;
use crate::domain::{Allowance, Typed, WorkerId};
use crate::engine::attempt::{Fixed, KnownCommands};
use crate::engine::dispatch::Dispatcher;
use crate::platform::clock::Clock;
use crate::platform::ids::{CountingIds, Ids};
use crate::project::{Planner, Scope, ranking_rules};
use crate::store::StoreError;
use crate::store::tests::places::Kind;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// One agent and one step. What a test adds begins in `[limits]`.
pub(super) const CONFIG: &str = "[agents.default]\nrun = \"true\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n\
                      [limits]\n";
/// The trees that attempts start from are not judged.
const PLAIN: &str = "untouched = false\n";

/// What a run is started with.
pub(super) struct Chosen {
    pub(super) jobs: usize,
    pub(super) attempts: Option<u64>,
    pub(super) time: Option<(Duration, String)>,
    pub(super) allowance: Allowance,
    pub(super) when_empty: WhenEmpty,
    pub(super) waits_for_limits: bool,
    pub(super) terminal: bool,
    pub(super) scope: Scope,
    /// The process of the run.
    pid: u32,
    /// The other processes of the host that are alive.
    pub(super) alive: Vec<u32>,
    /// The environment of the run.
    pub(super) vars: Vec<(OsString, OsString)>,
}

/// A run that is about to begin.
pub(super) struct Play {
    pub(super) chosen: Chosen,
    pub(super) site: Rc<Site>,
    ends: HashMap<String, VecDeque<Option<End>>>,
    acts: VecDeque<Act>,
    link: (Sender<Message>, Receiver<Message>),
    /// The program of its supervisors, if attempts run under supervisors.
    exe: Option<PathBuf>,
}

/// Returns a task that is ready.
pub(super) fn task(id: &str) -> Value {
    json!({"id": id, "title": id, "status": "pending"})
}

/// Returns `task` with more keys.
pub(super) fn with(mut task: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    task.as_object_mut().unwrap().extend(more);
    task
}

impl Play {
    /// Creates a run over one queue that does not judge trees.
    pub(super) fn new(tasks: Value) -> Self {
        Self::with(PLAIN, tasks)
    }

    /// Creates a run with this configuration after `[limits]`.
    pub(super) fn with(more: &str, tasks: Value) -> Self {
        Self::of(&format!("{CONFIG}{more}"), tasks)
    }

    /// Creates a run with this configuration.
    pub(super) fn of(config: &str, tasks: Value) -> Self {
        Self::at(Kind::Memory, config, tasks)
    }

    /// Creates a run over files whose attempts run under supervisors with this program.
    pub(super) fn supervised(exe: &Path, config: &str, tasks: Value) -> Self {
        Self { exe: Some(exe.to_owned()), ..Self::at(Kind::Files, config, tasks) }
    }

    /// Creates a run in a git repository whose tasks have private trees. `more` begins in
    /// `[limits]`.
    pub(super) fn private(more: &str, tasks: Value) -> Self {
        let trees = crate::platform::quick_dir();
        let rules = format!("[workspaces]\ndir = \"{}\"\n", trees.path().display());
        let config = format!("{CONFIG}{more}[isolation]\nmode = \"private\"\n{rules}");
        let mut play = Self::of(&config, tasks);
        Rc::get_mut(&mut play.site).unwrap().trees = Some(trees);
        let path = std::env::var_os("PATH").unwrap();
        let null = ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into());
        play.chosen.vars.extend([("PATH".into(), path), null]);
        play.site.sh(
            "git init -q -b main .; printf '[user]\\nname = t\\nemail = t@example.org\\n' >>.git/config
             printf '.workloop\n' >.git/info/exclude; git commit -q --allow-empty -m one",
        );
        play
    }

    fn at(kind: Kind, config: &str, tasks: Value) -> Self {
        let dir = crate::platform::quick_dir();
        let place = kind.at(dir.path(), None);
        let (config, queues) = (config.to_owned(), RefCell::default());
        let (clock, heard, begun) = (Ticking::new(), Rc::default(), RefCell::default());
        let site = Rc::new(Site { config, queues, dir, place, clock, heard, begun, trees: None });
        Self::over(site, 7).queue("q.json", tasks)
    }

    /// Creates a further run over the queues that a run has left, as another process.
    pub(super) fn again(ran: &Ran) -> Self {
        ran.site.heard.borrow_mut().clear();
        ran.site.begun.borrow_mut().clear();
        Self::over(Rc::clone(&ran.site), 8)
    }

    fn over(site: Rc<Site>, pid: u32) -> Self {
        let chosen = Chosen {
            jobs: 1,
            attempts: None,
            time: None,
            allowance: Allowance::default(),
            when_empty: WhenEmpty::Exit,
            waits_for_limits: true,
            terminal: false,
            scope: Scope::default(),
            pid,
            alive: Vec::new(),
            vars: Vec::new(),
        };
        let (ends, acts, link, exe) = (HashMap::new(), VecDeque::new(), mpsc::channel(), None);
        Self { chosen, site, ends, acts, link, exe }
    }

    /// Adds a queue that is served.
    pub(super) fn queue(self, name: &'static str, tasks: Value) -> Self {
        self.site.write(name, &json!({"tasks": tasks}).to_string());
        self.site.queues.borrow_mut().push(name);
        self
    }

    /// Says how the next attempts at a task end; without more, they pass.
    pub(super) fn ends<const N: usize>(mut self, name: &str, ends: [End; N]) -> Self {
        self.ends.entry(name.to_owned()).or_default().extend(ends.into_iter().map(Some));
        self
    }

    /// Lets the next attempt at a task run until the script ends it.
    pub(super) fn stays(mut self, name: &str) -> Self {
        self.ends.entry(name.to_owned()).or_default().push_back(None);
        self
    }

    /// Adds a step to the script.
    pub(super) fn then(mut self, act: impl FnOnce(&Outside) + 'static) -> Self {
        self.acts.push_back(Box::new(act));
        self
    }

    /// Lets the run wait so many times.
    pub(super) fn waits(mut self, times: usize) -> Self {
        self.acts.extend((0..times).map(|_| Box::new(|_: &Outside| {}) as Act));
        self
    }

    /// Lets the run do its work, puts an earlier text of the queue back while nothing runs, and ends
    /// the run some seconds later.
    pub(super) fn then_set_back(self, text: Value) -> Ran {
        let back = move |at: &Outside| at.site.write("q.json", &text.to_string());
        let mut play = self.waits(3).then(back).waits(30).then(|at| at.signal(15));
        play.chosen.when_empty = WhenEmpty::Wait;
        play.go()
    }

    /// Returns what sends messages to the run.
    pub(super) fn outbox(&self) -> Sender<Message> {
        self.link.0.clone()
    }

    pub(super) fn options(&self, clock: &Arc<dyn Clock>, ids: &Arc<dyn Ids>) -> RunOptions {
        let chosen = &self.chosen;
        RunOptions {
            scope: chosen.scope.clone(),
            jobs: chosen.jobs,
            max_attempts: chosen.attempts,
            max_time: chosen.time.clone(),
            known: Arc::new(KnownCommands::default()),
            when_empty: chosen.when_empty,
            allowance: chosen.allowance,
            waits_for_limits: chosen.waits_for_limits,
            terminal: chosen.terminal,
            exe: self.exe.clone().unwrap_or_else(|| PathBuf::from("/nowhere")),
            vars: chosen.vars.clone(),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
        }
    }

    /// Runs it to its end.
    pub(super) fn go(self) -> Ran {
        let project = self.site.open();
        let clock: Arc<dyn Clock> = Arc::<Ticking>::clone(&self.site.clock);
        let ids: Arc<dyn Ids> = Arc::new(CountingIds::default());
        let options = self.options(&clock, &ids);
        let set = project.set();
        let fixed = Fixed::of_run(&set.config, &options.vars, &options.ids);
        let fixed = fixed.isolated(set, &options.vars).unwrap();
        let keeper = Keeper::new(
            Arc::clone(set.claims()),
            Computer::with(self.chosen.pid, &self.chosen.alive),
        );
        let pid = self.chosen.pid;
        let worker = |slot| WorkerId::new(&format!("h:{pid}:{slot:08x}"));
        let workers: Vec<WorkerId> = (0..=options.jobs).map(worker).collect();
        let presence = Presence::enter(set, options.jobs, "0000000f", pid).unwrap();
        let attention = Attention::start(set, || {});
        let failures = usize::try_from(set.config.limits.consecutive_failures.value).unwrap();
        let (attempts, time) = (options.max_attempts, options.max_time.clone());
        let drain = Drain::new(Limits { attempts, time, failures }, clock.monotonic());
        let planner = Planner::new(ranking_rules(set, project.queues()));
        let around = Arc::new(Surroundings {
            exe: options.exe.clone(),
            env: Vec::new(),
            clock: Arc::clone(&clock),
            known: Arc::clone(&options.known),
            outbox: self.outbox(),
        });
        let reaper = Reaper::start(self.outbox());
        let Self { site, ends, acts, link, exe, .. } = self;
        let (executor, inbox, outside): (Box<dyn Executor>, _, _) = if exe.is_some() {
            (Box::new(Threads(Arc::clone(&around))), Inbox::new(link.1, attention, None), None)
        } else {
            let outside = Outside::of(Rc::clone(&site), link, ends, acts);
            let ears = Inbox::new(Ears(Rc::clone(&outside)), attention, None);
            (Box::new(Hands(Rc::clone(&outside))), ears, Some(outside))
        };
        let mut heard = Heard(Rc::clone(&site.heard));
        let slots = Slots::new(&workers, around, executor, reaper);
        let crew = Crew::new(slots, drain, Teller::new(&mut heard, Typed::default()));
        let (tools, scope) = ((Arc::clone(&clock), ids), options.scope.clone());
        let dispatcher = Dispatcher::new(planner, keeper, workers, scope, tools);
        let work = Work::new(project, dispatcher, fixed, options);
        let ended = RunLoop::new(work, crew, inbox, presence).run();
        let left = outside.map_or(0, |outside| outside.acts.borrow().len());
        assert_eq!(left, 0, "it ended before its script: {ended:?}");
        Ran { ended, site }
    }
}

/// A run that ended.
pub(super) struct Ran {
    pub(super) ended: Result<Ending, StoreError>,
    pub(super) site: Rc<Site>,
}

impl Ran {
    pub(super) fn ending(&self) -> &Ending {
        self.ended.as_ref().unwrap()
    }

    /// Returns the exit status and the last line.
    pub(super) fn end(&self) -> (u8, String) {
        (self.ending().exit_status(), self.ending().sentence())
    }

    /// Returns everything that was reported.
    pub(super) fn heard(&self) -> Vec<String> {
        self.site.heard.borrow().clone()
    }

    /// Returns what was reported with this word, without the word.
    pub(super) fn said(&self, word: &str) -> Vec<String> {
        let heard = self.heard();
        let word = format!("{word}: ");
        heard.iter().filter_map(|text| text.strip_prefix(&word)).map(str::to_owned).collect()
    }

    /// Returns what was begun, and in which slots.
    pub(super) fn begun(&self) -> Vec<String> {
        self.site.begun.borrow().clone()
    }

    /// Returns a task of the first queue.
    pub(super) fn task(&self, id: &str) -> Value {
        self.site.task("q.json", id)
    }

    pub(super) fn status(&self, id: &str) -> String {
        self.task(id)["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the journal of the first queue: each event with its task.
    pub(super) fn journal(&self) -> Vec<String> {
        self.site.journal("q.json")
    }
}
