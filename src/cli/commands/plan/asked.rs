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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Verb};
    use chrono::{TimeDelta, TimeZone};
    use clap::Parser;

    /// A day without a change of clocks in any zone.
    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2027, 1, 4, 12, 0, 0).single().expect("a time")
    }

    fn read(flags: &str) -> Result<Asked, Failure> {
        let words = ["workloop", "plan"].into_iter().chain(flags.split_whitespace());
        let Verb::Plan(args) = Cli::try_parse_from(words).expect(flags).verb else {
            panic!("{flags}")
        };
        Asked::read(&args, now())
    }

    fn asked(flags: &str) -> Asked {
        read(flags).unwrap_or_else(|failure| panic!("{flags}: {failure}"))
    }

    fn queues(flags: &str) -> Vec<String> {
        let queues = asked(flags).queues.queues;
        queues.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn without_flags_work_begins_now_and_lasts_all_day() {
        let asked = asked("");
        assert_eq!((asked.now, asked.calendar.start().to_utc()), (now(), now()));
        assert_eq!((asked.hours_per_day, asked.loops), (24.0, None));
        assert_eq!((asked.group, asked.target, asked.days), (None, None, None));
        assert_eq!((asked.sprint, asked.queues.queues.len()), (None, 0));
        assert_eq!(
            asked.calendar.end(3600).map(|at| at.to_utc()),
            Some(now() + TimeDelta::hours(1))
        );
    }

    #[test]
    fn a_number_of_days_is_told_from_a_queue() {
        for (flags, days, wanted) in [
            ("--days", Some(usize::MAX), vec![]),
            ("--days 3", Some(3), vec![]),
            ("--days 0", Some(0), vec![]),
            ("--days a.json", Some(usize::MAX), vec!["a.json"]),
            ("--days a.json b.json", Some(usize::MAX), vec!["a.json", "b.json"]),
            ("--days -- b.json", Some(usize::MAX), vec!["b.json"]),
            ("b.json --days 2", Some(2), vec!["b.json"]),
        ] {
            assert_eq!((asked(flags).days, queues(flags)), (days, strings(&wanted)), "{flags}");
        }
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_name_of_a_sprint_is_told_from_a_queue_that_exists() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().display().to_string();
        let with_file = asked(&format!("--sprint {path}"));
        assert_eq!((with_file.sprint, with_file.group), (None, Some(GroupBy::Sprint)));
        assert_eq!(queues(&format!("--sprint {path} b.json")), strings(&[&path, "b.json"]));
        let named = asked("--sprint S1 b.json");
        assert_eq!((named.sprint.as_deref(), named.group), (Some("S1"), Some(GroupBy::Sprint)));
        assert_eq!(named.queues.queues, [PathBuf::from("b.json")]);
        let bare = asked("--sprint");
        assert_eq!((bare.sprint, bare.group), (None, Some(GroupBy::Sprint)));
        assert_eq!(
            asked("--sprint S1 --by epic").group,
            Some(GroupBy::Epic),
            "the group that was said"
        );
        let days = asked(&format!("--days a.json --sprint {path}"));
        let both: Vec<PathBuf> = ["a.json", &path].map(PathBuf::from).into();
        assert_eq!(days.queues.queues, both);
    }

    #[test]
    fn a_group_and_a_time_may_be_said_together_and_each_once() {
        let both = asked("--by epic --by 3d");
        assert_eq!(
            (both.group, both.target),
            (Some(GroupBy::Epic), Some(now() + TimeDelta::days(3)))
        );
        assert_eq!(asked("--by epic --by epic").group, Some(GroupBy::Epic));
        let text = "--by takes at most one group and one time";
        for flags in ["--by epic --by type", "--by 3d --by 4d", "--by 3d --by epic --by 3d"] {
            assert_eq!(read(flags).err(), Some(Failure::usage(text)), "{flags}");
        }
    }

    #[test]
    fn a_time_to_finish_by_must_be_ahead() {
        assert_eq!(asked("--by 2027-01-04T12:00:01Z").target, Some(now() + TimeDelta::seconds(1)));
        for time in ["2027-01-04T12:00:00Z", "2027-01-03", "0s"] {
            let told = read(&format!("--by {time}")).err().expect(time);
            assert!(told.message.starts_with("--by 2027-01-"), "{told}");
            assert!(told.message.ends_with(": that time has passed"), "{told}");
        }
        // A day is over at its end.
        let today = now().with_timezone(&Local).format("%Y-%m-%d").to_string();
        let end = asked(&format!("--by {today}")).target.expect("a time");
        assert!(end > now() && end - now() < TimeDelta::days(1), "{end}");
    }

    #[test]
    fn work_begins_at_the_time_of_from_on_every_day() {
        let asked = asked("--from 2027-01-04T08:30:00Z --hours-per-day 2");
        let at = |seconds| asked.calendar.end(seconds).map(|at| at.to_utc());
        let hours = |day: u32, hour: u32, minute: u32| {
            Utc.with_ymd_and_hms(2027, 1, day, hour, minute, 0).single()
        };
        assert_eq!(at(3600), hours(4, 9, 30));
        assert_eq!(at(3 * 3600), hours(5, 9, 30), "the next day begins at the same time");
        assert_eq!(read("--from 25:00").err().map(|told| told.hints.len()), Some(1));
    }

    #[test]
    fn exactly_one_number_of_loops_is_a_choice() {
        assert_eq!(asked("--loops 3").loops, Some(3));
        assert_eq!((asked("--loops 3,4").loops, asked("--loops 1,1").loops), (None, None));
    }
}
