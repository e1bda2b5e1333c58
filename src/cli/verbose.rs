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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::tests::{Sample, task};
    use serde_json::json;

    fn sample(config: &str) -> Sample {
        let tasks = json!({"tasks": [task("A", &json!({"needs": ["other:X"]}))]});
        let other = json!({"tasks": [task("X", &json!({}))]});
        Sample::new(config, &[("q", tasks)], &[("other", other)])
    }

    #[test]
    fn the_files_in_use_are_the_configuration_and_the_served_queues() {
        let sample = sample("");
        let root = sample.dir.path().canonicalize().expect("a folder");
        let queue = format!("queue: q.json, project root {}", root.display());
        assert_eq!(sample.project.queues().len(), 2, "the other queue is only read");
        let config = format!("configuration: {}", root.join("workloop.toml").display());
        assert_eq!(files(&sample.project), [config, queue]);
    }

    #[test]
    fn every_setting_is_printed_with_its_origin() {
        let text = "[agents.default]\nrun = \"./agent.sh --fast\"\n[agents.other]\nrun = [\"a\", \"b c\"]\n\
                    [limits]\nattempts = 9\nuntouched = false\n\
                    [[verify]]\nname = \"unit\"\nrun = \"make test\"\n\
                    [[verify]]\nname = \"lint\"\nprofile = \"quick\"\nrun = [\"lint\", \"x y\"]\n";
        let sample = sample(text);
        let lines = settings(sample.project.config());
        let origin = |line: usize| format!("(workloop.toml line {line})");
        let known: Vec<&str> =
            lines.iter().map(|line| line.split(':').next().unwrap_or_default()).collect();
        let wanted = [
            "jobs",
            "limits.attempts",
            "limits.crashes",
            "limits.consecutive_failures",
            "limits.keep_attempts",
            "limits.follow_up_depth",
            "limits.untouched",
            "limits.progress_every",
            "agent default",
            "agent other",
            "verification default, step unit",
            "verification quick, step lint",
        ];
        assert_eq!(known, wanted);
        assert_eq!(lines[0], "jobs: 1 (default)");
        assert_eq!(lines[1], format!("limits.attempts: 9 {}", origin(6)));
        assert_eq!(lines[2], "limits.crashes: 3 (default)");
        assert_eq!(lines[6], format!("limits.untouched: false {}", origin(7)));
        assert_eq!(lines[8], "agent default: ./agent.sh --fast");
        assert_eq!(lines[10], "verification default, step unit: make test");
    }

    #[test]
    fn flags_replace_the_steps_of_the_file() {
        let sample = sample("[[verify]]\nname = \"unit\"\nrun = \"make test\"\n");
        let mut config = sample.project.config().clone();
        let has_step = |config: &Config| settings(config).iter().any(|line| line.contains("step"));
        assert!(has_step(&config));
        config.verification = Verification::Off;
        assert!(!has_step(&config));
        config.verification = Verification::Flags(Vec::new());
        assert!(!has_step(&config));
    }
}
