//! The summary of a run: how many tasks are in each state, what it took, and each task that failed or waits
//! with the command that comes next.

use crate::domain::Event;
use crate::engine::{End, Ending, Piece};
use crate::platform::cells;
use crate::views::fold::folded;
use crate::views::style::{Look, count, fitted, padded, took};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

/// How many tasks are named.
const NAMED: usize = 20;
/// The widest column of ids.
const IDS: usize = 32;
/// The widest reason.
const WHY: usize = 60;
/// A reason that is narrower says nothing.
const NARROWEST: usize = 12;

/// What a run told.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Told {
    /// How each task ended last.
    ends: HashMap<String, String>,
    /// How long all attempts took together.
    worked: Duration,
    attempts: u64,
    cost: Option<f64>,
}

impl Told {
    /// An attempt ended.
    pub(super) fn ended(&mut self, piece: &Piece<'_>, end: &End<'_>) {
        if piece.turn.is_none() {
            return;
        }
        self.worked += end.took;
        self.attempts += 1;
        self.ends.insert(piece.id.to_owned(), end.what.to_owned());
    }

    /// A line was written into the journal; the one with the verdict of an attempt says what it cost, where
    /// that is known.
    pub(super) fn event(&mut self, event: &Event) {
        let cost = event.data.get("cost_usd").and_then(Value::as_f64);
        if let Some(cost) = cost.filter(|cost| cost.is_finite()) {
            self.cost = Some(self.cost.unwrap_or_default() + cost);
        }
    }
}

/// The summary of a run that took so long; nothing where it began no attempt. `queue` is what a command
/// needs to find the queue.
pub(in crate::cli) fn closing(
    (told, lasted): &(Told, Duration),
    ending: &Ending,
    queue: &str,
    look: Look,
) -> String {
    if ending.attempts == 0 {
        return String::new();
    }
    let width = look.width.unwrap_or(usize::MAX);
    let time = |time: Duration| took(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let mut parts = vec![ending.so_far()];
    parts.push(count(usize::try_from(told.attempts).unwrap_or(usize::MAX), "attempt", "attempts"));
    parts.push(format!("{} ({} of attempts)", time(*lasted), time(told.worked)));
    parts.extend(told.cost.map(|cost| format!("${cost:.2}")));
    let head = folded(&fitted(&parts.join(", "), usize::MAX), look);
    let mut text = format!("{}\n", look.head(head));
    let rows = ending.next_steps();
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|(id, command)| {
            let why = told.ends.get(*id).map(String::as_str).unwrap_or_default();
            // The next column has it whole.
            let why = why.strip_suffix(&format!("; {command}")).unwrap_or(why);
            let command = fitted(&format!("{command}{queue}"), usize::MAX);
            [fitted(id, IDS), fitted(why, WHY), command]
        })
        .collect();
    let widest = |column: usize| rows.iter().map(|row| cells::width(&row[column])).max();
    let [ids, whys, commands] = [0, 1, 2].map(|column| widest(column).unwrap_or(0));
    // The command is whole, and the reason gets what is left.
    let room = whys.min(width.saturating_sub(ids + commands + 6));
    for [id, why, command] in rows.iter().take(NAMED) {
        let why =
            if room < NARROWEST { String::new() } else { padded(&fitted(why, room), room) + "  " };
        let line = format!("  {}  {why}", padded(id, ids));
        // On a narrow terminal the command is on a line of its own.
        let is_beside = cells::width(&line) + cells::width(command) <= width;
        let _ok = if is_beside {
            writeln!(text, "{line}{command}")
        } else {
            writeln!(text, "{}\n      {command}", line.trim_end())
        };
    }
    if let Some(more) = rows.len().checked_sub(NAMED + 1) {
        let _ok = writeln!(text, "  … and {} more: workloop status{queue}", more + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Reason;
    use crate::plan::{Backlog, Cause, Node, Resolution, Root};
    use crate::platform::terminal::steers;

    const IDS: [&str; 4] =
        ["A-1", "日本語の長い識別子-🦀👩‍👩‍👧‍👦", "שלום\u{202e}evil", "a-long-id-of-words"];

    /// The summary of a run that left four tasks.
    fn drawn(width: usize) -> String {
        let root = |n| Root { task: Node(n), resolution: Resolution::Stuck, cause: Cause::Budget };
        let roots = (0..4).map(root).collect();
        let backlog = Backlog {
            total: 1000,
            complete: 990,
            stuck: 6,
            person: 4,
            roots,
            ..Backlog::default()
        };
        let ending = Ending::new(Reason::Done, backlog, 9, |node| IDS[node.0 as usize].to_owned());
        let why =
            "step test: exit status 1 日本語 🦀 \u{1b}[31m and more that is too long to be shown";
        let ends = IDS.map(|id| (id.to_owned(), why.to_owned())).into();
        let told =
            Told { ends, worked: Duration::from_secs(40_000), attempts: 1234, cost: Some(12.5) };
        let look = Look { color: false, width: Some(width) };
        closing(&(told, Duration::from_secs(20_000)), &ending, " --work-queue q.json", look)
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_each_command_is_whole() {
        for width in [60, 80, 120, 200] {
            let text = drawn(width);
            for line in text.lines() {
                let fits = cells::width(line) <= width || line.starts_with("      workloop ");
                assert!(fits && !line.contains(steers), "{width}: {line}");
            }
            let commands = text.matches("workloop retry ").count();
            assert_eq!(
                (commands, text.matches(" --work-queue q.json\n").count()),
                (4, 4),
                "{text}"
            );
            assert!(text.contains("$12.50"), "nothing of the first line is cut: {text}");
        }
        assert!(
            drawn(60).contains("\n      workloop retry A-1 --work-queue q.json\n"),
            "{}",
            drawn(60)
        );
    }
}
