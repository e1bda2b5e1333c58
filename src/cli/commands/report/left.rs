//! Computes what is left and when it will be done: the forecast of `plan`, with the number of loops
//! that worked so far.

use crate::cli::read::Reading;
use crate::plan::{Minutes, Node, PlanInput, Planning};
use crate::project::{Scope, Structure, experienced};
use crate::views::dates::{At, ForecastView};
use crate::views::report::Left;
use chrono::{DateTime, TimeDelta, Utc};

/// Computes the rest of the tasks in `scope`, with `loops` loops from now on.
pub(super) fn left(
    reading: &Reading,
    scope: &Scope,
    loops: usize,
    now: DateTime<Utc>,
) -> (Left, Option<ForecastView>) {
    let (set, queues) = (reading.project.set(), reading.project.queues());
    // Measured durations count here, because this predicts when the rest is done.
    let (rules, experience) = experienced(set, queues);
    let Structure { graph, agents, estimates } = Structure::build(set, queues, &rules);
    let tasks = set.tasks(queues);
    let input = PlanInput {
        graph: &graph,
        queues: &tasks,
        estimates: &estimates,
        agents: Some(&agents),
        respect_scopes: false,
    };
    let meant = |node: Node| {
        let (queue, task) = graph.location(node);
        set.serves(queue) && scope.includes(&tasks[queue].tasks[task])
    };
    let planning = Planning::new(&input, meant);
    let scheduler = planning.scheduler();
    let work = scheduler.work();
    let at = |seconds: u64| {
        let delta = TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?;
        now.checked_add_signed(delta).map(At)
    };
    let open = work.open().count();
    let planned = scheduler.schedule(loops, 0).seconds;
    let left = Left {
        tasks: open,
        stuck: work.stuck().len(),
        work_minutes: Minutes::of(work.total_seconds()),
        loops,
        ends_at: at(planned).filter(|_| open > 0),
    };
    let forecast = scheduler.forecast(loops, &estimates, &experience, &[]);
    let forecast = forecast.map(|forecast| {
        let (p50, p90) = (forecast.whole.p50, forecast.whole.p90);
        ForecastView {
            measured: forecast.measured,
            p50_minutes: Minutes::of(p50),
            p90_minutes: Minutes::of(p90),
            p50_at: at(p50),
            p90_at: at(p90),
        }
    });
    (left, forecast)
}
