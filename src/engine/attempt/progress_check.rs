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

/// Returns the text without numbers (and thus without times and durations), and without the rest of
/// each path that begins with one of `temporary`. What separates the digits of a number belongs to
/// it: `0.5 s` and `12 s` are the same.
fn plain(text: &str, temporary: &[&str]) -> String {
    let usual = ["/tmp/", "/var/tmp/", "/var/folders/"];
    let begins = |rest: &str| usual.iter().chain(temporary).any(|path| rest.starts_with(*path));
    let ends = |letter: char| letter.is_whitespace() || "\"'`:;,()[]{}<>".contains(letter);
    let mut plain = String::with_capacity(text.len());
    let (mut rest, mut in_number) = (text, false);
    while let Some(letter) = rest.chars().next() {
        if letter == '/' && begins(rest) {
            plain.push('/');
            rest = rest.find(ends).map_or("", |end| &rest[end..]);
            in_number = false;
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        let separates =
            matches!(letter, '.' | ',') && rest.starts_with(|c: char| c.is_ascii_digit());
        in_number = letter.is_ascii_digit() || (in_number && separates);
        if !in_number {
            plain.push(letter);
        }
    }
    plain
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Finding, Items, Measured, StepReport};
    use crate::engine::attempt::samples::failed;
    use crate::store::{StateDir, TaskKey};
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
        for (text, expected) in [
            ("0.5 s, 1,204 of 3.", " s,  of ."),
            ("12 s, 7 of 3.", " s,  of ."),
            ("v1.2.3-rc.4", "v-rc."),
            (".5 a.1 1.a 1..2", ". a. .a .."),
            ("\u{fc}1.5\u{fc}", "\u{fc}\u{fc}"),
            ("1", ""),
            ("", ""),
        ] {
            assert_eq!(plain(text, &[]), expected, "{text}");
        }
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

    /// Returns the fingerprint of the output of an attempt whose step printed `text`; without a
    /// file if it is `None`.
    fn print_of(report: &AttemptReport, text: Option<&str>) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let queue = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
        let folder = AttemptFolder::new(&state, &key, 1);
        folder.create().unwrap();
        if let Some(text) = text {
            folder.put("verify-1.out", text.as_bytes()).unwrap();
        }
        if report.steps.iter().any(|step| step.kind == StepKind::Agent) {
            folder.put(AGENT_ERR, b"complained").unwrap();
        }
        of_output(&folder, report)
    }

    /// Returns the report of an attempt whose last step ended with `outcome`, changed by `change`.
    fn ended(outcome: Outcome, change: impl Fn(&mut StepReport)) -> AttemptReport {
        let mut report = report("test", None, None);
        (report.steps[0].outcome, report.steps[0].log) = (outcome, "verify-1.out".to_owned());
        change(&mut report.steps[0]);
        report
    }

    fn exits(code: i32) -> AttemptReport {
        ended(Outcome::Exited { code }, |_| {})
    }

    #[test]
    fn the_same_output_and_outcome_have_the_same_fingerprint() {
        let first = print_of(&exits(1), Some("2 of 3 failed in 0.5 s at /tmp/x1/a\n"));
        assert_eq!(first.as_ref().map(String::len), Some(32));
        assert_eq!(print_of(&exits(1), Some("1 of 4 failed in 12 s at /tmp/y/b\n")), first);
        for (report, text) in [
            (exits(2), "2 of 3 failed in 0.5 s at /tmp/x1/a\n"),
            (
                ended(Outcome::TimedOut { seconds: 1 }, |_| {}),
                "2 of 3 failed in 0.5 s at /tmp/x1/a\n",
            ),
            (exits(1), "2 of 3 broke in 0.5 s at /tmp/x1/a\n"),
            (exits(1), ""),
        ] {
            let other = print_of(&report, Some(text));
            assert!(other.is_some() && other != first, "{:?} {text}", report.steps[0].outcome);
        }
        // A limit is part of the outcome.
        let timed_out =
            |seconds| print_of(&ended(Outcome::TimedOut { seconds }, |_| {}), Some("x"));
        assert_ne!(timed_out(5), timed_out(6));
    }

    #[test]
    fn a_silent_step_is_like_another_one_unless_it_was_killed() {
        let silent = print_of(&exits(1), None);
        assert!(silent.is_some());
        assert_eq!(print_of(&exits(1), Some("")), silent);
        for outcome in [
            Outcome::Signaled { signal: 9 },
            Outcome::TimedOut { seconds: 5 },
            Outcome::Silent { seconds: 5 },
            Outcome::FailedToStart { reason: "x".to_owned() },
            Outcome::Interrupted,
            Outcome::Lost,
        ] {
            assert_eq!(print_of(&ended(outcome.clone(), |_| {}), None), None, "{outcome:?}");
        }
        let mut nothing = exits(1);
        nothing.steps.clear();
        assert_eq!(print_of(&nothing, None), None);
    }

    #[test]
    fn nothing_is_like_a_hidden_step_whose_output_is_unknown() {
        let hidden = ended(Outcome::Exited { code: 1 }, |step| step.checked.hidden = true);
        assert_eq!(print_of(&hidden, Some("x")), None);
    }

    #[test]
    fn what_the_agent_complains_belongs_to_its_output() {
        let of_agent = ended(Outcome::Exited { code: 1 }, |step| step.kind = StepKind::Agent);
        let print = print_of(&of_agent, Some("x"));
        assert_eq!(print, print_of(&exits(1), Some("xcomplained")));
        assert_ne!(print, print_of(&exits(1), Some("x")));
    }

    #[test]
    fn a_rising_number_and_other_items_are_progress_and_the_text_around_them_is_not() {
        let measured = |value: Option<f64>| {
            let measure = Measured { value, ..Measured::default() };
            ended(Outcome::Exited { code: 1 }, |step| step.checked.measure = Some(measure.clone()))
        };
        let prints: Vec<_> = [None, Some(70.0), Some(71.0)]
            .map(|value| print_of(&measured(value), Some("x")).unwrap())
            .into();
        assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[0] != prints[2]);
        let items = |new: &str, lost: &str| {
            let list = |name: &str| name.split_whitespace().map(str::to_owned).collect();
            let items = Items { new: list(new), lost: list(lost), ..Items::default() };
            assert!(items.says_more());
            ended(Outcome::Exited { code: 1 }, |step| step.checked.items = Some(items.clone()))
        };
        let of_a = print_of(&items("a", ""), Some("x"));
        assert_eq!(print_of(&items("a", ""), Some("y")), of_a);
        assert_ne!(print_of(&items("b", ""), Some("x")), of_a);
        assert_ne!(print_of(&items("", "a"), Some("x")), of_a);
        assert_ne!(print_of(&items("", "a"), None), print_of(&items("", "b"), None));
    }

    #[test]
    fn an_attempt_that_was_refused_is_told_by_its_findings() {
        let refused = |line: u32, message: &str| {
            let mut report = ended(Outcome::Exited { code: 0 }, |_| {});
            let finding = Finding {
                code: "stub".to_owned(),
                level: Level::Fail,
                path: Some("a.rs".to_owned()),
                line: Some(line),
                message: message.to_owned(),
            };
            let mild =
                Finding { level: Level::Warn, message: format!("{line}x"), ..finding.clone() };
            report.findings.findings = vec![finding, mild];
            assert!(report.is_refused());
            report
        };
        let first = print_of(&refused(3, "a stub"), Some("x"));
        // Lines move.
        assert_eq!(print_of(&refused(14, "a stub"), Some("y")), first);
        assert_ne!(print_of(&refused(3, "a todo"), Some("x")), first);
        let last = refused(3, "a stub");
        let streak = Streak::of(1, 0).no_progress(&last, 1, 3);
        let text = "no progress: 2 attempts in a row made the same change (a.rs:3: a stub (stub)); \
                    1 of 3 attempts are left";
        assert_eq!(streak.as_deref(), Some(text));
    }

    #[test]
    fn a_streak_ends_where_both_differ_and_reaches_no_further() {
        let last = report("test", Some("c"), Some("o"));
        let [change, output] =
            [report("test", Some("c"), Some("p")), report("test", Some("d"), Some("o"))];
        let of = |earlier: &[&AttemptReport]| {
            streak(&last, &last.fingerprint, earlier.iter().map(|report| (*report).clone()))
        };
        assert_eq!(of(&[]), Streak::of(0, 0));
        assert_eq!(of(&[&last, &last]), Streak::of(2, 2));
        assert_eq!(of(&[&change, &change, &last]), Streak::of(3, 0));
        assert_eq!(of(&[&output, &last]), Streak::of(0, 2));
        assert_eq!(of(&[&change, &output, &last]), Streak::of(1, 0));
        assert_eq!(of(&[&last, &report("lint", Some("c"), Some("o"))]), Streak::of(2, 1));
        // Of an attempt that changed nothing, only the output counts.
        let nothing = report("test", None, Some("o"));
        let both = [nothing.clone(), nothing.clone()].into_iter();
        assert_eq!(streak(&nothing, &nothing.fingerprint, both), Streak::of(0, 2));
    }

    #[test]
    fn a_budget_that_is_used_up_leaves_nothing() {
        let last = report("test", Some("c"), Some("o"));
        for (streak, used, budget, left) in [
            (Streak::of(1, 0), 1, 5, "3 of 5"),
            (Streak::of(1, 0), 4, 5, "0 of 5"),
            (Streak::of(9, 9), u32::MAX, 5, "0 of 5"),
        ] {
            let text = streak.no_progress(&last, used, budget).unwrap();
            assert!(text.ends_with(&format!("; {left} attempts are left")), "{text}");
        }
        assert!(Streak::of(1, 1).no_progress(&last, 1, 5).is_some());
        assert_eq!(Streak::of(0, 1).no_progress(&last, 2, 5), None);
        assert_eq!(Streak::of(9, 9).no_progress(&last, 0, 5), None);
        let nothing = AttemptReport { steps: Vec::new(), ..last };
        assert_eq!(Streak::of(9, 9).no_progress(&nothing, 9, 10), None);
    }
}
