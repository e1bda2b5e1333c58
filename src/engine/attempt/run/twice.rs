//! Judges a change to the files that judge it a second time, with the base's version of those
//! files.
//!
//! If the change passes as it is but fails the second time, its verdict depends on files that the
//! task does not declare, and does not count. Files that the task may change stay as the change has
//! them, and are listed.

use super::super::apart::Apart;
use super::super::end::{End, environment};
use super::super::job::{Judge, Ready};
use super::super::with::OnStage;
use super::Progress;
use super::begun::begun_at;
use super::reads::Round;
use super::restored::restored;
use crate::domain::{Findings, Permitted, ReasonCode, StepReport, Verdict};
use crate::guardrails::{
    Grants, Reach, is_check, is_test, may_be_hook, reach_of_test, steering, tools_of,
};
use crate::platform::fault::{self, Fault};
use crate::workspace::{GitError, Oid, PutTo, Wanted};

/// How many paths a sentence lists.
const NAMED: usize = 10;
/// The suffix of step names in the second judgement.
const AGAIN: &str = "again, with the base's files";

/// The files that judge and that a change touches without permission.
#[derive(Default)]
struct Touched {
    /// Steering files, with what to restore them to.
    steering: Vec<(String, PutTo)>,
    /// Files that steps name themselves and that may also be the work.
    named: Vec<(String, PutTo)>,
    /// Tests that exist in the base, to be restored.
    tests: Vec<(String, PutTo)>,
    /// New tests, which do not exist in the base.
    new_tests: Vec<(String, PutTo)>,
    /// Tests that the task may change. They stay, unless the work is restored as well.
    allowed: Vec<PutTo>,
    /// Whether a new file among the tests may be a hook of the tests.
    hooks: bool,
    /// The tools that read the touched files.
    reaches: Vec<Reach>,
    /// Whether a test of the base was removed.
    lost: bool,
    permitted: Vec<Permitted>,
}

/// What is judged again: the files of a tree, some of them as an earlier tree has them.
struct Compared {
    /// The earlier tree.
    base: Oid,
    /// The tree.
    files: Oid,
    /// The commit on which the tree is judged.
    on: Oid,
    /// What may have changed in between.
    grants: Grants,
    /// For a gate, the landings before it: what others changed, persons among them, is not
    /// compared.
    landed: Option<Vec<Oid>>,
}

/// A further judgement: its steps, and the paths of the change that it replaces.
struct Again {
    puts: Vec<PutTo>,
    steps: Vec<Ready>,
}

