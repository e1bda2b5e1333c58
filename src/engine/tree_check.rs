//! Finished work that was set back with its queue: verified once more on the tree as it is, without
//! an agent. What passes is complete again, what fails is done again.
//!
//! As long as a task of a served queue waits for this, the loop claims nothing: what it would start
//! changes the tree that is to be judged, and may rest on work that is not there.

use super::finished::Finished;
use super::fixed::Fixed;
use super::job::{Job, Judge, Purpose, Ready};
use super::observer::Notice;
use super::run_loop::RunLoop;
use super::slots::Holder;
use super::tamper::Watch;
use crate::agent::{DEFAULT_GRACE, Environment, TaskVariables};
use crate::domain::{ClaimToken, Command, EventKind, Outcome, Status, StepKind, Verdict, WorkerId};
use crate::project::QueueSet;
use crate::store::attempts::{AttemptFolder, CHANGED_FILE, PROMPT_FILE, RESULT_FILE, TASK_FILE};
use crate::store::{Actor, Patience, Place, QueueStore, StoreError, TaskKey, place_of};
use crate::verify::VerifyStep;
use crate::views::mask::Mask;
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A verification of the tree, and the tasks about which it decides.
#[derive(Debug)]
pub(super) struct TreeCheck {
    queue: usize,
    ids: Vec<String>,
}

impl RunLoop<'_> {
    /// Begins the next verification of the tree, if tasks wait for one; `true` when something was
    /// begun or decided.
    ///
    /// # Errors
    /// [`StoreError`] when a decision cannot be written.
    pub(super) fn verify_set_back(&mut self) -> Result<bool, StoreError> {
        if self.running() > 0 || self.draining.is_some() || !self.paused.is_empty() {
            return Ok(false);
        }
        let Some((queue, ids, steps)) = self.next_group() else { return Ok(false) };
        if steps.is_empty() {
            self.redo(queue, &ids)?;
            return Ok(true);
        }
        let others_run = self.store.queues()[..self.dispatcher.set.served()].iter().any(|queue| {
            queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
        });
        let key = TaskKey::new(self.dispatcher.set.real(queue), TREE);
        let real = self.dispatcher.set.real(queue);
        if others_run || !self.dispatcher.keeper.take(real, &key, None)? {
            return Ok(false);
        }
        let Some(lock) = self.dispatcher.keeper.hand_over(&key) else { return Ok(false) };
        let worker = self.slots[0].worker.clone();
        let around =
            Around::of(&self.dispatcher.set, queue, &worker, &self.options.vars, &self.fixed);
        let job = around.job(&steps, &self.options.ids.hex32());
        let idle = self.slots[0].supervisor.take();
        self.slots[0].tree_check = Some(TreeCheck { queue, ids });
        let (id, title, attempt) = (&job.id, &job.title, 1);
        self.observer.notice(&Notice::Begins { slot: 0, id, title, attempt });
        self.slots[0].begin(0, job, Holder::Lock { lock, idle }, &self.around);
        Ok(true)
    }

    /// The first queue with undecided tasks, and those of its tasks that are verified alike.
    fn next_group(&self) -> Option<(usize, Vec<String>, Vec<VerifyStep>)> {
        let queues = self.store.queues();
        let set = &self.dispatcher.set;
        let steps = |place: &Place| {
            set.config.profiles_for(&queues[place.queue].tasks()[place.task]).unwrap_or_default()
        };
        let mut places: Vec<Place> = self.store.undecided().collect();
        places.sort_unstable();
        let first = *places.first()?;
        let alike = steps(&first);
        places.retain(|place| place.queue == first.queue && steps(place) == alike);
        let id = |place: &Place| queues[place.queue].tasks()[place.task].id.to_string();
        Some((first.queue, places.iter().map(id).collect(), alike))
    }

    /// Takes in what a verification of the tree came to.
    ///
    /// # Errors
    /// [`StoreError`] when the decision cannot be written.
    pub(super) fn tree_checked(&mut self, finished: &Finished) -> Result<(), StoreError> {
        let Some(TreeCheck { queue, ids }) = self.slots[0].tree_check.take() else { return Ok(()) };
        let (id, title, verdict) = (&finished.job.id, &finished.job.title, finished.report.verdict);
        let what = finished.report.reason.as_deref().unwrap_or("the tree passes");
        self.observer.notice(&Notice::Ends { slot: 0, id, title, attempt: 1, verdict, what });
        if let Outcome::FailedToStart { reason } = &finished.report.outcome {
            self.drain(super::ending::Reason::Environment(format!("verification: {reason}")));
        }
        match finished.report.verdict {
            Some(Verdict::Pass) => self.restore(queue, &ids),
            Some(Verdict::Fail | Verdict::Blocked) => self.redo(queue, &ids),
            Some(Verdict::Skipped) | None => Ok(()),
        }
    }

    fn restore(&mut self, queue: usize, ids: &[String]) -> Result<(), StoreError> {
        let state = |id: &String| Some((id.clone(), self.store.state_before(queue, id)?.clone()));
        let states: Vec<_> = ids.iter().filter_map(state).collect();
        let events = self.store.update(Patience::Unlimited, &mut |draft| {
            for (id, state) in &states {
                if let Some(task) = draft.queues()[queue].index_of(id) {
                    draft.restore(Place { queue, task }, state)?;
                }
            }
            Ok(())
        })?;
        for event in &events {
            self.observer.notice(&Notice::Event(event));
        }
        let text = format!(
            "set back with the queue: {}; the verification passes on the tree as it is, so they \
             are complete again",
            named(ids)
        );
        self.observer.notice(&Notice::Warning(&text));
        Ok(())
    }

    fn redo(&mut self, queue: usize, ids: &[String]) -> Result<(), StoreError> {
        let data = json!({"set_back": "work_missing"});
        let data = data.as_object().cloned().unwrap_or_default();
        let events = self.store.update(Patience::Unlimited, &mut |draft| {
            for id in ids {
                if let Some(task) = draft.queues()[queue].index_of(id) {
                    let place = Place { queue, task };
                    draft.record(place, EventKind::ExternalEdit, &Actor::Loop, data.clone());
                }
            }
            Ok(())
        })?;
        self.store.decide(queue, ids);
        for event in &events {
            self.observer.notice(&Notice::Event(event));
        }
        let text = format!(
            "set back with the queue: {}; their work is not in the tree, so they are done again",
            named(ids)
        );
        self.observer.notice(&Notice::Warning(&text));
        Ok(())
    }
}

