//! The hooks around a whole run: before anything of it begins, and after its end.

use super::options::RunOptions;
use super::teller::of_hook;
use crate::config::Config;
use crate::domain::{Event, EventKind, HookPoint, HookReport, QueueIx, WorkerId};
use crate::engine::attempt::{Extra, Fixed, Hooks, Subject, hook_report, hook_spec, ready_hooks};
use crate::engine::dispatch::tree_key;
use crate::platform::claim_tag::ClaimTag;
use crate::platform::lock::FileLock;
use crate::platform::signal::{Listener, Request};
use crate::project::Project;
use crate::store::attempts::AttemptFolder;
use crate::store::{new_event, place_of};
use crate::supervisor::{Launch, Supervisor, Told};
use crate::views::mask::Mask;
use chrono::{DateTime, Utc};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The lock file that the supervisor of a hook holds instead of a claim.
const LOCK: &str = "hook.lock";
/// How many folders in use by other runs are skipped before giving up.
const TRIES: u32 = 100;

/// The hooks of a run, ready to start. They are independent of the project, which the run consumes.
pub(crate) struct RunHooks {
    hooks: Hooks,
    root: PathBuf,
    folder: AttemptFolder,
    /// Reserves the folder for this run.
    lock: Option<FileLock>,
    tag: ClaimTag,
    mask: Mask,
    exe: PathBuf,
    vars: Vec<(OsString, OsString)>,
}

/// The result of a hook of a run.
#[derive(Debug)]
pub(crate) enum RunHook {
    /// No hook is configured.
    Absent,
    /// The hook ended.
    Ran(HookReport),
    /// This process received a signal meanwhile.
    Signalled(i32, HookReport),
}

impl RunHooks {
    /// Prepares the hooks of a run over the served queues of `project`. They run in the root of the
    /// first queue.
    ///
    /// # Errors
    /// Returns an error if there are hooks and the state folder cannot store their output.
    pub(crate) fn of(project: &Project, options: &RunOptions) -> io::Result<Self> {
        let set = project.set();
        let (config, first): (&Config, _) = (&set.config, QueueIx::FIRST);
        let (state, key) = (set.state(first), tree_key(set, first));
        let has_any = [HookPoint::BeforeRun, HookPoint::AfterRun];
        let has_any = config.hooks.iter().any(|hook| has_any.contains(&hook.point));
        let last = state.attempt_numbers(&key).unwrap_or_default().last().copied();
        let mut number = last.unwrap_or(0).saturating_add(1);
        let mut folder = AttemptFolder::new(&state, &key, number);
        let mut lock = None;
        for _ in 0..if has_any { TRIES } else { 0 } {
            folder.create()?;
            lock = FileLock::try_acquire(&folder.file(LOCK)).map_err(|error| error.into_io())?;
            if lock.is_some() {
                break;
            }
            number = number.saturating_add(1);
            folder = AttemptFolder::new(&state, &key, number);
        }
        let worker = WorkerId::new("run");
        let root = set.root(first).to_owned();
        let subject = Subject {
            task: None,
            attempt: 0,
            queue: set.real(first),
            root: root.as_path().into(),
            project_root: &root,
            folder: &folder,
            vars: &options.vars,
            rules: &config.environment,
        };
        let fixed = Fixed::of(config, &options.vars);
        let hooks = ready_hooks(config, &subject, &worker, &fixed);
        let tag = key.tag(place_of(set.real(first)), &options.ids.hex32());
        let mask = Mask::new(&config.and_own(&options.vars));
        let (exe, vars) = (options.exe.clone(), options.vars.clone());
        Ok(Self { hooks, root, folder, lock, tag, mask, exe, vars })
    }

    /// Runs the hook at `point` to its end, with `extra` variables.
    ///
    /// # Errors
    /// Returns an error if it cannot be run under a supervisor.
    pub(crate) fn run(&self, point: HookPoint, extra: &[(&str, String)]) -> io::Result<RunHook> {
        let (Some(ready), Some(lock)) = (self.hooks.at(point), &self.lock) else {
            return Ok(RunHook::Absent);
        };
        let extra: Extra = extra.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let spec = hook_spec((point, ready), &self.root, &self.folder, &extra);
        let launch = Launch { exe: &self.exe, tag: &self.tag, env: &self.vars };
        let mut supervisor = Supervisor::start(&launch, lock)?;
        let (controls, signal) = (supervisor.controls(), Arc::new(AtomicI32::new(0)));
        let heard = Arc::clone(&signal);
        let listener = Listener::start(move |request| match request {
            // The first signal lets the hook end, the next one kills it.
            Request::End { signal } => match heard.swap(signal, Ordering::SeqCst) {
                0 => controls.term(),
                _ => controls.kill(),
            },
            Request::Pause | Request::Continue => {}
        })?;
        let mut told = |told| match told {
            Told::Started(_) | Told::Paused(_) => {}
        };
        let ended = supervisor.run(&spec, &mut told).map_err(io::Error::other);
        drop(supervisor.finish());
        drop(listener);
        let report = |ended| hook_report(point, ended, &self.folder, &self.mask);
        match signal.load(Ordering::SeqCst) {
            0 => Ok(RunHook::Ran(report(Some(ended?)))),
            signal => Ok(RunHook::Signalled(signal, report(ended.ok()))),
        }
    }
}

/// Returns the journal event for a hook around a run.
pub(crate) fn hook_event(report: &HookReport, now: DateTime<Utc>) -> Event {
    let mut data = of_hook(report);
    data.insert("by".to_owned(), "workloop".into());
    new_event(EventKind::Hook, now, String::new(), data)
}
