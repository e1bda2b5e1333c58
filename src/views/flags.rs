//! Red flags: tasks that a person should look at, although they may continue by themselves.

use super::deadline;
use super::flag::{Flag, FlagKind, REPEATED, SLOW};
use super::style::{Look, color, fitted, padded, took};
use super::timing::{between, parsed};
use super::view::Sources;
use crate::domain::{Field, QueueIx, Status, Typed, budget_used_now};
use crate::plan::{Node, Source};
use crate::platform::cells;
use anstyle::AnsiColor;
use std::fmt::Write;

/// The most flags that are returned.
const MOST: usize = 1_000;
/// The most flags that are listed for people.
const LISTED: usize = 12;
/// The widest column of ids.
const IDS: usize = 28;

impl Sources<'_> {
    /// Returns the red flags of the tasks that are `selected` and not complete, as far as the
    /// queues show them: the first ones, and the number of the others.
    pub fn red_flags(&self, selected: &dyn Fn(Node) -> bool) -> (Vec<Flag>, usize) {
        let graph = self.readiness.graph();
        let (mut flags, mut more) = (Vec::new(), 0);
        let has_deadlines: Vec<bool> =
            self.queues.iter().map(|queue| queue.may_mention(Field::Deadline)).collect();
        let nodes = QueueIx::first(self.served).flat_map(|queue| graph.queue_nodes(queue));
        for node in nodes.filter(|node| selected(*node)) {
            let has_deadlines = has_deadlines[graph.location(node).0];
            for (kind, text) in self.flags(node, has_deadlines) {
                // Avoids a hundred thousand flags in memory at once.
                if flags.len() < MOST {
                    flags.push(Flag { kind, task: Some(graph.reference(node)), text });
                } else {
                    more += 1;
                }
            }
        }
        flags.sort_by_key(|flag| flag.kind);
        (flags, more)
    }

    fn flags(&self, node: Node, has_deadlines: bool) -> impl Iterator<Item = (FlagKind, String)> {
        let status = self.readiness.task(node).status;
        let is_open = !matches!(status, Status::Complete | Status::Parked);
        let all = is_open.then(|| {
            let late = has_deadlines.then(|| self.late(node)).flatten();
            [
                (FlagKind::Late, late),
                (FlagKind::RepeatedFailures, self.repeated(node)),
                (FlagKind::Slow, self.slow(node)),
            ]
        });
        let told = |(kind, text): (FlagKind, Option<String>)| text.map(|text| (kind, text));
        all.into_iter().flatten().filter_map(told)
    }

    fn late(&self, node: Node) -> Option<String> {
        let (queue, index) = self.place(node);
        let deadline = deadline::of(queue, index, self.readiness.conditions.now)?;
        deadline.is_late.then(|| format!("was due {}", self.mask.text(&deadline.text)))
    }

    fn repeated(&self, node: Node) -> Option<String> {
        let failed = budget_used_now(self.readiness.task(node));
        let is_repeated = failed as usize >= REPEATED;
        let why = || self.error(node).unwrap_or_else(|| "no reason is recorded".to_owned());
        is_repeated.then(|| format!("{failed} attempts failed: {}", why()))
    }

    fn slow(&self, node: Node) -> Option<String> {
        let task = self.readiness.task(node);
        let is_estimated = self.estimates.source(node) == Source::Given;
        let claim = task.claim().filter(|_| is_estimated && task.status == Status::InProgress)?;
        let ran = between(parsed(&claim.since)?, self.readiness.conditions.now).as_secs();
        let estimated = self.estimates.seconds(node);
        let is_slow = task.change().is_none() && ran as f64 > estimated as f64 * SLOW;
        let time = |seconds: u64| took(i64::try_from(seconds * 1000).unwrap_or(i64::MAX));
        is_slow.then(|| format!("runs for {}, estimated {}", time(ran), time(estimated)))
    }
}

