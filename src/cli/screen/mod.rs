//! The output of a running loop: a line for each ended attempt, the last lines of the failed step
//! of a failed one, and on a terminal a block of what runs now. With `--json`, events are printed
//! to stdout as lines.
//!
//! All figures come from the notices of the loop, which report what it wrote.

mod block;
mod board;
mod closing;
mod line;
mod live;
mod output;
mod said;

pub(super) use closing::closing;
pub(super) use said::Said;

use super::streams::Streams;
use crate::domain::{Event, Typed, Verdict};
use crate::engine::{End, Notice, Observer, Piece};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::terminal;
use crate::views::json;
use crate::views::last_lines::last_lines;
use crate::views::style::{Look, color, took};
use anstyle::{AnsiColor, Style};
use block::Block;
use board::Board;
use closing::Told;
use line::{Line, below, plain};
use live::{Shared, held, tick};
use output::Outputs;
use std::io::Write;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What to print, and how.
#[derive(Clone, Debug)]
pub(super) struct How {
    /// How much to print.
    pub(super) said: Said,
    /// Whether the events are written to standard output.
    pub(super) json: bool,
    /// Whether the output of attempts is passed on.
    pub(super) output: bool,
    /// How suggested commands name the queues.
    pub(super) typed: Typed,
    /// How long earlier tasks took.
    pub(super) measured: Vec<Duration>,
}

/// Prints notices to a pair of handles.
pub(super) struct Screen<'s> {
    streams: &'s mut Streams,
    how: How,
    block: Option<Block>,
    shared: Shared,
    told: Told,
    /// What the loop waits for, as printed since the last attempt began or ended.
    waited: String,
    /// Dropping this ends the thread that redraws the block.
    _ticker: Option<Sender<()>>,
}

impl<'s> Screen<'s> {
    /// Creates the screen of a loop with `slots` slots.
    pub(super) fn new(streams: &'s mut Streams, slots: usize, how: How) -> Self {
        let shows = streams.err.is_terminal() && how.said > Said::Less;
        let block = shows.then(|| Block::new(streams.err.color()));
        let board =
            Board::new(slots, how.measured.clone(), how.typed.verb("resume"), Instant::now());
        let shared: Shared = Arc::new(Mutex::new((board, Outputs::new(how.output))));
        let ticks = block.is_some() || how.output;
        let ticker = ticks.then(|| tick(&shared, block.clone())).flatten();
        let (told, waited) = (Told::default(), String::new());
        Self { streams, how, block, shared, told, waited, _ticker: ticker }
    }

    /// Removes the block. Returns the collected results, and how long the run lasted.
    pub(super) fn end(mut self) -> (Told, Duration) {
        let lasted = held(&self.shared).0.lasted(Instant::now());
        (std::mem::take(&mut self.told), lasted)
    }

    fn look(&self) -> Look {
        let columns = || terminal::size_of_stderr().map_or(80, |(columns, _)| columns);
        let err = &self.streams.err;
        Look { color: err.color(), width: err.is_terminal().then(columns) }
    }

    /// Writes lines in one write, so that those of several loops do not mix.
    fn write(&mut self, text: &str) {
        let above = self.block.as_ref().is_some_and(|block| block.above(text));
        if !above {
            // A failure to print must not stop the run.
            drop(self.streams.err.write_all(format!("{text}\n").as_bytes()));
        }
    }

    /// Prints a line even with `--quiet`.
    fn always(&mut self, head: (&str, Style), text: &str) {
        let line = plain(&time(), head, text, self.look());
        self.write(&line);
    }

    fn line(&mut self, head: (&str, Style), text: &str) {
        if self.how.said > Said::Less {
            self.always(head, text);
        }
    }

    /// Prints a line about an attempt.
    fn about(&mut self, piece: &Piece<'_>, head: (&str, Style), facts: String, more: &str) {
        let Piece { id, title, .. } = *piece;
        let text = Line { time: time(), head, id, title, facts, more }.text(self.look());
        self.write(&text);
    }

    fn begins(&mut self, piece: &Piece<'_>, phase: &str) {
        self.waited.clear();
        held(&self.shared).0.begin(piece, phase, Instant::now());
        // On a terminal, the block shows it.
        let tells = self.how.said > Said::Usual || self.block.is_none();
        if tells && self.how.said > Said::Less {
            let facts = piece.turn.filter(|turn| turn.attempt > 1);
            let facts = facts.map(|turn| turn.to_string()).unwrap_or_default();
            self.about(piece, ("start", color(AnsiColor::Cyan)), facts, "");
        }
        self.draw();
    }

    /// Frees a slot, and prints the rest of its output.
    fn frees(&mut self, slot: usize, id: Option<&str>) {
        let mut shared = held(&self.shared);
        let (board, outputs) = &mut *shared;
        if let Some(busy) = board.end(slot, id) {
            outputs.finish(&busy, self.block.as_ref());
        }
    }

