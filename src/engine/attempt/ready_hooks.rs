//! The hooks of a run or of a task, ready to start.

use super::ready::Ready;
use crate::domain::HookPoint;
use crate::platform::fault::{self, Fault};

/// The hooks of a run or of a task, ready to start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hooks(Vec<(HookPoint, Ready)>);

impl Hooks {
    /// Creates them from `ready`.
    pub(super) fn of(ready: Vec<(HookPoint, Ready)>) -> Self {
        Self(ready)
    }

    /// Returns the hook that runs at `point`.
    pub(crate) fn at(&self, point: HookPoint) -> Option<&Ready> {
        let found = self.0.iter().find(|(other, _)| *other == point);
        found.map(|(_, ready)| ready).filter(|_| !fault::is(Fault::HooksIgnored))
    }
}
