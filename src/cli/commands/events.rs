//! `events`: prints the journal.

use crate::cli::args::{EventStyle, EventsArgs};
use crate::cli::failure::Failure;
use crate::cli::follow::Follow;
use crate::cli::session::Session;
use crate::cli::when::past;
use crate::config::{SelectedQueue, Selection};
use crate::domain::Event;
use crate::platform::clock::{Clock, SystemClock};
use crate::store::log::{Log, LogReader};
use crate::views::event::Teller;
use crate::views::json;
use crate::views::mask::Mask;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How many past events `--follow` prints first.
const FOLLOWED: usize = 10;

/// How many bytes are buffered before they are written.
const BATCH: usize = 64 << 10;

/// The journal of one folder, and the requested queues in it.
struct Source {
    lines: Box<dyn LogReader>,
    queues: HashSet<String>,
    last: Option<Last>,
}

/// The sequence number and time of the last line that was read. A journal restored from its backup
/// begins with lines that were printed before; a new journal has newer times.
type Last = (u64, String);

/// How events are printed.
struct Telling {
    since: Option<DateTime<Utc>>,
    style: EventStyle,
    json: bool,
    teller: Teller,
    mask: Mask,
    /// The maximum number of past events to print; `None` after they were printed, or for all.
    most: Option<usize>,
}

pub(super) fn run(args: &EventsArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let now = SystemClock.now();
    let since = args.since.as_deref().map(|text| past(text, now)).transpose()?;
    let selection = session.select_to_read(&args.queues)?;
    let keys = keys(&selection);
    let mut sources = sources(&keys, session);
    let mask = Mask::new(&selection.config.and_own(&session.world.vars));
    let teller = Teller::new(mask.clone(), session.look());
    let few = (args.follow && since.is_none()).then_some(FOLLOWED);
    let most = args.lines.or(few);
    let mut telling = Telling { since, style: args.style, json: args.json, teller, mask, most };
    // Created before the first read, so that no event is missed between the two.
    let follow = || {
        let keys: Vec<&Path> = keys.iter().map(PathBuf::as_path).collect();
        Follow::queues(&*session.control(), &keys, keys.len())
    };
    let mut follow = args.follow.then(follow);
    loop {
        tell(&mut sources, &mut telling, session)?;
        let Some(follow) = &mut follow else { return Ok(()) };
        if session.streams.out.is_closed() || !follow.wait() {
            return Ok(());
        }
    }
}

/// Returns the keys of the selected queues. The queues themselves are not read.
fn keys(selection: &Selection) -> Vec<PathBuf> {
    let key =
        |queue: &SelectedQueue| queue.path.canonicalize().unwrap_or_else(|_| queue.path.clone());
    selection.queues.iter().map(key).collect()
}

/// Returns the journals of the queues with these keys.
fn sources(keys: &[PathBuf], session: &Session<'_>) -> Vec<Source> {
    let mut found: Vec<(Log, Source)> = Vec::new();
    for queue in keys {
        let log = session.log(queue);
        let name = queue.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match found.iter_mut().find(|(other, _)| other.key() == log.key()) {
            Some((_, source)) => {
                source.queues.insert(name);
            }
            None => {
                let (lines, queues) = (log.reader(), HashSet::from([name]));
                found.push((log, Source { lines, queues, last: None }));
            }
        }
    }
    found.into_iter().map(|(_, source)| source).collect()
}

/// Prints the new events.
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
    // The events of several folders are merged in the order of their times.
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

/// Prints the last `most` of the existing events.
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
                // Up to twice as many are kept, so that the list is not shifted for each line.
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
    /// Parses a line. Returns its event if it was requested and comes after `last`.
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
            // Later events refer to earlier ones for durations and windows.
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
