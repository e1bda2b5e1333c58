//! The state of a run in progress, and the block that shows it on a terminal: a line for each busy
//! slot, and the overall progress. Pure except for reading the output of attempts.

use crate::domain::QueueIx;
use crate::engine::{Piece, Stage, Tally};
use crate::plan::duration_text;
use crate::platform::cells;
use crate::store::attempts::AttemptFolder;
use crate::views::last_lines::{Newest, last_lines, newest};
use crate::views::mask::Mask;
use crate::views::style::{Look, color, fitted, padded};
use crate::views::timing::{left, percent, running};
use anstyle::{AnsiColor, Style};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The maximum width of the column of ids, in cells.
const IDS: usize = 24;
/// The maximum width of the column of phases, in cells.
const PHASES: usize = 20;
/// From this width on, a line shows both the title and the last line of output.
const WIDE: usize = 100;

/// The work of a busy slot.
#[derive(Debug)]
pub(super) struct Busy {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) folder: AttemptFolder,
    pub(super) mask: Mask,
    queue: QueueIx,
    phase: String,
    begun: Instant,
    /// How long it was paused in total, and since when it is paused now.
    paused: (Duration, Option<Instant>),
    /// The newest output file, and its last line.
    last: (Option<Newest>, String),
}

/// The state of a run.
#[derive(Debug)]
pub(super) struct Board {
    slots: Vec<Option<Busy>>,
    tally: Option<Tally>,
    /// The durations of attempts that passed.
    measured: Vec<Duration>,
    begun: Instant,
    paused: HashSet<QueueIx>,
    /// The command that continues what is paused.
    resume: String,
}

impl Busy {
    fn of(piece: &Piece<'_>, phase: &str, now: Instant) -> Self {
        Self {
            id: piece.id.to_owned(),
            title: piece.title.to_owned(),
            folder: piece.folder.clone(),
            mask: piece.mask.clone(),
            queue: piece.queue,
            phase: phase.to_owned(),
            begun: now,
            paused: (Duration::ZERO, None),
            last: (None, String::new()),
        }
    }

    /// Returns how long it ran, without pauses.
    fn ran(&self, now: Instant) -> Duration {
        let until = self.paused.1.unwrap_or(now);
        until.saturating_duration_since(self.begun).saturating_sub(self.paused.0)
    }

