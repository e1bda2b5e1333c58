//! Prepares the private trees of an attempt: sets their contents, and runs the setup commands if
//! necessary.
//!
//! If setup fails on the unchanged target, something beside the task is missing. If it fails on a
//! change, that is a verdict on the change, like that of a verification step.

use super::super::apart::{Apart, PrivateTrees, tree};
use super::super::commands::Commands;
use super::super::end::{End, environment, failed_code, unknown};
use super::super::job::{Job, Ready};
use super::Progress;
use crate::agent::ContinuedInput;
use crate::config::RetryFrom;
use crate::domain::{Outcome, ReasonCode, StepReport, Verdict};
use crate::platform::fault::{self, Fault};
use crate::store::attempts::WORKSPACE_FILE;
use crate::workspace::{Brought, KeptWork, Kind, Merge, Oid, Setup, Tree, TreeError, Wanted};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::slice;

/// Returns the name of a tree in messages.
fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Workspace => "the workspace",
        Kind::Judge => "the judge tree",
    }
}

fn unprepared(error: &dyn std::fmt::Display) -> End {
    environment(format!("cannot prepare the private trees: {error}"))
}

/// Creates the content that a tree is set to.
type Make<'m> = &'m mut dyn FnMut(&Tree) -> Result<Wanted, TreeError>;

impl<'a> Progress<'a> {
    /// Sets the judge tree, and the workspace of an agent, to the present target.
    pub(super) fn enter(&mut self) -> Result<(), End> {
        let job = self.job;
        let Some(apart) = &job.apart else { return Ok(()) };
        let (tip, name) = apart.target().map_err(|error| unprepared(&error))?;
        if job.tree.is_some() {
            // The target may have moved since the known report was looked up.
            self.tree.name = Some(name);
        }
        let wanted = Wanted::commit(tip);
        self.judge_at(&wanted)?;
        let (Some(slot), Some(trees)) = (&apart.workspace, &mut self.trees) else { return Ok(()) };
        let place = apart.agent_root();
        if let Err(error) = job.folder.put(WORKSPACE_FILE, place.as_os_str().as_bytes()) {
            self.commands.warn(format!("failed to record where the agent works: {error}"));
        }
        let workspace = tree(apart, slot).map_err(|error| unprepared(&error))?;
        let workspace = trees.workspace.insert(workspace);
        let mut ready = MakeReady { job, apart, commands: &mut self.commands };
        trees.continued = ready.workspace(workspace, &wanted)?;
        Ok(())
    }

    /// Makes the next attempt start over if the work of this one cannot be trusted.
    pub(super) fn look_at_end(&mut self, end: &End) {
        let job = self.job;
        let (Some(apart), Some(task)) = (&job.apart, &job.name) else { return };
        if !matches!(end.code, Some(ReasonCode::Tampered | ReasonCode::RevertsOthers)) {
            return;
        }
        if let Err(error) = apart.repository.begin_anew(slice::from_ref(task)) {
            let id = &job.id;
            self.commands.warn(format!("{id}: failed to record that it starts over: {error}"));
        }
    }

    /// Sets the judge tree to the captured change.
    pub(super) fn judge_change(&mut self) -> Result<(), End> {
        let captured = self.trees.as_ref().and_then(|trees| trees.captured.as_ref());
        let Some(captured) = captured else { return Ok(()) };
        let wanted = Wanted { base: captured.base.clone(), files: captured.commit.clone() };
        self.judge_at(&wanted)
    }

    /// Sets the judge tree to what is wanted, and sets it up. Returns `Err` if the change is not to
    /// be verified, or if the setup is already its verdict.
    pub(super) fn judge_at(&mut self, wanted: &Wanted) -> Result<(), End> {
        if wanted.files != wanted.base {
            return self.judge_made(&mut |_| Ok(wanted.clone()));
        }
        let Some(apart) = &self.job.apart else { return Ok(()) };
        let (mut ready, judge) = self.judge_tree(apart)?;
        ready.at_target(judge, wanted)
    }

