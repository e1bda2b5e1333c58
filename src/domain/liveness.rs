//! The liveness of the claim of a task in progress.

/// Whether the worker that claimed a task is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// This process runs the task.
    Ours,
    /// Another worker of this host has claimed the task and is alive.
    Alive,
    /// The worker is dead. The task can be claimed again as if it were pending.
    Dead {
        /// Whether processes of its last attempt are still running. They must be ended first.
        strays: bool,
    },
    /// The claim was made on another host, so its liveness cannot be determined here.
    Foreign,
    /// The liveness cannot be determined, for the given reason.
    Unknown(String),
}

impl Liveness {
    /// Returns whether the worker is dead.
    pub fn is_dead(&self) -> bool {
        matches!(self, Self::Dead { .. })
    }

    /// Returns whether nothing of its last attempt is running.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Dead { strays: false })
    }

    /// Returns whether the liveness cannot be determined from here.
    pub fn is_untold(&self) -> bool {
        matches!(self, Self::Foreign | Self::Unknown(_))
    }
}
