//! Steps of a profile that run in parallel, each under its own supervisor. Their results are read
//! one after the other.

use super::super::end::{End, environment};
use super::super::job::Ready;
use super::super::with::{OnStage, Stage};
use super::Progress;
use super::reads::{Reads, Round, needless};
use crate::domain::{EndedService, Outcome, StepReport};
use crate::supervisor::{Beside, CommandSpec};
use crate::verify::Rules;
use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use std::time::Duration;

/// The interval at which running steps are checked for having ended.
const LOOK: Duration = Duration::from_millis(10);

/// A step that ran beside others, and what is to be read about it.
pub(super) struct Ran<'r> {
    pub(super) report: StepReport,
    pub(super) reads: Reads<'r>,
    /// The services that ended while the steps ran.
    pub(super) gone: Vec<EndedService>,
}

/// A running step.
struct Runs<'r> {
    number: usize,
    reads: Reads<'r>,
    spec: CommandSpec,
    log: String,
    beside: Beside,
}

/// Splits the steps of a round into segments: the steps of a parallel profile together, all others
/// alone.
pub(super) fn segments(steps: &[Ready]) -> Vec<Range<usize>> {
    let mut segments: Vec<Range<usize>> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let Rules { profile, step: own } = &*step.rules;
        match segments.last_mut() {
            // A hidden step must be hidden from steps beside it as well.
            Some(last)
                if profile.parallel
                    && own.hidden.is_none()
                    && steps[last.start].rules.profile.name == profile.name
                    && steps[last.start].rules.step.hidden.is_none() =>
            {
                last.end = number + 1;
            }
            Some(_) | None => segments.push(number..number + 1),
        }
    }
    segments
}

impl Progress<'_> {
    /// Runs the steps of `segment` that cannot be skipped in parallel; steps that need others run
    /// after those.
    ///
    /// # Errors
    /// Returns the end of the attempt if a judging file was changed or a step cannot be started.
    pub(super) fn run_together<'r>(
        &mut self,
        round: Round<'r>,
        segment: Range<usize>,
        on_stage: OnStage<'_>,
    ) -> Result<BTreeMap<usize, Ran<'r>>, End> {
        let mut ran = BTreeMap::new();
        if segment.len() < 2 {
            return Ok(ran);
        }
        let has_to = |number: &usize| {
            let why = round.changed.and_then(|changed| needless(&round.steps[*number], changed));
            why.is_none()
        };
        let mut left: Vec<usize> = segment.filter(has_to).collect();
        while !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|at| round.steps[*at].name.as_str()).collect();
            let waits = |at: &usize| {
                let needs = &round.steps[*at].rules.step.needs;
                needs.iter().any(|need| names.contains(&need.as_str()))
            };
            let (later, now): (Vec<usize>, Vec<usize>) = left.iter().copied().partition(waits);
            let mut running = Vec::new();
            for number in now {
                running.extend(self.start_beside(round, number, on_stage)?);
            }
            while running.iter().any(|runs: &Runs<'_>| !runs.beside.is_over()) {
                self.commands.tell_rest();
                thread::sleep(LOOK);
            }
            // All steps of a segment need the same services.
            let first = running.first().map(|runs| &round.steps[runs.number]);
            let (mut failed, mut ended) = (false, Vec::new());
            for runs in running {
                let Runs { number, reads, spec, log, beside } = runs;
                let step = &round.steps[number];
                let report = self.commands.beside_report(step, &spec, log, beside);
                failed |= !report.outcome.is_success();
                ended.push((number, report, reads));
            }
            let gone = first.map(|step| self.gone(step, failed)).unwrap_or_default();
            for (number, report, reads) in ended {
                ran.insert(number, Ran { report, reads, gone: gone.clone() });
            }
            if failed || !gone.is_empty() {
                break;
            }
            left = later;
        }
        Ok(ran)
    }

    /// Starts a step; `None` if its regular turn is the better place to report why it does not run.
    fn start_beside<'r>(
        &mut self,
        round: Round<'r>,
        number: usize,
        on_stage: OnStage<'_>,
    ) -> Result<Option<Runs<'r>>, End> {
        let job = self.job;
        let step = &round.steps[number];
        if let Some(end) = self.commands.tampered(&Outcome::Exited { code: 0 }) {
            return Err(end);
        }
        // Nothing of a cancelled attempt begins; its regular turn reports that.
        let is_cut = self.commands.is_cut();
        if is_cut || self.is_out_of_place(step) || self.need(step)?.is_some() {
            return Ok(None);
        }
        on_stage(Stage::Verifying(step.name.clone()));
        let folder = self.commands.folder_of(step);
        let reads = Reads::before(job, &step.rules, &folder)?;
        let log = format!("{}-{}.out", round.log, number + 1);
        let mut spec = self.commands.spec(step);
        spec.stdout = job.folder.file(&log);
        spec.env.extend(self.ports());
        let beside = self.commands.beside(spec.clone(), &log);
        let beside = beside.map_err(|why| environment(format!("{}: {why}", step.name)))?;
        Ok(Some(Runs { number, reads, spec, log, beside }))
    }
}
