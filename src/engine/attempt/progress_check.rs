//! Detects attempts that repeat the same result: a person must look, whatever budget is left.
//!
//! The verdict of each failed attempt has fingerprints of its change and of the output of its
//! failed step. If the folders of earlier attempts are gone, the count starts over.

use super::job::Job;
use crate::agent::bound_file;
use crate::domain::{AttemptReport, Fingerprint, Level, Outcome, ReasonCode, StepKind, Verdict};
use crate::platform::fault::{self, Fault};
use crate::store::attempts::{AGENT_ERR, AttemptFolder};
use crate::workspace::ContentHash;
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// The number of attempts in a row with the same change that count as no progress.
const SAME_CHANGE: u32 = 2;
/// The number of attempts in a row with the same failed step and the same output.
const SAME_OUTPUT: u32 = 3;
/// How much of an output is compared, in bytes: its head and its tail.
const OUTPUT_BYTES: usize = 256 << 10;
/// How many earlier attempts are read, including interrupted ones, which say nothing.
const LOOKED_AT: usize = 10;

/// How many attempts just before this one failed in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Streak {
    change: u32,
    output: u32,
}

/// Where the change of an attempt is, to compare it with those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// In the project itself.
    InRoot,
    /// In this captured tree; `None` if nothing was changed.
    Apart(Option<String>),
}

/// Returns the fingerprints of a failed attempt, and how many attempts before it failed in the same
/// way.
pub(super) fn compare(
    job: &Job,
    report: &AttemptReport,
    made: &Made,
) -> Option<(Fingerprint, Streak)> {
    // A conflict with what others landed is not a failure of the attempt.
    let by_others = [ReasonCode::Conflict, ReasonCode::RevertsOthers].map(Some);
    if report.verdict != Some(Verdict::Fail) || by_others.contains(&report.reason_code) {
        return None;
    }
    let print = Fingerprint {
        change: match made {
            Made::InRoot => of_change(&job.root, &report.files_changed),
            Made::Apart(tree) => tree.clone(),
        },
        output: of_output(&job.folder, report),
    };
    // A report that cannot be read makes the streak shorter, which costs at most one more attempt.
    let numbers = job.state.attempt_numbers(&job.key).unwrap_or_default().into_iter().rev();
    let earlier = numbers.filter(|number| *number < job.token.attempt).take(LOOKED_AT);
    let folder = |number| AttemptFolder::new(&job.state, &job.key, number);
    let streak = streak(report, &print, earlier.filter_map(|number| folder(number).report()));
    Some((print, streak))
}

/// Returns the streak that `last` with fingerprint `now` continues. `earlier` has the reports
/// before it, the latest first.
fn streak(
    last: &AttemptReport,
    now: &Fingerprint,
    earlier: impl Iterator<Item = AttemptReport>,
) -> Streak {
    let step =
        |report: &AttemptReport| report.steps.last().map(|step| (step.kind, step.name.clone()));
    let mut streak = Streak::default();
    let (mut change, mut output) = (now.change.is_some(), true);
    for report in earlier.filter(|report| report.verdict.is_some()) {
        let before = &report.fingerprint;
        let failed = report.verdict == Some(Verdict::Fail);
        change &= failed && before.change == now.change;
        output &= failed && before.output.is_some() && before.output == now.output;
        output &= step(&report) == step(last);
        if !change && !output {
            break;
        }
        streak.change += u32::from(change);
        streak.output += u32::from(output);
    }
    streak
}

impl Streak {
    /// Returns the streak of so many attempts with the same change and with the same output.
    #[cfg(test)]
    pub(crate) fn of(change: u32, output: u32) -> Self {
        Self { change, output }
    }

    /// Returns why there is no progress, if so. `used` attempts of `budget` were used before this
    /// one. Attempts before a person's `retry` do not count.
    pub(crate) fn no_progress(
        self,
        report: &AttemptReport,
        used: u32,
        budget: u32,
    ) -> Option<String> {
        if fault::is(Fault::NoProgressIgnored) {
            return None;
        }
        let [change, output] = [self.change, self.output].map(|before| before.min(used) + 1);
        let step = report.steps.last()?;
        let how = match report.findings.at_least(Level::Fail).next() {
            Some(finding) if report.is_refused() => finding.to_string(),
            Some(_) | None => format!("{}: {}", step.named(), step.ended()),
        };
        let left = budget.saturating_sub(used.saturating_add(1));
        let left = format!("{left} of {budget} attempts are left");
        if change >= SAME_CHANGE {
            return Some(format!(
                "no progress: {change} attempts in a row made the same change ({how}); {left}"
            ));
        }
        (output >= SAME_OUTPUT).then(|| {
            format!("no progress: {output} attempts in a row failed with the same output ({how}); {left}")
        })
    }
}

/// Returns a fingerprint of the changed files and their contents; `None` if nothing changed, or too
/// much.
fn of_change(root: &Path, changed: &[String]) -> Option<String> {
    if changed.is_empty() {
        return None;
    }
    let mut hash = ContentHash::default();
    for name in changed {
        hash.text(name.as_bytes());
        hash.path(&root.join(name)).ok()?;
    }
    Some(hash.finish())
}