/// The first few ids of a list.
pub(super) fn named(ids: &[String]) -> String {
    const MOST: usize = 8;
    let names = ids.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// Stands in place of a task id where there is none. No task has it: an id is not empty.
const TREE: &str = "";

/// What the steps of a tree check are made from.
struct Around<'a> {
    set: &'a QueueSet,
    queue: usize,
    key: TaskKey,
    folder: AttemptFolder,
    number: u32,
    worker: &'a WorkerId,
    vars: &'a [(OsString, OsString)],
    fixed: &'a Fixed,
}

impl<'a> Around<'a> {
    fn of(
        set: &'a QueueSet,
        queue: usize,
        worker: &'a WorkerId,
        vars: &'a [(OsString, OsString)],
        fixed: &'a Fixed,
    ) -> Self {
        let key = TaskKey::new(set.real(queue), TREE);
        let state = set.state(queue);
        let number = state.attempt_numbers(&key).last().copied().unwrap_or(0).saturating_add(1);
        let folder = AttemptFolder::new(&state, &key, number);
        Self { set, queue, key, folder, number, worker, vars, fixed }
    }

    /// A job that judges the tree with `steps`, whose claim tag ends with `random`.
    fn job(&self, steps: &[VerifyStep], random: &str) -> Job {
        let steps = steps.iter().map(|step| self.ready(step)).collect();
        Job {
            purpose: Purpose::TreeCheck,
            place: Place { queue: self.queue, task: 0 },
            id: "verification of the tree".to_owned(),
            title: "without an agent, because a queue was set back".to_owned(),
            token: ClaimToken { worker: self.worker.clone(), attempt: self.number },
            key: self.key.clone(),
            tag: self.key.tag(place_of(self.set.real(self.queue)), random),
            state: self.set.state(self.queue),
            git: None,
            queues: self.set.all_real().map(Path::to_owned).collect::<Vec<PathBuf>>().into(),
            task_json: "{}\n".to_owned(),
            prompt: Ok(String::new()),
            refusal: None,
            agent: None,
            judge: Judge::Steps(steps),
            watch: Watch::default(),
            mask: Mask::new(self.vars),
            named_files: Vec::new(),
            promise: None,
            folder: self.folder.clone(),
            root: self.set.root(self.queue).to_owned(),
        }
    }

    fn ready(&self, step: &VerifyStep) -> Ready {
        let mut argv = self.expand(&step.command);
        if let Some(program) = argv.first_mut() {
            *program = self.fixed.program(std::mem::take(program));
        }
        Ready {
            kind: StepKind::Verify,
            name: step.name.clone(),
            argv,
            configured: step.command.clone(),
            env: self.environment().into_iter().collect(),
            timeout: step.timeout,
            silence: None,
            grace: DEFAULT_GRACE,
        }
    }

    fn environment(&self) -> Environment {
        let mut environment = Environment::allowed(self.vars, &[self.set.config.pass.as_slice()]);
        let changed = self.folder.file(CHANGED_FILE);
        TaskVariables {
            task_id: TREE,
            queue: self.set.real(self.queue),
            project: None,
            attempt: 0,
            worker: self.worker.as_str(),
            task_file: &self.folder.file(TASK_FILE),
            prompt_file: &self.folder.file(PROMPT_FILE),
            result_file: &self.folder.file(RESULT_FILE),
            attempt_dir: self.folder.path(),
            root: self.set.root(self.queue),
            changed_files: Some(changed.as_path()),
        }
        .set_in(&mut environment);
        environment.set("WORKLOOP_TREE_CHECK", "1");
        if let Some(path) = self.fixed.path() {
            environment.set("PATH", path);
        }
        environment
    }

    /// There is no task, so what a step takes from one is empty.
    fn expand(&self, command: &Command) -> Vec<OsString> {
        let path = |name| Some(vec![self.folder.file(name).display().to_string()]);
        command.expand(&|name| match name {
            "id" | "title" | "project" => Some(vec![String::new()]),
            "file" | "files" | "tests" => Some(Vec::new()),
            "attempt" => Some(vec!["0".to_owned()]),
            "queue" => Some(vec![self.set.real(self.queue).display().to_string()]),
            "root" => Some(vec![self.set.root(self.queue).display().to_string()]),
            "task_file" => path(TASK_FILE),
            "prompt_file" => path(PROMPT_FILE),
            "result_file" => path(RESULT_FILE),
            "changed_files" => path(CHANGED_FILE),
            "attempt_dir" => Some(vec![self.folder.path().display().to_string()]),
            _ => None,
        })
    }
}