impl Progress<'_> {
    /// Judges the change once more if it touches judging files. `end` is the result of the first
    /// judgement.
    pub(super) fn judge_twice(&mut self, end: End, on_stage: OnStage<'_>) -> End {
        let job = self.job;
        let (Some(apart), Judge::Steps(steps)) = (&job.apart, &job.judge) else { return end };
        if end.verdict != Some(Verdict::Pass) {
            return end;
        }
        let Some(wanted) = self.to_compare(apart) else { return end };
        let by_steps = self.commands.named().to_vec();
        let named: Vec<String> = steps.iter().map(|step| step.configured.to_string()).collect();
        let named = ByName { guarded: &by_steps, steps: &named };
        let touched = match touched(apart, &wanted, &named) {
            Ok(touched) => touched,
            Err(error) => {
                return environment(format!("cannot check the judging files: {error}"));
            }
        };
        // What tasks before a gate changed with permission is listed for them.
        let is_gate = wanted.landed.is_some();
        let changed_with_permission = if is_gate { Vec::new() } else { touched.permitted.clone() };
        self.changes.findings.add(Findings { changed_with_permission, ..Findings::default() });
        if fault::is(Fault::JudgedOnce) {
            return end;
        }
        // Files that may be the work are restored last: the work may pass with them although it
        // fails alone.
        for with_named in [false, true] {
            let again = match self.further(&touched, &wanted, (steps, with_named)) {
                Ok(again) => again,
                Err(why) => return environment(why),
            };
            match self.one_passes(&wanted, again, on_stage) {
                Ok(None) => {}
                Ok(Some(failed)) => return depends(end, &touched, is_gate, &failed),
                Err(end) => return end,
            }
        }
        end
    }

    /// Returns what is compared with what: the change of an attempt with its base, and what landed
    /// before a gate with the tree before it. `None` if there is nothing to compare.
    fn to_compare(&self, apart: &Apart) -> Option<Compared> {
        let (job, trees) = (self.job, self.trees.as_ref()?);
        let Wanted { base, files } = trees.judge.wanted()?.clone();
        let own = &job.guarding.grants;
        if files != base {
            let (on, grants) = (base.clone(), own.clone());
            let is_change = job.purpose.is_attempt();
            return is_change.then_some(Compared { base, files, on, grants, landed: None });
        }
        let begun = job.begun.as_ref().filter(|begun| begun.is_gate && job.agent.is_none())?;
        let landed = begun.all_landed.iter().filter_map(|text| Oid::parse(text)).collect();
        let (on, grants) = (base, begun.grants(own));
        Some(Compared { base: begun_at(apart, begun)?, files, on, grants, landed: Some(landed) })
    }

    /// Runs judgements until one passes. Returns the last failure if none does.
    fn one_passes(
        &mut self,
        wanted: &Compared,
        again: Vec<Again>,
        on_stage: OnStage<'_>,
    ) -> Result<Option<String>, End> {
        let mut red = None;
        for one in again {
            match self.judge_again(wanted, &one, on_stage)? {
                None => return Ok(None),
                failed => red = failed,
            }
        }
        // If no step reads a touched file, there is nothing to judge again.
        Ok(red)
    }

    /// Returns the judgements of which one has to pass, the simplest first.
    fn further(
        &self,
        touched: &Touched,
        wanted: &Compared,
        (steps, with_named): (&[Ready], bool),
    ) -> Result<Vec<Again>, String> {
        let is_due = match with_named {
            true => !touched.named.is_empty(),
            false => touched.hooks || !touched.steering.is_empty() || !touched.tests.is_empty(),
        };
        if !is_due {
            return Ok(Vec::new());
        }
        let reached = |step: &Ready| {
            let tools = tools_of(&step.configured.to_string());
            touched.reaches.iter().any(|reach| reach.reaches(tools))
        };
        let Some(last) = steps.iter().rposition(reached) else { return Ok(Vec::new()) };
        let named =
            |step: &Ready| Ready { name: format!("{} ({AGAIN})", step.name), ..step.clone() };
        let until: Vec<Ready> = steps[..=last].iter().map(named).collect();
        let some: Vec<Ready> =
            steps[..=last].iter().filter(|step| reached(step)).map(named).collect();
        let puts = |with_tests: bool| {
            let tests = touched.tests.iter().chain(&touched.new_tests).filter(|_| with_tests);
            let named = touched.named.iter().filter(|_| with_named);
            let puts =
                touched.steering.iter().chain(named).chain(tests).map(|(_, put)| put.clone());
            let allowed = touched.allowed.iter().filter(|_| with_named).cloned();
            puts.chain(allowed).collect::<Vec<PutTo>>()
        };
        let mut all = Vec::new();
        let mut add = |puts: Vec<PutTo>| {
            // The selected steps may need something from earlier steps; in that case, all steps
            // run.
            if some.len() < until.len() {
                all.push(Again { puts: puts.clone(), steps: some.clone() });
            }
            all.push(Again { puts, steps: until.clone() });
        };
        // New files among the tests passed already. They may need what is restored, and they may
        // steer.
        add(puts(true));
        if touched.tests.is_empty() && !self.has_tests(touched, wanted)? {
            // If the base has no tests, a runner may find nothing to run.
            add(puts(false));
        }
        Ok(all)
    }

    /// Returns whether the base has tests for the tools that read the touched files.
    fn has_tests(&self, touched: &Touched, wanted: &Compared) -> Result<bool, String> {
        let Some(apart) = &self.job.apart else { return Ok(false) };
        let paths = apart.repository().paths_of(&wanted.base).map_err(|error| error.to_string())?;
        let reached = |path: &str| {
            let reach = reach_of_test(path);
            reach != Reach::Any && touched.reaches.iter().any(|other| other.reaches(reach))
        };
        let is_any = touched.reaches.contains(&Reach::Any);
        Ok(paths.iter().any(|path| is_test(path) && (is_any || reached(path))))
    }

    /// Runs the steps on that tree. Returns the one that failed.
    fn judge_again(
        &mut self,
        wanted: &Compared,
        again: &Again,
        on_stage: OnStage<'_>,
    ) -> Result<Option<String>, End> {
        let judged = self.judge_made(&mut |judge| {
            let files = judge.mixed(&wanted.files, &again.puts)?;
            Ok(Wanted { base: wanted.on.clone(), files })
        });
        match judged {
            Ok(()) => {}
            // A setup that fails on that tree counts as a failed step.
            Err(end) if end.verdict == Some(Verdict::Fail) => {
                return Ok(Some(end.reason.unwrap_or_default()));
            }
            Err(end) => return Err(end),
        }
        let (outcome, changed) = (self.last_outcome(), self.changes.files.clone());
        let round = Round { steps: &again.steps, log: "again", changed: Some(&changed) };
        let found = self.judge(round, on_stage)?;
        match (found.verdict, &found.failed) {
            (None, _) => Err(self.ended(found, outcome)),
            (_, failed) => {
                let said = |step: &StepReport| format!("{}: {}", step.named(), step.ended());
                Ok(failed.as_ref().map(said))
            }
        }
    }
}

