//! Checks the change of an attempt: whether it did what its task asks for, and nothing forbidden.

use super::super::end::{End, environment};
use super::super::guarding::Guarding;
use super::super::job::Judge;
use super::Progress;
use crate::domain::{Finding, Findings, Level, Outcome, ReasonCode, Verdict};
use crate::guardrails::{self, ChangedFile, Line, What};
use crate::store::attempts;
use crate::workspace::{DeltaKind, LineChange, NumberedLine};
use std::fs;
use std::path::Path;

impl Progress<'_> {
    /// Checks what the agent changed.
    ///
    /// # Errors
    /// The end of the attempt, if the check alone shows that the work is not finished, or if a
    /// person must look.
    pub(super) fn look_at_change(&mut self) -> Result<(), End> {
        let job = self.job;
        let is_judged = matches!(job.judge, Judge::Steps(_));
        if job.agent.is_none() || !is_judged {
            return Ok(());
        }
        let Guarding { rules, grants, requires } = &job.guarding;
        let changed = self.change()?;
        let root = job.apart.as_ref().map_or_else(|| job.root.clone(), |apart| apart.judge_root());
        let is_missing = |path: &str| fs::symlink_metadata(root.join(path)).is_err();
        let (perhaps, given) = (self.perhaps(), (*requires, &**rules, grants));
        let found =
            guardrails::declared(&changed, &perhaps, self.changes.is_whole, given, &is_missing);
        self.changes.findings.add(found);
        let findings = guardrails::found(&changed, rules, grants);
        let changed_with_permission = guardrails::permitted(&changed, grants);
        let found = Findings { findings, changed_with_permission };
        self.changes.findings.add(found);
        let ends = |finding: &&Finding| {
            finding.level == Level::Block
                || guardrails::reason(&finding.code) == ReasonCode::NothingChanged
        };
        match self.changes.findings.at_least(Level::Fail).find(ends) {
            Some(finding) => Err(self.refused(finding)),
            None => Ok(()),
        }
    }

    /// Returns what the agent changed, with the changed lines if they are known.
    fn change(&mut self) -> Result<Vec<ChangedFile>, End> {
        let captured = self.trees.as_ref().and_then(|trees| trees.captured.as_ref());
        let (Some(apart), Some(captured)) = (&self.job.apart, captured) else {
            let lines = std::mem::take(&mut self.changes.lines);
            let known = |path: &String| lines.iter().any(|file| file.path == *path);
            let named = self.changes.files.iter().filter(|path| !known(path));
            let named: Vec<ChangedFile> = named.map(|path| ChangedFile::named(path)).collect();
            return Ok([lines, named].concat());
        };
        let lines = apart.repository().line_changes(&captured.base, &captured.commit);
        let lines = lines.map_err(|error| {
            environment(format!("cannot read the lines of the change: {error}"))
        })?;
        // The capture already excludes files that are not work.
        Ok(lines.into_iter().map(|file| changed_file(file, &|path| apart.shown(path))).collect())
    }

    /// Returns files that may also be the work of the task: those that changed while others worked,
    /// and what its earlier attempts left in a shared tree.
    fn perhaps(&self) -> Vec<String> {
        let job = self.job;
        let mut all = self.changes.ambiguous.clone();
        if job.apart.is_none() {
            let earlier = attempts::reports(&job.state, &job.key);
            let earlier = earlier.into_iter().filter(|one| one.attempt < job.token.attempt);
            all.extend(earlier.flat_map(|one| [one.files_changed, one.files_ambiguous].concat()));
        }
        all
    }

    /// Returns the end of an attempt because of a finding.
    fn refused(&self, finding: &Finding) -> End {
        let verdict = match finding.level {
            Level::Block => Verdict::Blocked,
            Level::Warn | Level::Fail => Verdict::Fail,
        };
        let outcome = self.commands.steps().last().map(|step| step.outcome.clone());
        End {
            outcome: outcome.unwrap_or(Outcome::Exited { code: 0 }),
            verdict: Some(verdict),
            reason: Some(self.said(finding)),
            code: Some(guardrails::reason(&finding.code)),
        }
    }

    /// Returns a finding, and how many more there are.
    fn said(&self, finding: &Finding) -> String {
        match self.changes.findings.at_least(Level::Fail).count() {
            0 | 1 => finding.to_string(),
            2 => format!("{finding}; 1 more finding"),
            many => format!("{finding}; {} more findings", many - 1),
        }
    }

    /// Combines the result of the steps with the findings.
    pub(super) fn with_findings(&self, end: End) -> End {
        let Some(worst) = self.changes.findings.at_least(Level::Fail).next() else { return end };
        match end.verdict {
            Some(Verdict::Pass) => self.refused(worst),
            Some(Verdict::Fail) => {
                let reason = end.reason.unwrap_or_default();
                End { reason: Some(format!("{reason}; also: {}", self.said(worst))), ..end }
            }
            Some(Verdict::Blocked | Verdict::Skipped) | None => end,
        }
    }
}

/// Converts a changed file to the form that the rules use, with paths as `shown` to people.
pub(super) fn changed_file(file: LineChange, shown: &dyn Fn(&Path) -> String) -> ChangedFile {
    let lines = |lines: Vec<NumberedLine>| {
        let line = |(number, text): NumberedLine| Line {
            number,
            text: String::from_utf8_lossy(&text).into_owned(),
        };
        lines.into_iter().map(line).collect()
    };
    ChangedFile {
        path: shown(&file.delta.path),
        what: match &file.delta.kind {
            DeltaKind::Added => What::Added,
            DeltaKind::Modified => What::Modified,
            DeltaKind::Removed => What::Removed,
            DeltaKind::Renamed { from } => What::Renamed(shown(from)),
        },
        added: lines(file.added),
        removed: lines(file.removed),
        is_binary: file.is_binary,
        size: file.size,
        is_known: true,
    }
}
