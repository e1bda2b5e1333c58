//! Interprets the flags of `plan` that concern dates.

use crate::cli::args::{By, GroupBy, PlanArgs, QueueArgs};
use crate::cli::failure::Failure;
use crate::cli::when::{Edge, planned};
use crate::plan::Calendar;
use chrono::{DateTime, Local, NaiveTime, Utc};
use std::path::{Path, PathBuf};

/// The interpreted flags, and the current time.
pub(super) struct Asked {
    /// The queues, including one that was parsed as the value of a flag with an optional value.
    pub(super) queues: QueueArgs,
    pub(super) now: DateTime<Utc>,
    pub(super) calendar: Calendar<Local>,
    pub(super) hours_per_day: f64,
    pub(super) group: Option<GroupBy>,
    pub(super) target: Option<DateTime<Utc>>,
    /// How many days to list; `None` without `--days`.
    pub(super) days: Option<usize>,
    /// The sprint to which the plan is limited.
    pub(super) sprint: Option<String>,
    /// The number of loops, if exactly one was given.
    pub(super) loops: Option<usize>,
}

impl Asked {
    /// Interprets the flags.
    pub(super) fn read(args: &PlanArgs, now: DateTime<Utc>) -> Result<Self, Failure> {
        let mut queues = args.queues.clone();
        let mut taken: Vec<PathBuf> = Vec::new();
        let days = args.days.as_ref().map(|number| match number.as_deref().map(str::parse) {
            None => usize::MAX,
            Some(Ok(number)) => number,
            Some(Err(_)) => {
                taken.extend(number.iter().map(PathBuf::from));
                usize::MAX
            }
        });
        let name = args.sprint.clone().flatten();
        let is_queue = name.as_ref().is_some_and(|name| Path::new(name).is_file());
        taken.extend(name.iter().filter(|_| is_queue).map(PathBuf::from));
        queues.queues.splice(0..0, taken);
        let (mut group, mut target) = (None, None);
        for by in &args.by {
            match by {
                By::Group(by) if group.is_none_or(|known| known == *by) => group = Some(*by),
                By::Time(text) if target.is_none() => {
                    target = Some(planned(text, now, Edge::End)?.0)
                }
                By::Group(_) | By::Time(_) => {
                    let text = "--by takes at most one group and one time";
                    return Err(Failure::usage(text));
                }
            }
        }
        let target = target.map(|at| at.to_utc());
        if let Some(at) = target.filter(|at| *at <= now) {
            let text = format!("--by {}: that time has passed", at.with_timezone(&Local));
            return Err(Failure::usage(text));
        }
        Ok(Self {
            queues,
            now,
            calendar: calendar(args, now)?,
            hours_per_day: args.hours_per_day,
            group: group.or_else(|| args.sprint.as_ref().map(|_| GroupBy::Sprint)),
            target,
            days,
            sprint: name.filter(|_| !is_queue),
            loops: (args.loops.len() == 1).then(|| args.loops[0] as usize),
        })
    }
}

fn calendar(args: &PlanArgs, now: DateTime<Utc>) -> Result<Calendar<Local>, Failure> {
    let from = args.from.as_deref().map(|from| planned(from, now, Edge::Begin)).transpose()?;
    let morning = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
    let (start, opens) = match from {
        None => (now.with_timezone(&Local), morning),
        Some((at, true)) => (at, at.time()),
        Some((at, false)) => (at, morning),
    };
    Ok(Calendar::new(start, opens, args.hours_per_day))
}
