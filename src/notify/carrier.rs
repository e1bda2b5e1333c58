//! Sends deliveries to the targets of their channels.

use super::body;
use super::channel::Channel;
use super::curl::{self, Post};
use super::message::Delivery;
use super::refused::Refused;
use crate::config::{NotifySeverity, NotifyTarget};
use crate::domain::Command;
use crate::platform::command::Short;
use crate::platform::programs;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends deliveries.
pub(super) trait Carrier: Send {
    /// Sends one delivery.
    ///
    /// # Errors
    /// Fails if the delivery did not arrive.
    fn carry(&self, channel: &Channel, delivery: &Delivery<'_>) -> Result<(), Refused>;
}

/// Sends deliveries with programs of this machine.
#[derive(Clone)]
pub(super) struct Programs {
    /// The environment.
    pub(super) vars: Vec<(OsString, OsString)>,
    /// The working directory of commands.
    pub(super) folder: PathBuf,
    /// Set to abort a delivery when the run ends and has waited long enough.
    pub(super) cancelled: Arc<AtomicBool>,
}

impl Carrier for Programs {
    fn carry(&self, channel: &Channel, delivery: &Delivery<'_>) -> Result<(), Refused> {
        let json = "Content-Type: application/json".to_owned();
        match &channel.rule.target {
            NotifyTarget::Webhook(_) => {
                let body = body::webhook(delivery);
                let mut headers = vec![json, format!("X-Workloop-Delivery: {}", delivery.id)];
                let sign = |secret: &String| {
                    format!("X-Workloop-Signature: {}", body::signature(secret, &body))
                };
                headers.extend(channel.secret.as_ref().map(sign));
                self.post(channel, &headers, &body)
            }
            NotifyTarget::Slack(_) => self.post(channel, &[json], &body::slack(delivery)),
            NotifyTarget::Discord(_) => self.post(channel, &[json], &body::discord(delivery)),
            NotifyTarget::Ntfy(_) => {
                let title = format!("Title: workloop: {}", delivery.event().replace('_', " "));
                let headers = ["Content-Type: text/plain; charset=utf-8".to_owned(), title];
                self.post(channel, &headers, &body::ntfy(delivery))
            }
            NotifyTarget::Command(command) => self.command(command, delivery),
            NotifyTarget::Desktop => self.desktop(delivery),
        }
    }
}

impl Programs {
    fn post(&self, channel: &Channel, headers: &[String], body: &str) -> Result<(), Refused> {
        let url = channel.url.as_deref().unwrap_or_default();
        let missing =
            || Refused::for_good("curl is not installed, but is needed to send".to_owned());
        let program = self.find("curl").ok_or_else(missing)?;
        curl::post(&program, &Post { url, headers, body }, &self.cancelled)
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        programs::find(program, &programs::absolute_path(self.var("PATH").unwrap_or_default()))
    }

    fn var(&self, name: &str) -> Option<&OsStr> {
        let set = self.vars.iter().find(|(key, _)| key == name);
        set.map(|(_, value)| value.as_os_str())
    }

    /// Runs the command with the environment of the loop, because it may have to log in somewhere,
    /// but without the variables that loops set for agents and steps.
    fn command(&self, command: &Command, delivery: &Delivery<'_>) -> Result<(), Refused> {
        let ours = |name: &OsStr| name.as_encoded_bytes().starts_with(b"WORKLOOP_");
        let mut env = self.vars.clone();
        env.retain(|(name, _)| !ours(name));
        let task = delivery.task().unwrap_or_default().replace('\0', "");
        env.push(("WORKLOOP_EVENT".into(), delivery.event().into()));
        env.push(("WORKLOOP_TASK_ID".into(), task.into()));
        let stdin = format!("{}\n", body::webhook(delivery)).into_bytes();
        let argv = command.expand(&|_| None);
        let dir = Some(self.folder.clone());
        self.run(Short { argv, dir, env, stdin, only_env: true, ..Short::default() })
    }

    fn desktop(&self, delivery: &Delivery<'_>) -> Result<(), Refused> {
        const SCRIPT: &str = "display notification (item 2 of argv) with title (item 1 of argv)";
        let title = format!("workloop: {}", delivery.event().replace('_', " "));
        let text = delivery.text(400);
        let mut argv: Vec<OsString> = Vec::new();
        if cfg!(target_os = "macos") {
            let script = ["-e", "on run argv", "-e", SCRIPT, "-e", "end run"].map(OsString::from);
            argv.extend(script.into_iter().chain([title.into(), text.into()]));
        } else {
            let worst = delivery.messages.iter().map(|message| message.event.severity()).max();
            let urgency = if worst == Some(NotifySeverity::Error) { "critical" } else { "normal" };
            // The text of a notification is interpreted as markup.
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let words = ["--app-name=workloop", "--urgency", urgency, "--"].map(OsString::from);
            argv.extend(words.into_iter().chain([title.into(), text.into()]));
        }
        let name = if cfg!(target_os = "macos") { "osascript" } else { "notify-send" };
        let missing = || Refused::for_good(format!("{name} is not installed"));
        argv.insert(0, self.find(name).ok_or_else(missing)?.into());
        self.run(Short { argv, ..Short::default() })
    }

    fn run(&self, command: Short) -> Result<(), Refused> {
        let cancelled = Some(Arc::clone(&self.cancelled));
        let command = Short { limit: Some(LIMIT), cancelled, ..command };
        let finished = command.run().map_err(|error| Refused::again(causes(&error)))?;
        if finished.code == 0 {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&finished.stderr);
        let said = said.lines().next().map_or_else(String::new, |line| format!(": {line}"));
        Err(Refused::again(format!("exit status {}{said}", finished.code)))
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let source = error.source().map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{source}")
}
