//! The hooks around a whole run, as far as they start no process.

use super::super::run_hooks::{RunHook, RunHooks, hook_event};
use super::play::Play;
use crate::domain::{EventKind, HookPoint, HookReport, Outcome};
use crate::platform::clock::Clock;
use crate::platform::ids::{CountingIds, Ids};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

const HOOKS: &str = "[hooks]\nbefore_run = [\"before\"]\nafter_run = [\"after\"]\n[limits]\n";

fn hooks(play: &Play) -> std::io::Result<RunHooks> {
    let clock: Arc<dyn Clock> = Arc::<super::host::Ticking>::clone(&play.site.clock);
    let ids: Arc<dyn Ids> = Arc::new(CountingIds::default());
    RunHooks::of(&play.site.open(), &play.options(&clock, &ids))
}

/// Returns the folders of runs.
fn folders(play: &Play) -> Vec<String> {
    let attempts = play.site.dir.path().join(".workloop/attempts");
    let tasks = fs::read_dir(attempts).into_iter().flatten().flatten();
    let numbers = tasks.flat_map(|task| fs::read_dir(task.path()).into_iter().flatten().flatten());
    let mut names: Vec<String> =
        numbers.map(|number| number.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_run_without_hooks_leaves_no_folder() {
    let play = Play::of("[hooks]\nafter_task = [\"x\"]\n[limits]\n", json!([]));
    let hooks = hooks(&play).unwrap();
    for point in [HookPoint::BeforeRun, HookPoint::AfterRun] {
        assert!(matches!(hooks.run(point, &[]), Ok(RunHook::Absent)), "{point}");
    }
    assert_eq!(folders(&play), Vec::<String>::new());
}

#[test]
fn each_run_at_the_same_time_has_its_own_folder() {
    let play = Play::of(HOOKS, json!([]));
    let (first, second) = (hooks(&play).unwrap(), hooks(&play).unwrap());
    assert_eq!(folders(&play), ["1", "2"]);
    drop((first, second));
    let third = hooks(&play).unwrap();
    assert_eq!(folders(&play), ["1", "2", "3"], "what a run printed is not overwritten");
    drop(third);
}

#[test]
fn a_hook_whose_supervisor_cannot_be_started_is_an_error() {
    let play = Play::of(HOOKS, json!([]));
    let hooks = hooks(&play).unwrap();
    let error = hooks.run(HookPoint::BeforeRun, &[]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
}

#[test]
fn a_state_folder_that_stores_nothing_is_an_error_only_if_there_are_hooks() {
    let blocked = |config: &str| {
        let play = Play::of(config, json!([]));
        fs::write(PathBuf::from(play.site.dir.path()).join(".workloop"), "").unwrap();
        hooks(&play).is_err()
    };
    assert!(blocked(HOOKS));
    assert!(!blocked("[limits]\n"));
}

#[test]
fn a_hook_of_a_run_is_about_no_task() {
    let at = Play::new(json!([])).site.clock.now();
    let (outcome, said) = (Outcome::Exited { code: 1 }, ("freeze", ""));
    let event = hook_event(&HookReport::new(HookPoint::BeforeRun, (outcome, 5), said), at);
    assert_eq!((event.event, event.task, event.queue.as_str()), (EventKind::Hook, None, ""));
    let wanted = json!({"hook": "before_run", "outcome": {"kind": "exited", "code": 1}, "millis": 5,
        "reason_code": "freeze", "reason": "hook before_run said no: freeze", "by": "workloop"});
    assert_eq!(json!(event.data), wanted);
}