/// Renders the list for people, under its heading; empty if there is none. `typed` names the queues
/// in the command that shows all of them.
pub(crate) fn text(flags: &[Flag], more: usize, typed: &Typed, look: Look) -> String {
    if flags.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", look.head("Red flags"));
    let shown = &flags[..flags.len().min(LISTED)];
    let id = |flag: &Flag| fitted(flag.task.as_deref().unwrap_or("-"), IDS);
    let ids = shown.iter().map(|flag| cells::width(&id(flag))).max().unwrap_or(0);
    let kinds = shown.iter().map(|flag| flag.kind.words().len()).max().unwrap_or(0);
    for flag in shown {
        let kind = look.paint(color(AnsiColor::Red), padded(flag.kind.words(), kinds));
        let most = look.width.map_or(usize::MAX, |width| width.saturating_sub(ids + kinds + 6));
        let what = fitted(&flag.text, most);
        let _ok = writeln!(text, "  {kind}  {}  {what}", padded(&id(flag), ids));
    }
    let more = more + flags.len() - shown.len();
    if more > 0 {
        let _ok = writeln!(text, "  … and {more} more: {}", typed.verb("report"));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::sample::seen;
    use serde_json::json;

    #[test]
    fn twelve_flags_are_listed_and_the_others_counted() {
        let flag = |kind, task: Option<&str>| Flag {
            kind,
            task: task.map(str::to_owned),
            text: "why\u{1b}".to_owned(),
        };
        let typed = Typed::naming(" --work-queue q.json".to_owned());
        let told = |many: usize, more: usize| {
            let flags = vec![flag(FlagKind::Slow, Some("A")); many];
            text(&flags, more, &typed, Look::PLAIN)
        };
        assert_eq!(told(0, 9), "");
        assert_eq!(told(1, 0), "Red flags\n  slow  A  why␛\n\n");
        assert_eq!(told(12, 0).lines().count(), 14);
        for (many, more, counted) in [(12, 1, 1), (13, 0, 1), (20, 5, 13)] {
            let end = format!("  … and {counted} more: workloop report --work-queue q.json\n\n");
            assert!(told(many, more).ends_with(&end), "{}", told(many, more));
        }
        let mixed =
            [flag(FlagKind::Failing, None), flag(FlagKind::PassedAfterFailures, Some("日本"))];
        assert_eq!(
            text(&mixed, 0, &typed, Look::PLAIN),
            "Red flags\n  failing                -     why␛\n  passed after failures  日本  why␛\n\n"
        );
    }

    /// A queue of a hundred thousand late tasks is not a hundred thousand flags in memory.
    #[test]
    fn a_thousand_flags_are_returned_and_the_others_counted() {
        let task =
            |n: usize| json!({"id": format!("T{n}"), "title": "t", "deadline": "2026-01-01"});
        let of = |many: usize| {
            let queue = json!({"tasks": (0..many).map(task).collect::<Vec<_>>()});
            let (flags, more) = seen(&[("q.json", &queue)], |sources| sources.red_flags(&|_| true));
            (flags.len(), more)
        };
        assert_eq!((of(1_000), of(1_003)), ((1_000, 0), (1_000, 3)));
    }

    #[test]
    fn what_is_late_slow_or_fails_again_and_again_is_flagged() {
        let claim =
            json!({"worker": "host:1:0badcafe", "attempt": 1, "since": "2026-01-19T14:00:00Z"});
        let queue = json!({"tasks": [
            {"id": "A", "title": "a", "deadline": "2026-01-19T12:00:00Z"},
            {"id": "B", "title": "b", "due_date": "2026-01-20"},
            {"id": "C", "title": "c", "status": "blocked", "attempts": 3, "error": "step t: s3cret-word"},
            {"id": "D", "title": "d", "status": "in_progress", "attempts": 1, "claim": claim, "estimated_minutes": 10},
            {"id": "E", "title": "e", "status": "in_progress", "attempts": 1, "claim": claim, "estimated_minutes": 30},
            {"id": "F", "title": "f", "status": "complete", "attempts": 5, "deadline": "2026-01-01"},
            {"id": "G", "title": "g", "status": "parked", "attempts": 5, "deadline": "2026-01-01"},
        ]});
        let (flags, view) = seen(&[("q.json", &queue)], |sources| {
            let shown = crate::views::view::Shown::All;
            (sources.red_flags(&|_| true), sources.status(&|_| true, false, shown))
        });
        let (flags, more) = flags;
        let text = text(&flags, more, &Typed::default(), Look { color: false, width: Some(60) });
        assert_eq!(
            text,
            "Red flags\n  late               A  was due 2026-01-19T12:00:00Z\n\
             \x20 repeated failures  C  3 attempts failed: step t: [masked]\n\
             \x20 slow               D  runs for 1 h, estimated 10 min\n\n"
        );
        assert_eq!(view.red_flags, flags);
        let tasks = &view.queues[0].tasks;
        let late: Vec<&str> = tasks.iter().filter(|t| t.late).map(|t| t.id.as_str()).collect();
        assert_eq!((late, tasks[1].deadline.as_deref()), (vec!["A"], Some("2026-01-20")));
        assert_eq!(crate::views::text::detail(&tasks[0]), "LATE, was due 2026-01-19T12:00:00Z");
    }
}
