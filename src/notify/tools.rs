//! What a channel works with.

use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::views::mask::Mask;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// What every channel works with.
#[derive(Clone)]
pub struct Tools {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes names.
    pub ids: Arc<dyn Ids>,
    /// What must not be told.
    pub mask: Mask,
    /// The environment.
    pub vars: Vec<(OsString, OsString)>,
    /// Where commands run.
    pub folder: PathBuf,
}
