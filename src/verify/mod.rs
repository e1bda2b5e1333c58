//! Verification: the only thing that makes a task complete.
//!
//! Steps run in order, each with its own limit. The verdict is PASS if no step fails: by its exit
//! status, by the items that it reports, or by the number that it measured. The caller decides how
//! a command is run (under which supervisor, with which output).

mod compare;
mod fresh;
mod judge;
mod lacking;
mod log;
mod matching;
mod measure;
mod plain;
mod report;
mod rules;
mod service;
mod step;

pub(crate) use compare::{Against, compare, judge_report};
pub(crate) use fresh::{Expected, Written};
pub(crate) use judge::{Finding, checked, fail, judge};
pub(crate) use lacking::lacking;
pub(crate) use log::block as log_block;
pub(crate) use matching::is_pattern;
pub(crate) use measure::measure;
pub(crate) use report::{Kind, Parser};
pub(crate) use rules::{
    Baseline, Flaky, How, Limit, MeasureRule, OnRed, ProfileRules, ReportRule, Rules, StepRules,
};
pub(crate) use service::{Health, Service};
pub(crate) use step::VerifyStep;

#[cfg(test)]
mod tests;
