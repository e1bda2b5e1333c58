//! `[[notify]]`: who is notified of what, and when. Pure data.

use crate::domain::Command;
use chrono::NaiveTime;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::Duration;

/// An event that people can be notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotifyEvent {
    /// Work stops until a person acts: a question, a blocked task, a change that cannot land.
    NeedsYou,
    /// A task was blocked.
    Blocked,
    /// A task is complete.
    Complete,
    /// An attempt failed, and its task will be tried again.
    Failed,
    /// An attempt was lost or interrupted.
    Lost,
    /// Verified work landed.
    Landed,
    /// A task was added.
    Added,
    /// Finished work, or a file that judges, was changed without permission.
    Tampered,
    /// A limit of an agent, of money or of tokens was reached.
    Limit,
    /// The agent of a task has printed nothing for too long.
    Silent,
    /// A loop began.
    RunStarted,
    /// A loop ended.
    RunFinished,
    /// No event: a person tests whether a channel works.
    Test,
}

impl NotifyEvent {
    /// All events that can be selected, with the word used in the configuration.
    pub const ALL: [(&'static str, Self); 12] = [
        ("needs_you", Self::NeedsYou),
        ("blocked", Self::Blocked),
        ("complete", Self::Complete),
        ("failed", Self::Failed),
        ("lost", Self::Lost),
        ("landed", Self::Landed),
        ("added", Self::Added),
        ("tampered", Self::Tampered),
        ("limit", Self::Limit),
        ("silent", Self::Silent),
        ("run_started", Self::RunStarted),
        ("run_finished", Self::RunFinished),
    ];

    /// Returns the word used in the configuration and in messages.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, event)| *event == self).map_or("test", |(word, _)| word)
    }

    /// Returns the severity of the event.
    pub fn severity(self) -> NotifySeverity {
        match self {
            Self::NeedsYou | Self::Blocked | Self::Tampered => NotifySeverity::Error,
            Self::Failed | Self::Lost | Self::Limit | Self::Silent => NotifySeverity::Warning,
            Self::Complete
            | Self::Landed
            | Self::Added
            | Self::RunStarted
            | Self::RunFinished
            | Self::Test => NotifySeverity::Info,
        }
    }
}

/// The severity of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotifySeverity {
    /// For information.
    #[default]
    Info,
    /// Something went wrong.
    Warning,
    /// Work stops until a person acts.
    Error,
}

impl NotifySeverity {
    /// All severities, with the word used in the configuration.
    pub const ALL: [(&'static str, Self); 3] =
        [("info", Self::Info), ("warning", Self::Warning), ("error", Self::Error)];
}

/// An address, given directly or in an environment variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// The URL.
    Url(String),
    /// The name of the variable that contains the URL.
    Variable(String),
}

impl Address {
    /// Returns the URL. Returns `None` if the variable is not set.
    pub fn resolve(&self, vars: &[(OsString, OsString)]) -> Option<String> {
        match self {
            Self::Url(url) => Some(url.clone()),
            Self::Variable(name) => variable(vars, name),
        }
    }
}

impl fmt::Debug for Address {
    /// Shows only the host of a URL, because with some services the rest is the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(host(url)),
            Self::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

/// Returns the value of a variable that is set and not empty.
pub(crate) fn variable(vars: &[(OsString, OsString)], name: &str) -> Option<String> {
    let set = vars.iter().find(|(key, _)| key.as_os_str() == OsStr::new(name));
    set.and_then(|(_, value)| value.to_str()).map(str::to_owned).filter(|text| !text.is_empty())
}

/// Returns the host and port of a URL, without credentials before an `@`.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].rsplit('@').next().unwrap_or_default()
}

/// Where messages are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyTarget {
    /// An HTTP POST request with JSON.
    Webhook(Address),
    /// A command that reads JSON from stdin.
    Command(Command),
    /// Desktop notifications.
    Desktop,
    /// An incoming webhook of Slack.
    Slack(Address),
    /// A webhook of Discord.
    Discord(Address),
    /// A topic of ntfy.
    Ntfy(Address),
}

impl NotifyTarget {
    /// Returns the configuration key.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Command(_) => "command",
            Self::Desktop => "desktop",
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Ntfy(_) => "ntfy",
        }
    }

    /// Returns the address to post to, if there is one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Webhook(address)
            | Self::Slack(address)
            | Self::Discord(address)
            | Self::Ntfy(address) => Some(address),
            Self::Command(_) | Self::Desktop => None,
        }
    }
}

/// A period of each day in which nothing is sent, in local time. It may span midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The start of the period.
    pub from: NaiveTime,
    /// The end of the period. `None` is midnight, written as `24:00`.
    pub to: Option<NaiveTime>,
}

impl Quiet {
    /// Parses a period such as `22:00-07:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, to) = text.split_once('-')?;
        let to = if to.trim() == "24:00" { None } else { Some(time(to)?) };
        let quiet = Self { from: time(from)?, to };
        (quiet.to != Some(quiet.from)).then_some(quiet)
    }

    /// Returns whether `time` is in the period.
    pub fn holds(&self, time: NaiveTime) -> bool {
        let Some(to) = self.to else { return time >= self.from };
        if self.from < to { self.from <= time && time < to } else { time >= self.from || time < to }
    }
}

/// An entry of `[[notify]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyRule {
    /// The events to send.
    pub on: Vec<NotifyEvent>,
    /// Where they are sent.
    pub target: NotifyTarget,
    /// The variable with the secret for signing messages.
    pub secret_env: Option<String>,
    /// Globs of queues, by name or file name. Empty means all.
    pub queues: Vec<String>,
    /// Globs of task ids. Empty means all.
    pub tasks: Vec<String>,
    /// The minimum severity of events to send.
    pub severity: NotifySeverity,
    /// When nothing is sent.
    pub quiet: Option<Quiet>,
    /// Events within this time are combined into one message.
    pub every: Option<Duration>,
    /// The line in the file, counted from 1.
    pub line: u32,
}

impl NotifyRule {
    /// Returns the variables that the rule reads. They are not passed to commands.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let address = match self.target.address() {
            Some(Address::Variable(name)) => Some(name.as_str()),
            Some(Address::Url(_)) | None => None,
        };
        address.into_iter().chain(self.secret_env.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_cross_midnight() {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let night = Quiet::parse("22:00-07:00").unwrap();
        for (at, is) in [("21:59", false), ("22:00", true), ("03:00", true), ("07:00", false)] {
            assert_eq!(night.holds(time(at)), is, "{at}");
        }
        let noon = Quiet::parse("12:00 - 13:30").unwrap();
        assert!(noon.holds(time("13:29")) && !noon.holds(time("13:30")));
        let always = Quiet::parse("00:00-24:00").unwrap();
        assert!(always.holds(time("00:00")) && always.holds(time("23:59")));
        for wrong in ["", "22:00", "25:00-07:00", "22-7", "08:00-08:00", "24:00-07:00"] {
            assert_eq!(Quiet::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_an_address_the_host_is_shown() {
        let shown = |url: &str| format!("{:?}", Address::Url(url.to_owned()));
        assert_eq!(shown("https://hooks.slack.com/services/T0/B0/secret"), "hooks.slack.com");
        assert_eq!(shown("http://user:secret@127.0.0.1:80?x"), "127.0.0.1:80");
    }
}
