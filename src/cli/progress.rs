//! What a person sees of a running loop: plain lines, and on a terminal one live line for each
//! running task below them. With `--json` the events go to stdout as lines.

use super::args::GlobalArgs;
use super::streams::Streams;
use crate::domain::Verdict;
use crate::engine::{Notice, Observer, Stage};
use crate::platform::clock::{Clock, SystemClock};
use crate::views::{escape, json};
use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often the live lines are drawn again, so that their clocks move.
const TICK: Duration = Duration::from_millis(250);

/// The task that each slot runs, with its line.
type Live = Arc<Mutex<Vec<Option<(String, ProgressBar)>>>>;

/// How much of a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// What went wrong.
    Less,
    /// How each attempt began and ended.
    Usual,
    /// Each step of it, too.
    More,
}

impl Said {
    /// As the flags of every verb say.
    pub(super) fn of(global: &GlobalArgs) -> Self {
        match (global.quiet, global.verbose) {
            (true, _) => Self::Less,
            (false, 0) => Self::Usual,
            (false, _) => Self::More,
        }
    }
}

/// Tells notices on a pair of handles.
pub(super) struct Progress<'s> {
    streams: &'s mut Streams,
    bars: Option<MultiProgress>,
    live: Live,
    /// The thread that moves the clocks ends when this is dropped.
    _ticker: Option<Sender<()>>,
    json: bool,
    quiet: bool,
    verbose: bool,
}

impl<'s> Progress<'s> {
    /// Progress of a loop with `slots` slots.
    pub(super) fn new(streams: &'s mut Streams, slots: usize, json: bool, said: Said) -> Self {
        let (quiet, verbose) = (said == Said::Less, said == Said::More);
        let bars = (streams.err.is_terminal() && !quiet).then(MultiProgress::new);
        let live: Live = Arc::new(Mutex::new((0..slots.max(1)).map(|_| None).collect()));
        let ticker = bars.as_ref().and_then(|_| tick(&live));
        Self { streams, bars, live, _ticker: ticker, json, quiet, verbose }
    }

    fn line(&mut self, style: Style, head: &str, text: &str) {
        if !self.quiet {
            self.always(style, head, text);
        }
    }

    /// A line that is told to those, too, who want to hear only what went wrong.
    fn always(&mut self, style: Style, head: &str, text: &str) {
        let time = SystemClock.now().with_timezone(&chrono::Local).format("%H:%M:%S");
        let style = self.streams.err.style(style);
        let text = escape::line(text);
        let line = format!("{time} {style}{head:<8}{style:#} {text}");
        // Progress that cannot be shown stops nothing. (`suspend` of the bars would panic when the
        // terminal is gone.) In one piece, so that lines of several loops do not mix.
        drop(match &self.bars {
            Some(bars) if !bars.is_hidden() => bars.println(line),
            Some(_) | None => self.streams.err.write_all((line + "\n").as_bytes()),
        });
    }

    fn begin(&mut self, slot: usize, id: &str) {
        self.end(slot);
        let Some(bars) = &self.bars else { return };
        let bar = bars.add(ProgressBar::new_spinner());
        let template = ProgressStyle::with_template("  {spinner} {elapsed:>4} {wide_msg}");
        bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        say(&bar, id);
        if let Some(place) = lines(&self.live).get_mut(slot) {
            *place = Some((id.to_owned(), bar));
        }
    }

    fn stage(&self, slot: usize, id: &str, stage: &Stage) {
        let live = lines(&self.live);
        let Some((_, bar)) = live.get(slot).and_then(Option::as_ref) else { return };
        say(bar, &format!("{id}: {}", in_words(stage)));
    }

    fn end(&self, slot: usize) {
        if let Some((_, bar)) = lines(&self.live).get_mut(slot).and_then(Option::take) {
            bar.finish_and_clear();
        }
    }

    /// Whether the line of a slot is that of the task `id`.
    fn shows(&self, slot: usize, id: &str) -> bool {
        let live = lines(&self.live);
        live.get(slot).and_then(Option::as_ref).is_some_and(|(running, _)| running == id)
    }
}

impl Observer for Progress<'_> {
    fn notice(&mut self, notice: &Notice<'_>) {
        match notice {
            Notice::Event(event) => {
                if self.json
                    && let Ok(line) = serde_json::to_string(event)
                {
                    drop(writeln!(self.streams.out, "{}", json::inert(&line)));
                    drop(self.streams.out.flush());
                }
            }
            Notice::Begins { slot, id, title, attempt } => {
                let again =
                    if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
                self.line(color(AnsiColor::Cyan), "start", &format!("{id}{again}  {title}"));
                self.begin(slot.index(), id);
            }
            Notice::Stage { slot, id, stage } => {
                if self.verbose {
                    self.line(Style::new().dimmed(), "", &format!("{id}: {}", in_words(stage)));
                }
                self.stage(slot.index(), id, stage);
            }
            Notice::Ends { slot, id, verdict, what, .. } => {
                // The slot may have gone on already.
                if self.shows(slot.index(), id) {
                    self.end(slot.index());
                }
                let bad = matches!(verdict, Some(Verdict::Fail | Verdict::Blocked));
                let (style, head) = match verdict {
                    Some(Verdict::Pass) => (color(AnsiColor::Green), "PASS"),
                    Some(Verdict::Fail) => (color(AnsiColor::Red), "FAIL"),
                    Some(Verdict::Blocked) => (color(AnsiColor::Red), "BLOCKED"),
                    Some(Verdict::Skipped) => (color(AnsiColor::Yellow), "SKIPPED"),
                    None => (color(AnsiColor::Yellow), "ended"),
                };
                let text = format!("{id}  {what}");
                if bad { self.always(style, head, &text) } else { self.line(style, head, &text) }
            }
            Notice::Frees { slot, id } => {
                if self.shows(slot.index(), id) {
                    self.end(slot.index());
                }
            }
            Notice::Waits(text) => self.line(Style::new().dimmed(), "wait", text),
            Notice::Drains(text) => self.line(color(AnsiColor::Yellow), "stop", text),
            Notice::Warning(text) => self.always(color(AnsiColor::Yellow), "warning", text),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        let slots = lines(&self.live).len();
        for slot in 0..slots {
            self.end(slot);
        }
    }
}

fn in_words(stage: &Stage) -> String {
    match stage {
        Stage::Started => "agent".to_owned(),
        Stage::AgentFinished(outcome) => format!("agent {outcome}"),
        Stage::Verifying(step) => format!("verifying ({step})"),
        Stage::Verified(verdict) => verdict.to_string(),
    }
}

/// Draws the lines again and again, in one thread for all of them, until the sender is dropped. (The
/// library's own way is a thread for each line, and panics when the system refuses one.) Without a
/// thread they are drawn whenever something is told.
fn tick(live: &Live) -> Option<Sender<()>> {
    let (stop, stopped) = mpsc::channel();
    let live = Arc::clone(live);
    let body = move || {
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            lines(&live).iter().flatten().for_each(|(_, bar)| bar.tick());
        }
    };
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(body);
    thread.is_ok().then_some(stop)
}

fn lines(live: &Live) -> MutexGuard<'_, Vec<Option<(String, ProgressBar)>>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes beside a live line, which does not go through our streams.
fn say(bar: &ProgressBar, text: &str) {
    bar.set_message(escape::line(text).into_owned());
}

fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into()))
}
