//! One line of the table of processes.

/// One process, as the system shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// When it started, in the system's own unit; with the number it names a process for good.
    pub start: u64,
    /// It ended and waits to be reaped.
    pub dead: bool,
}
