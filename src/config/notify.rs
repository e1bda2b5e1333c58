//! `[[notify]]`: who is told what, and when; pure data.

use crate::domain::Command;
use chrono::NaiveTime;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::Duration;

/// What a person can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotifyEvent {
    /// Nothing continues without a person: a question, a blocked task, a change that cannot land.
    NeedsYou,
    /// A task was blocked.
    Blocked,
    /// A task is complete.
    Complete,
    /// An attempt failed and its task is tried again.
    Failed,
    /// An attempt was lost or interrupted.
    Lost,
    /// Verified work landed.
    Landed,
    /// A task was added.
    Added,
    /// Finished work or a file that judges was changed by somebody who must not.
    Tampered,
    /// A limit of an agent, of money or of tokens was hit.
    Limit,
    /// The agent of a task has printed nothing for too long.
    Silent,
    /// A loop began.
    RunStarted,
    /// A loop ended.
    RunFinished,
    /// Nothing happened: a person looks whether a channel works.
    Test,
}

impl NotifyEvent {
    /// All that can be asked for, as the configuration writes them.
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

    /// The word of the configuration and of the messages.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, event)| *event == self).map_or("test", |(word, _)| word)
    }

    /// How much it matters.
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

/// How much an event matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotifySeverity {
    /// Good to know.
    #[default]
    Info,
    /// Something did not go as it should.
    Warning,
    /// Nothing more happens there without a person.
    Error,
}

impl NotifySeverity {
    /// All of them, as the configuration writes them.
    pub const ALL: [(&'static str, Self); 3] =
        [("info", Self::Info), ("warning", Self::Warning), ("error", Self::Error)];
}

/// An address, as it is written or as a variable of the environment holds it.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// The URL itself.
    Url(String),
    /// The variable that holds it.
    Variable(String),
}

impl Address {
    /// The URL; `None` where the variable is not set.
    pub fn resolve(&self, vars: &[(OsString, OsString)]) -> Option<String> {
        match self {
            Self::Url(url) => Some(url.clone()),
            Self::Variable(name) => variable(vars, name),
        }
    }
}

impl fmt::Debug for Address {
    /// Of a URL only the host is shown: with some services the rest of it is the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(host(url)),
            Self::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

/// The value of a variable, if it is set to something.
pub fn variable(vars: &[(OsString, OsString)], name: &str) -> Option<String> {
    let set = vars.iter().find(|(key, _)| key.as_os_str() == OsStr::new(name));
    set.and_then(|(_, value)| value.to_str()).map(str::to_owned).filter(|text| !text.is_empty())
}

/// The host and the port of a URL, without what is before an `@`.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].rsplit('@').next().unwrap_or_default()
}

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyTarget {
    /// JSON by POST.
    Webhook(Address),
    /// A command that reads JSON.
    Command(Command),
    /// The notifications of the desktop.
    Desktop,
    /// An incoming webhook of Slack.
    Slack(Address),
    /// A webhook of Discord.
    Discord(Address),
    /// A topic of ntfy.
    Ntfy(Address),
}

impl NotifyTarget {
    /// The key of the configuration.
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

    /// The address that is posted to.
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

/// A part of each day in which nothing is sent, in the time of the machine. It may cross midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Its begin.
    pub from: NaiveTime,
    /// Its end; `None` is midnight, as `24:00`.
    pub to: Option<NaiveTime>,
}

impl Quiet {
    /// Reads `22:00-07:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, to) = text.split_once('-')?;
        let to = if to.trim() == "24:00" { None } else { Some(time(to)?) };
        let quiet = Self { from: time(from)?, to };
        (quiet.to != Some(quiet.from)).then_some(quiet)
    }

    /// Whether `time` is in it.
    pub fn holds(&self, time: NaiveTime) -> bool {
        let Some(to) = self.to else { return time >= self.from };
        if self.from < to { self.from <= time && time < to } else { time >= self.from || time < to }
    }
}

/// One `[[notify]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyRule {
    /// What is told.
    pub on: Vec<NotifyEvent>,
    /// Where it goes.
    pub target: NotifyTarget,
    /// The variable with the secret that signs.
    pub secret_env: Option<String>,
    /// Globs of queues, by name or file name; empty: all.
    pub queues: Vec<String>,
    /// Globs of task ids; empty: all.
    pub tasks: Vec<String>,
    /// What matters less is not told.
    pub severity: NotifySeverity,
    /// When nothing is sent.
    pub quiet: Option<Quiet>,
    /// What happens within this time is told together.
    pub every: Option<Duration>,
    /// Where it is in the file, 1-based.
    pub line: u32,
}

impl NotifyRule {
    /// The variables that it reads, which are nobody else's business.
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
