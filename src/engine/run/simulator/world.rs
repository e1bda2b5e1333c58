//! A queue, its loops, and what happens to them.

use super::baton::{Harm, Looping, Told, harmed};
use super::chance::Chance;
use super::common::{Common, open};
use super::end::End;
use super::hands::{Attempt, Hands};
use super::machine::{Machine, Role};
use super::promises::Promises;
use super::target::Target;
use crate::engine::run::ending::Reason;
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::CountingIds;
use crate::store::Backups;
use crate::store::log::Span;
use crate::store::tests::places::Kind;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The configuration of the loops.
const CONFIG: &str = r#"
[agents.default]
run = "true"
[[verify]]
name = "test"
run = "true"
[limits]
attempts = 3
crashes = 100
untouched = false
"#;

/// The whole state of a simulation.
pub(super) struct World {
    pub(super) common: Common,
    pub(super) loops: Vec<Looping>,
    pub(super) most: usize,
    pub(super) promises: Promises,
    pub(super) target: Target,
    /// The texts of the queue that loops wrote.
    pub(super) earlier: Vec<Vec<u8>>,
    /// The text before it was made invalid.
    pub(super) whole: Option<Vec<u8>>,
    pub(super) trace: Vec<String>,
    /// Attempts whose end was sent to a loop that may not have written it.
    unwritten: Vec<(u32, String)>,
    /// Tasks whose work vanished with their state.
    pub(super) lost: HashSet<String>,
    /// The last text that something other than a loop wrote.
    edited: Option<Vec<u8>>,
    folder: tempfile::TempDir,
}

/// Creates a folder in memory instead of on disk, if the system supports that.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::Builder::new().prefix("workloop-sim-").tempdir_in(memory);
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

impl World {
    /// Creates a world with 3 to 12 tasks.
    pub(super) fn random(kind: Kind, chance: &mut Chance, faults: &[Fault]) -> Self {
        let most = 2 + chance.below(3);
        let mut world = Self::empty(kind, faults, most);
        world.fill(chance);
        world.target = Target::new(chance.once_in(2));
        world
    }

    /// Creates a world without tasks, with at most this many loops.
    pub(super) fn empty(kind: Kind, faults: &[Fault], most: usize) -> Self {
        let folder = scratch();
        let queue = folder.path().join("queues/q.json");
        let state = folder.path().join("state");
        for dir in [queue.parent().unwrap_or(&queue), &state] {
            fs::create_dir_all(dir).expect("a folder");
        }
        let find = |name: &str| (name == "XDG_STATE_HOME").then(|| OsStr::new(&state));
        let place = kind.at(queue.parent().unwrap_or(&queue), Backups::find(find).ok());
        let common = Common {
            queue,
            config: CONFIG.into(),
            machine: Machine::new(),
            hands: Arc::new(Hands::default()),
            ids: Arc::new(CountingIds::default()),
            faults: faults.to_vec(),
            place,
        };
        Self {
            common,
            loops: Vec::new(),
            most,
            promises: Promises::default(),
            target: Target::new(false),
            earlier: Vec::new(),
            whole: None,
            trace: Vec::new(),
            unwritten: Vec::new(),
            lost: HashSet::new(),
            edited: None,
            folder,
        }
    }

    /// Creates 3 to 12 tasks, some of which wait for earlier ones.
    fn fill(&mut self, chance: &mut Chance) {
        let mut tasks = Vec::new();
        for number in 0..3 + chance.below(10) {
            let id = format!("T{number}");
            let mut needs: Vec<String> = Vec::new();
            for _ in 0..chance.below(3) {
                let need = format!("T{}", chance.below(number));
                if number > 0 && !needs.contains(&need) {
                    needs.push(need);
                }
            }
            tasks.push((id, needs));
        }
        self.begin_with(&tasks);
    }

    /// Writes the queue with these tasks and what each depends on.
    pub(super) fn begin_with(&mut self, all: &[(String, Vec<String>)]) {
        let mut tasks = Vec::new();
        for (id, needs) in all {
            self.promises.knows(id, needs);
            tasks.push(json!({"id": id, "title": id, "status": "pending", "dependencies": needs}));
        }
        let text = serde_json::to_vec_pretty(&json!({"tasks": tasks})).expect("JSON");
        self.put(&text);
    }

    pub(super) fn say(&mut self, text: String) {
        self.trace.push(text);
    }

    /// Returns the queue as it is; `None` if it is not JSON.
    pub(super) fn queue(&self) -> Option<Value> {
        serde_json::from_slice(&self.text()).ok()
    }

    /// Replaces the text of the queue, as an editor does.
    pub(super) fn put(&mut self, text: &[u8]) {
        self.edited = Some(text.to_vec());
        self.common.place.write(&self.common.queue, text);
    }

