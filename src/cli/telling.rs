//! Sets up the channels of `[[notify]]` for a run and for a test.

use super::session::Session;
use crate::config::Config;
use crate::domain::{QueueIx, Typed};
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
        // The message is read elsewhere, where flags with paths may be wrong.
        let next = Typed::default().about(verb, &root.task);
        Some(Need { task: root.task.clone(), what, next })
    };
    ending.roots.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::session::tests::{session, world};
    use crate::engine::Reason;
    use crate::plan::{Backlog, Node, Resolution};
    use crate::project::tests::{Sample, task};
    use serde_json::json;
    use std::path::Path;

    const CAUSES: [Cause; 8] = [
        Cause::Approval,
        Cause::Blocked,
        Cause::Budget,
        Cause::Parked,
        Cause::Question,
        Cause::Review,
        Cause::Work,
        Cause::Other,
    ];

    #[test]
    fn only_what_has_no_event_in_the_journal_is_told_at_the_end() {
        let root = |n: usize| Root {
            task: Node(n as u32),
            resolution: Resolution::Person,
            cause: CAUSES[n],
        };
        let roots = (0..CAUSES.len()).map(root).collect();
        let backlog = Backlog { total: 8, person: 8, roots, ..Backlog::default() };
        // A person copies the command into a shell, elsewhere.
        let typed = Typed::naming(" --work-queue q.json".to_owned());
        let ending =
            Ending::new(Reason::Done, backlog, 1, |node| format!("the {}th", node.0)).typed(&typed);
        let need = |task: &str, what, next: &str| Need {
            task: task.to_owned(),
            what,
            next: next.to_owned(),
        };
        let wanted = [
            need("the 0th", "waits for approval", "workloop approve 'the 0th'"),
            need("the 6th", "is a person's work", "workloop done 'the 6th'"),
        ];
        assert_eq!(needs(&ending), wanted);
    }

    #[test]
    fn a_channel_that_cannot_be_used_is_a_warning_and_not_an_obstacle() {
        let config = "[[notify]]\non = [\"blocked\"]\nslack = \"env:NO_SUCH_VARIABLE\"\n";
        let sample = Sample::with(config, json!([task("A", &json!({}))]));
        let world = world(Path::new("/"), &[]);
        let (started, [out, err]) = session(&world, "", |session| {
            session.notifier(sample.project.set()).expect("told").is_some()
        });
        assert_eq!((started, out.as_str()), (false, ""));
        assert!(
            err.starts_with("warning: ") && err.ends_with("; nothing is sent there\n"),
            "{err}"
        );
        assert!(err.contains("NO_SUCH_VARIABLE"), "{err}");
        let (ended, printed) =
            session(&world, "", |session| session.finish_telling(None, None).is_ok());
        assert_eq!((ended, printed), (true, [String::new(), String::new()]));
    }

    #[test]
    fn paths_of_channels_begin_at_the_configuration_or_else_here() {
        let sample = Sample::of(json!([]));
        let world = world(Path::new("/here"), &[("A_TOKEN", "s3cret-value")]);
        let configured = sample.project.config();
        let ((with, without), _) = session(&world, "", |session| {
            (session.tools(configured), session.tools(&Config::default()))
        });
        assert_eq!(Some(with.folder.as_path()), configured.folder());
        assert_eq!(without.folder, Path::new("/here"));
        assert_eq!(without.mask.text("s3cret-value"), "[masked]");
        assert_eq!(without.vars, world.vars);
    }
}
