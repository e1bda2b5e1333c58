//! A channel: a rule of the configuration, with the values that the environment adds.

use super::kinds::kinds;
use crate::config::{Address, NotifyEvent, NotifyRule, NotifyTarget};
use crate::domain::Event;
use std::fmt;
use std::path::Path;

/// A channel that can be used.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    /// The rule of the configuration.
    pub(super) rule: NotifyRule,
    /// The position of the rule, 1-based.
    pub(super) number: usize,
    /// The URL, for targets that have one.
    pub(super) url: Option<String>,
    /// The secret with which a webhook is signed.
    pub(super) secret: Option<String>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URL and secret must not be printed.
        f.debug_struct("Channel").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&described(&self.rule, self.number))
    }
}

/// Describes a channel for people.
pub(super) fn described(rule: &NotifyRule, number: usize) -> String {
    let to = match &rule.target {
        NotifyTarget::Command(command) => command.to_string(),
        NotifyTarget::Desktop => String::new(),
        NotifyTarget::Webhook(address)
        | NotifyTarget::Slack(address)
        | NotifyTarget::Discord(address)
        | NotifyTarget::Ntfy(address) => format!("{address:?}"),
    };
    format!("channel {number}: {} {to}", rule.target.kind()).trim_end().to_owned()
}

impl Channel {
    /// Returns where its messages are sent.
    pub(crate) fn target(&self) -> &NotifyTarget {
        &self.rule.target
    }

    /// Returns its line in the configuration, 1-based.
    pub(crate) fn line(&self) -> u32 {
        self.rule.line
    }

    /// Returns the identity of the channel across runs: everything that determines which messages
    /// it gets.
    pub(super) fn key(&self) -> String {
        let address = match self.rule.target.address() {
            Some(Address::Variable(name)) => format!("env:{name}"),
            Some(Address::Url(_)) | None => self.url.clone().unwrap_or_default(),
        };
        let rule = &self.rule;
        format!(
            "{}\0{}\0{}\0{:?}\0{:?}\0{:?}\0{:?}",
            described(rule, 0),
            address,
            rule.target.kind(),
            rule.on,
            rule.queues,
            rule.tasks,
            rule.severity,
        )
    }

    /// Returns the kind of `event` for this channel; `None` if the channel does not want it.
    pub(super) fn wants(&self, event: &Event) -> Option<NotifyEvent> {
        let kind = kinds(event).iter().find(|kind| self.rule.on.contains(kind)).copied()?;
        self.admits(kind, &queues(event), event.task.as_deref()).then_some(kind)
    }

    /// Returns whether an event of these queues and this task passes the filters.
    pub(super) fn admits(&self, kind: NotifyEvent, queues: &[&str], task: Option<&str>) -> bool {
        let rule = &self.rule;
        // The events of a loop name queues without the extension of the file.
        let is = |glob: &str, name: &&str| {
            let bare = glob.strip_suffix(".json").unwrap_or(glob);
            fast_glob::glob_match(glob, name) || fast_glob::glob_match(bare, name)
        };
        let any = |globs: &[String], names: &[&str]| {
            globs.is_empty() || globs.iter().any(|glob| names.iter().any(|name| is(glob, name)))
        };
        let stems = queues.iter().filter_map(|name| Path::new(name).file_stem()?.to_str());
        let names: Vec<&str> = queues.iter().copied().chain(stems).collect();
        let task: Vec<&str> = task.into_iter().collect();
        kind.severity() >= rule.severity && any(&rule.queues, &names) && any(&rule.tasks, &task)
    }
}

/// Returns the queues that an event concerns; for an event of a loop, those that the loop serves.
fn queues(event: &Event) -> Vec<&str> {
    if !event.queue.is_empty() {
        return vec![&event.queue];
    }
    let served = event.data.get("queues").and_then(|queues| queues.as_array());
    served.into_iter().flatten().filter_map(|queue| queue.as_str()).collect()
}
