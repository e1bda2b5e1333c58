//! `stuck`: tasks that make no progress, each with the evidence: an attempt that is silent, one
//! that takes longer than nearly all earlier ones, one that is tried again without a new change, a
//! task behind one that is blocked, and claims whose worker is gone.

use super::fold::folded;
use super::known::LiveView;
use super::style::{Look, fitted, padded};
use super::timing::running;
use crate::domain::{AttemptReport, Typed};
use crate::plan::duration_text;
use crate::platform::cells;
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// The number of measured tasks that is needed to call one too slow.
const SAMPLE: usize = 5;
/// The most tasks that are listed for people.
const LISTED: usize = 40;

/// Why something is considered stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sign {
    /// Its worker is gone.
    WorkerGone,
    /// It prints nothing.
    Silent,
    /// It takes longer than nineteen of twenty earlier tasks.
    Slow,
    /// Attempts fail repeatedly, with the same change or none.
    SameChange,
    /// It waits for a task that is blocked, parked or missing.
    Behind,
}

/// A stuck task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StuckView {
    /// The task.
    pub id: String,
    /// Its queue.
    pub queue: String,
    /// The worker that has it.
    pub worker: Option<String>,
    /// The reason.
    pub sign: Sign,
    /// The evidence, in words.
    pub evidence: String,
    /// The next command.
    pub command: String,
}

/// All stuck tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StuckList {
    /// Version of this shape.
    pub schema_version: u32,
    /// The stuck tasks, the most likely first.
    pub stuck: Vec<StuckView>,
    /// How suggested commands name the queues.
    #[serde(skip)]
    pub typed: Typed,
}

/// Returns the evidence that an attempt has been silent for too long.
pub(crate) fn silent(live: &LiveView, most: Duration) -> Option<String> {
    let silent = live.silent_s.filter(|silent| *silent >= most.as_secs())?;
    let last =
        live.last_output.as_ref().map_or_else(String::new, |line| format!(", after: {line}"));
    Some(format!("{}: nothing printed for {}{last}", live.phase.word(), duration_text(silent)))
}

/// Returns the evidence that an attempt takes too long: nineteen of twenty `measured` tasks took
/// less.
pub(crate) fn slow(live: &LiveView, measured: &[Duration]) -> Option<String> {
    if measured.len() < SAMPLE {
        return None;
    }
    let mut sorted = measured.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * 95).div_ceil(100) - 1;
    let p95 = sorted[at];
    let ran = Duration::from_secs(live.running_s?);
    let many = sorted.len();
    (ran > p95.max(Duration::from_secs(60))).then(|| {
        format!("runs for {}; 95 % of {many} tasks took at most {}", running(ran), running(p95))
    })
}

/// Returns the evidence that at least the last two attempts failed without a new change.
pub(crate) fn same_change(reports: &[AttemptReport]) -> Option<String> {
    let failed =
        |report: &&AttemptReport| matches!(report.verdict, Some(crate::domain::Verdict::Fail));
    let last = reports.last().filter(failed)?;
    let change = &last.fingerprint.change;
    let same = reports
        .iter()
        .rev()
        .take_while(|report| failed(report) && report.fingerprint.change == *change);
    let many = same.count();
    let what = if change.is_some() { "the same change" } else { "no change" };
    (many > 1).then(|| format!("the last {many} attempts failed with {what}"))
}

/// Renders the list for people.
pub(crate) fn text(list: &StuckList, look: Look) -> String {
    if list.stuck.is_empty() {
        return "nothing looks stuck\n".to_owned();
    }
    let width = look.width.unwrap_or(usize::MAX);
    let all = usize::MAX;
    let shown = || list.stuck.iter().take(LISTED);
    let ids = shown().map(|one| cells::width(&fitted(&one.id, 28))).max().unwrap_or(0);
    let mut text = String::new();
    for one in shown() {
        let id = padded(&fitted(&one.id, 28), ids);
        let evidence = fitted(&one.evidence, width.saturating_sub(ids + 4));
        let _ok = writeln!(text, "{}  {evidence}", look.head(id));
        let _ok = writeln!(text, "{}  {}", " ".repeat(ids), fitted(&one.command, all));
    }
    if let Some(more) = list.stuck.len().checked_sub(LISTED + 1) {
        let all = list.typed.verb("stuck");
        let _ok = writeln!(text, "… and {} more: {all} --json has all", more + 1);
    }
    folded(&text, look)
}

#[cfg(test)]
mod tests {
    use super::super::known::Phase;
    use super::*;
    use crate::domain::{Fingerprint, Outcome, Verdict};

    fn live(ran: u64, silent: u64) -> LiveView {
        LiveView {
            phase: Phase::Agent,
            since: None,
            running_s: Some(ran),
            last_output: Some("thinking".to_owned()),
            last_output_at: None,
            silent_s: Some(silent),
        }
    }

