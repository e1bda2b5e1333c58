//! The flags of `doctor`.

use super::select::{QueueArgs, QueueFlags};
use clap::Args;
use std::path::PathBuf;

/// `doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// notify: only sends a test to every channel; else queue files.
    #[arg(value_name = "WHAT")]
    pub words: Vec<PathBuf>,
    /// Also sends a test to every channel of [[notify]].
    #[arg(long)]
    pub send_test: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// What `doctor` can check on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoctorWhat {
    /// The channels of `[[notify]]`.
    Notify,
}

impl DoctorArgs {
    /// Separates the words into the single check, if one was requested, and the queues.
    ///
    /// # Errors
    /// Returns the word that is neither.
    pub fn split(&self) -> Result<(Option<DoctorWhat>, QueueArgs), String> {
        let (mut what, mut queues) = (None, Vec::new());
        for word in &self.words {
            let text = word.to_string_lossy();
            if text == "notify" {
                what = Some(DoctorWhat::Notify);
            } else if text.ends_with(".json") || text.contains('/') {
                queues.push(word.clone());
            } else {
                return Err(text.into_owned());
            }
        }
        Ok((what, QueueArgs { queues, flags: self.queues.clone() }))
    }
}
