//! `events`: the journal.

use crate::cli::args::{EventStyle, EventsArgs};
use crate::cli::failure::Failure;
use crate::cli::follow::Follow;
use crate::cli::session::Session;
use crate::cli::when::past;
use crate::config::Selection;
use crate::domain::Event;
use crate::platform::clock::{Clock, SystemClock};
use crate::store::lines::JournalLines;
use crate::store::{Backups, StateDir};
use crate::views::event::Teller;
use crate::views::json;
use crate::views::mask::Mask;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How many of the last events `--follow` begins with.
const FOLLOWED: usize = 10;

/// Bytes that are collected before they are written.
const BATCH: usize = 64 << 10;

/// The journal of one folder, and the queues of it that were asked for.
struct Source {
    lines: JournalLines,
    queues: HashSet<String>,
    last: Option<Last>,
}

/// The number and the time of the last line that was read. A journal that was put back from its backup
/// begins with lines that were told before; one that begins anew has newer times.
type Last = (u64, String);

/// How events are told.
struct Telling {
    since: Option<DateTime<Utc>>,
    style: EventStyle,
    json: bool,
    teller: Teller,
    mask: Mask,
    /// Only so many of the last ones are told, of what is there already.
    most: Option<usize>,
}

pub(super) fn run(args: &EventsArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let now = SystemClock.now();
    let since = args.since.as_deref().map(|text| past(text, now)).transpose()?;
    let selection = session.select_to_read(&args.queues)?;
    let (mut sources, dirs) = sources(&selection, session.backups().ok().as_ref());
    let mask = Mask::new(&selection.config.and_own(&session.world.vars));
    let teller = Teller::new(mask.clone(), session.look());
    let few = (args.follow && since.is_none()).then_some(FOLLOWED);
    let most = args.lines.or(few);
    let mut telling = Telling { since, style: args.style, json: args.json, teller, mask, most };
    // Made before the first look, so that nothing is missed between the two.
    let mut follow = args.follow.then(|| Follow::new(&dirs));
    loop {
        tell(&mut sources, &mut telling, session)?;
        let Some(follow) = &mut follow else { return Ok(()) };
        if session.streams.out.is_closed() || !follow.wait() {
            return Ok(());
        }
    }
}

/// The journals of the selected queues, and the folders where they change.
fn sources(selection: &Selection, backups: Option<&Backups>) -> (Vec<Source>, Vec<PathBuf>) {
    let mut found: Vec<(PathBuf, Source)> = Vec::new();
    let mut dirs = Vec::new();
    for queue in &selection.queues {
        let real = queue.path.canonicalize().unwrap_or_else(|_| queue.path.clone());
        let state = StateDir::beside(&real).backed_up(backups);
        let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let root = state.root().to_owned();
        let home = state.home();
        match found.iter_mut().find(|(other, _)| *other == root) {
            Some((_, source)) => {
                source.queues.insert(name);
            }
            None => {
                let lines = JournalLines::new(state);
                let source = Source { lines, queues: HashSet::from([name]), last: None };
                // The folder beside the queue too: that is where a state folder comes to be.
                dirs.extend([root.parent().map(Path::to_owned), Some(root.clone()), Some(home)]);
                found.push((root, source));
            }
        }
    }
    let sources = found.into_iter().map(|(_, source)| source).collect();
    (sources, dirs.into_iter().flatten().collect())
}

/// Tells what is new.
fn tell(
    sources: &mut [Source],
    telling: &mut Telling,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    if let Some(most) = telling.most.take() {
        return tell_last(most, sources, telling, session);
    }
    if let [source] = sources {
        let mut batch = Vec::new();
        let Source { lines, queues, last } = source;
        lines.read(&mut |line| {
            if let Some(event) = telling.wanted(line, queues, last) {
                telling.tell(line, &event, &mut batch);
            }
            if batch.len() >= BATCH && !session.streams.out.is_closed() {
                std::io::Write::write_all(&mut session.streams.out, &batch)?;
                batch.clear();
            }
            Ok(())
        })?;
        return session.print(batch);
    }
    // Several folders: one story, in the order of the times.
    let mut all: Vec<(String, Vec<u8>, Event)> = Vec::new();
    for source in sources {
        let Source { lines, queues, last } = source;
        lines.read(&mut |line| {
            let event = telling.wanted(line, queues, last);
            all.extend(event.map(|event| (event.at.clone(), line.to_vec(), event)));
            Ok(())
        })?;
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut batch = Vec::new();
    for (_, line, event) in all {
        telling.tell(&line, &event, &mut batch);
    }
    session.print(batch)
}

/// Tells the last ones of what is there.
fn tell_last(
    most: usize,
    sources: &mut [Source],
    telling: &mut Telling,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let several = sources.len() > 1;
    for source in sources {
        let Source { lines, queues, last } = source;
        lines.read(&mut |line| {
            if let Some(event) = telling.wanted(line, queues, last) {
                let mut text = Vec::new();
                telling.tell(line, &event, &mut text);
                all.extend((!text.is_empty()).then_some((event.at, text)));
                // Twice as many as are told are kept, so that they are not moved for each line.
                if !several && all.len() >= 2 * most.max(64) {
                    all.drain(..all.len() - most);
                }
            }
            Ok(())
        })?;
    }
    if several {
        all.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let skipped = all.len().saturating_sub(most);
    let batch: Vec<u8> = all.into_iter().skip(skipped).flat_map(|(_, text)| text).collect();
    session.print(batch)
}

impl Telling {
    /// The event of a line, if it is one, was asked for, and comes after the `last` one.
    fn wanted(
        &mut self,
        line: &[u8],
        queues: &HashSet<String>,
        last: &mut Option<Last>,
    ) -> Option<Event> {
        let event: Event = serde_json::from_slice(line).ok()?;
        if last.as_ref().is_some_and(|(seq, at)| event.seq <= *seq && event.at <= *at) {
            return None;
        }
        *last = Some((event.seq, event.at.clone()));
        let here = event.queue.is_empty() || queues.contains(&event.queue);
        let late = self.since.is_none_or(|since| {
            DateTime::parse_from_rfc3339(&event.at).is_ok_and(|at| at >= since)
        });
        if here && !late && self.style == EventStyle::Log {
            // What comes later is told with what was before: how long it took, and where.
            self.teller.log(&event);
        }
        (here && late).then_some(event)
    }

    fn tell(&mut self, line: &[u8], event: &Event, batch: &mut Vec<u8>) {
        if self.json {
            let line = String::from_utf8_lossy(line);
            let line = self.mask.text(&line);
            batch.extend_from_slice(json::inert(&line).as_bytes());
            batch.push(b'\n');
            return;
        }
        let text = match self.style {
            EventStyle::Text => Some(self.teller.text(event)),
            EventStyle::Log => self.teller.log(event),
        };
        if let Some(text) = text {
            batch.extend_from_slice(text.as_bytes());
            batch.push(b'\n');
        }
    }
}
