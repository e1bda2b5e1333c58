//! Verification: the only thing that makes a task complete.
//!
//! Steps run in order, each with its own limit; the verdict is PASS when none of them speaks against the
//! work: by its exit status, or by the number that it measured. How a command is run (under which
//! supervisor, with which output) is the caller's business.

mod fresh;
mod judge;
mod log;
mod measure;
mod plain;
mod rules;
mod step;

pub use fresh::Expected;
pub use judge::{Finding, checked, fail, judge};
pub use log::block as log_block;
pub use measure::measure;
pub use rules::{Flaky, How, Limit, MeasureRule, ProfileRules, Rules, StepRules};
pub use step::VerifyStep;
