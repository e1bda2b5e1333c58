//! Torture with a judge outside the program: loops, supervisors and agents are killed and stopped
//! all the time, a person edits the file, agents delete the folder, and a reader watches.
//!
//! The agents' own log, stored where no loop knows, shows what ran. The reader adds to the same log
//! when it sees a task complete. A start after that line is lost work.

mod field;

use crate::chance::{Chance, counted, is_long, lasts, say};
use crate::processes::{self, lacks};
use crate::sandbox::{Running, Sandbox, flat_queue, holds_within};
use crate::twin::{broken, twin};
use field::{Field, lines};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const AGENT: &str = include_str!("agent.sh");
const CONFIG: &str = r#"
[agents.default]
run = ["sh", "agent.sh"]
timeout = "30s"
grace = "1s"

[limits]
attempts = 100000
crashes = 100000
consecutive_failures = 100000

[[verify]]
name = "made"
# A verification of the tree is about no task; nothing of the work is in the tree.
run = 'test -n "$WORKLOOP_TREE_CHECK" || test -e "$(cat oracle-is-in)/$WORKLOOP_TASK_ID.made"'
timeout = "20s"
"#;

/// This many rounds are always enough, on any machine.
const MOST_ROUNDS: usize = 40;

/// A twin that is not caught in this many rounds is not caught by the short run either, which takes
/// one or two on each of many days.
const MOST_CAUGHT: usize = 8;

/// The short version has this part of the kills, and of the tasks and the time of a round. What no
/// process has to die for, the simulator of the library shows a hundred times as often.
const SHORTER: u32 = 8;

/// What the agents do to the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hostile {
    /// Nothing.
    No,
    /// They delete the state folder, or all untracked files.
    Deletes,
    /// They set the queue back to the committed version, and commit.
    Checkout,
}

/// The parameters of one round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) loops: usize,
    pub(crate) tasks: usize,
    pub(crate) hostile: Hostile,
    /// Whether a person also edits without the lock.
    pub(crate) careless: bool,
    pub(crate) most: Duration,
    /// The maximum number of milliseconds between two disturbances.
    pub(crate) pause: usize,
    /// The fault of the twin that runs instead of the program, if it is to be caught.
    pub(crate) fault: Option<&'static str>,
}

/// What was done and what it broke.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) kills: [usize; 3],
    pub(crate) stops: usize,
    pub(crate) harm: usize,
    pub(crate) edits: usize,
    pub(crate) reads: usize,
    pub(crate) at_once: usize,
    pub(crate) starts: usize,
    pub(crate) broken: Vec<String>,
}

impl Outcome {
    fn add(&mut self, played: &Self) {
        for (total, kills) in self.kills.iter_mut().zip(played.kills) {
            *total += kills;
        }
        self.stops += played.stops;
        self.harm += played.harm;
        self.edits += played.edits;
        self.reads += played.reads;
        self.starts += played.starts;
        self.at_once = self.at_once.max(played.at_once);
    }
}

/// Runs one round and returns its outcome.
pub(crate) fn play(round: &Round, seed: u64) -> Outcome {
    let (list, ids) = flat_queue(round.tasks);
    let sandbox = Sandbox::on_disk().config(CONFIG).file("agent.sh", AGENT).queue("q.json", &list);
    let oracle = sandbox.path("../oracle");
    fs::create_dir_all(&oracle).expect("a folder");
    let oracle = oracle.canonicalize().expect("a real path");
    let hostile = format!("{:?}", round.hostile).to_lowercase();
    fs::write(oracle.join("hostile"), hostile).expect("written");
    let sandbox_file = sandbox.path("oracle-is-in");
    fs::write(sandbox_file, oracle.as_os_str().as_encoded_bytes()).expect("written");
    let mut sandbox = match round.fault {
        Some(fault) => broken(sandbox, fault).expect("there is a twin"),
        None => sandbox,
    };
    if round.hostile != Hostile::No {
        let init = "git init -q . && git config user.email a@b.c && git config user.name a && \
                    echo .workloop >.gitignore && git add -A && git commit -qm start";
        assert!(sandbox.shell(init), "git works here");
    }
    let field = Field {
        sandbox: &sandbox,
        oracle: oracle.clone(),
        round,
        over: AtomicBool::new(false),
        done: AtomicBool::new(false),
        reads: AtomicUsize::new(0),
        at_once: AtomicUsize::new(0),
        broken: Mutex::default(),
        edits: Mutex::default(),
    };
    let mut outcome = Outcome::default();
    let mut chance = Chance::from(seed);
    std::thread::scope(|scope| {
        let edits = Chance::from(chance.next());
        scope.spawn(|| field.watch());
        scope.spawn(|| field.edit(edits));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            strike(&field, &mut chance, &mut outcome);
            finish(&field, &ids);
        }));
        field.over.store(true, Ordering::Relaxed);
        if ended.is_err() {
            field.breaks("the round did not end well; what was said is above".to_owned());
        }
    });
    judge(&field, &mut outcome);
    outcome.edits = field.edits.lock().expect("nobody holds it").len();
    outcome.reads = field.reads.load(Ordering::Relaxed);
    outcome.at_once = field.at_once.load(Ordering::Relaxed);
    outcome.harm = lines(&oracle.join("harm")).len();
    outcome.broken = field.broken.into_inner().expect("nobody holds it");
    if !outcome.broken.is_empty() && round.fault.is_none() {
        sandbox.keep();
    }
    outcome
}

