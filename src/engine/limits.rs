//! What makes a loop drain and end: signals, and the limits of a run.

use super::ending::{Reason, common_reason};
use super::observer::Notice;
use super::run_loop::RunLoop;
use crate::platform::signal::{INT, Request, stop_ourselves};

/// How urgently a signal ends what runs; the next one is always more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// There was no signal.
    #[default]
    None,
    /// What runs is finished, and nothing more is claimed.
    Finish,
    /// What runs is ended: TERM, grace, KILL.
    End,
    /// What runs is killed.
    Kill,
}

impl Urgency {
    /// After one more signal. A person at a terminal who types Ctrl-C is told what the next one
    /// does; whatever else ends a process is not going to ask twice.
    pub(super) fn next(self, signal: i32, terminal: bool) -> Self {
        match self {
            Self::None if signal == INT && terminal => Self::Finish,
            Self::None | Self::Finish => Self::End,
            Self::End | Self::Kill => Self::Kill,
        }
    }
}

impl RunLoop<'_> {
    pub(super) fn signal(&mut self, request: Request) {
        match request {
            Request::End { signal } => {
                self.asked.urgency = self.asked.urgency.next(signal, self.options.terminal);
                self.drain(Reason::Signal(signal));
                self.tell_urgency();
                for running in self.slots.iter_mut().filter_map(|slot| slot.running.as_mut()) {
                    match self.asked.urgency {
                        Urgency::None | Urgency::Finish => {}
                        Urgency::End => running.end(),
                        Urgency::Kill => running.kill(),
                    }
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

    fn tell_urgency(&mut self) {
        let attempts = match self.running() {
            0 => return,
            1 => "1 attempt".to_owned(),
            many => format!("{many} attempts"),
        };
        let text = match self.asked.urgency {
            Urgency::None => return,
            Urgency::Finish => {
                let them = if self.running() == 1 { "it" } else { "them" };
                format!("finishing {attempts}; Ctrl-C again ends {them} now")
            }
            Urgency::End => format!("ending {attempts}; once more kills what is left"),
            Urgency::Kill => format!("killing {attempts}"),
        };
        self.observer.notice(&Notice::Drains(&text));
    }

    pub(super) fn hold_all(&mut self, paused: bool) {
        self.asked.holds += 1;
        for running in self.slots.iter_mut().filter_map(|slot| slot.running.as_mut()) {
            running.hold(paused || self.paused.contains(&running.queue), self.asked.holds);
        }
        // Whoever waits for the verdict about the tree is not to wait for the end of a pause.
        self.end_untouched(false);
    }

    /// Claims nothing more. The first reason that counts more than those before it stays.
    pub(super) fn drain(&mut self, reason: Reason) {
        let rank = |reason: &Reason| match reason {
            Reason::Signal(_) => 0,
            Reason::Environment(_) => 1,
            Reason::Budget(_) => 2,
            Reason::LeftRed(_) => 3,
            Reason::Failures(_) => 4,
            Reason::Done => 5,
        };
        if self.draining.as_ref().is_some_and(|before| rank(before) <= rank(&reason)) {
            return;
        }
        let text = match &reason {
            // Told with how urgent it is.
            Reason::Signal(_) => String::new(),
            Reason::Environment(why)
            | Reason::Budget(why)
            | Reason::LeftRed(why)
            | Reason::Failures(why) => why.clone(),
            Reason::Done => String::new(),
        };
        self.draining = Some(reason);
        // Nothing begins any more that would have to know.
        self.end_untouched(true);
        if self.running() > 0 && !text.is_empty() {
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
        if let Some(why) = self.agent_given_up() {
            self.drain(Reason::Failures(why));
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

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::consts::{SIGHUP, SIGTERM};

    #[test]
    fn only_a_key_on_a_terminal_lets_work_be_finished() {
        let after = |signals: &[i32], terminal| {
            signals.iter().fold(Urgency::None, |urgency, signal| urgency.next(*signal, terminal))
        };
        assert_eq!(after(&[INT], true), Urgency::Finish);
        assert_eq!(after(&[INT, INT], true), Urgency::End);
        assert_eq!(after(&[INT, INT, INT], true), Urgency::Kill);
        assert_eq!(after(&[INT, SIGTERM], true), Urgency::End);
        for signal in [INT, SIGTERM, SIGHUP] {
            assert_eq!(after(&[signal], false), Urgency::End);
            assert_eq!(after(&[signal, INT], false), Urgency::Kill);
        }
        assert_eq!(after(&[SIGTERM], true), Urgency::End);
        assert_eq!(after(&[SIGHUP, SIGHUP], true), Urgency::Kill);
    }
}
