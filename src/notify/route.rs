//! One channel and one journal: reads new events, and sends due messages.

use super::carrier::Carrier;
use super::channel::Channel;
use super::message::{Delivery, Message};
use super::need::{self, Need};
use super::outbox::{Due, Moment, Outbox};
use super::tools::Tools;
use crate::config::NotifyEvent;
use crate::domain::{Event, Status};
use crate::platform::lock::FileLock;
use crate::platform::open::{self, Links};
use crate::queue::Queue;
use crate::store::StateDir;
use crate::store::cursors::{Cursor, CursorFile, Place};
use crate::store::log::{Log, LogReader};
use crate::views::event::Teller;
use crate::views::style::{self, Look};
use chrono::Local;
use std::collections::HashMap;
use std::time::Duration;

/// How often the journal is polled.
const POLL: Duration = Duration::from_millis(500);
/// How often to check whether the loop that sends is gone.
const OTHERS: Duration = Duration::from_secs(2);
/// The maximum size of a queue that is read, in bytes.
const QUEUE: u64 = 256 << 20;
/// The maximum number of keys of messages without a place that are remembered.
const SILENT: usize = 100;

/// What to do after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Take another turn after this time, or earlier if the loop ends.
    Look(Duration),
    /// Everything that can be sent now is sent.
    Idle(Duration),
    /// Another loop sends; check after this time whether it is still alive.
    Others(Duration),
}

/// A channel and a journal.
pub(super) struct Route {
    channel: Channel,
    state: StateDir,
    log: Log,
    file: CursorFile,
    /// Where to begin if there is no cursor.
    begin: Place,
    tools: Tools,
    carrier: Box<dyn Carrier>,
    telling: Option<Telling>,
    /// The errors to report: why the last delivery failed, and what was dropped.
    trouble: Vec<String>,
}

/// The state of the loop that sends.
struct Telling {
    /// Ensures that only one loop sends; held as long as it does.
    _lock: FileLock,
    cursor: Cursor,
    lines: Box<dyn LogReader>,
    /// The last event that was read.
    read: Place,
    teller: Teller,
    outbox: Outbox,
}

impl Route {
    /// Creates the route of `channel` for the journal `log`, whose folder is
    /// `state`. Events that are already in the
    /// journal are not sent, unless an earlier loop left them.
    pub(super) fn new(
        channel: Channel,
        (state, log): (StateDir, Log),
        tools: Tools,
        carrier: Box<dyn Carrier>,
    ) -> Self {
        let file = CursorFile::new(&state, &channel.key());
        let begin = file.end();
        let mut route = Self {
            channel,
            state,
            log,
            file,
            begin,
            tools,
            carrier,
            telling: None,
            trouble: Vec::new(),
        };
        route.take();
        route
    }

    /// Becomes the loop that sends, unless another one is.
    fn take(&mut self) {
        if self.telling.is_some() {
            return;
        }
        let lock = match self.file.lock() {
            Ok(Some(lock)) => lock,
            Ok(None) => return,
            Err(error) => {
                return self.complain(format!("failed to save the cursor: {error}"));
            }
        };
        let known = self.file.read();
        let is_new = known.is_none();
        let cursor =
            known.unwrap_or_else(|| Cursor { told: self.begin.clone(), ..Cursor::default() });
        self.telling = Some(Telling {
            _lock: lock,
            cursor,
            lines: self.log.reader(),
            read: Place::default(),
            teller: Teller::new(self.tools.mask.clone(), Look::PLAIN),
            outbox: Outbox::default(),
        });
        if is_new {
            self.keep();
        }
    }

    /// Reads new events, and sends due messages.
    pub(super) fn turn(&mut self, ends: bool) -> Next {
        self.take();
        self.read();
        let Some(telling) = &mut self.telling else { return Next::Others(OTHERS) };
        let now = self.tools.clock.now();
        let local = now.with_timezone(&Local).time();
        let moment = Moment { now, local, monotonic: self.tools.clock.monotonic(), ends };
        match telling.outbox.due(&self.channel.rule, moment) {
            Due::Nothing | Due::Quiet(_) => Next::Idle(POLL),
            Due::Later(left) => Next::Look(left.min(POLL)),
            Due::Now(count) => {
                self.send(count);
                Next::Look(Duration::ZERO)
            }
        }
    }

    /// Adds messages about the tasks that wait for a person at the end of the run.
    pub(super) fn hear_needs(&mut self, needs: &[Need]) {
        // Earlier events must be sent first.
        self.read();
        let wanted = self.channel.rule.on.contains(&NotifyEvent::NeedsYou);
        let Some(telling) = self.telling.as_mut().filter(|_| wanted) else { return };
        let now = self.tools.clock.now();
        let known = telling.cursor.silent.len();
        for message in need::messages(needs, &mut telling.cursor.silent, now) {
            if self.channel.admits(message.event, &[], message.task.as_deref()) {
                telling.outbox.push(message);
            }
        }
        // Even if nothing is sent: a task that waits again is told again.
        if telling.cursor.silent.len() < known {
            self.keep();
        }
    }

    /// Returns the errors, each with the name of the channel.
    pub(super) fn trouble(mut self) -> Vec<String> {
        let waiting = self.telling.as_ref().map_or(0, |telling| telling.outbox.len());
        let quiet = self.channel.rule.quiet.is_some();
        if waiting > 0 && (!quiet || !self.trouble.is_empty()) {
            self.complain(format!("{waiting} not delivered yet; the next run retries"));
        }
        let name = self.channel.to_string();
        self.trouble.into_iter().map(|text| format!("{name}: {text}")).collect()
    }

