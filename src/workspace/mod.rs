//! The project that agents work in: what they changed there, and how git is asked about it.

mod changes;
mod git;

pub use changes::{Snapshot, is_git_work_tree};
pub use git::{Call, Git, Run};
