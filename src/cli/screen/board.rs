//! What is known of a run that continues, and the block that a terminal shows of it: a line for each
//! busy slot, and how the whole is going. Pure but for a look at what attempts print.

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

/// The widest column of ids.
const IDS: usize = 24;
/// The widest column of phases.
const PHASES: usize = 20;
/// Cells beside the columns of a line.
const BESIDE: usize = 13;
/// So wide a terminal shows the title and what was printed last side by side.
const WIDE: usize = 100;

/// What a slot is busy with.
#[derive(Debug)]
pub(super) struct Busy {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) folder: AttemptFolder,
    pub(super) mask: Mask,
    queue: usize,
    phase: String,
    begun: Instant,
    /// How long it was paused, and since when it is.
    paused: (Duration, Option<Instant>),
    /// What it printed last.
    last: (Option<Newest>, String),
}

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Board {
    slots: Vec<Option<Busy>>,
    tally: Option<Tally>,
    /// How long attempts took that passed.
    measured: Vec<Duration>,
    begun: Instant,
    paused: HashSet<usize>,
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

    /// How long it ran, without the time that it was paused.
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

    /// Looks at what it printed last, if that is something new.
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
    /// Of a run with so many slots that begins now; `measured` is how long earlier tasks took.
    pub(super) fn new(slots: usize, measured: Vec<Duration>, now: Instant) -> Self {
        // One more, which only lands.
        let slots = (0..=slots.max(1)).map(|_| None).collect();
        Self { slots, tally: None, measured, begun: now, paused: HashSet::new() }
    }

    /// A slot begins something.
    pub(super) fn begin(&mut self, piece: &Piece<'_>, phase: &str, now: Instant) {
        let mut busy = Busy::of(piece, phase, now);
        busy.pause(self.paused.contains(&piece.queue), now);
        if let Some(slot) = self.slots.get_mut(piece.slot.index()) {
            *slot = Some(busy);
        }
    }

    /// What the slot of `number` is busy with, if that is `id`.
    pub(super) fn at(&mut self, number: usize, id: &str) -> Option<&mut Busy> {
        self.slots.get_mut(number)?.as_mut().filter(|busy| busy.id == id)
    }

    /// What is busy.
    pub(super) fn busy(&mut self) -> impl Iterator<Item = &mut Busy> {
        self.slots.iter_mut().flatten()
    }

    /// What runs in the slot `number` is at another stage.
    pub(super) fn stage(&mut self, number: usize, id: &str, stage: &Stage) {
        if let Some(busy) = self.at(number, id) {
            busy.phase = in_words(stage);
        }
    }

    /// Nothing runs in the slot `number` any more, whatever it was; `id` says that it must be that.
    pub(super) fn end(&mut self, number: usize, id: Option<&str>) -> Option<Busy> {
        let slot = self.slots.get_mut(number)?;
        let is_it = |busy: &Busy| id.is_none_or(|id| busy.id == id);
        if slot.as_ref().is_some_and(is_it) { slot.take() } else { None }
    }

    /// So long an attempt took that passed.
    pub(super) fn passed(&mut self, took: Duration) {
        self.measured.push(took);
    }

    /// How the tasks are going now.
    pub(super) fn tally(&mut self, tally: Tally) {
        self.tally = Some(tally);
    }

    /// How long the run lasts.
    pub(super) fn lasted(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// From now on these queues are paused.
    pub(super) fn pause(&mut self, paused: &HashSet<usize>, now: Instant) {
        self.paused.clone_from(paused);
        for busy in self.slots.iter_mut().flatten() {
            busy.pause(paused.contains(&busy.queue), now);
        }
    }

    /// Looks at what attempts printed last.
    pub(super) fn look(&mut self) {
        self.slots.iter_mut().flatten().for_each(Busy::look);
    }

    /// The block for a terminal with so many rows.
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

    /// How the whole is going.
    fn whole(&self, busy: usize, look: Look, now: Instant) -> String {
        let width = look.width.unwrap_or(usize::MAX);
        if !self.paused.is_empty() {
            let text =
                "  paused: what runs was stopped, nothing is written; workloop resume continues";
            return look.paint(color(AnsiColor::Yellow), fitted(text, width));
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

    /// How much longer it may take.
    fn left(&self, busy: usize) -> Option<Duration> {
        let tally = self.tally?;
        let open = tally.total.saturating_sub(tally.complete + tally.blocked);
        // The slot that lands does not count.
        let lanes = (self.slots.len() - 1).min(tally.running + tally.ready).max(busy.min(1));
        left(open, lanes, &self.measured).filter(|left| !left.is_zero())
    }
}

/// What runs in one slot.
fn line(busy: &Busy, ids: usize, look: Look, now: Instant) -> String {
    let width = look.width.unwrap_or(usize::MAX);
    let phase = if busy.paused.1.is_some() { "paused" } else { &busy.phase };
    let id = padded(&fitted(&busy.id, ids), ids);
    let phases = PHASES.min((width / 4).max(6));
    let phase = padded(&fitted(phase, phases), phases);
    let time = format!("{:>6}", running(busy.ran(now)));
    let room = width.saturating_sub(cells::width(&id) + phases + BESIDE);
    let last = busy.last.1.as_str();
    let dimmed = Style::new().dimmed();
    let rest = match (last.is_empty(), width >= WIDE) {
        (true, _) => fitted(&busy.title, room),
        (false, false) => look.paint(dimmed, fitted(last, room)),
        (false, true) => {
            let title = fitted(&busy.title, room * 2 / 5);
            let rest = room.saturating_sub(cells::width(&title) + 2);
            format!("{title}  {}", look.paint(dimmed, fitted(last, rest)))
        }
    };
    let id = look.paint(color(AnsiColor::Cyan), id);
    format!("  {id}  {phase} {time}  {rest}").trim_end().to_owned()
}

/// What an attempt is busy with after `stage`.
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
