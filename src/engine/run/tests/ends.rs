//! The ways in which attempts, landings and verifications of the tree end.

use super::Finished;
use crate::agent::AgentResult;
use crate::domain::{
    AgentOutcome, AgentRun, Checked, Landed, Outcome, Preset, ReasonCode, StepKind, StepReport,
    Tokens, Verdict,
};
use crate::engine::attempt::{CameTo, Carried, Job, Obstructed, Purpose, entry, not_started};
use crate::platform::clock::Clock;
use crate::workspace::Oid;

/// Changes what passed into another end.
pub(super) type End = Box<dyn Fn(&mut Finished)>;

/// Returns the name of an object that consists of this digit.
pub(super) fn object(digit: char) -> Oid {
    Oid::parse(&digit.to_string().repeat(40)).unwrap()
}

pub(super) fn step(kind: StepKind, name: &str, code: i32) -> StepReport {
    let outcome = Outcome::Exited { code };
    let (name, log) = (name.to_owned(), format!("{name}.log"));
    StepReport { kind, name, outcome, millis: 30_000, log, checked: Checked::default() }
}

/// Returns the end of a job that passed; a landing has landed.
pub(super) fn passed(job: Job, clock: &dyn Clock) -> Finished {
    let mut steps = vec![step(StepKind::Verify, "test", 0)];
    if job.agent.is_some() && job.purpose == Purpose::Attempt {
        steps.insert(0, step(StepKind::Agent, "agent", 0));
    }
    let landed = job.to_land.as_ref().map(|to_land| {
        let [base, change] =
            [&to_land.change.base, &to_land.change.commit].map(|text| Oid::parse(text).unwrap());
        let entry = to_land.entry.clone().unwrap_or_else(|| entry(&job, base, change));
        let (commit, tree) = (to_land.change.commit.clone(), "f".repeat(40));
        Carried { entry, came_to: CameTo::Landed(Landed { commit, tree }) }
    });
    let mut finished = not_started(job, Outcome::Exited { code: 0 }, String::new(), clock);
    finished.change = landed;
    let report = &mut finished.report;
    (report.verdict, report.reason, report.steps) = (Some(Verdict::Pass), None, steps);
    finished
}

/// It passes.
pub(super) fn passes() -> End {
    Box::new(|_| {})
}

/// Its last step fails.
pub(super) fn fails() -> End {
    Box::new(|it| {
        let report = &mut it.report;
        (report.verdict, report.reason_code) = (Some(Verdict::Fail), Some(ReasonCode::TestsFailed));
        report.reason = Some("step test: exit status 1".to_owned());
        report.steps.last_mut().unwrap().outcome = Outcome::Exited { code: 1 };
    })
}

/// It is blocked with this reason.
pub(super) fn blocked(code: ReasonCode, reason: &'static str) -> End {
    Box::new(move |it| {
        let report = &mut it.report;
        (report.verdict, report.reason_code) = (Some(Verdict::Blocked), Some(code));
        report.reason = Some(reason.to_owned());
    })
}

/// It ends without a verdict.
pub(super) fn unjudged(outcome: Outcome, reason: &'static str) -> End {
    Box::new(move |it| {
        let report = &mut it.report;
        (report.verdict, report.outcome) = (None, outcome.clone());
        (report.reason, report.steps) = (Some(reason.to_owned()), Vec::new());
        it.change = None;
    })
}

pub(super) fn interrupted() -> End {
    unjudged(Outcome::Interrupted, "interrupted")
}

/// Its supervisor vanishes.
pub(super) fn lost() -> End {
    unjudged(Outcome::Lost, "its supervisor vanished")
}

/// Its agent says why it cannot work.
pub(super) fn says(outcome: AgentOutcome, code: ReasonCode) -> End {
    let plain = unjudged(Outcome::Exited { code: 1 }, "agent: it cannot work now");
    Box::new(move |it| {
        plain(it);
        it.report.reason_code = Some(code);
        it.report.agent = Some(AgentRun::new(Preset::Claude, outcome.clone()));
    })
}

/// It passes, and its agent reports what it used.
pub(super) fn uses(cost_usd: f64, tokens: u64) -> End {
    Box::new(move |it| {
        let tokens = Tokens { input: tokens, out: 0, cached: 0, total: tokens };
        let run = AgentRun::new(Preset::Claude, AgentOutcome::Ok);
        it.report.agent = Some(AgentRun { cost_usd: Some(cost_usd), tokens: Some(tokens), ..run });
    })
}

/// Its agent leaves this result.
pub(super) fn leaves(result: AgentResult) -> End {
    Box::new(move |it| it.result = result.clone())
}

/// Its change comes this far.
pub(super) fn carries(came_to: CameTo) -> End {
    Box::new(move |it| {
        let entry = match it.change.take() {
            Some(carried) => carried.entry,
            None => entry(&it.job, object('b'), object('c')),
        };
        it.change = Some(Carried { entry, came_to: came_to.clone() });
    })
}

/// Something is in the way of its landing.
pub(super) fn obstructed(why: &'static str) -> End {
    let obstacle = Obstructed { waits: crate::domain::Waits::Checkout, why: why.to_owned() };
    let (carries, plain) = (carries(CameTo::Waits(Some(obstacle))), interrupted());
    Box::new(move |it| {
        plain(it);
        carries(it);
    })
}

/// Returns what was reported with these words in it.
pub(super) fn lines_of(ran: &super::play::Ran, words: &str) -> Vec<String> {
    ran.heard().into_iter().filter(|text| text.contains(words)).collect()
}