    /// Does the same as [`Self::judge_at`], with a change that `make` creates.
    pub(super) fn judge_made(&mut self, make: Make<'_>) -> Result<(), End> {
        let Some(apart) = &self.job.apart else { return Ok(()) };
        let (mut ready, judge) = self.judge_tree(apart)?;
        let brought = judge.prepare_made(make).map_err(|error| unprepared(&error))?;
        ready.commands.guard_change();
        let done = Outcome::Exited { code: 0 };
        if let Err(why) = apart.make_root(judge.path()) {
            let reason = Some(format!("the project root is gone: {why}"));
            let (verdict, code) = (Some(Verdict::Fail), Some(ReasonCode::TestsFailed));
            return Err(End { outcome: done, verdict, reason, code });
        }
        if brought.setup == Setup::Done {
            return Ok(());
        }
        // The setup must not run what the agent made of its commands.
        if let Some(end) = ready.commands.tampered(&done) {
            return Err(end);
        }
        let Some(failed) = ready.set_up(judge)? else { return Ok(()) };
        let report = ready.commands.step(failed.report);
        let reason = format!("{}: {}", report.named(), report.outcome);
        let code = failed_code(&report.outcome, ReasonCode::TestsFailed);
        let (verdict, reason, code) = (Some(Verdict::Fail), Some(reason), Some(code));
        Err(End { outcome: done, verdict, reason, code })
    }

    /// Returns the judge tree, and the data that is needed to prepare it.
    fn judge_tree(&mut self, apart: &'a Apart) -> Result<(MakeReady<'_, 'a>, &mut Tree), End> {
        let trees = match &mut self.trees {
            Some(trees) => trees,
            none => none.insert(PrivateTrees::to_judge(apart).map_err(|error| unprepared(&error))?),
        };
        let ready = MakeReady { job: self.job, apart, commands: &mut self.commands };
        Ok((ready, &mut trees.judge))
    }

    /// Warns if a verification changed what the setup made.
    pub(super) fn look_at_setup(&mut self) {
        let job = self.job;
        let (Some(_), Some(trees)) = (&job.apart, &self.trees) else { return };
        if job.setup.judge.is_empty() {
            return;
        }
        match trees.judge.setup_due() {
            Ok(Setup::MadeChanged) => self.commands.warn(format!(
                "{}: the verification changed what workspaces.setup made in the judge tree; it runs \
                 again before the next one",
                job.id
            )),
            // If the state cannot be read now, it is read again before the tree is used.
            Ok(Setup::Done | Setup::First | Setup::InputsChanged) | Err(_) => {}
        }
    }
}

/// A setup command that failed.
struct Failed<'a> {
    command: &'a Ready,
    /// The report of how it ended.
    report: StepReport,
}

/// Prepares trees.
struct MakeReady<'r, 'a> {
    job: &'a Job,
    apart: &'a Apart,
    commands: &'r mut Commands<'a>,
}

