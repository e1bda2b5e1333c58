//! One entry of the process table.

/// One process, as the system shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The id of its parent.
    pub parent: u32,
    /// The id of its process group.
    pub group: u32,
    /// The id of its session.
    pub session: u32,
    /// When it started, in the system's own unit. Together with the id it identifies a process
    /// uniquely.
    pub start: u64,
    /// Whether it has ended and waits to be reaped.
    pub dead: bool,
}
