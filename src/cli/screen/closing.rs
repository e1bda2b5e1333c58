//! The summary of a run: the counts of tasks, duration and cost, and each task that failed or
//! waits, with the next command.

use crate::domain::{Event, QueueIx};
use crate::engine::{End, Ending, Piece};
use crate::platform::cells;
use crate::views::fold::folded;
use crate::views::style::{Look, count, fitted, padded, took};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

/// The maximum number of tasks to list.
const NAMED: usize = 20;
/// The maximum width of the column of ids, in cells.
const IDS: usize = 32;
/// The maximum width of the column of reasons, in cells.
const WHY: usize = 60;
/// A column in which reasons would be cut to less than this is left out, in cells.
const NARROWEST: usize = 12;

/// The results of a run, collected from its notices.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Told {
    /// How the last attempt of each task ended.
    ends: HashMap<String, String>,
    /// The total duration of all attempts.
    worked: Duration,
    attempts: u64,
    /// The attempts whose changes wait to land. They are counted already.
    waiting: HashSet<(QueueIx, String)>,
    cost: Option<f64>,
}

impl Told {
    /// Records the end of an attempt.
    pub(super) fn ended(&mut self, piece: &Piece<'_>, end: &End<'_>) {
        if piece.turn.is_none() {
            return;
        }
        if !self.waiting.remove(&task(piece)) {
            self.count(end.took);
        }
        self.ends.insert(piece.id.to_owned(), end.what.to_owned());
    }

    /// Records the end of an attempt whose change waits to land.
    pub(super) fn passed(&mut self, piece: &Piece<'_>, took: Duration) {
        if piece.turn.is_some() && self.waiting.insert(task(piece)) {
            self.count(took);
        }
    }

    fn count(&mut self, took: Duration) {
        self.worked += took;
        self.attempts += 1;
    }

    /// Records an event of the journal. The event with the verdict of an attempt contains its cost,
    /// if that is known.
    pub(super) fn event(&mut self, event: &Event) {
        let cost = event.data.get("cost_usd").and_then(Value::as_f64);
        if let Some(cost) = cost.filter(|cost| cost.is_finite()) {
            self.cost = Some(self.cost.unwrap_or_default() + cost);
        }
    }
}

/// Returns the task that a piece of work is about.
fn task(piece: &Piece<'_>) -> (QueueIx, String) {
    (piece.queue, piece.id.to_owned())
}

/// Returns the summary of a run, with its duration; empty if it began no attempt.
pub(in crate::cli) fn closing(
    (told, lasted): &(Told, Duration),
    ending: &Ending,
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
            // The next column contains the command already.
            let why = why.strip_suffix(&format!("; {command}")).unwrap_or(why);
            let command = fitted(command, usize::MAX);
            [fitted(id, IDS), fitted(why, WHY), command]
        })
        .collect();
    let widest = |column: usize| rows.iter().map(|row| cells::width(&row[column])).max();
    let [ids, whys, commands] = [0, 1, 2].map(|column| widest(column).unwrap_or(0));
    // The command is never cut; the reason gets the remaining width.
    let room = whys.min(width.saturating_sub(ids + commands + 6));
    let shows_why = room > 0 && room >= NARROWEST.min(whys);
    for [id, why, command] in rows.iter().take(NAMED) {
        let why = if shows_why { padded(&fitted(why, room), room) + "  " } else { String::new() };
        let line = format!("  {}  {why}", padded(id, ids));
        // On a narrow terminal, the command gets its own line.
        let is_beside = cells::width(&line) + cells::width(command) <= width;
        let _ok = if is_beside {
            writeln!(text, "{line}{command}")
        } else {
            writeln!(text, "{}\n      {command}", line.trim_end())
        };
    }
    if let Some(more) = rows.len().checked_sub(NAMED + 1) {
        let all = ending.typed.verb("status");
        let _ok = writeln!(text, "  … and {} more: {all}", more + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Typed;
    use crate::engine::Reason;
    use crate::plan::{Backlog, Cause, Node, Resolution, Root};
    use crate::platform::terminal::steers;

    const IDS: [&str; 4] =
        ["A-1", "日本語の長い識別子-🦀👩‍👩‍👧‍👦", "שלום\u{202e}evil", "a-long-id-of-words"];

    /// Returns the summary of a run that left four tasks.
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
        let worked = Duration::from_secs(40_000);
        let told = Told { ends, worked, attempts: 1234, cost: Some(12.5), ..Told::default() };
        let look = Look { color: false, width: Some(width) };
        let ending = ending.typed(&Typed::naming(" --work-queue q.json".to_owned()));
        closing(&(told, Duration::from_secs(20_000)), &ending, look)
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

    /// Returns the summary of a run that left the tasks `ids`, each for this reason.
    fn left(ids: &[String], why: &str, width: Option<usize>) -> String {
        let root = |n| Root { task: Node(n), resolution: Resolution::Stuck, cause: Cause::Blocked };
        let roots = (0..ids.len() as u32).map(root).collect();
        let backlog = Backlog { total: 50, stuck: ids.len(), roots, ..Backlog::default() };
        let ending = Ending::new(Reason::Done, backlog, 3, |node| ids[node.0 as usize].clone());
        let ends = ids.iter().map(|id| (id.clone(), why.to_owned())).collect();
        let told = Told { ends, attempts: 1, ..Told::default() };
        closing(&(told, Duration::from_secs(5)), &ending, Look { color: false, width })
    }

    #[test]
    fn a_reason_is_left_out_only_where_it_would_be_cut_to_nothing() {
        let id = ["A".to_owned()];
        let head = "0 of 50 complete, 1 attempt, 5.0 s (0.0 s of attempts)\n";
        for (why, width, row) in [
            // A short reason is no narrow column.
            ("red", None, "  A  red  workloop why A"),
            ("red", Some(80), "  A  red  workloop why A"),
            ("", Some(80), "  A  workloop why A"),
            // The next column contains the command already.
            ("red; workloop why A", Some(80), "  A  red  workloop why A"),
            ("it is very long indeed", Some(60), "  A  it is very long indeed  workloop why A"),
        ] {
            assert_eq!(left(&id, why, width), format!("{head}{row}\n"), "{why} {width:?}");
        }
        let row = |width| {
            let text = left(&id, "it is very long indeed", Some(width));
            text.split_once(" of attempts)\n").expect("a head").1.to_owned()
        };
        assert_eq!(row(33), "  A  it is very…   workloop why A\n");
        assert_eq!(row(32), "  A  workloop why A\n");
    }

    #[test]
    fn only_the_first_twenty_tasks_are_named() {
        let ids: Vec<String> = (1..=22).map(|n| format!("T-{n}")).collect();
        let count = |many: usize| left(&ids[..many], "red", Some(80)).lines().count();
        assert_eq!((count(1), count(19), count(20)), (2, 20, 21));
        for (many, last) in
            [(21, "  … and 1 more: workloop status"), (22, "  … and 2 more: workloop status")]
        {
            let text = left(&ids[..many], "red", Some(80));
            assert_eq!((text.lines().count(), text.lines().last()), (22, Some(last)));
        }
    }
}
