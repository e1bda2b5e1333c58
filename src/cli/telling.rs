//! Sets up the channels of `[[notify]]` for a run and for a test.

use super::session::Session;
use crate::config::Config;
use crate::domain::QueueIx;
use crate::engine::Ending;
use crate::notify::{Need, Notifier, Tools, channels};
use crate::plan::{Cause, Root};
use crate::platform::clock::SystemClock;
use crate::platform::ids::RandomIds;
use crate::project::QueueSet;
use crate::store::log::Log;
use crate::views::escape;
use crate::views::mask::Mask;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// How long a run waits at its end for pending notifications.
const PATIENCE: Duration = Duration::from_secs(3);

impl Session<'_> {
    /// Returns the tools that channels need.
    pub(super) fn tools(&self, config: &Config) -> Tools {
        let folder = config.folder().unwrap_or(&self.world.cwd).to_owned();
        Tools {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            mask: Mask::new(&config.and_own(&self.world.vars)),
            vars: self.world.vars.clone(),
            folder,
        }
    }

    /// Starts the notifications about the served queues. Warns of channels that cannot be used.
    ///
    /// # Errors
    /// Fails if standard error cannot be written.
    pub(super) fn notifier(&mut self, set: &QueueSet) -> io::Result<Option<Notifier>> {
        let (usable, wrong) = channels(&set.config.notify, &self.world.vars);
        for text in wrong {
            self.warn(&format!("{text}; nothing is sent there"))?;
        }
        let logs = set.logs(set.served()).into_iter();
        let journal =
            |(log, of): (&Log, Vec<QueueIx>)| Some((set.state(*of.first()?), Arc::clone(log)));
        let journals: Vec<_> = logs.filter_map(journal).collect();
        let tools = self.tools(&set.config);
        Ok((!usable.is_empty()).then(|| Notifier::start(&usable, &journals, &tools)))
    }

    /// Ends the notifications, with the tasks that the run leaves to people, and warns of messages
    /// that could not be sent.
    ///
    /// # Errors
    /// Fails if standard error cannot be written.
    pub(super) fn finish_telling(
        &mut self,
        notifier: Option<Notifier>,
        ending: Option<&Ending>,
    ) -> io::Result<()> {
        let needs = ending.map(needs).unwrap_or_default();
        let troubles = notifier.map(|notifier| notifier.finish(&needs, PATIENCE));
        let troubles = troubles.unwrap_or_default();
        troubles.iter().try_for_each(|text| self.warn(text))
    }

    fn warn(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.streams.err, "warning: {}", escape::line(text))
    }
}

/// Returns the tasks that wait for a person without an event in the journal.
fn needs(ending: &Ending) -> Vec<Need> {
    let one = |root: &Root<String>| {
        let (what, verb) = match root.cause {
            Cause::Approval => ("waits for approval", "approve"),
            Cause::Work => ("is a person's work", "done"),
            // These have an event in the journal.
            Cause::Blocked
            | Cause::Budget
            | Cause::Parked
            | Cause::Question
            | Cause::Review
            | Cause::Other => return None,
        };
        let next = format!("workloop {verb} {}", root.task);
        Some(Need { task: root.task.clone(), what, next })
    };
    ending.roots.iter().filter_map(one).collect()
}