impl<'a> MakeReady<'_, 'a> {
    /// Sets `tree` to the target as it is, and sets it up if necessary.
    fn at_target(&mut self, tree: &mut Tree, wanted: &Wanted) -> Result<(), End> {
        let brought = tree.prepare(wanted).map_err(|error| unprepared(&error))?;
        self.apart.make_root(tree.path()).map_err(|error| unprepared(&error))?;
        if brought.setup == Setup::Done {
            return Ok(());
        }
        let Some(failed) = self.set_up(tree)? else { return Ok(()) };
        Err(environment(self.said(tree.slot().kind(), &failed)))
    }

    /// Sets the workspace to the tree that its agent begins with: the work of the last attempt,
    /// merged onto the target, or the target alone.
    fn workspace(
        &mut self,
        tree: &mut Tree,
        target: &Wanted,
    ) -> Result<Option<ContinuedInput>, End> {
        let Some(kept) = self.kept()? else {
            return self.at_target(tree, target).map(|()| None);
        };
        let mut begun = None;
        let brought = tree.prepare_made(&mut |tree| {
            let (files, conflicts) = self.work(tree, &target.base, &kept)?;
            begun = (files != self.apart.repository.tree_of(&target.base)?).then_some(conflicts);
            Ok(Wanted { base: target.base.clone(), files })
        });
        match (brought, begun) {
            (Ok(brought), Some(paths)) => {
                let conflicts = paths.iter().map(|path| self.apart.shown(path)).collect();
                let attempt = kept.attempt.number;
                let continued = ContinuedInput { attempt, conflicts, setup: None };
                self.at_work(tree, target, (brought, continued))
            }
            // The target already contains the whole change.
            (Ok(_), None) => self.at_target(tree, target).map(|()| None),
            (Err(error), _) => {
                // The objects may be gone. Then the work is lost, but the task is not.
                let (id, number) = (&self.job.id, kept.attempt.number);
                let text =
                    format!("{id}: starts over, because attempt {number} cannot be read: {error}");
                self.commands.warn(text);
                self.at_target(tree, target).map(|()| None)
            }
        }
    }

    /// Returns the kept work of the last attempt, if this attempt is to continue it.
    fn kept(&self) -> Result<Option<KeptWork>, End> {
        let Some(task) = &self.job.name else { return Ok(None) };
        match self.apart.retry_from {
            RetryFrom::Base => Ok(None),
            RetryFrom::Last => {
                self.apart.repository.to_continue(task).map_err(|error| unprepared(&error))
            }
        }
    }

    /// Merges the change of the last attempt onto `tip`. Returns the resulting tree, and the paths
    /// with conflicts.
    fn work(
        &self,
        tree: &Tree,
        tip: &Oid,
        KeptWork { attempt, base }: &KeptWork,
    ) -> Result<(Oid, Vec<PathBuf>), TreeError> {
        Ok(match tree.merged(base, tip, &attempt.commit)? {
            _ if fault::is(Fault::StaleRetry) => (attempt.commit.clone(), Vec::new()),
            Merge::Clean(files) => (files, Vec::new()),
            Merge::Conflict { tree, paths } => (tree, paths),
        })
    }

    /// Prepares a workspace that contains the work of the last attempt. If the setup fails there,
    /// the agent has to fix it: the last attempt may have broken it.
    fn at_work(
        &mut self,
        tree: &mut Tree,
        target: &Wanted,
        (brought, mut continued): (Brought, ContinuedInput),
    ) -> Result<Option<ContinuedInput>, End> {
        if self.apart.make_root(tree.path()).is_err() {
            // The last attempt removed the project root, so its work is not continued.
            return self.at_target(tree, target).map(|()| None);
        }
        if brought.setup != Setup::Done
            && let Some(failed) = self.set_up(tree)?
        {
            let said = self.said(tree.slot().kind(), &failed);
            self.commands.warn(format!("{}: on the work of its last attempt {said}", self.job.id));
            continued.setup = Some(said);
        }
        Ok(Some(continued))
    }

    /// Returns the text about a failure, for people.
    fn said(&self, kind: Kind, failed: &Failed<'_>) -> String {
        let Failed { command, report } = failed;
        let log = self.job.folder.file(&report.log);
        format!(
            "workspaces.setup failed in {}: {}: {}; its output is in {}",
            words(kind),
            command.configured,
            report.outcome,
            log.display()
        )
    }

    /// Runs the setup commands in a tree. Returns the one that failed.
    fn set_up(&mut self, tree: &Tree) -> Result<Option<Failed<'a>>, End> {
        let kind = tree.slot().kind();
        let (commands, root) = match kind {
            Kind::Workspace => (&self.job.setup.workspace, self.apart.agent_root()),
            Kind::Judge => (&self.job.setup.judge, self.apart.judge_root()),
        };
        tree.setup_begins().map_err(|error| unprepared(&error))?;
        for (number, command) in commands.iter().enumerate() {
            let log = match number {
                0 => format!("setup-{kind}.out"),
                number => format!("setup-{kind}-{}.out", number + 1),
            };
            let report = self.commands.set_up(command, root.clone(), &log);
            match &report.outcome {
                Outcome::Exited { code: 0 } => {}
                Outcome::Interrupted | Outcome::Lost => {
                    return Err(unknown(&command.name, report.outcome));
                }
                Outcome::Exited { .. }
                | Outcome::Signaled { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Silent { .. }
                | Outcome::FailedToStart { .. } => return Ok(Some(Failed { command, report })),
            }
        }
        tree.setup_done().map_err(|error| unprepared(&error))?;
        Ok(None)
    }
}
