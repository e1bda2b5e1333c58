//! Prepares configured commands, with their placeholders and environment, for a task or for the
//! present tree.

use super::fixed::Fixed;
use super::job::{Ready, ServiceReady};
use super::listed::strings;
use crate::agent::{AgentProfile, DEFAULT_GRACE, Given, NUL_SHOWN, Policy, TaskVariables};
use crate::config::Config;
use crate::domain::{Command, EnvironmentRules, Field, StepKind, Text, WorkerId};
use crate::queue::Queue;
use crate::store::attempts::{AttemptFolder, CHANGED_FILE, PROMPT_FILE, RESULT_FILE, TASK_FILE};
use crate::verify::{Health, Rules, Service, StepRules, VerifyStep};
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The name of a step that prepares a private tree.
pub(super) const SETUP: &str = "setup";
/// How long a service may run. It is ended with the steps that need it.
const SERVICE_LIMIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a setup command may take.
const SETUP_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// What commands are about.
pub(crate) struct Subject<'a> {
    /// The task; `None` if the tree is judged as it is. Placeholders that come from a task are
    /// empty then.
    pub(crate) task: Option<(&'a Queue, usize)>,
    /// The number of the attempt, or 0 if there is none.
    pub(crate) attempt: u32,
    /// The real path of the queue.
    pub(crate) queue: &'a Path,
    /// The project root in which the command runs.
    pub(crate) root: Cow<'a, Path>,
    /// The project root as people know it.
    pub(crate) project_root: &'a Path,
    /// The folder with the files of the attempt.
    pub(crate) folder: &'a AttemptFolder,
    /// The environment of this process.
    pub(crate) vars: &'a [(OsString, OsString)],
    /// The rules for what every command gets of that environment.
    pub(crate) rules: &'a EnvironmentRules,
}

impl Subject<'_> {
    /// Returns the program and the arguments of a command.
    pub(crate) fn expand(&self, command: &Command) -> Vec<OsString> {
        command.expand(&|name| self.value(name))
    }

    /// Returns the value of a placeholder. A path that begins with `-` is changed so that no
    /// program parses it as a flag.
    pub(crate) fn value(&self, name: &str) -> Option<Vec<String>> {
        let path = |name| Some(vec![self.folder.file(name).display().to_string()]);
        let paths = |paths: Vec<String>| Some(paths.into_iter().map(no_flag).collect());
        match name {
            "id" => Some(vec![self.id().to_owned()]),
            // No program looks up a title, so a NUL, which no argument can contain, may be replaced
            // for display.
            "title" => Some(vec![self.title().replace('\0', NUL_SHOWN)]),
            "file" | "files" => paths(self.files()),
            "tests" => paths(self.tests()),
            "attempt" => Some(vec![self.attempt.to_string()]),
            "queue" => Some(vec![self.queue.display().to_string()]),
            "project" => Some(vec![self.project().unwrap_or_default().to_owned()]),
            "root" => Some(vec![self.root.display().to_string()]),
            "task_file" => path(TASK_FILE),
            "prompt_file" => path(PROMPT_FILE),
            "result_file" => path(RESULT_FILE),
            "changed_files" => path(CHANGED_FILE),
            "attempt_dir" => Some(vec![self.folder.path().display().to_string()]),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        self.task.map_or("", |(queue, at)| queue.tasks()[at].id.as_str())
    }

    fn title(&self) -> String {
        self.task.map(|(queue, at)| queue.title(at)).unwrap_or_default()
    }

    fn project(&self) -> Option<&str> {
        self.task.and_then(|(queue, _)| queue.project())
    }

    /// Returns the files that the task names.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = self.task.map_or(&[][..], |(queue, at)| queue.tasks()[at].files());
        files.iter().map(Text::to_string).collect()
    }

    /// Returns the tests that the task names.
    pub(crate) fn tests(&self) -> Vec<String> {
        let tests = self.task.and_then(|(queue, at)| queue.value(at, Field::Tests));
        strings(tests.as_ref())
    }

    /// Returns the environment of a command under `policy`.
    pub(crate) fn given(&self, worker: &WorkerId, policy: Policy<'_>) -> Given {
        let mut given = policy.apply(self.vars);
        let changed = self.folder.file(CHANGED_FILE);
        TaskVariables {
            task_id: self.id(),
            queue: self.queue,
            project: self.project(),
            attempt: self.attempt,
            worker: worker.as_str(),
            task_file: &self.folder.file(TASK_FILE),
            prompt_file: &self.folder.file(PROMPT_FILE),
            result_file: &self.folder.file(RESULT_FILE),
            attempt_dir: self.folder.path(),
            root: &self.root,
            changed_files: policy.agent.is_none().then_some(changed.as_path()),
        }
        .set_in(&mut given.environment);
        if self.task.is_none() {
            given.environment.set("WORKLOOP_TREE_CHECK", "1");
        }
        given
    }

    /// Prepares services to start.
    pub(crate) fn services(
        &self,
        services: Vec<Arc<Service>>,
        worker: &WorkerId,
        fixed: &Fixed,
    ) -> Vec<ServiceReady> {
        let one = |service: Arc<Service>| {
            let steps = service_steps(std::slice::from_ref(&service));
            let mut ready = steps.iter().map(|step| self.step(step, worker, fixed));
            Some(ServiceReady { service, command: ready.next()?, health: ready.next() })
        };
        services.into_iter().filter_map(one).collect()
    }

    /// Prepares a verification step to start.
    pub(crate) fn step(&self, step: &VerifyStep, worker: &WorkerId, fixed: &Fixed) -> Ready {
        let mut argv = self.expand(&step.command);
        if let Some(program) = argv.first_mut() {
            *program = fixed.program(std::mem::take(program));
        }
        let Given { mut environment, withheld } = self.given(worker, step_policy(self.rules, step));
        if let Some(path) = fixed.path() {
            environment.set("PATH", path);
        }
        Ready {
            kind: StepKind::Verify,
            name: step.name.clone(),
            argv,
            configured: step.command.clone(),
            env: environment.into_iter().collect(),
            withheld,
            timeout: step.timeout,
            silence: None,
            grace: DEFAULT_GRACE,
            rules: Arc::clone(&step.rules),
        }
    }
}

