//! Turns a schedule into dates.

use super::asked::Asked;
use super::wanted::{Group, Wanted};
use crate::plan::{
    Calendar, Estimates, Experience, Forecast, Graph, Minutes, Node, Schedule, Scheduler, Slot,
    Spread,
};
use crate::views::dates::{At, Dates, Day, Due, ForecastView, GroupRow, Groups, Target};
use crate::views::deadline::Lateness;
use chrono::{DateTime, Local, NaiveDate, Utc};
use clap::ValueEnum;
use std::collections::{BTreeMap, HashMap};

/// The inputs for computing dates.
pub(super) struct Maker<'a> {
    pub(super) asked: &'a Asked,
    pub(super) graph: &'a Graph,
    pub(super) estimates: &'a Estimates,
    pub(super) experience: &'a Experience,
}

/// The end times of one schedule, and the forecast for it.
struct Seen {
    ends: HashMap<Node, u64>,
    forecast: Option<Forecast>,
}

impl Maker<'_> {
    /// Computes the dates of `wanted`. Without a given number of loops, plans with `pay` loops: as
    /// many as are worth running.
    pub(super) fn dates(&self, wanted: Wanted, scheduler: &Scheduler<'_>, pay: usize) -> Dates {
        let asked = self.asked;
        let loops = asked.loops.unwrap_or(pay).max(1);
        let Wanted { deadlines, groups, total } = wanted;
        let all = groups.iter().chain(&total).map(|group| group.nodes.clone());
        let watched: Vec<Vec<Node>> =
            deadlines.iter().map(|due| vec![due.node]).chain(all).collect();
        let is_whole = !watched.is_empty() || asked.days.is_some();
        let most = if is_whole { usize::MAX } else { 0 };
        let schedule = scheduler.schedule(loops, most);
        let forecast = scheduler.forecast(loops, self.estimates, self.experience, &watched);
        let ends = schedule.slots.iter().map(|slot| (slot.node, slot.end)).collect();
        let seen = Seen { ends, forecast };
        let due = |(at, due): (usize, super::wanted::Deadline)| {
            let times = self.times(&seen, &[due.node], at);
            Due {
                task: self.graph.reference(due.node),
                deadline: due.text,
                at: At(due.at),
                lateness: times.lateness(due.at, asked.now),
                ends_at: times.planned.map(At),
                p50_at: times.expected.map(|(p50, _)| At(p50)),
                p90_at: times.expected.map(|(_, p90)| At(p90)),
            }
        };
        let many = deadlines.len();
        let deadlines = deadlines.into_iter().enumerate().map(due).collect();
        let row = |(at, group): (usize, Group)| self.row(&seen, group, many + at);
        let mut rows: Vec<GroupRow> =
            groups.into_iter().chain(total).enumerate().map(row).collect();
        let groups = asked.group.zip(rows.pop()).map(|(by, total)| {
            let by = by.to_possible_value().map(|word| word.get_name().to_owned());
            Groups { by: by.unwrap_or_default(), rows, total }
        });
        let is_empty = scheduler.work().open().next().is_none();
        Dates {
            starts_at: At(asked.calendar.start().to_utc()),
            hours_per_day: asked.hours_per_day,
            planned_loops: loops,
            ends_at: self.end(schedule.seconds).filter(|_| !is_empty).map(At),
            forecast: seen.forecast.as_ref().map(|forecast| self.expected(forecast)),
            deadlines,
            groups,
            days: asked.days.map(|most| self.days(&schedule, most)),
            target: asked.target.filter(|_| !is_empty).map(|at| self.target(scheduler, at)),
        }
    }

    fn end(&self, seconds: u64) -> Option<DateTime<Utc>> {
        self.asked.calendar.end(seconds).map(|at| at.to_utc())
    }

    fn expected(&self, forecast: &Forecast) -> ForecastView {
        let Spread { p50, p90 } = forecast.whole;
        ForecastView {
            measured: forecast.measured,
            p50_minutes: Minutes::of(p50),
            p90_minutes: Minutes::of(p90),
            p50_at: self.end(p50).map(At),
            p90_at: self.end(p90).map(At),
        }
    }

    /// Returns when the last of `nodes` ends; `number` is the index of this group in the forecast.
    fn times(&self, seen: &Seen, nodes: &[Node], number: usize) -> Times {
        let planned = nodes.iter().filter_map(|node| seen.ends.get(node)).max();
        let spread = seen.forecast.as_ref().and_then(|forecast| forecast.groups[number]);
        let dates = |spread: Spread| self.end(spread.p50).zip(self.end(spread.p90));
        Times {
            planned: planned.and_then(|seconds| self.end(*seconds)),
            expected: spread.and_then(dates),
        }
    }

    fn row(&self, seen: &Seen, group: Group, number: usize) -> GroupRow {
        let times = self.times(seen, &group.nodes, number);
        let mut row = group.row;
        row.ends_at = times.planned.map(At);
        row.p90_at = times.expected.map(|(_, p90)| At(p90));
        let is_open = !group.nodes.is_empty();
        let due = row.due_at.filter(|_| is_open);
        row.lateness = due.map(|due| times.lateness(due.0, self.asked.now));
        row
    }

    fn days(&self, schedule: &Schedule, most: usize) -> Vec<Day> {
        let calendar: &Calendar<Local> = &self.asked.calendar;
        let mut days: BTreeMap<NaiveDate, (Vec<&Slot>, Vec<&Slot>)> = BTreeMap::new();
        for slot in &schedule.slots {
            let (begin, end) = (calendar.begin(slot.start), calendar.end(slot.end));
            // A task without a duration ends when it begins.
            let end = begin.zip(end).map(|(begin, end)| end.max(begin));
            for (at, is_end) in [(begin, false), (end, true)] {
                let Some(at) = at else { continue };
                let day = days.entry(at.date_naive()).or_default();
                if is_end { day.1.push(slot) } else { day.0.push(slot) }
            }
        }
        let names = |slots: Vec<&Slot>| -> Vec<String> {
            slots.into_iter().map(|slot| self.graph.reference(slot.node)).collect()
        };
        let day = |(date, (starts, mut ends)): (NaiveDate, (Vec<&Slot>, Vec<&Slot>))| {
            ends.sort_by_key(|slot| slot.end);
            Day {
                date: date.format("%Y-%m-%d").to_string(),
                starts: names(starts),
                ends: names(ends),
            }
        };
        days.into_iter().take(most).map(day).collect()
    }

    fn target(&self, scheduler: &Scheduler<'_>, at: DateTime<Utc>) -> Target {
        let is_done = |seconds| self.end(seconds).is_some_and(|end| end <= at);
        let (loops, seconds) = scheduler.fewest_loops(is_done);
        let used = loops.unwrap_or(usize::MAX);
        let forecast = scheduler.forecast(used, self.estimates, self.experience, &[]);
        Target {
            at: At(at),
            loops,
            ends_at: self.end(seconds).map(At),
            p90_at: forecast.and_then(|forecast| self.end(forecast.whole.p90)).map(At),
        }
    }
}

/// When a group of tasks ends: as planned, and as expected (p50, p90).
struct Times {
    planned: Option<DateTime<Utc>>,
    expected: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Times {
    fn lateness(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> Lateness {
        Lateness::of(due, now, self.planned, self.expected)
    }
}