/// Returns a fingerprint of the failed step's output and outcome, without what differs from run to
/// run.
fn of_output(folder: &AttemptFolder, report: &AttemptReport) -> Option<String> {
    if report.is_refused() {
        let mut hash = Sha256::new();
        for finding in report.findings.at_least(Level::Fail) {
            hash.update(plain(&finding.to_string(), &[]));
        }
        return Some(hex(hash));
    }
    let step = report.steps.last()?;
    if let Some(items) = step.checked.items.as_ref().filter(|items| items.says_more()) {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}", (&items.new, &items.old, &items.lost)));
        return Some(hex(hash));
    }
    // The output of a hidden step is not known, so nothing is equal to it.
    if step.checked.hidden {
        return None;
    }
    let log = folder.file(&step.log);
    let mut text = match bound_file(&log, OUTPUT_BYTES) {
        Ok(text) => text,
        // A step that prints nothing leaves no file. That counts as output, unless the step was
        // killed, which says nothing about the work.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match step.outcome {
            Outcome::Exited { .. } => String::new(),
            Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. }
            | Outcome::FailedToStart { .. }
            | Outcome::Interrupted
            | Outcome::Lost => return None,
        },
        Err(_) => return None,
    };
    if step.kind == StepKind::Agent {
        text.push_str(&bound_file(&folder.file(AGENT_ERR), OUTPUT_BYTES).unwrap_or_default());
    }
    let temporary = [std::env::temp_dir(), folder.path().to_owned()];
    let temporary: Vec<&str> = temporary.iter().filter_map(|path| path.to_str()).collect();
    let mut hash = Sha256::new();
    hash.update(outcome(&step.outcome));
    // A rising number is progress, even if it is not high enough yet.
    hash.update(format!("{:?}", step.checked.measure.as_ref().map(|measure| measure.value)));
    hash.update(plain(&text, &temporary));
    Some(hex(hash))
}

fn outcome(outcome: &Outcome) -> Vec<u8> {
    // The limit in seconds is configured, so it does not differ from run to run.
    outcome.to_string().into_bytes()
}

/// Returns the text without digits (and thus without times and durations), and without the rest of
/// each path that begins with one of `temporary`.
fn plain(text: &str, temporary: &[&str]) -> String {
    let usual = ["/tmp/", "/var/tmp/", "/var/folders/"];
    let begins = |rest: &str| usual.iter().chain(temporary).any(|path| rest.starts_with(*path));
    let ends = |letter: char| letter.is_whitespace() || "\"'`:;,()[]{}<>".contains(letter);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter == '/' && begins(rest) {
            plain.push('/');
            rest = rest.find(ends).map_or("", |end| &rest[end..]);
            continue;
        }
        if !letter.is_ascii_digit() {
            plain.push(letter);
        }
        rest = &rest[letter.len_utf8()..];
    }
    plain
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::attempt::samples::failed;
    use std::fs;

    fn report(step: &str, change: Option<&str>, output: Option<&str>) -> AttemptReport {
        let [change, output] = [change, output].map(|text| text.map(str::to_owned));
        failed("A", step, Fingerprint { change, output })
    }

    fn why(last: &AttemptReport, earlier: &[AttemptReport], used: u32) -> Option<String> {
        streak(last, &last.fingerprint, earlier.iter().cloned()).no_progress(last, used, 5)
    }

    #[test]
    fn two_same_changes_or_three_same_outputs_are_no_progress() {
        let last = report("test", Some("c"), Some("o"));
        let text = "no progress: 2 attempts in a row made the same change \
                    (step test: exit status 1); 3 of 5 attempts are left";
        assert_eq!(why(&last, std::slice::from_ref(&last), 1).as_deref(), Some(text));
        let other = report("test", Some("d"), Some("o"));
        assert_eq!(why(&last, std::slice::from_ref(&other), 1), None);
        let text = "no progress: 3 attempts in a row failed with the same output \
                    (step test: exit status 1); 2 of 5 attempts are left";
        let nothing = report("test", None, Some("o"));
        assert_eq!(why(&last, &[other.clone(), nothing.clone()], 2).as_deref(), Some(text));
        // Changing nothing twice is not the same change made twice.
        assert_eq!(why(&nothing, std::slice::from_ref(&nothing), 1), None);
        // Another step, another output, or an unknown output.
        for broken in [
            report("lint", Some("d"), Some("o")),
            report("test", Some("d"), Some("p")),
            report("test", None, None),
        ] {
            assert_eq!(why(&last, &[broken, nothing.clone()], 2), None);
        }
    }

    #[test]
    fn what_came_before_a_retry_does_not_count_and_interruptions_say_nothing() {
        let last = report("test", Some("c"), Some("o"));
        assert_eq!(why(&last, &[last.clone(), last.clone()], 0), None);
        let interrupted = AttemptReport { verdict: None, ..report("agent", None, None) };
        assert!(why(&last, &[interrupted, last.clone()], 1).is_some());
        let passed = AttemptReport { verdict: Some(Verdict::Pass), ..last.clone() };
        assert_eq!(why(&last, &[passed, last.clone()], 2), None);
    }

    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        let one = "12:30:01 FAIL in 0.31s at /tmp/tmp.Xy12/a.py:7 \"/home/x/t-9\" 3 of 4";
        let other = "07:05:59 FAIL in 12.4s at /tmp/tmp.qqZ/b.py:19 \"/home/x/t-10\" 2 of 44";
        assert_eq!(plain(one, &[]), plain(other, &[]));
        assert_eq!(plain("x /run/w/3/out y", &["/run/w"]), "x / y");
        assert_ne!(plain("test a failed", &[]), plain("test b failed", &[]));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "no state is written here")]
    fn a_change_is_told_by_names_and_contents() {
        let root = tempfile::tempdir().unwrap();
        let put = |text: &str| fs::write(root.path().join("a"), text).unwrap();
        let print = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            of_change(root.path(), &names)
        };
        put("1");
        let first = print(&["a"]);
        assert!(first.is_some() && print(&[]).is_none());
        assert_ne!(print(&["a", "gone"]), first);
        put("2");
        assert_ne!(print(&["a"]), first);
        put("1");
        assert_eq!(print(&["a"]), first);
        duct::cmd!("mkfifo", root.path().join("p")).run().unwrap();
        assert!(print(&["p"]).is_some());
    }
}
