//! The project that agents work in: what they changed there.

mod changes;

pub use changes::{Snapshot, is_git_work_tree};
