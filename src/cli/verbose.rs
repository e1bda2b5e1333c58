//! Prints what `-v` shows before a verb begins: the files in use, and with `-vv` also each setting
//! and its origin.

use super::session::Session;
use super::streams::Sink;
use crate::config::{Config, Sourced, Verification};
use crate::project::Project;
use crate::views::escape;
use std::fmt::Debug;
use std::io::Write;

impl Session<'_> {
    /// Prints once, on standard error, the files and settings that a verb uses.
    pub(super) fn tell_what_is_used(&self, project: &Project) {
        if self.global.verbose == 0 || self.told.replace(true) {
            return;
        }
        let mut lines = files(project);
        if self.global.verbose > 1 {
            lines.extend(settings(project.config()));
        }
        let text: String = lines.iter().map(|line| format!("{}\n", escape::line(line))).collect();
        // A failure to print this must not stop the verb.
        drop(Sink::stderr().write_all(text.as_bytes()));
    }
}

fn files(project: &Project) -> Vec<String> {
    let set = project.set();
    let config = set.config.path.as_ref().map(|path| path.display().to_string());
    let mut lines = vec![format!("configuration: {}", config.as_deref().unwrap_or("none"))];
    for queue in set.each_served() {
        let (shown, root) = (set.queue(queue).shown(), set.root(queue).display());
        lines.push(format!("queue: {shown}, project root {root}"));
    }
    lines
}

fn settings(config: &Config) -> Vec<String> {
    fn one<T: Debug>(name: &str, value: &Sourced<T>) -> String {
        format!("{name}: {:?} ({})", value.value, value.origin)
    }
    let limits = &config.limits;
    let mut lines = vec![
        one("jobs", &config.jobs),
        one("limits.attempts", &limits.attempts),
        one("limits.crashes", &limits.crashes),
        one("limits.consecutive_failures", &limits.consecutive_failures),
        one("limits.keep_attempts", &limits.keep_attempts),
        one("limits.follow_up_depth", &limits.follow_up_depth),
        one("limits.untouched", &limits.untouched),
        one("limits.progress_every", &limits.progress_every),
    ];
    if let Some(agent) = &config.agent {
        lines.push(format!("agent: {} ({})", agent.value.command, agent.origin));
    }
    let agents = config.agents.values();
    lines.extend(agents.map(|agent| format!("agent {}: {}", agent.name, agent.command)));
    let steps = match &config.verification {
        Verification::Profiles => &config.steps,
        Verification::Flags(steps) => steps,
        Verification::Off => return lines,
    };
    let step = |step: &crate::verify::VerifyStep| {
        format!("verification {}, step {}: {}", step.profile, step.name, step.command)
    };
    lines.extend(steps.iter().map(step));
    lines
}
