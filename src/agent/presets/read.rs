//! Determines the outcome of a run from the output of the tool, by the same rules for all tools.
//!
//! Events take precedence, then meaningful exit statuses, then texts of the tool's own error
//! channel. Unknown texts alone mean an error of the agent, which does not affect other tasks.

use super::adapter::{Adapter, Knows};
use super::own::{Means, Own, OwnText};
use super::reset::{self, Zone};
use super::texts::{self, Meaning};
use super::told::{End, Told};
use crate::domain::{AgentOutcome, AgentRun, Outcome};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The maximum length of an event, in bytes.
const LINE_BYTES: u64 = 8 << 20;
/// How much output without events is examined, in bytes.
const PLAIN_BYTES: usize = 1 << 20;
/// How many of the last lines of stderr are examined.
const COMPLAINTS: usize = 8;
/// The maximum size of stderr that is read, in bytes.
const COMPLAINT_BYTES: u64 = 64 << 20;

/// A run that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended<'a> {
    /// The file with its standard output.
    pub stdout: &'a Path,
    /// The file with its standard error.
    pub stderr: &'a Path,
    /// The prompt, which the tool may echo.
    pub prompt: &'a str,
    /// How the process ended.
    pub outcome: &'a Outcome,
    /// Exit statuses after which its work is verified.
    pub ok_exit_codes: &'a BTreeSet<i32>,
    /// The configured meanings of error texts, which take precedence over the built-in rules.
    pub own: &'a [OwnText],
}

/// Determines the outcome of a run of the tool of `adapter`.
pub(crate) fn read_run(adapter: &Adapter, ended: Ended<'_>, now: DateTime<Utc>) -> AgentRun {
    let (mut told, plain) = gather(adapter, ended.stdout);
    let lines: Vec<&str> = plain.lines().collect();
    (adapter.lines)(&mut told, &lines);
    let complaints = complaints(ended.stderr);
    let own = Own::new(ended.own);
    let mut run = AgentRun::new(adapter.preset, AgentOutcome::Ok);
    let judge =
        Judge { adapter, ended, told: &told, plain: &lines, complaints: &complaints, own, now };
    run.outcome = judge.outcome();
    run.message = judge.message(&run.outcome);
    if told.tokens.is_none() && !told.by_message.is_empty() {
        let sum = |sum: Option<_>, one: &crate::domain::Tokens| {
            Some(sum.map_or(*one, |sum: crate::domain::Tokens| sum.plus(*one)))
        };
        told.tokens = told.by_message.values().fold(None, sum);
    }
    let tells = |what| adapter.tells(what);
    run.session_id = told.session_id;
    run.model = told.model;
    run.tokens = told.tokens.filter(|_| tells(Knows::Tokens));
    run.cost_usd = told.cost_usd;
    run
}

/// Reads all events, and collects the other text.
fn gather(adapter: &Adapter, stdout: &Path) -> (Told, String) {
    let (mut told, mut plain) = (Told::default(), String::new());
    let Ok(file) = open::reading(stdout, Links::Refuse) else { return (told, plain) };
    let mut reader = BufReader::with_capacity(64 << 10, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let event = line.first() == Some(&b'{');
        let event = event.then(|| serde_json::from_slice::<Value>(&line).ok()).flatten();
        match event {
            Some(event @ Value::Object(_)) => {
                told.events += 1;
                (adapter.event)(&mut told, &event);
            }
            Some(_) | None if plain.len() < PLAIN_BYTES => {
                plain.push_str(&String::from_utf8_lossy(&line));
            }
            Some(_) | None => {}
        }
    }
    // The whole output may be one object that spans several lines.
    if told.events == 0
        && plain.trim_start().starts_with('{')
        && let Ok(event @ Value::Object(_)) = serde_json::from_str::<Value>(plain.trim())
    {
        told.events += 1;
        (adapter.event)(&mut told, &event);
        plain.clear();
    }
    (told, plain)
}