    fn report(verdict: Verdict, change: Option<&str>) -> AttemptReport {
        AttemptReport {
            v: 1,
            task: "A".to_owned(),
            attempt: 1,
            worker: "w".to_owned(),
            started_at: String::new(),
            ended_at: String::new(),
            outcome: Outcome::Exited { code: 0 },
            verdict: Some(verdict),
            agent: None,
            reason: None,
            reason_code: None,
            steps: Vec::new(),
            files_changed: Vec::new(),
            files_ambiguous: Vec::new(),
            evidence: None,
            hooks: Vec::new(),
            known_errors: Vec::new(),
            findings: crate::domain::Findings::default(),
            fingerprint: Fingerprint { change: change.map(str::to_owned), output: None },
        }
    }

    #[test]
    fn silence_is_measured_against_the_limit() {
        let limit = Duration::from_secs(1800);
        assert_eq!(silent(&live(4000, 1799), limit), None);
        let told = silent(&live(4000, 1800), limit);
        assert_eq!(told.as_deref(), Some("agent: nothing printed for 30 min, after: thinking"));
    }

    #[test]
    fn slow_is_what_nearly_all_others_were_not() {
        let measured: Vec<Duration> = (1..=20).map(|n| Duration::from_secs(n * 60)).collect();
        assert_eq!(slow(&live(19 * 60, 0), &measured), None);
        let told = slow(&live(19 * 60 + 1, 0), &measured);
        assert_eq!(told.as_deref(), Some("runs for 19:01; 95 % of 20 tasks took at most 19:00"));
        assert_eq!(slow(&live(100_000, 0), &measured[..4]), None, "too few to say");
    }

    #[test]
    fn the_list_has_the_evidence_and_the_command_of_each() {
        let one = |id: &str| StuckView {
            id: id.to_owned(),
            queue: "q.json".to_owned(),
            worker: None,
            sign: Sign::Behind,
            evidence: "waits for B (blocked)\u{1b}".to_owned(),
            command: format!("workloop why {id}"),
        };
        let list = |many: usize| StuckList {
            schema_version: 1,
            stuck: (0..many).map(|n| one(&format!("T{n}"))).collect(),
            typed: Typed::naming(" --work-queue q.json".to_owned()),
        };
        assert_eq!(text(&list(0), Look::PLAIN), "nothing looks stuck\n");
        let told = text(&list(2), Look::PLAIN);
        assert_eq!(
            told,
            "T0  waits for B (blocked)␛\n    workloop why T0\nT1  waits for B (blocked)␛\n    workloop why T1\n"
        );
        assert!(text(&list(40), Look::PLAIN).ends_with("\n     workloop why T39\n"));
        let more = "\n     workloop why T39\n… and 2 more: workloop stuck --work-queue q.json --json has all\n";
        assert!(text(&list(42), Look::PLAIN).ends_with(more));
        let value = serde_json::to_value(list(1)).expect("JSON");
        assert_eq!((&value["stuck"][0]["sign"], value.get("typed")), (&"behind".into(), None));
    }

    #[test]
    fn silence_and_time_that_are_not_known_are_no_evidence() {
        let mut unknown = live(4_000, 4_000);
        (unknown.silent_s, unknown.last_output) = (None, None);
        assert_eq!(silent(&unknown, Duration::from_secs(60)), None);
        unknown.silent_s = Some(60);
        let told = silent(&unknown, Duration::from_secs(60));
        assert_eq!(told.as_deref(), Some("agent: nothing printed for 1 min"));
        unknown.running_s = None;
        let short = vec![Duration::from_secs(1); 5];
        assert_eq!(slow(&unknown, &short), None);
        assert_eq!(slow(&live(60, 0), &short), None, "a minute is never long");
        let told = slow(&live(61, 0), &short);
        assert_eq!(told.as_deref(), Some("runs for 1:01; 95 % of 5 tasks took at most 0:01"));
    }

    #[test]
    fn only_failures_in_a_row_with_the_same_change_count() {
        let fail = |change| report(Verdict::Fail, change);
        let told = |reports: &[AttemptReport]| same_change(reports);
        assert_eq!(told(&[fail(Some("x"))]), None);
        assert_eq!(told(&[fail(Some("x")), fail(Some("y"))]), None);
        let same = [fail(Some("x")), fail(Some("y")), fail(Some("y"))];
        let expected = "the last 2 attempts failed with the same change";
        assert_eq!(told(&same).as_deref(), Some(expected));
        let none = told(&[fail(None), fail(None)]);
        assert_eq!(none.as_deref(), Some("the last 2 attempts failed with no change"));
        assert_eq!(told(&[fail(None), report(Verdict::Pass, None)]), None);
    }
}