/// Returns the services that `steps` need, each once.
pub(crate) fn services_of(config: &Config, steps: &[VerifyStep]) -> Vec<Arc<Service>> {
    let mut found: Vec<Arc<Service>> = Vec::new();
    for name in steps.iter().flat_map(|step| &step.rules.profile.services) {
        let service = config.services.get(name);
        found.extend(service.filter(|one| found.iter().all(|other| other != *one)).cloned());
    }
    found
}

/// Returns the commands of services as steps: the service itself, and its readiness check.
pub(crate) fn service_steps(services: &[Arc<Service>]) -> Vec<VerifyStep> {
    let commands = services.iter().flat_map(|service| {
        let health = match &service.ready {
            Health::Command(command) => Some(command),
            Health::Port(_) | Health::Line(_) => None,
        };
        let both =
            [Some((&service.command, SERVICE_LIMIT)), health.map(|one| (one, service.timeout))];
        both.into_iter().flatten().map(move |(command, timeout)| (service, command, timeout))
    });
    let step = |(service, command, timeout): (&Arc<Service>, &Command, Duration)| {
        let step = StepRules { cwd: service.cwd.clone(), ..StepRules::default() };
        VerifyStep {
            name: format!("service {}", service.name),
            profile: "services".to_owned(),
            command: command.clone(),
            timeout,
            environment: service.environment.clone(),
            from_queue: false,
            rules: Arc::new(Rules { step, ..Rules::default() }),
        }
    };
    commands.map(step).collect()
}

/// Returns the commands of `workspaces.setup` as steps.
pub(crate) fn set_up_steps(config: &Config) -> Vec<VerifyStep> {
    let step = |text: &String| VerifyStep {
        name: SETUP.to_owned(),
        profile: SETUP.to_owned(),
        command: Command::Shell(text.clone()),
        timeout: SETUP_TIMEOUT,
        environment: EnvironmentRules::default(),
        from_queue: false,
        rules: Arc::default(),
    };
    config.workspaces.tree.setup.commands.iter().map(step).collect()
}

/// Returns the policy for the variables of a step; `general` applies to all commands.
pub(crate) fn step_policy<'a>(general: &'a EnvironmentRules, step: &'a VerifyStep) -> Policy<'a> {
    let configured = (!step.from_queue).then_some(&step.command);
    Policy { general, own: &step.environment, configured, agent: None }
}

/// Returns the same policy for an agent.
pub(crate) fn agent_policy<'a>(
    general: &'a EnvironmentRules,
    agent: &'a AgentProfile,
) -> Policy<'a> {
    let (configured, login) = (Some(&agent.command), Some(&agent.login));
    Policy { general, own: &agent.environment, configured, agent: login }
}

/// Returns a path that no program parses as a flag.
fn no_flag(path: String) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path }
}

#[cfg(test)]
mod tests;
