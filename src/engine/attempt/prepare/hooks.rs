//! The hooks of a task, and everything else that influences its verdict.

use super::super::fixed::Fixed;
use super::super::hooks::{ready_hooks, scripts};
use super::super::ready_hooks::Hooks;
use super::super::subject::{Subject, service_steps, services_of, set_up_steps};
use super::Plan;
use crate::domain::{ClaimToken, StepKind};
use crate::verify::VerifyStep;
use std::borrow::Cow;

impl Plan<'_> {
    /// Returns the hooks that people configured for before and after, to run in the project root.
    pub(super) fn hooks(&self, token: &ClaimToken, fixed: &Fixed) -> Hooks {
        let set = self.source.set;
        let root = Cow::Borrowed(set.root(self.place.queue));
        let subject = Subject { root, ..self.subject(StepKind::Verify) };
        ready_hooks(&set.config, &subject, &token.worker, fixed)
    }

    /// Returns everything that influences the verdict: the steps, their services, the setup of the
    /// judge tree, and scripts of hooks.
    pub(super) fn judging(&self) -> Vec<VerifyStep> {
        let setup = self.apart.as_ref().map(|_| set_up_steps(&self.source.set.config));
        let services = services_of(&self.source.set.config, &self.steps);
        let services = service_steps(&services);
        let (set, queue) = (self.source.set, self.place.queue);
        let hooks = scripts(&set.config, set.root(queue));
        let steps = self.steps.iter().cloned().chain(services);
        steps.chain(setup.into_iter().flatten()).chain(hooks).collect()
    }
}
