//! The threads that send notifications while a loop runs.

use super::carrier::{Carrier, Programs};
use super::channel::{Channel, described};
use super::message::{Delivery, Message};
use super::need::Need;
use super::route::{Next, Route};
use super::tools::Tools;
use crate::config::{NotifyEvent, NotifyRule, variable};
use crate::store::StateDir;
use crate::store::log::Log;
use chrono::{Local, SecondsFormat};
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long an aborted delivery may take to end.
const GRACE: Duration = Duration::from_millis(200);

/// Sends notifications while a loop runs.
pub(crate) struct Notifier {
    threads: Vec<(String, Sender<Vec<Need>>)>,
    reports: Receiver<(usize, Vec<String>)>,
    cancelled: Arc<AtomicBool>,
    refused: Vec<String>,
}

/// Returns the channels of the configuration that can be used, and why the others cannot, in words.
pub(crate) fn channels(
    rules: &[NotifyRule],
    vars: &[(OsString, OsString)],
) -> (Vec<Channel>, Vec<String>) {
    let (mut usable, mut wrong) = (Vec::new(), Vec::new());
    for (number, rule) in (1..).zip(rules) {
        let missing: Vec<&str> =
            rule.variables().filter(|name| variable(vars, name).is_none()).collect();
        if missing.is_empty() {
            let url = rule.target.address().and_then(|address| address.resolve(vars));
            let secret = rule.secret_env.as_deref().and_then(|name| variable(vars, name));
            usable.push(Channel { rule: rule.clone(), number, url, secret });
        } else {
            let are = if missing.len() == 1 { "is" } else { "are" };
            let names = missing.join(" and ");
            wrong.push(format!("{}: {names} {are} not set", described(rule, number)));
        }
    }
    (usable, wrong)
}

impl Notifier {
    /// Starts sending to `channels` the events that are added to these `journals` from now on, and those that an earlier loop left.
    pub(crate) fn start(channels: &[Channel], journals: &[(StateDir, Log)], tools: &Tools) -> Self {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (sender, reports) = mpsc::channel();
        let mut notifier = Self { threads: Vec::new(), reports, cancelled, refused: Vec::new() };
        for channel in channels {
            for journal in journals {
                let carrier = notifier.carrier(tools);
                let route =
                    Route::new(channel.clone(), journal.clone(), tools.clone(), Box::new(carrier));
                notifier.begin(channel.to_string(), route, sender.clone());
            }
        }
        notifier
    }

    fn carrier(&self, tools: &Tools) -> Programs {
        Programs {
            vars: tools.vars.clone(),
            folder: tools.folder.clone(),
            cancelled: Arc::clone(&self.cancelled),
        }
    }

    fn begin(&mut self, name: String, mut route: Route, reports: Sender<(usize, Vec<String>)>) {
        let (end, ends) = mpsc::channel();
        let number = self.threads.len();
        let tell = move || {
            tell(&mut route, &ends);
            // The receiver is gone if the run did not wait.
            drop(reports.send((number, route.trouble())));
        };
        match thread::Builder::new().name("notify".to_owned()).spawn(tell) {
            Ok(_) => self.threads.push((name, end)),
            Err(error) => self.refused.push(format!("{name}: {error}")),
        }
    }

    /// Sends the remaining messages and those about `needs`, for at most `patience`. Returns what
    /// could not be sent, in words.
    pub(crate) fn finish(self, needs: &[Need], patience: Duration) -> Vec<String> {
        let deadline = Instant::now() + patience;
        for (_, end) in &self.threads {
            // A thread that has already ended has reported.
            let _has_ended = end.send(needs.to_vec());
        }
        let mut open: Vec<usize> = (0..self.threads.len()).collect();
        let mut troubles = self.refused;
        let mut hear = |open: &mut Vec<usize>, until: Instant| {
            while !open.is_empty() {
                let left = until.saturating_duration_since(Instant::now());
                let Ok((number, trouble)) = self.reports.recv_timeout(left) else { break };
                open.retain(|other| *other != number);
                troubles.extend(trouble);
            }
        };
        hear(&mut open, deadline.checked_sub(GRACE).unwrap_or(deadline));
        self.cancelled.store(true, Ordering::Release);
        hear(&mut open, deadline);
        for number in open {
            let name = self.threads.get(number).map_or("", |(name, _)| name);
            troubles.push(format!("{name}: not done in time; the next run retries"));
        }
        troubles
    }
}

/// Sends messages until the loop ends and everything that can be sent is sent.
fn tell(route: &mut Route, ends: &Receiver<Vec<Need>>) {
    let mut ending = false;
    loop {
        let wait = match route.turn(ending) {
            Next::Idle(_) | Next::Others(_) if ending => return,
            Next::Idle(wait) | Next::Others(wait) | Next::Look(wait) => wait,
        };
        match ends.recv_timeout(wait) {
            Ok(needs) => {
                ending = true;
                route.hear_needs(&needs);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The run ended without calling `finish`.
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Sends a test message to a channel.
///
/// # Errors
/// Returns why the message did not arrive, in words.
pub(crate) fn test(channel: &Channel, tools: &Tools) -> Result<(), String> {
    let now = tools.clock.now();
    let text = format!("{} - a test of workloop doctor", now.with_timezone(&Local).format("%H:%M"));
    let message = Message {
        place: None,
        key: String::new(),
        event: NotifyEvent::Test,
        at: now.to_rfc3339_opts(SecondsFormat::Millis, true),
        queue: None,
        task: None,
        title: None,
        reason: None,
        code: None,
        text,
    };
    let carrier = Programs {
        vars: tools.vars.clone(),
        folder: tools.folder.clone(),
        cancelled: Arc::new(AtomicBool::new(false)),
    };
    let id = tools.ids.hex32();
    let delivery = Delivery { id: &id, messages: &[message] };
    let sent = carrier.carry(channel, &delivery);
    sent.map_err(|refused| tools.mask.text(&refused.why).into_owned())
}
