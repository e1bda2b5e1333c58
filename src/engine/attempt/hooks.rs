//! Prepares hooks, and starts and reads one: the same wherever it runs.
//!
//! A hook is a person's command. It runs in the project root with the environment of a step, under
//! a supervisor. While it runs, no lock of a queue, of a tree or of a landing is held.

use super::fixed::Fixed;
use super::ready::Ready;
use super::ready_hooks::Hooks;
use super::subject::Subject;
use crate::config::Config;
use crate::domain::{Command, EnvironmentRules, HookPoint, HookReport, Outcome, WorkerId};
use crate::store::attempts::AttemptFolder;
use crate::supervisor::{CommandSpec, Ended};
use crate::verify::VerifyStep;
use crate::views::mask::Mask;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// How much of each stream of a hook is stored: its first line counts, and the rest is for people.
const KEPT: u64 = 1 << 20;
/// How much of a stream is read.
const LOOKED: u64 = 4096;
/// The file extensions of scripts.
const SCRIPTS: [&str; 8] = ["sh", "bash", "py", "js", "mjs", "rb", "pl", "php"];

/// Variables that only some hooks get.
pub(crate) type Extra = Vec<(OsString, OsString)>;

/// Returns the hooks of `config`, ready to start, about `subject`, whose root is the project root.
pub(crate) fn ready_hooks(
    config: &Config,
    subject: &Subject<'_>,
    worker: &WorkerId,
    fixed: &Fixed,
) -> Hooks {
    let ready = |(point, step): (HookPoint, VerifyStep)| {
        let mut ready = subject.step(&step, worker, fixed);
        // A hook judges no tree.
        ready.env.retain(|(name, _)| name != "WORKLOOP_TREE_CHECK");
        ready.env.push(("WORKLOOP_HOOK".into(), point.word().into()));
        (point, ready)
    };
    Hooks::of(steps(config).into_iter().map(ready).collect())
}

/// Returns the hooks of the configuration as steps.
fn steps(config: &Config) -> Vec<(HookPoint, VerifyStep)> {
    let one = |rule: &crate::config::HookRule| {
        let step = VerifyStep {
            name: format!("hook {}", rule.point),
            profile: "hooks".to_owned(),
            command: rule.command.clone(),
            timeout: rule.timeout,
            environment: EnvironmentRules::default(),
            from_queue: false,
            rules: Arc::default(),
        };
        (rule.point, step)
    };
    config.hooks.iter().map(one).collect()
}

/// Returns the hooks of the configuration as steps, for checks of commands.
pub(crate) fn hook_steps(config: &Config) -> Vec<VerifyStep> {
    steps(config).into_iter().map(|(_, step)| step).collect()
}

/// Returns the scripts that hooks of the project at `root` run, as steps. They are guarded, because
/// an agent that changes one could decide what it is forbidden to do. Files that a hook only writes
/// are not among them.
pub(super) fn scripts(config: &Config, root: &Path) -> Vec<VerifyStep> {
    let is_script = |word: &&str| {
        let path = Path::new(word);
        let is_named = path.extension().and_then(|end| end.to_str());
        let is_named = is_named.is_some_and(|end| SCRIPTS.contains(&end));
        let is_inside = root.join(path).starts_with(root);
        is_inside && root.join(path).is_file() && (is_named || word.contains('/'))
    };
    let of = |step: VerifyStep| -> Vec<VerifyStep> {
        let text = step.command.to_string();
        let words =
            text.split(|letter: char| letter.is_whitespace() || "\"'`;|&()<>$=".contains(letter));
        let command = |word: &str| {
            let path = if word.contains('/') { word.to_owned() } else { format!("./{word}") };
            Command::List(vec![path])
        };
        let found = words.filter(|word| !word.is_empty()).filter(is_script).map(command);
        found.map(|command| VerifyStep { command, ..step.clone() }).collect()
    };
    hook_steps(config).into_iter().flat_map(of).collect()
}

/// Returns how to start `ready` at `point`, with its output in `folder`.
pub(crate) fn spec(
    (point, ready): (HookPoint, &Ready),
    root: &Path,
    folder: &AttemptFolder,
    extra: &Extra,
) -> CommandSpec {
    let mut env = ready.env.clone();
    env.extend(extra.iter().cloned());
    CommandSpec {
        argv: ready.argv.clone(),
        cwd: root.to_owned(),
        env,
        stdin: None,
        stdout: folder.file(&format!("hook-{point}.out")),
        stderr: Some(folder.file(&format!("hook-{point}.err"))),
        timeout: ready.timeout,
        silence: None,
        grace: ready.grace,
        cap: KEPT,
    }
}

/// Returns the report of a hook that ran as `spec` says; if `ended` is `None`, its supervisor
/// vanished.
pub(crate) fn report(
    point: HookPoint,
    ended: Option<Ended>,
    folder: &AttemptFolder,
    mask: &Mask,
) -> HookReport {
    let (outcome, millis) = match ended {
        Some(ended) => (ended.outcome, ended.millis),
        None => (Outcome::Lost, 0),
    };
    let said = |stream: &str| {
        // A missing file means that nothing was printed.
        let ends = folder.ends(&format!("hook-{point}.{stream}"), LOOKED).unwrap_or_default();
        mask.text(&String::from_utf8_lossy(&ends.0)).into_owned()
    };
    HookReport::new(point, (outcome, millis), (&said("out"), &said("err")))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the scripts that hooks name")]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::fs;

    #[test]
    fn the_scripts_of_hooks_are_what_they_run_and_not_what_they_write() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["gate.sh", "check.py", "hooks.log", "tool"] {
            fs::write(dir.path().join(name), "").expect("written");
        }
        let text = "[hooks]\nbefore_landing = \"sh gate.sh >> hooks.log; python3 'check.py' -q\"\n\
                    before_task = [\"./tool\", \"absent.sh\"]\nafter_task = \"touch marker\"\n";
        let config = parse(&dir.path().join("workloop.toml"), text).expect("read");
        let found = scripts(&config, dir.path());
        let found: Vec<String> = found.iter().map(|step| step.command.to_string()).collect();
        assert_eq!(found, ["./tool", "./gate.sh", "./check.py"]);
    }
}
