//! Runs the hooks of an attempt at their points.

use super::super::end::End;
use super::super::hooks::Extra;
use super::super::with::{OnStage, Stage};
use super::Progress;
use crate::domain::{HookEnd, HookPoint, ReasonCode, Verdict};

impl Progress<'_> {
    /// Runs the hook that may veto what comes next.
    ///
    /// # Errors
    /// The end of the attempt, if the hook vetoes it or did not end by itself.
    pub(super) fn before(&mut self, point: HookPoint, on_stage: OnStage<'_>) -> Result<(), End> {
        let extra = self.where_it_works();
        let Some(report) = self.commands.hook(point, &extra) else { return Ok(()) };
        on_stage(Stage::Hooked(report.clone()));
        match report.end() {
            HookEnd::Admits => Ok(()),
            HookEnd::Vetoes => {
                let (verdict, reason) = (Some(Verdict::Blocked), Some(report.sentence()));
                let code = Some(ReasonCode::Hook);
                Err(End { outcome: report.outcome, verdict, reason, code })
            }
            HookEnd::Unknown => {
                Err(self.commands.unknown(&format!("hook {point}"), report.outcome))
            }
        }
    }

    /// Runs the hook after work that ended with `end`; its result decides nothing.
    pub(super) fn after(&mut self, point: HookPoint, end: &End, on_stage: OnStage<'_>) {
        if self.commands.is_cut() {
            return;
        }
        let extra = [self.where_it_works(), came_to(end)].concat();
        let Some(report) = self.commands.hook(point, &extra) else { return };
        if !report.outcome.is_success() {
            self.commands.warn(format!("{}: {}", self.job.id, report.sentence()));
        }
        on_stage(Stage::Hooked(report));
    }

    /// Runs the hooks before anything of the attempt begins.
    pub(super) fn before_all(&mut self, on_stage: OnStage<'_>) -> Result<(), End> {
        // This is the first attempt of the budget.
        if self.job.turn.is_some_and(|turn| turn.used == 1) {
            self.before(HookPoint::BeforeTask, on_stage)?;
        }
        self.before(HookPoint::BeforeAttempt, on_stage)
    }

    /// Returns where the agent works, if it has a private tree.
    fn where_it_works(&self) -> Extra {
        let apart = self.job.apart.iter();
        let root = apart.map(|apart| ("WORKLOOP_WORKSPACE".into(), apart.agent_root().into()));
        root.collect()
    }
}

/// Returns the result of an attempt or a verification, for the hook after it.
fn came_to(end: &End) -> Extra {
    let verdict = end.verdict.map_or("", |verdict| verdict.word());
    let code = end.code.map_or("", |code| code.word());
    let reason = end.reason.clone().unwrap_or_default().replace('\0', "");
    let named = [
        ("WORKLOOP_VERDICT", verdict.to_owned()),
        ("WORKLOOP_REASON_CODE", code.to_owned()),
        ("WORKLOOP_REASON", reason),
    ];
    named.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
