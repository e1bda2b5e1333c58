//! When everything could run: waves, schedules for a number of loops, the critical path, and the
//! plan built from them.

mod calendar;
mod critical_path;
mod curve;
mod forecast;
mod gantt;
mod makespan;
mod planning;
mod report;
mod waves;
mod workload;

pub use calendar::Calendar;
pub use critical_path::{CriticalPath, critical_path};
pub use forecast::{Experience, FEW, Forecast, Spread};
pub use gantt::gantt;
pub use makespan::{Limits, Schedule, Scheduler, Slot};
pub use planning::{PlanInput, Planning, Shape, plan, schedule};
pub use report::{
    BarrierCost, EstimateCounts, LoopsReport, Minutes, PathReport, PlanReport, Slack,
};
pub use waves::{respect_scopes, waves};
pub use workload::Workload;