    /// Returns the text of the queue.
    pub(super) fn text(&self) -> Vec<u8> {
        self.common.place.read(&self.common.queue)
    }

    pub(super) fn start_loop(&mut self, chance: &mut Chance) {
        self.enter_loop(1 + chance.below(2));
    }

    /// Starts a loop with this many slots for attempts.
    pub(super) fn enter_loop(&mut self, jobs: usize) {
        let pid = self.common.machine.start(Role::Loop, "", "");
        self.loops.push(Looping::start(&self.common, pid, jobs));
        self.say(format!("loop {pid} starts"));
    }

    /// Lets loop `at` make turns until it waits.
    pub(super) fn turn(&mut self, at: usize) -> Result<(), String> {
        let pid = self.loops[at].pid;
        let told = self.loops[at].go_on();
        let harmed = self.loops[at].is_harmed();
        let looked = self.look(pid, harmed);
        self.look_at_begun()?;
        looked?;
        match told {
            Told::Waits => self.say(format!("loop {pid} makes turns")),
            Told::Ended(ending) => {
                self.say(format!("loop {pid} ends: {:?}", ending.reason));
                self.gone(at);
                if ending.reason != Reason::Done {
                    return Err(format!("loop {pid} ended: {:?}", ending.reason));
                }
            }
            // The queue was invalid before its first turn.
            Told::Failed(why) if self.whole.is_some() => {
                self.say(format!("loop {pid} fails: {why}"));
                self.gone(at);
            }
            Told::Failed(why) if harmed && !self.loops[at].is_up => {
                self.say(format!("loop {pid} gives up: {why}"));
                self.died(at);
            }
            Told::Failed(why) => return Err(format!("loop {pid} failed: {why}")),
            Told::Crashed if harmed => {
                self.say(format!("loop {pid} is killed while it writes"));
                self.died(at);
            }
            Told::Crashed => return Err(format!("loop {pid} vanished")),
        }
        Ok(())
    }

    /// Checks what loop `pid` wrote.
    fn look(&mut self, pid: u32, harmed: bool) -> Result<(), String> {
        if self.whole.is_some() {
            return Ok(());
        }
        self.unwritten.retain(|(owner, _)| harmed || *owner != pid);
        let text = self.text();
        let queue = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        if self.edited.as_ref() == Some(&text) {
            // No loop has written since.
            return Ok(());
        }
        if self.earlier.last() != Some(&text) {
            self.earlier.push(text);
        }
        self.promises.written(&queue)
    }

    fn look_at_begun(&mut self) -> Result<(), String> {
        let hands = Arc::clone(&self.common.hands);
        for attempt in hands.all().iter_mut().filter(|attempt| !attempt.is_seen) {
            attempt.is_seen = true;
            if attempt.is_landing() {
                self.trace.push(format!("loop {} lands {}", attempt.owner, attempt.job.id));
                self.promises.begins_to_land(&attempt.job.id)?;
            }
            if attempt.is_attempt() {
                self.trace.push(format!("loop {} begins {}", attempt.owner, attempt.job.id));
                self.promises.begins(&attempt.job.id)?;
                self.lost.remove(&attempt.job.id);
            }
        }
        Ok(())
    }

    /// Removes loop `at` and its process.
    fn gone(&mut self, at: usize) {
        let pid = self.loops.remove(at).pid;
        self.common.machine.end(pid);
    }

    /// Kills loop `at` where it waits.
    pub(super) fn crash(&mut self, at: usize) {
        let pid = self.loops[at].pid;
        self.loops[at].crash();
        self.say(format!("loop {pid} is killed"));
        self.died(at);
    }

    /// Removes a loop that was killed, with everything that it did not hand over.
    fn died(&mut self, at: usize) {
        let pid = self.loops[at].pid;
        self.gone(at);
        let hands = Arc::clone(&self.common.hands);
        hands.all().retain(|attempt| attempt.owner != pid || attempt.processes.is_some());
        self.abandon_landings(pid);
        for attempt in hands.all().iter().filter(|attempt| attempt.owner == pid) {
            self.promises.excuses(&attempt.job.id);
        }
        for (_, id) in self.unwritten.extract_if(.., |(owner, _)| *owner == pid) {
            self.promises.excuses(&id);
        }
    }

    /// Ends the landings of a loop that was killed: the loop itself lands. Some of them moved the
    /// target before.
    fn abandon_landings(&mut self, pid: u32) {
        let hands = Arc::clone(&self.common.hands);
        let is_its = |attempt: &mut Attempt| attempt.owner == pid && attempt.is_landing();
        let landings: Vec<Attempt> = hands.all().extract_if(.., is_its).collect();
        for landing in landings {
            let id = landing.job.id.clone();
            // Which ones is as good as random, and the same in each run of a schedule.
            if !landing.is_void && self.trace.len().is_multiple_of(2) {
                self.promises.lands(&id);
                self.say(format!("{id} had landed"));
            }
            landing.end(End::Interrupted, &self.common.machine, &self.target);
        }
    }