    fn pause(&mut self, is_paused: bool, now: Instant) {
        match (self.paused.1, is_paused) {
            (None, true) => self.paused.1 = Some(now),
            (Some(since), false) => {
                self.paused = (self.paused.0 + now.saturating_duration_since(since), None);
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Reads the last line of its output, if that changed.
    fn look(&mut self) {
        let found = newest(self.folder.path());
        if found != self.last.0 {
            let lines = found.as_ref().map(|found| last_lines(&found.path, 1, &self.mask));
            let line = lines.and_then(|lines| lines.into_iter().next()).unwrap_or_default();
            self.last = (found, line);
        }
    }
}

impl Board {
    /// Creates the board of a run that begins now. `measured` contains the durations of earlier
    /// tasks.
    pub(super) fn new(slots: usize, measured: Vec<Duration>, resume: String, now: Instant) -> Self {
        // One more slot, which only lands.
        let slots = (0..=slots.max(1)).map(|_| None).collect();
        Self { slots, tally: None, measured, begun: now, paused: HashSet::new(), resume }
    }

    /// Records that a slot begins work.
    pub(super) fn begin(&mut self, piece: &Piece<'_>, phase: &str, now: Instant) {
        let mut busy = Busy::of(piece, phase, now);
        busy.pause(self.paused.contains(&piece.queue), now);
        if let Some(slot) = self.slots.get_mut(piece.slot.index()) {
            *slot = Some(busy);
        }
    }

    /// Returns the work of slot `number`, if its task is `id`.
    pub(super) fn at(&mut self, number: usize, id: &str) -> Option<&mut Busy> {
        self.slots.get_mut(number)?.as_mut().filter(|busy| busy.id == id)
    }

    /// Iterates over the work of all busy slots.
    pub(super) fn busy(&mut self) -> impl Iterator<Item = &mut Busy> {
        self.slots.iter_mut().flatten()
    }

    /// Records that task `id` in slot `number` reached another stage.
    pub(super) fn stage(&mut self, number: usize, id: &str, stage: &Stage) {
        if let Some(busy) = self.at(number, id) {
            busy.phase = in_words(stage);
        }
    }

    /// Records that slot `number` is free, and returns its last work. With an `id`, does so only if
    /// the slot runs that task.
    pub(super) fn end(&mut self, number: usize, id: Option<&str>) -> Option<Busy> {
        let slot = self.slots.get_mut(number)?;
        let is_it = |busy: &Busy| id.is_none_or(|id| busy.id == id);
        if slot.as_ref().is_some_and(is_it) { slot.take() } else { None }
    }

    /// Records the duration of an attempt that passed.
    pub(super) fn passed(&mut self, took: Duration) {
        self.measured.push(took);
    }

    /// Records the current counts of tasks.
    pub(super) fn tally(&mut self, tally: Tally) {
        self.tally = Some(tally);
    }

    /// Returns how long the run has lasted.
    pub(super) fn lasted(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// Records that exactly these queues are paused from now on.
    pub(super) fn pause(&mut self, paused: &HashSet<QueueIx>, now: Instant) {
        self.paused.clone_from(paused);
        for busy in self.slots.iter_mut().flatten() {
            busy.pause(paused.contains(&busy.queue), now);
        }
    }

    /// Reads the last line of output of each attempt.
    pub(super) fn look(&mut self) {
        self.slots.iter_mut().flatten().for_each(Busy::look);
    }

    /// Returns the lines of the block for a terminal with `rows` rows.
    pub(super) fn block(&self, look: Look, rows: usize, now: Instant) -> Vec<String> {
        let width = look.width.unwrap_or(usize::MAX);
        let busy: Vec<&Busy> = self.slots.iter().flatten().collect();
        let most = rows.saturating_sub(4).clamp(1, 40);
        let ids = busy.iter().map(|busy| cells::width(&fitted(&busy.id, IDS))).max().unwrap_or(0);
        let shown = busy.iter().take(most);
        let mut lines: Vec<String> =
            shown.map(|busy| line(busy, ids.min(width / 3), look, now)).collect();
        if busy.len() > most {
            lines.push(fitted(&format!("  … and {} more", busy.len() - most), width));
        }
        lines.push(self.whole(busy.len(), look, now));
        lines
    }

    /// Returns the line with the overall progress.
    fn whole(&self, busy: usize, look: Look, now: Instant) -> String {
        let width = look.width.unwrap_or(usize::MAX);
        if !self.paused.is_empty() {
            // The command comes first, because a narrow terminal cuts the end.
            let text = format!(
                "  paused; to continue: {}  (tasks are suspended, nothing is written)",
                self.resume
            );
            return look.paint(color(AnsiColor::Yellow), fitted(&text, width));
        }
        let mut parts = Vec::new();
        if let Some(Tally { total, complete, running, blocked, ready }) = self.tally {
            parts.push(format!("{complete}/{total} ({}%)", percent(complete, total)));
            let counts = [(running, "running"), (ready, "ready"), (blocked, "blocked")];
            let counts = counts.into_iter().filter(|(count, _)| *count > 0);
            parts.extend(counts.map(|(count, what)| format!("{count} {what}")));
        }
        parts.push(running(self.lasted(now)));
        parts.extend(
            self.left(busy)
                .filter(|left| left.as_secs() > 0)
                .map(|left| format!("about {} left", duration_text(left.as_secs()))),
        );
        look.paint(Style::new().bold(), fitted(&format!("  {}", parts.join(", ")), width))
    }

    /// Estimates the remaining time.
    fn left(&self, busy: usize) -> Option<Duration> {
        let tally = self.tally?;
        let open = tally.total.saturating_sub(tally.complete + tally.blocked);
        // The slot that only lands does not count.
        let lanes = (self.slots.len() - 1).min(tally.running + tally.ready).max(busy.min(1));
        left(open, lanes, &self.measured).filter(|left| !left.is_zero())
    }
}

/// Returns the line of one slot.
fn line(busy: &Busy, ids: usize, look: Look, now: Instant) -> String {
    let width = look.width.unwrap_or(usize::MAX);
    let phase = if busy.paused.1.is_some() { "paused" } else { &busy.phase };
    let id = padded(&fitted(&busy.id, ids), ids);
    let phases = PHASES.min((width / 4).max(6));
    let phase = padded(&fitted(phase, phases), phases);
    let time = format!("{:>6}", running(busy.ran(now)));
    // Hours make the time wider than its column.
    let begin = format!("  {id}  {phase} {time}");
    let room = width.saturating_sub(cells::width(&begin) + 2);
    if room == 0 {
        return fitted(&begin, width);
    }
    let last = busy.last.1.as_str();
    let dimmed = Style::new().dimmed();
    let rest = match (last.is_empty(), width >= WIDE) {
        (true, _) => fitted(&busy.title, room),
        (false, false) => look.paint(dimmed, fitted(last, room)),
        (false, true) => {
            let title = fitted(&busy.title, room / 5 * 2);
            let rest = room.saturating_sub(cells::width(&title) + 2);
            format!("{title}  {}", look.paint(dimmed, fitted(last, rest)))
        }
    };
    let id = look.paint(color(AnsiColor::Cyan), id);
    format!("  {id}  {phase} {time}  {rest}").trim_end().to_owned()
}

/// Returns what an attempt does after `stage`.
pub(super) fn in_words(stage: &Stage) -> String {
    match stage {
        Stage::Started => "agent".to_owned(),
        Stage::AgentFinished(outcome) => format!("agent {outcome}"),
        Stage::Hooked(report) => format!("hook {}", report.hook),
        Stage::Verifying(step) => format!("verifying ({step})"),
        Stage::Verified(verdict) => verdict.to_string(),
    }
}

#[cfg(test)]
mod tests;