/// One loop's clock is an hour ahead, if the twin can be built: all guarantees still apply.
fn loops(sandbox: &Sandbox, number: usize) -> Running {
    let arguments = ["run", "q.json", "--when-empty", "wait"];
    if number == 0
        && sandbox.variables.is_empty()
        && let Some(twin) = twin()
    {
        return sandbox.spawn_as(twin, &[("WORKLOOP_FAULT", "clock-ahead")], &arguments);
    }
    sandbox.spawn(arguments)
}

fn strike(field: &Field<'_>, chance: &mut Chance, outcome: &mut Outcome) {
    let Field { sandbox, round, .. } = field;
    let mut running: Vec<Running> = (0..round.loops).map(|n| loops(sandbox, n)).collect();
    let end = Instant::now() + round.most;
    let mut stopped: Vec<u32> = Vec::new();
    while Instant::now() < end && !field.done.load(Ordering::Relaxed) {
        field.repair();
        let pause = Duration::from_millis((round.pause / 3 + chance.below(round.pause)) as u64);
        holds_within(pause, || false);
        let blow = chance.below(10);
        let others = || {
            let all = sandbox.strays();
            let is_loop = |pid: &u32| running.iter().any(|one| one.pid() == *pid);
            let others: Vec<u32> = all.into_iter().filter(|pid| !is_loop(pid)).collect();
            others.into_iter().partition::<Vec<u32>, _>(|pid| {
                processes::command_line(*pid).contains("workloop supervise")
            })
        };
        match blow {
            0..4 => {
                let victim = chance.below(running.len());
                if !running[victim].has_ended() {
                    let which = if chance.below(5) == 0 { Signal::TERM } else { Signal::KILL };
                    running[victim].signal(which);
                    outcome.kills[0] += 1;
                }
                let new = loops(sandbox, victim);
                drop(std::mem::replace(&mut running[victim], new));
            }
            4..6 => {
                if let Some(pid) = chance.pick(&others().0) {
                    processes::signal(*pid, Signal::KILL);
                    outcome.kills[1] += 1;
                }
            }
            6..8 => {
                if let Some(pid) = chance.pick(&others().1) {
                    processes::signal(*pid, Signal::KILL);
                    outcome.kills[2] += 1;
                }
            }
            _ => {
                let (supervisors, agents) = others();
                let loops = running.iter().map(Running::pid);
                let all: Vec<u32> = loops.chain(supervisors).chain(agents).collect();
                if let Some(pid) = chance.pick(&all) {
                    processes::signal(*pid, Signal::STOP);
                    stopped.push(*pid);
                    outcome.stops += 1;
                }
            }
        }
        if stopped.len() > 2 {
            processes::signal(stopped.remove(0), Signal::CONT);
        }
    }
    for pid in stopped {
        processes::signal(pid, Signal::CONT);
    }
}

/// After everything was killed, one more run completes all tasks and leaves nothing.
fn finish(field: &Field<'_>, ids: &[String]) {
    let sandbox = field.sandbox;
    // A git that still runs when all loops are dead may remove the file after our check.
    holds_within(Duration::from_secs(20), || sandbox.strays().is_empty());
    field.repair();
    let ran = sandbox.run(["run", "q.json", "--jobs", "4"]);
    if ran.status != 0 {
        field.breaks(format!("the last run failed: {ran}"));
    }
    field.over.store(true, Ordering::Relaxed);
    // Listed before the file is read: an edit made in between is not in what was read.
    let edits = field.edits.lock().expect("no panic while it is held").clone();
    let queue = sandbox.read("q.json");
    let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
    for id in ids {
        let task = tasks.iter().find(|task| task["id"] == id.as_str());
        let fine = task.is_some_and(|task| {
            task["status"] == "complete" && task["passes"] == true && task["claim"].is_null()
        });
        if !fine || !field.oracle.join(format!("{id}.made")).exists() {
            field.breaks(format!("{id} is not complete after the last run: {task:?}"));
        }
    }
    for key in &edits {
        if queue.get(key).is_none() {
            field.breaks(format!("a person's edit under the lock is lost: {key}"));
        }
    }
    // An agent that commits everything may have committed a temp file, and one that checks out may
    // bring it back after the sweep: the next run removes it.
    if sandbox.shell("git ls-files '.q.json.*.tmp' 2>/dev/null | grep -q .") {
        sandbox.run(["run", "q.json"]).exits(0);
    }
    sandbox.nothing_left();
}

