//! Starts a loop on this system: its registrations, threads, signals and claims. The loop itself is
//! assembled from parts and touches none of these.

use super::attention::Attention;
use super::crew::Crew;
use super::drain::{Drain, Limits};
use super::inbox::Inbox;
use super::observer::Observer;
use super::options::RunOptions;
use super::presence::Presence;
use super::reaper::Reaper;
use super::run_loop::RunLoop;
use super::slots::Slots;
use super::teller::Teller;
use super::thread::{Message, Surroundings, Threads};
use super::work::Work;
use crate::claims::Keeper;
use crate::domain::WorkerId;
use crate::engine::attempt::Fixed;
use crate::engine::dispatch::Dispatcher;
use crate::platform::fault::{self, Fault};
use crate::platform::process;
use crate::platform::signal::Listener;
use crate::project::{Planner, Project, ranking_rules};
use crate::store::StoreError;
use std::sync::Arc;
use std::sync::mpsc;

/// Prepares a loop over the served queues of `project`.
///
/// # Errors
/// [`StoreError`] when the state folder cannot be used or the signal listener cannot be started.
pub(crate) fn start(
    project: Project,
    options: RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunLoop<'_>, StoreError> {
    let system = |what| StoreError::io(what, "/proc");
    let (outbox, messages) = mpsc::channel();
    let (set, pid) = (project.set(), std::process::id());
    let keeper = Keeper::here(Arc::clone(set.claims()));
    process::become_subreaper().map_err(system("adopt orphans of"))?;
    let worker = || WorkerId::new(&format!("{}:{pid}:{}", keeper.host().name, options.ids.hex8()));
    // The additional worker only lands.
    let workers: Vec<WorkerId> = (0..=options.jobs.max(1)).map(|_| worker()).collect();
    let presence = Presence::enter(set, options.jobs, &options.ids.hex8(), pid)?;
    let (changed, signalled) = (outbox.clone(), outbox.clone());
    let blind = fault::is(Fault::OneThread);
    let attention =
        Attention::start(set, move || drop((!blind).then(|| changed.send(Message::Changed))));
    let listen = move |request| drop(signalled.send(Message::Signal(request)));
    let listener = Listener::start(listen).map_err(system("listen to signals through"))?;
    let around = Surroundings {
        exe: options.exe.clone(),
        env: options.vars.clone(),
        clock: Arc::clone(&options.clock),
        known: Arc::clone(&options.known),
        outbox: outbox.clone(),
    };
    let failures = set.config.limits.consecutive_failures.value;
    let limits = Limits {
        attempts: options.max_attempts,
        time: options.max_time.clone(),
        failures: usize::try_from(failures).unwrap_or(usize::MAX),
    };
    let around = Arc::new(around);
    let executor = Box::new(Threads(Arc::clone(&around)));
    let slots = Slots::new(&workers, around, executor, Reaper::start(outbox));
    let drain = Drain::new(limits, options.clock.monotonic());
    let tools = (Arc::clone(&options.clock), Arc::clone(&options.ids));
    let planner = Planner::new(ranking_rules(set, project.queues()));
    let dispatcher = Dispatcher::new(planner, keeper, workers, options.scope.clone(), tools);
    let fixed = Fixed::of_run(&set.config, &options.vars, &options.ids);
    let fixed = fixed
        .isolated(set, &options.vars)
        .map_err(|(path, error)| StoreError::Unsafe { path, reason: error.to_string() })?;
    let typed = set.typed.clone();
    let work = Work::new(project, dispatcher, fixed, options);
    let crew = Crew::new(slots, drain, Teller::new(observer, typed));
    Ok(RunLoop::new(work, crew, Inbox::new(messages, attention, Some(listener)), presence))
}
