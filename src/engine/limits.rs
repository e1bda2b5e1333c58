//! What makes a loop drain and end: signals, and the limits of a run.

use super::ending::{Reason, common_reason};
use super::observer::Notice;
use super::run_loop::RunLoop;
use crate::platform::signal::{Request, stop_ourselves};

impl RunLoop<'_> {
    pub(super) fn signal(&mut self, request: Request) {
        match request {
            Request::End { signal, count } => {
                self.drain(Reason::Signal(signal));
                for running in self.slots.iter_mut().filter_map(|slot| slot.running.as_mut()) {
                    if count > 1 { running.kill() } else { running.end() }
                }
            }
            Request::Pause => {
                self.hold_all(true);
                if let Err(error) = stop_ourselves() {
                    self.warn(format!("cannot stop: {error}"));
                }
            }
            Request::Continue => self.hold_all(false),
        }
    }

    pub(super) fn hold_all(&mut self, paused: bool) {
        self.asked.holds += 1;
        for running in self.slots.iter_mut().filter_map(|slot| slot.running.as_mut()) {
            running.hold(paused || self.paused.contains(&running.queue), self.asked.holds);
        }
    }

    /// Claims nothing more. The first reason that counts more than those before it stays.
    pub(super) fn drain(&mut self, reason: Reason) {
        let rank = |reason: &Reason| match reason {
            Reason::Signal(_) => 0,
            Reason::Environment(_) => 1,
            Reason::Budget(_) => 2,
            Reason::Failures(_) => 3,
            Reason::Done => 4,
        };
        if self.draining.as_ref().is_some_and(|before| rank(before) <= rank(&reason)) {
            return;
        }
        let text = match &reason {
            Reason::Signal(signal) => format!("signal {signal}: ending what runs"),
            Reason::Environment(why) | Reason::Budget(why) | Reason::Failures(why) => why.clone(),
            Reason::Done => String::new(),
        };
        self.draining = Some(reason);
        if self.running() > 0 {
            self.observer.notice(&Notice::Drains(&text));
        }
    }

    pub(super) fn look_at_limits(&mut self) {
        if let Some(most) = self.options.max_time
            && self.since.elapsed() >= most
        {
            let minutes = most.as_secs_f64() / 60.0;
            self.drain(Reason::Budget(format!("the run's {minutes} minutes are over")));
        }
        if self.failures.len() >= self.failures_allowed() {
            let why = common_reason(&self.failures);
            self.drain(Reason::Failures(why));
        }
    }

    /// How many different tasks may be blocked in a row.
    pub(super) fn failures_allowed(&self) -> usize {
        let limit = self.dispatcher.set.config.limits.consecutive_failures.value;
        usize::try_from(limit).unwrap_or(usize::MAX).max(1)
    }
}