    fn ends(&mut self, piece: &Piece<'_>, end: &End<'_>) {
        // The slot may have started other work already.
        self.frees(piece.slot.index(), Some(piece.id));
        self.told.ended(piece, end);
        self.waited.clear();
        let bad = matches!(end.verdict, Some(Verdict::Fail | Verdict::Blocked));
        let head = match end.verdict {
            Some(Verdict::Pass) => ("PASS", color(AnsiColor::Green)),
            Some(Verdict::Fail) => ("FAIL", color(AnsiColor::Red)),
            Some(Verdict::Blocked) => ("BLOCKED", color(AnsiColor::Red)),
            Some(Verdict::Skipped) => ("SKIPPED", color(AnsiColor::Yellow)),
            None => ("ended", color(AnsiColor::Yellow)),
        };
        if end.verdict == Some(Verdict::Pass) && piece.turn.is_some() {
            held(&self.shared).0.passed(end.took);
        }
        if bad || self.how.said > Said::Less {
            let lasted = took(i64::try_from(end.took.as_millis()).unwrap_or(i64::MAX));
            let facts = [lasted, attempt(piece)];
            let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
            // The message must not repeat the facts and the title beside it.
            let more = end.what.replace(&format!(" ({})", attempt(piece)), "");
            let more = if more == "complete" || more == piece.title { "" } else { &more };
            let more = more.strip_prefix(&format!("{}: ", piece.title)).unwrap_or(more);
            self.about(piece, head, facts.join(", "), more);
        }
        if bad {
            self.failed(piece, end);
        }
        self.draw();
    }

    /// Prints the last lines of the failed step, and the command that shows the rest.
    fn failed(&mut self, piece: &Piece<'_>, end: &End<'_>) {
        let Some(step) = end.failed else { return };
        let look = self.look();
        let most = self.how.said.lines();
        let mut lines = Vec::new();
        // With `--show-output` they were printed already.
        if !self.how.output {
            let last = last_lines(&piece.folder.file(&step.log), most, piece.mask);
            lines.extend(last.iter().map(|line| below(&format!("| {line}"), look)));
        }
        if piece.turn.is_some() {
            let command = self.how.typed.about("log", piece.id);
            // A truncated command cannot be copied.
            let whole = Look { width: None, ..look };
            lines.push(look.paint(Style::new().dimmed(), below(&command, whole)));
        }
        if !lines.is_empty() {
            self.write(&lines.join("\n"));
        }
    }

    fn event(&mut self, event: &Event) {
        self.told.event(event);
        if self.how.json
            && let Ok(line) = serde_json::to_string(event)
        {
            drop(writeln!(self.streams.out, "{}", json::inert(&line)));
            drop(self.streams.out.flush());
        }
    }

    fn draw(&self) {
        if let Some(block) = &self.block {
            block.show(&held(&self.shared).0);
        }
    }
}

impl Observer for Screen<'_> {
    fn notice(&mut self, notice: &Notice<'_>) {
        let dimmed = Style::new().dimmed();
        let yellow = color(AnsiColor::Yellow);
        match notice {
            Notice::Event(event) => self.event(event),
            Notice::Begins(piece) => {
                let phase = if piece.turn.is_some() { "begins" } else { "verifying" };
                self.begins(piece, phase);
            }
            Notice::Lands(piece) => {
                held(&self.shared).0.begin(piece, "landing", Instant::now());
                self.draw();
            }
            Notice::Stage { slot, id, stage } => {
                if self.how.said > Said::Usual {
                    self.always(("", dimmed), &format!("{id}: {}", board::in_words(stage)));
                }
                held(&self.shared).0.stage(slot.index(), id, stage);
            }
            Notice::Ends(piece, end) => self.ends(piece, end),
            Notice::Passed(piece, took) => {
                self.told.passed(piece, *took);
                self.frees(piece.slot.index(), Some(piece.id));
                if self.how.said > Said::Usual {
                    self.about(piece, ("passed", dimmed), attempt(piece), "waits to land");
                }
            }
            Notice::Frees(slot) => self.frees(slot.index(), None),
            Notice::Tally(tally) => {
                held(&self.shared).0.tally(*tally);
                self.draw();
            }
            Notice::Paused(queues) => {
                held(&self.shared).0.pause(queues, Instant::now());
                let resume = self.how.typed.verb("resume");
                let text = "paused: tasks are suspended, nothing is written";
                match queues.is_empty() {
                    true => self.line(("resume", yellow), "continues"),
                    false => self.line(("pause", yellow), &format!("{text}; {resume} continues")),
                }
                self.draw();
            }
            // A landing that is tried again in between changes nothing.
            Notice::Waits(text) if self.waited == **text => {}
            Notice::Waits(text) => {
                self.waited = (*text).to_owned();
                self.line(("wait", dimmed), text);
            }
            Notice::Drains(text) => self.line(("stop", yellow), text),
            Notice::Warning(text) => self.always(("warning", yellow), text),
        }
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if let Some(block) = &self.block {
            block.clear();
        }
    }
}

/// Returns the number of the attempt, and its budget.
fn attempt(piece: &Piece<'_>) -> String {
    piece.turn.map(|turn| turn.to_string()).unwrap_or_default()
}

/// Returns the local time of day.
fn time() -> String {
    SystemClock.now().with_timezone(&chrono::Local).format("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
