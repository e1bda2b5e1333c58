//! Items of the tree that a task began with: they are found before its change is judged, and
//! compared with those after it.

use super::super::begun::Begun;
use super::super::end::{End, environment};
use super::super::job::{Judge, Ready};
use super::super::queue_files::QueueFiles;
use super::super::tamper::owns;
use super::super::with::{OnStage, Stage};
use super::Progress;
use crate::domain::{ItemId, ItemMap, ItemState, Items, Outcome, StepItems};
use crate::platform::ids::RandomIds;
use crate::store::attempts::{AttemptFolder, BASE_FILE};
use crate::store::{Bases, StateDir, TaskKey};
use crate::verify::{self, Against, Kind};
use crate::workspace::{Oid, Wanted, tree_name};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::mem;
use std::path::Path;
use std::sync::Arc;

impl Progress<'_> {
    /// Finds the items of the project as it is, before an agent works in it.
    pub(super) fn base_in_root(&mut self, on_stage: OnStage<'_>) -> Result<(), End> {
        let job = self.job;
        let (Some(steps), None, Some(_)) = (&job.items, &job.apart, &job.agent) else {
            return Ok(());
        };
        if let Some(base) = self.begun_with(steps) {
            self.items.base = Some(base);
            return Ok(());
        }
        let name = self.root_name()?;
        let known = name.as_deref().and_then(|name| self.known_items(steps, name));
        let base = match known {
            Some(known) => known,
            None => {
                let found = Arc::new(self.run_on_base(on_stage)?);
                self.remember(steps, name.as_deref(), &found);
                found
            }
        };
        if let Some(name) = &name
            && let Err(error) = job.folder.put(BASE_FILE, name.as_bytes())
        {
            self.commands.warn(format!("failed to record what the task began with: {error}"));
        }
        self.commands.known_items().note_task(&job.key, steps, Some(&base));
        self.items.base = Some(base);
        Ok(())
    }

    /// Finds the items of the base of a change in a private tree.
    pub(super) fn base_of_change(&mut self, on_stage: OnStage<'_>) -> Result<(), End> {
        let captured = self.trees.as_ref().and_then(|trees| trees.captured.as_ref());
        let Some(base) = captured.map(|captured| captured.base.clone()) else { return Ok(()) };
        self.base_at(&base, on_stage)
    }

    /// Finds the items of a commit, in the judge tree.
    pub(super) fn base_at(&mut self, commit: &Oid, on_stage: OnStage<'_>) -> Result<(), End> {
        let job = self.job;
        let (Some(steps), Some(apart)) = (&job.items, &job.apart) else { return Ok(()) };
        let tree =
            apart.repository.tree_of(commit).map_err(|error| environment(error.to_string()))?;
        let name = format!("git tree {tree}");
        let base = match self.known_items(steps, &name) {
            Some(known) => known,
            None => {
                self.judge_at(&Wanted::commit(commit.clone()))?;
                let found = Arc::new(self.run_on_base(on_stage)?);
                self.remember(steps, Some(&name), &found);
                found
            }
        };
        self.items.base = Some(base);
        Ok(())
    }

    /// Remembers the items that were found on the present tree, because later work begins with it.
    pub(super) fn keep_items(&mut self) {
        let job = self.job;
        let Some(steps) = job.items.as_ref().filter(|_| !self.items.seen.is_empty()) else {
            return;
        };
        let name = match (&job.apart, &self.tree.name) {
            (_, Some(name)) => Some(name.clone()),
            (Some(_), None) => {
                let captured = self.trees.as_ref().and_then(|trees| trees.captured.as_ref());
                captured.map(|captured| format!("git tree {}", captured.tree))
            }
            (None, None) => self.root_name().unwrap_or_default(),
        };
        let found = Arc::new(mem::take(&mut self.items.seen));
        self.remember(steps, name.as_deref(), &found);
        self.commands.known_items().note_task(&job.key, steps, None);
    }

    /// Returns the name of the project's present tree.
    fn root_name(&mut self) -> Result<Option<String>, End> {
        let job = self.job;
        let queues = QueueFiles::of(job)?;
        let ours = |path: &Path| queues.have(path);
        let git = job.git.as_ref();
        self.commands.ask_git(|run| tree_name(&job.root, &ours, git, run))
    }

    /// Returns the items that an earlier attempt at the task began with: changes by that attempt
    /// must not become part of the base.
    fn begun_with(&self, steps: &str) -> Option<Arc<StepItems>> {
        let job = self.job;
        if job.token.attempt <= 1 {
            return None;
        }
        if let Some(known) = self.commands.known_items().of_task(&job.key, steps) {
            return Some(known);
        }
        self.noted_base((&job.state, &job.key), steps, job.token.attempt)
    }

    /// Returns the items that a task began with, as its attempts before `before` recorded them.
    pub(super) fn noted_base(
        &self,
        (state, key): (&StateDir, &TaskKey),
        steps: &str,
        before: u32,
    ) -> Option<Arc<StepItems>> {
        let numbers = state.attempt_numbers(key).unwrap_or_default();
        let name = numbers
            .into_iter()
            .filter(|number| *number < before)
            .find_map(|number| AttemptFolder::new(state, key, number).text(BASE_FILE))?;
        self.known_items(steps, &name)
    }

    fn known_items(&self, steps: &str, name: &str) -> Option<Arc<StepItems>> {
        let known = self.commands.known_items();
        known.of_tree(steps, name).or_else(|| {
            let found = Arc::new(Bases::of(&self.job.root).get(steps, name)?);
            known.note_tree(steps, name, &found);
            Some(found)
        })
    }

    fn remember(&mut self, steps: &str, name: Option<&str>, items: &Arc<StepItems>) {
        let Some(name) = name else { return };
        self.commands.known_items().note_tree(steps, name, items);
        if let Err(error) = Bases::of(&self.job.root).put(steps, name, items, &RandomIds) {
            self.commands.warn(format!("failed to remember the items of a tree: {error}"));
        }
    }

    /// Runs the steps that report items, and those that they need, on the present tree. They are
    /// not steps of the attempt and decide nothing.
    fn run_on_base(&mut self, on_stage: OnStage<'_>) -> Result<StepItems, End> {
        let job = self.job;
        let Judge::Steps(steps) = &job.judge else { return Ok(StepItems::new()) };
        let steps = wanted(steps);
        let found = self.run_each(&steps, on_stage);
        let gone = self.end_services();
        for step in steps.iter().filter(|step| step.needs_any(&gone)) {
            self.items.seen.remove(&step.items_key());
        }
        self.items.failed_before.clear();
        found.map(|()| mem::take(&mut self.items.seen))
    }

    fn run_each(&mut self, steps: &[&Ready], on_stage: OnStage<'_>) -> Result<(), End> {
        let job = self.job;
        for (number, step) in steps.iter().enumerate() {
            if let Some(end) = self.commands.tampered(&Outcome::Exited { code: 0 }) {
                return Err(end);
            }
            on_stage(Stage::Verifying(format!("{} (before)", step.name)));
            if let Some(broken) = self.need(step)? {
                let text = format!("{}: before: {}: {}", job.id, broken.named(), broken.ended());
                self.commands.warn(text);
                return Ok(());
            }
            let report = self.run_step(step, format!("base-{}.out", number + 1), 0)?;
            match report.outcome {
                Outcome::Interrupted | Outcome::Lost => {
                    return Err(self.commands.unknown(&step.name, report.outcome));
                }
                Outcome::Exited { .. }
                | Outcome::Signaled { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Silent { .. }
                | Outcome::FailedToStart { .. } => {}
            }
            let is_whole = report.checked.services.is_empty();
            if step.rules.step.has_items() && !(is_whole && report.checked.items.is_some()) {
                let (id, why) = (&job.id, report.ended());
                let text = format!("{id}: step {} reported no items on the base: {why}", step.name);
                self.commands.warn(text);
            }
        }
        Ok(())
    }

    /// Compares the items of a step with those of the base.
    pub(super) fn compared(&mut self, step: &Ready, kind: Kind, now: ItemMap, tries: u32) -> Items {
        let job = self.job;
        if tries == 0 {
            self.items.failed_before.clear();
        }
        let key = step.items_key();
        let has_base = step.rules.step.has_items();
        let none = Begun::default();
        let begun = job.begun.as_ref().unwrap_or(&none);
        let may_change = job.may_change_tests || begun.may_change_tests;
        let grants = &job.guarding.grants;
        // A task that an agent added can permit itself nothing.
        let tests = if grants.by_person { grants.besides.as_slice() } else { &[] };
        let declares = [&job.declares, tests, &begun.declares];
        // Read only if a test is gone. What git cannot read permits nothing.
        let named = OnceCell::new();
        let is_named = |id: &ItemId| {
            let named = named.get_or_init(|| self.declared_tests(&declares).unwrap_or_default());
            !is_file(&id.file) && named.have(&id.name)
        };
        let may_replace = |id: &ItemId| {
            may_change || declares.iter().any(|all| is_declared(all, id)) || is_named(id)
        };
        let base = self.items.base.as_ref().filter(|_| has_base).and_then(|base| base.get(&key));
        let first = self.items.first.get(&key);
        let expected = base.zip(first).map(|(base, first)| without_fixed(base, first));
        let items = verify::compare(
            &now,
            kind,
            &Against {
                base: expected.as_ref().or(base),
                // In the second judgement the tests are those of the base.
                may_remove: job.may_remove_tests || begun.may_remove_tests || step.is_again(),
                may_replace: &may_replace,
                failed_before: &self.items.failed_before,
            },
        );
        let failed = now.iter().filter(|(_, state)| **state == ItemState::Failed);
        self.items.failed_before.extend(failed.map(|(id, _)| id.clone()));
        if has_base {
            self.items.seen.insert(key, now);
        }
        items
    }
}

