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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_of_one_sort() {
        let unknown = Liveness::Unknown("why".to_owned());
        for (liveness, dead, over, untold) in [
            (Liveness::Ours, false, false, false),
            (Liveness::Alive, false, false, false),
            (Liveness::Dead { strays: true }, true, false, false),
            (Liveness::Dead { strays: false }, true, true, false),
            (Liveness::Foreign, false, false, true),
            (unknown, false, false, true),
        ] {
            let found = (liveness.is_dead(), liveness.is_over(), liveness.is_untold());
            assert_eq!(found, (dead, over, untold), "{liveness:?}");
        }
    }
}