fn judge(field: &Field<'_>, outcome: &mut Outcome) {
    let mut complete = BTreeSet::new();
    for line in lines(&field.oracle.join("log")) {
        match line.split_once(' ') {
            Some(("overlap", id)) => field.breaks(format!("two agents ran for {id} at once")),
            Some(("complete", id)) => drop(complete.insert(id.to_owned())),
            Some(("start", id)) => {
                outcome.starts += 1;
                if complete.contains(id) {
                    field.breaks(format!("{id} was started again after it was complete"));
                }
            }
            _ => {}
        }
    }
}

/// Returns whether the rounds so far tried what they must try. How much a round achieves depends on
/// the machine, so this decides when to stop instead of being asserted afterwards.
fn tried(total: &Outcome, kills: usize, enough: impl Fn(&Outcome) -> bool) -> bool {
    let [loops, supervisors, agents] = total.kills;
    let each_kind = loops > 10 && supervisors > 2 && agents > 2;
    let at_once = total.at_once > 1 && total.reads > 30;
    loops + supervisors + agents >= kills && each_kind && at_once && enough(total)
}

/// Runs rounds until enough was tried and the time has passed, and checks the result of each.
fn rounds(name: &str, kills: usize, round: &Round, enough: impl Fn(&Outcome) -> bool) {
    let mut chance = Chance::of(name);
    let whole = kills;
    let kills = shortened(whole);
    counted(&format!("kills of the torture \"{name}\""), kills, whole);
    let round = &round.shortened();
    let end = Instant::now() + lasts(0);
    let mut total = Outcome::default();
    for number in 1.. {
        let seed = chance.next() | 1;
        let played = play(round, seed);
        assert_eq!(played.broken, Vec::<String>::new(), "{name}, round with seed {seed}");
        total.add(&played);
        let tried = tried(&total, kills, &enough);
        if tried && Instant::now() > end {
            break;
        }
        // Rounds that try almost nothing would otherwise continue forever.
        assert!(tried || number < MOST_ROUNDS, "{number} rounds were too few: {total:?}");
    }
    say(&format!("{name}: {total:?}"));
}

fn shortened(whole: usize) -> usize {
    if is_long() { whole } else { whole / SHORTER as usize }
}

impl Round {
    /// Returns what the round is in this run.
    fn shortened(&self) -> Self {
        let most = if is_long() { self.most } else { self.most / SHORTER };
        Self { tasks: shortened(self.tasks), most, ..self.clone() }
    }
}

fn calm() -> Round {
    Round {
        loops: 8,
        tasks: 200,
        hostile: Hostile::No,
        careless: false,
        most: Duration::from_secs(30),
        pause: 20,
        fault: None,
    }
}

#[test]
fn kills_lose_nothing_and_run_nothing_twice() {
    if lacks("flock") {
        return;
    }
    rounds("kills", 500, &calm(), |total| total.edits > 10);
}

/// Nothing keeps loops that are killed and stopped from writing at the same time as others.
#[test]
fn a_twin_without_a_lock_is_caught() {
    if lacks("flock") || twin().is_none() {
        return;
    }
    let round = &Round { fault: Some("no-lock"), ..calm().shortened() };
    let mut chance = Chance::of("kills");
    let caught = (1..=MOST_CAUGHT).find_map(|number| {
        let broken = play(round, chance.next() | 1).broken;
        Some(format!("{} (round {number})", broken.first()?))
    });
    say(&format!("no-lock: {}", caught.as_deref().unwrap_or("NOT NOTICED")));
    assert!(caught.is_some(), "the fault no-lock was not noticed");
}

/// 32 loops on 300 tasks, which keep two cores busy.
#[test]
fn many_loops() {
    if lacks("flock") {
        return;
    }
    let round = Round { loops: 32, tasks: 300, ..calm() };
    rounds("many loops", 250, &round, |_| true);
}

#[test]
fn agents_that_delete_the_state_folder_lose_nothing() {
    if lacks("flock") || lacks("git") {
        return;
    }
    let round = Round { hostile: Hostile::Deletes, tasks: 100, ..calm() };
    rounds("deletes", 120, &round, |total| total.harm > 5);
}

#[test]
fn agents_that_set_the_queue_back_undo_nothing() {
    if lacks("flock") || lacks("git") {
        return;
    }
    let round = Round { hostile: Hostile::Checkout, tasks: 60, loops: 4, pause: 60, ..calm() };
    rounds("checkout", 100, &round, |total| total.harm > 3);
}

#[test]
fn careless_edits_undo_no_finished_work() {
    if lacks("flock") {
        return;
    }
    let round = Round { careless: true, tasks: 100, ..calm() };
    rounds("careless", 120, &round, |_| true);
}
