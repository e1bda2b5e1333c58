//! Guards the files that an agent must not change while it runs: the configuration, and the files
//! that judge its work.
//!
//! The judging files are all files that the steps of its verification name, run or read by
//! themselves (`named`), one level of the files that those call, and the files that
//! `guardrails.protect` matches. They are compared by content since the claim: before each step and
//! after the last one, because a step runs the agent's code, too. `docs/design/guard.md` explains
//! each rule.

mod fingerprint;
mod guard;
mod kept;
mod left;
mod looker;
mod manifest;
mod memory;
mod named;
mod paths;
mod record;
mod script;
mod shell;
mod tree;
mod word;

pub(crate) use guard::{Guard, Judges, Tampering, Watch, named_by};
pub(crate) use kept::Kept;
pub(crate) use left::{Attempt, Distrust, TamperedFiles, left_by, left_files};
pub(crate) use memory::{Memory, earlier};
pub(super) use paths::owns;
pub(crate) use record::ACCEPTS;
pub(super) use record::JudgeRecord;
pub(super) use script::decides;