/// Returns the steps that report items, and those that they need, in order.
fn wanted(steps: &[Ready]) -> Vec<&Ready> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    // A needed step comes before the step that needs it.
    for step in steps.iter().rev() {
        if step.rules.step.has_items() || names.contains(step.name.as_str()) {
            names.insert(&step.name);
            names.extend(step.rules.step.needs.iter().map(String::as_str));
        }
    }
    steps.iter().filter(|step| names.contains(step.name.as_str())).collect()
}

/// Returns what the second judgement is compared with. A test of the base that failed, and that did
/// not fail in the first judgement, was mended or hidden: it may not fail with the base's tests.
fn without_fixed(base: &ItemMap, first: &ItemMap) -> ItemMap {
    let fails = |id: &ItemId| first.get(id) == Some(&ItemState::Failed);
    let one = |(id, state): (&ItemId, &ItemState)| {
        let is_over = *state == ItemState::Failed && !fails(id);
        (id.clone(), if is_over { ItemState::Passed } else { *state })
    };
    base.iter().map(one).collect()
}

/// Returns whether an item belongs to a path that the task declares: by its file, its class, or its
/// module.
fn is_declared(declares: &[String], id: &ItemId) -> bool {
    let file = id.file.rsplit(':').next().unwrap_or_default();
    let dotted = |path: &String| {
        let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
        let class = stem.replace('/', ".");
        let module = stem.strip_prefix("src/").unwrap_or(stem).replace('/', "::");
        let below = |name: &str, begin: &str, next: &str| {
            !begin.is_empty()
                && name
                    .strip_prefix(begin)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(next))
        };
        below(&id.file, &class, ".") || below(&id.name, &module, "::")
    };
    owns(declares, Path::new(file)) || declares.iter().any(dotted) || in_package(declares, file)
}

/// Returns whether an item of a Go package, `module/folder`, belongs to a declared path. The folder
/// that the name of the module stands for is unknown.
fn in_package(declares: &[String], package: &str) -> bool {
    let folders = package.match_indices('/').map(|(at, _)| &package[at + 1..]);
    let is_in = |folder: &str| {
        let parent =
            |path: &String| path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder);
        owns(declares, Path::new(folder)) || declares.iter().any(parent)
    };
    !is_file(package) && folders.into_iter().any(is_in)
}

/// Returns whether an item names its file or its class, and not a package or nothing.
fn is_file(file: &str) -> bool {
    file.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

#[cfg(test)]
mod tests;
