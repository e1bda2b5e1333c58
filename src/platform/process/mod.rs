//! Processes: starting, finding, signalling and ending them; what they carry, and what they
//! inherit.

pub mod claim_tag;
pub mod command;
mod group;
pub mod handover;
pub mod limit_tag;
pub mod limits;
pub mod programs;
pub mod scan;
pub mod signal;
pub mod spawn;
#[cfg(test)]
pub(crate) mod test_shell;
mod tree;

pub use group::{Signal, is_there, signal_group};
pub use tree::{
    Children, Exit, TreeEnd, become_subreaper, end_tree, free_vforks, freeze, kill_all,
    leave_session, peek_children, reap, signal_found, signal_process, wait_child,
};
