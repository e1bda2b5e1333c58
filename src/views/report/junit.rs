//! The tasks as JUnit XML: a suite is a queue and a case is a task. Blocked tasks are failures, and
//! unfinished ones are skipped.

use super::model::{Report, ReportError, TaskRow};
use crate::plan::State;
use crate::views::escape;
use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

pub(super) fn render(report: &Report) -> Result<String, ReportError> {
    let mut suites = Suites::new("workloop");
    suites.set_time(duration(report.minutes));
    let mut queues: Vec<&str> = Vec::new();
    for task in &report.tasks {
        if !queues.contains(&task.queue.as_str()) {
            queues.push(&task.queue);
        }
    }
    for queue in queues {
        let mut suite = TestSuite::new(escape::line(queue).into_owned());
        let tasks: Vec<&TaskRow> = report.tasks.iter().filter(|task| task.queue == queue).collect();
        suite.set_time(duration(tasks.iter().map(|task| task.minutes).sum()));
        suite.add_test_cases(tasks.into_iter().map(case));
        suites.add_test_suite(suite);
    }
    Ok(suites.to_string()?)
}

fn case(task: &TaskRow) -> TestCase {
    let status = if task.state == State::Complete.word() {
        TestCaseStatus::success()
    } else if task.state == State::Blocked.word() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let why = task.error.as_deref().unwrap_or("blocked");
        status.set_message(escape::line(why).into_owned());
        let code = task.reason_code.as_deref().unwrap_or("blocked");
        status.set_type(escape::line(code).into_owned());
        let output = task.output.as_deref().unwrap_or(why);
        status.set_description(escape::lines(output).into_owned());
        status
    } else {
        let mut status = TestCaseStatus::skipped();
        status.set_message(task.state);
        status
    };
    let name = format!("{}: {}", escape::line(&task.id), escape::line(&task.title));
    let mut case = TestCase::new(name, status);
    case.set_classname(escape::line(&task.queue).into_owned());
    case.set_time(duration(task.minutes));
    case
}

fn duration(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default()
}
