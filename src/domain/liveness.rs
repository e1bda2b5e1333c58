//! Who has a task that is in progress.

/// The answer to "who has this task?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// This process runs it.
    Ours,
    /// Another worker of this host has it, and lives.
    Alive,
    /// Its worker is gone: the task can be picked up again as if it were pending.
    Dead {
        /// Whether processes of its last attempt are left, which have to be ended first.
        strays: bool,
    },
    /// Another host has it, and nobody here can say whether that lives.
    Foreign,
    /// Nobody can say, and this is why.
    Unknown(String),
}

impl Liveness {
    /// Whether its worker is gone.
    pub fn is_dead(&self) -> bool {
        matches!(self, Self::Dead { .. })
    }

    /// Whether nothing of its last attempt runs any more.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Dead { strays: false })
    }

    /// Whether it cannot be told from here.
    pub fn is_untold(&self) -> bool {
        matches!(self, Self::Foreign | Self::Unknown(_))
    }
}
