//! The tools that channels need.

use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::views::mask::Mask;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// The tools that every channel needs.
#[derive(Clone)]
pub(crate) struct Tools {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of delivery identifiers.
    pub ids: Arc<dyn Ids>,
    /// The secrets that must not be sent.
    pub mask: Mask,
    /// The environment of the loop.
    pub vars: Vec<(OsString, OsString)>,
    /// The working directory of commands.
    pub folder: PathBuf,
}
