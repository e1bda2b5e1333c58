//! The job of a verification of the tree: the steps of a profile, without an agent and without a
//! task.

use crate::agent::Policy;
use crate::domain::{ClaimToken, EnvironmentRules, QueueIx, ReasonCode, WorkerId};
use crate::engine::attempt::{
    Apart, Fixed, Guarding, Hooks, Job, Judge, ProfileKey, Purpose, Ready, Refusal, Setups,
    Subject, items_key, service_steps, services_of, set_up_steps, watch,
};
use crate::engine::dispatch::tree_key;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::attempts::AttemptFolder;
use crate::store::place_of;
use crate::verify::VerifyStep;
use crate::views::mask::Mask;
use crate::workspace::{Git, is_git_work_tree};
use std::ffi::OsString;
use std::path::Path;

/// A verification of the tree.
pub(super) struct Check {
    pub(super) purpose: Purpose,
    /// Its name.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// The profile, if a remembered result may be used instead.
    pub(super) tree: Option<ProfileKey>,
}

/// What the job of a verification of the tree is made from.
pub(super) struct Around<'a> {
    pub(super) set: &'a QueueSet,
    pub(super) queues: &'a [Queue],
    pub(super) queue: QueueIx,
    pub(super) worker: &'a WorkerId,
    pub(super) vars: &'a [(OsString, OsString)],
    pub(super) fixed: &'a Fixed,
}

impl Around<'_> {
    /// Returns the judge tree if agents work in separate workspaces, or why there is none.
    fn apart(&self, root: &Path) -> (Option<Apart>, Option<Refusal>) {
        match self.fixed.apart(root, self.set.real(self.queue), false) {
            Ok(apart) => (apart, None),
            Err(reason) => (None, Some(Refusal { code: ReasonCode::Environment, reason })),
        }
    }

    /// Returns the number of its attempt folder. Nothing depends on the number: if it is unknown,
    /// it is reused.
    fn number(&self) -> u32 {
        let key = tree_key(self.set, self.queue);
        let numbers = self.set.state(self.queue).attempt_numbers(&key).unwrap_or_default();
        numbers.last().copied().unwrap_or(0).saturating_add(1)
    }

    /// Returns git with the environment of the commands, if it can identify the tree.
    fn git(&self, subject: &Subject<'_>) -> Option<Git> {
        let program = self.fixed.git().filter(|_| is_git_work_tree(self.set.root(self.queue)))?;
        let own = EnvironmentRules::default();
        let policy = Policy { general: subject.rules, own: &own, configured: None, agent: None };
        let given = subject.given(self.worker, policy);
        let commands: Vec<_> = given.environment.into_iter().collect();
        Some(Git::new(program, self.fixed.path(), &commands))
    }

    fn ready(&self, steps: &[VerifyStep], subject: &Subject<'_>) -> Vec<Ready> {
        steps.iter().map(|step| subject.step(step, self.worker, self.fixed)).collect()
    }

    /// Creates a job that judges the tree with `steps`. Its claim tag ends with `random`.
    pub(super) fn job(
        &self,
        Check { purpose, id, title, tree }: Check,
        steps: &[VerifyStep],
        random: &str,
    ) -> Job {
        let (key, number) = (tree_key(self.set, self.queue), self.number());
        let (state, root) = (self.set.state(self.queue), self.set.root(self.queue));
        let folder = AttemptFolder::new(&state, &key, number);
        let (apart, refusal) = self.apart(root);
        let subject = Subject {
            task: None,
            attempt: 0,
            queue: self.set.real(self.queue),
            root: apart.as_ref().map_or_else(|| root.to_owned(), Apart::judge_root).into(),
            project_root: root,
            folder: &folder,
            vars: self.vars,
            rules: &self.set.config.environment,
        };
        let setup = apart.as_ref().map(|_| set_up_steps(&self.set.config)).unwrap_or_default();
        let services = services_of(&self.set.config, steps);
        let judging = [steps, &service_steps(&services), setup.as_slice()].concat();
        let judge = Judge::Steps(self.ready(steps, &subject));
        Job {
            purpose,
            queue: self.queue,
            id: id.to_owned(),
            kind: String::new(),
            title,
            turn: None,
            hooks: Hooks::default(),
            token: ClaimToken { worker: self.worker.clone(), attempt: number },
            tag: key.tag(place_of(self.set.real(self.queue)), random),
            git: self.git(&subject),
            queues: self.set.own_files().into(),
            task_json: "{}\n".to_owned(),
            prompt: Ok(None),
            refusal,
            agent: None,
            review: false,
            known_errors: Vec::new(),
            services: subject.services(services, self.worker, self.fixed),
            items: items_key(root, steps, &judge),
            begun: None,
            may_remove_tests: false,
            may_change_tests: false,
            judge,
            watch: watch(self.set, self.queues, &judging, &subject, self.fixed),
            guarding: Guarding::default(),
            mask: Mask::new(&self.set.config.and_own(self.vars)),
            declares: Vec::new(),
            named_files: Vec::new(),
            promise: None,
            profiles: Vec::new(),
            reds: Vec::new(),
            tree,
            setup: Setups { workspace: Vec::new(), judge: self.ready(&setup, &subject) },
            name: None,
            apart,
            to_land: None,
            root: root.to_owned(),
            folder,
            key,
            state,
        }
    }
}