/// Returns the last lines on stderr, the last one first.
fn complaints(stderr: &Path) -> Vec<String> {
    let bytes = open::read(stderr, Links::Refuse, COMPLAINT_BYTES).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64 << 10)..]).into_owned();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.filter(|line| line.len() <= 1000).collect();
    let last = &lines[lines.len().saturating_sub(COMPLAINTS)..];
    last.iter().rev().map(ToString::to_string).collect()
}

/// The data from which the outcome is determined.
struct Judge<'a> {
    adapter: &'a Adapter,
    ended: Ended<'a>,
    told: &'a Told,
    /// The lines of the output that are not events.
    plain: &'a [&'a str],
    /// The last lines of stderr, the last one first.
    complaints: &'a [String],
    /// The configured meanings of error texts.
    own: Own,
    now: DateTime<Utc>,
}

impl Judge<'_> {
    fn outcome(&self) -> AgentOutcome {
        let code = match self.ended.outcome {
            Outcome::Exited { code } => *code,
            Outcome::Signaled { .. } | Outcome::TimedOut { .. } | Outcome::Silent { .. } => {
                return self.ended_by_force();
            }
            Outcome::FailedToStart { .. } | Outcome::Interrupted | Outcome::Lost => {
                return AgentOutcome::NoResult;
            }
        };
        let is_ok = self.ended.ok_exit_codes.contains(&code);
        if self.texts_are_matched_anywhere() {
            return self.limit(None);
        }
        let worked = is_ok && self.told.end == Some(End::Ok);
        if let Some(outcome) = self.by_own_texts().filter(|_| !worked) {
            return outcome;
        }
        match &self.told.end {
            Some(End::Ok) if is_ok => AgentOutcome::Ok,
            Some(End::Ok) => (self.adapter.status)(code)
                .or_else(|| self.complained())
                .map_or(AgentOutcome::AgentError, |meaning| self.meant(meaning)),
            Some(End::Failed(Some(meaning))) => self.meant(*meaning),
            Some(End::Failed(None)) => {
                let meaning =
                    self.told.meant(self.ended.prompt).or_else(|| (self.adapter.status)(code));
                meaning.map_or(AgentOutcome::AgentError, |meaning| self.meant(meaning))
            }
            None => self.without_an_end(code, is_ok),
        }
    }

    /// Returns the outcome that the configuration gives to its error events or its stderr.
    fn by_own_texts(&self) -> Option<AgentOutcome> {
        let errors = self.told.errors.iter().rev().map(String::as_str);
        let lines = self.complaints.iter().map(String::as_str);
        let lines = lines.filter(|line| !texts::is_of_prompt(line, self.ended.prompt));
        let (means, text) = self.own.find(errors.chain(lines))?;
        Some(match means {
            Means::UsageLimit => self.limit(reset::stated(text, self.now, Zone::Local)),
            Means::Transient => AgentOutcome::Transient,
            Means::Auth => AgentOutcome::Auth,
            Means::AgentError => AgentOutcome::AgentError,
        })
    }

    /// Returns the outcome of a tool that did not report how it ended.
    fn without_an_end(&self, code: i32, is_ok: bool) -> AgentOutcome {
        if self.told.limit.is_some() {
            return self.limit(None);
        }
        if !self.adapter.streams && is_ok {
            let printed = self.plain.iter().any(|line| !line.trim().is_empty());
            let silent = !printed && self.told.events == 0 && !self.adapter.program.is_empty();
            return if silent { AgentOutcome::NoResult } else { AgentOutcome::Ok };
        }
        let meaning = (self.adapter.status)(code).or_else(|| self.told.meant(self.ended.prompt));
        if let Some(meaning) = meaning.or_else(|| self.complained()) {
            return self.meant(meaning);
        }
        match code {
            _ if is_ok => AgentOutcome::NoResult,
            // Shells report signals like this. 255 is not a signal: a tool exited with -1.
            129..=192 => AgentOutcome::Killed,
            _ => AgentOutcome::AgentError,
        }
    }

    /// Returns the outcome of a tool that was ended by a timeout or a signal. It may have reported
    /// a usage limit before.
    fn ended_by_force(&self) -> AgentOutcome {
        let by_words = || self.told.meant(self.ended.prompt).or_else(|| self.complained());
        let is_limit = match (&self.told.end, &self.told.limit) {
            (Some(End::Ok), _) => false,
            (Some(End::Failed(Some(meaning))), _) => *meaning == Meaning::UsageLimit,
            (None | Some(End::Failed(None)), Some(_)) => !self.told.is_past_limit,
            // Some tools hang after they have reported a limit.
            (None | Some(End::Failed(None)), None) => by_words() == Some(Meaning::UsageLimit),
        };
        if is_limit { self.limit(None) } else { AgentOutcome::Killed }
    }

    /// Simulates matching texts anywhere, which the proof must detect.
    fn texts_are_matched_anywhere(&self) -> bool {
        let said = self.told.message.as_deref().unwrap_or_default();
        fault::is(Fault::TaskTextMatched)
            && (texts::of_event(self.ended.prompt, "") == Some(Meaning::UsageLimit)
                || texts::of_event(said, "") == Some(Meaning::UsageLimit))
    }

    /// Returns the meaning of its error texts: stderr, or a single line printed instead of events.
    fn complained(&self) -> Option<Meaning> {
        self.complaint().map(|(meaning, _)| meaning)
    }

    fn complaint(&self) -> Option<(Meaning, &str)> {
        // For a command without a preset, it is unknown which program wrote the text.
        if self.adapter.program.is_empty() {
            return None;
        }
        let stderr = self.complaints.iter().map(String::as_str);
        let found = texts::of_lines(stderr, self.ended.prompt);
        found.or_else(|| {
            let mut lines = self.plain.iter().filter(|line| !line.trim().is_empty());
            let (only, more) = (lines.next()?, lines.next());
            let alone = self.adapter.streams && self.told.events == 0 && more.is_none();
            let only = alone.then_some(*only)?;
            texts::of_lines(std::iter::once(only), self.ended.prompt)
        })
    }

    fn meant(&self, meaning: Meaning) -> AgentOutcome {
        match meaning {
            Meaning::UsageLimit => self.limit(self.told.stated(self.now)),
            Meaning::Transient => AgentOutcome::Transient,
            Meaning::Auth => AgentOutcome::Auth,
            Meaning::Turns => AgentOutcome::TurnLimit,
            Meaning::Cost => AgentOutcome::CostLimit,
        }
    }

    /// Returns the usage limit with its end: from the event, else from `stated`, else from an error
    /// text.
    fn limit(&self, stated: Option<DateTime<Utc>>) -> AgentOutcome {
        let (by_event, scope) = self.told.limit.clone().unwrap_or_default();
        let by_event = by_event.map(|until| reset::clamped(until, self.now));
        let complained = || {
            let (_, line) = self.complaint()?;
            reset::stated(line, self.now, Zone::Local)
        };
        let until = by_event.or(stated).or_else(|| self.told.stated(self.now)).or_else(complained);
        AgentOutcome::UsageLimit { until, scope }
    }

    /// Returns its error if it failed, else its last message.
    fn message(&self, outcome: &AgentOutcome) -> Option<String> {
        if *outcome == AgentOutcome::Ok {
            return self.told.message.clone();
        }
        let error = self.told.errors.last().cloned();
        let error = error.or_else(|| self.complaint().map(|(_, line)| line.trim().to_owned()));
        let speaks = !self.adapter.program.is_empty() || !self.own.is_empty();
        let last = self.complaints.first().filter(|_| speaks);
        let error = error.or_else(|| last.map(|line| line.trim().to_owned()));
        error.or_else(|| self.told.message.clone())
    }
}