    /// Adds an error, without secrets: it may quote what a command printed.
    fn complain(&mut self, text: String) {
        let text = self.tools.mask.text(&text).into_owned();
        if !self.trouble.contains(&text) {
            self.trouble.push(text);
        }
    }

    /// Reads the new events of the journal.
    fn read(&mut self) {
        let Some(telling) = &mut self.telling else { return };
        let mut events = Vec::new();
        let read = telling.lines.read(&mut |line| {
            events.extend(serde_json::from_slice::<Event>(line).ok());
            Ok(())
        });
        // Events that could not be read now are read at the next turn.
        drop(read);
        let mut queues = Queues::default();
        for event in &events {
            self.hear(event, &mut queues);
        }
        if !events.is_empty()
            && let Some(telling) = &mut self.telling
            && let Some(until) = telling.cursor.until.clone()
        {
            telling.outbox.resume(&until);
        }
    }

    fn hear(&mut self, event: &Event, queues: &mut Queues) {
        let Some(telling) = &mut self.telling else { return };
        // A journal restored from its backup begins with lines that were read before.
        if telling.read != Place::default() && !telling.read.is_before(event) {
            return;
        }
        telling.read = Place::of(event);
        let line = telling.teller.log(event);
        if !telling.cursor.told.is_before(event) {
            return;
        }
        let (Some(kind), Some(line)) = (self.channel.wants(event), line) else { return };
        let mut message = Message::of(kind, event, line, &self.tools.mask).with_next();
        if kind == NotifyEvent::RunFinished {
            message.text.push_str(&queues.counted(&self.state, event));
        }
        self.push(message, queues);
    }

    fn push(&mut self, mut message: Message, queues: &mut Queues) {
        if let (Some(queue), Some(task)) = (&message.queue, &message.task) {
            let title = queues.title(&self.state, queue, task);
            message.title = title.map(|title| self.tools.mask.text(&title).into_owned());
        }
        if let Some(telling) = &mut self.telling {
            telling.outbox.push(message);
        }
    }

    /// Sends the first `count` messages.
    fn send(&mut self, count: usize) {
        let Some(telling) = &mut self.telling else { return };
        let messages = telling.outbox.first(count).to_vec();
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return };
        let id = self.file.delivery(&first.key, &last.key);
        if count > 1 && telling.cursor.until != last.place {
            telling.cursor.until.clone_from(&last.place);
            self.keep();
        }
        let sent = self.carrier.carry(&self.channel, &Delivery { id: &id, messages: &messages });
        let Some(telling) = &mut self.telling else { return };
        let text = match sent {
            Err(refused) if refused.again => {
                telling.outbox.failed(refused.after, self.tools.clock.monotonic());
                let tries = telling.outbox.tries();
                self.trouble.retain(|text| !text.starts_with("tried "));
                let tries = style::count(tries as usize, "time", "times");
                return self.complain(format!("tried {tries}: {}", refused.why));
            }
            Err(refused) => Some(format!("dropped: {}", refused.why)),
            Ok(()) => None,
        };
        self.trouble.retain(|text| !text.starts_with("tried "));
        if let Some(text) = text {
            self.complain(text);
        }
        self.delivered();
    }

    /// Ends the current delivery, and advances the cursor.
    fn delivered(&mut self) {
        let Some(telling) = &mut self.telling else { return };
        for message in telling.outbox.done() {
            match message.place {
                Some(place) => telling.cursor.told = place,
                None => telling.cursor.silent.push(message.key),
            }
        }
        telling.cursor.until = None;
        let surplus = telling.cursor.silent.len().saturating_sub(SILENT);
        telling.cursor.silent.drain(..surplus);
        self.keep();
    }

    fn keep(&mut self) {
        let Some(telling) = &self.telling else { return };
        if let Err(error) = self.file.write(&telling.cursor, &*self.tools.ids) {
            self.complain(format!("failed to save the cursor: {error}"));
        }
    }
}

/// The current queues of a folder, for titles and counts.
#[derive(Default)]
struct Queues(HashMap<String, Option<Queue>>);

impl Queues {
    fn get(&mut self, state: &StateDir, name: &str) -> Option<&Queue> {
        let folder = state.root().parent()?;
        let queue = self.0.entry(name.to_owned()).or_insert_with(|| {
            let path = folder.join(name);
            let bytes = open::read(&path, Links::Follow, QUEUE).ok()?;
            Queue::parse(&path, bytes).ok()
        });
        queue.as_ref()
    }

    fn title(&mut self, state: &StateDir, queue: &str, task: &str) -> Option<String> {
        let queue = self.get(state, queue)?;
        queue.index_of(task).map(|at| queue.title(at))
    }

    /// Returns how many tasks of the queues of a loop are complete, and how many blocked.
    fn counted(&mut self, state: &StateDir, event: &Event) -> String {
        let names = event.data.get("queues").and_then(|names| names.as_array());
        let names: Vec<String> = names
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let (mut all, mut complete, mut blocked) = (0, 0, 0);
        for name in names {
            // A loop names its queues; the name is usually that of the file without its extension.
            let file = if name.ends_with(".json") { name } else { format!("{name}.json") };
            let Some(queue) = self.get(state, &file) else { continue };
            let counts = queue.counts();
            all += counts.total;
            complete += counts.of(Status::Complete);
            blocked += counts.of(Status::Blocked);
        }
        let blocked = if blocked > 0 { format!(", {blocked} blocked") } else { String::new() };
        format!(": {complete} of {all} complete{blocked}")
    }
}
