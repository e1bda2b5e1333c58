//! The project that agents work in: which tree it is, what they changed there, and how git is
//! asked about it.

mod changes;
mod content;
mod git;
mod tree;

pub use changes::{Snapshot, is_git_work_tree};
pub use content::ContentHash;
pub use git::{Call, Git, Run};
pub use tree::{NOT_OURS, tree_name};