    /// Returns whether the tree is being judged, or was judged without the result being written.
    pub(super) fn is_judged(&self) -> bool {
        let judged = self.common.hands.all().iter().any(|attempt| !attempt.is_of_task());
        judged || self.unwritten.iter().any(|(_, id)| !id.starts_with('T'))
    }

    /// Lets attempt `at` start its agent.
    pub(super) fn start(&mut self, at: usize) -> Result<(), String> {
        let hands = Arc::clone(&self.common.hands);
        let mut all = hands.all();
        let id = all[at].job.id.clone();
        if !all[at].start(&self.common.machine) {
            all.swap_remove(at).end(End::Interrupted, &self.common.machine, &self.target);
            self.say(format!("{id} does not start: its lock is gone"));
            return Ok(());
        }
        let (is_attempt, is_landing) = (all[at].is_attempt(), all[at].is_landing());
        drop(all);
        self.say(format!("{id} starts"));
        match (is_attempt, is_landing) {
            (true, _) => self.promises.starts(&id, &self.common.machine),
            (_, true) => Promises::works_alone(&id, &self.common.machine),
            (false, false) => Ok(()),
        }
    }

    /// Ends attempt `at`.
    pub(super) fn end(&mut self, at: usize, end: End) {
        let attempt = self.common.hands.all().swap_remove(at);
        let (id, owner) = (attempt.job.id.clone(), attempt.owner);
        let began = attempt.processes.is_some();
        let (is_attempt, is_void) = (attempt.is_attempt(), attempt.is_void);
        let (is_landing, is_of_task) = (attempt.is_landing(), attempt.is_of_task());
        let lives = self.loops.iter().any(|it| it.pid == owner);
        self.say(format!("{id} of loop {owner} ends: {end:?}"));
        if is_landing && !is_void && matches!(end, End::Passes | End::Moved) {
            self.promises.lands(&id);
        } else if is_landing && end == End::Fails && lives {
            let change = attempt.job.to_land.as_ref().map(|it| it.change.commit.clone());
            self.promises.goes_back(&id, change.unwrap_or_default());
        }
        attempt.end(end, &self.common.machine, &self.target);
        if is_attempt && is_void {
            self.promises.excuses(&id);
        } else if is_attempt && began {
            let is_landed_later = end == End::Passes && self.target.is_used();
            if !is_landed_later {
                self.promises.ends(&id, end);
            }
        }
        if end == End::Fails && !is_of_task {
            // Finished work that was set back is redone.
            self.promises.all_open();
        }
        if lives {
            self.unwritten.push((owner, id));
        } else if is_attempt {
            // No loop receives its result.
            self.promises.excuses(&id);
        }
    }

    /// Records that a person ended the claim of `id`.
    pub(super) fn ended(&mut self, id: &str) {
        let mut all = self.common.hands.all();
        all.iter_mut().filter(|it| it.job.id == id).for_each(|it| it.is_void = true);
    }

    /// Runs a verb as a person would, with `harm` injected; `None` if the verb was killed and it is
    /// unknown whether it took effect.
    pub(super) fn person(
        &mut self,
        harm: Option<(usize, Harm)>,
        verb: impl FnOnce(&mut crate::project::Project) -> Result<Vec<String>, String>,
    ) -> Option<Result<Vec<String>, String>> {
        fault::switch(&self.common.faults);
        let clock: Arc<dyn Clock> = Arc::<Machine>::clone(&self.common.machine);
        let done = harmed(harm, || {
            let opened = open(&self.common, &clock).map_err(|error| error.to_string());
            opened.and_then(|mut project| verb(&mut project))
        });
        fault::switch(&[]);
        done
    }

    /// Deletes the state folder.
    pub(super) fn forget_state(&mut self) {
        self.common.place.forget_beside(&self.common.queue);
        self.say(".workloop is deleted".to_owned());
    }

    /// Returns whether killed writers left nothing behind.
    pub(super) fn is_tidy(&self) -> Result<(), String> {
        let beside = fs::read_dir(self.folder.path().join("queues"));
        let mut names = beside.into_iter().flatten().flatten().map(|entry| entry.file_name());
        match names.find(|name| name.as_encoded_bytes().ends_with(b".tmp")) {
            Some(left) => Err(format!("{} is left", left.display())),
            None => Ok(()),
        }
    }

    /// Returns the lines of the journal.
    pub(super) fn journal(&self) -> Vec<String> {
        let lines = self.common.place.log(&self.common.queue).lines(Span::All);
        lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }
}