/// Returns the end of an attempt whose verdict depends on its changes to judging files.
fn depends(end: End, touched: &Touched, is_gate: bool, failed: &str) -> End {
    let paths = |list: &[(String, PutTo)]| -> Vec<String> {
        list.iter().map(|(path, _)| path.clone()).collect()
    };
    let mut all = [paths(&touched.steering), paths(&touched.tests), paths(&touched.named)].concat();
    all.extend(paths(&touched.new_tests).into_iter().filter(|path| may_be_hook(path)));
    let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let is_steered = !touched.steering.is_empty() || touched.tests.is_empty();
    let code = match (!is_steered, touched.lost) {
        (false, _) => ReasonCode::SteeringChanged,
        (true, true) => ReasonCode::ItemsLost,
        (true, false) => ReasonCode::ExpectationChanged,
    };
    let outputs = "Both outputs are kept: verify-*.out and again-*.out";
    let reason = if is_gate {
        format!(
            "{code}: it passes as it is, but not with {shown} as before the work that it judges \
             ({failed}); no task that changed these files declares them. Restore them and mend \
             the work, or declare them for the task (files, tests, may_change_tests). {outputs}"
        )
    } else {
        format!(
            "{code}: it passes as it is, but not with the base's version of {shown} ({failed}); \
             leave these files as they were and change the work instead, or a person declares \
             them for the task (files, tests, may_change_tests). {outputs}"
        )
    };
    End { verdict: Some(Verdict::Fail), reason: Some(reason), code: Some(code), ..end }
}

/// Returns the judging files that the change from `wanted.base` to `wanted.files` touches.
fn touched(apart: &Apart, wanted: &Compared, by_name: &ByName<'_>) -> Result<Touched, GitError> {
    let repository = apart.repository();
    let deltas = repository.deltas(&wanted.base, &wanted.files, false)?;
    let mut touched = Touched::default();
    for delta in &deltas {
        let path = apart.shown(&delta.path);
        let is_judge = by_name.judges(&path);
        let is_named = is_judge || by_name.is_direct(&path);
        let row = steering(&path);
        let put = restored(repository, (&deltas, delta), &path, is_named)?;
        let Some(put) = put else { continue };
        let is_gone = delta.new.is_none();
        let is_inside = !is_named && row.is_none() && !is_test(&path);
        if let Some(by) = permits(&wanted.grants, &path, is_gone, is_inside) {
            // A new test needs no permission.
            if delta.old.is_some() || is_named || row.is_some() {
                if row.is_none() && is_test(&path) {
                    touched.allowed.push(put);
                }
                touched.permitted.push(Permitted { path, by });
            }
            continue;
        }
        if let Some(landed) = &wanted.landed
            && !repository.changed_only_by(landed, (&wanted.base, &wanted.files), &delta.path)?
        {
            continue;
        }
        match (is_named, row) {
            (false, Some(row)) => touched.steer(path, put, row.reach),
            (true, Some(_)) => touched.steer(path, put, Reach::Any),
            (_, None) if is_test(&path) && delta.old.is_none() => {
                if may_be_hook(&path) {
                    touched.hooks = true;
                    touched.reaches.push(reach_of_test(&path));
                }
                touched.new_tests.push((path, put));
            }
            (_, None) if is_test(&path) => {
                touched.lost |= is_gone;
                touched.reaches.push(if is_named { Reach::Any } else { reach_of_test(&path) });
                touched.tests.push((path, put));
            }
            (_, None) if is_inside => {
                touched.reaches.push(reach_of_test(&path));
                touched.tests.push((format!("the tests in {path}"), put));
            }
            (_, None) if is_judge => touched.steer(path, put, Reach::Any),
            (_, None) => {
                touched.reaches.push(Reach::Any);
                touched.named.push((path, put));
            }
        }
    }
    Ok(touched)
}

/// The files that steps name.
struct ByName<'s> {
    /// The files that are guarded because steps, or scripts that they call, name them.
    guarded: &'s [String],
    /// The commands of the steps.
    steps: &'s [String],
}

impl ByName<'_> {
    /// Returns whether it is named and likely to judge.
    fn judges(&self, path: &str) -> bool {
        self.guarded.iter().any(|guarded| guarded == path) && is_check(path)
    }

    /// Returns whether a command names it directly.
    fn is_direct(&self, path: &str) -> bool {
        let is_word = |word: &str| word.trim_start_matches("./") == path;
        let apart = |letter: char| letter.is_whitespace() || "\"'`;&|()<>=:".contains(letter);
        self.guarded.iter().any(|guarded| guarded == path)
            && self.steps.iter().any(|step| step.split(apart).any(is_word))
    }
}

fn permits(grants: &Grants, path: &str, is_gone: bool, is_inside: bool) -> Option<String> {
    match (is_gone, is_inside) {
        (true, _) => grants.permits_removal(path),
        (false, true) => grants.permits_tests_in(path),
        (false, false) => grants.permits(path),
    }
}

impl Touched {
    fn steer(&mut self, path: String, put: PutTo, reach: Reach) {
        self.reaches.push(reach);
        self.steering.push((path, put));
    }
}
